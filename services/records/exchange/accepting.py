"""`POST /v1/peer/requests`: another node asks. Everything that does not depend on the child is settled here, at once (decisions 5)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, bindparam, func, select

from safepassage.accepted import Accepted
from safepassage.canonical import from_base64url
from safepassage.claims import Verified
from safepassage.compact import kid_of
from safepassage.ids import uuid7
from safepassage.problems.exchanges import (
    BeingStored,
    CiphertextUnopened,
    EvidenceNotAccepted,
    MessageIdReused,
    PurposeNotServed,
    UnknownSection,
)
from safepassage.problems.messages import EncryptionKeyUnknown, MessageExpired, PaddingMalformed, SealedIdsDiffer, SuiteNotSupported
from safepassage.problems.requests import LogUnavailable, TooManyRequests
from safepassage.request import MAX_LENGTH, Selector, read_selector, selector_info, verify_request
from safepassage.request import Request as ExchangeMessage
from services.records.exchange import request_events, stored_rows
from services.records.exchange.answer_keys import require_answerable
from services.records.exchange.deliveries import JOSE
from services.records.exchange.exchange import Exchange
from services.records.exchange.refusable import OF_A_MESSAGE
from services.records.exchange.refusals import body_of_type, compact_in, or_refused
from services.records.exchange.servable import require_servable
from services.records.exchange.states import Request as State
from services.records.tables import PeerRequestRow
from shared import prepared
from shared.caller import Caller, caller_with
from shared.group_commit import Changes, Writing
from shared.plain_route import caller_route
from shared.problems import responses

router = APIRouter(prefix="/v1/peer", tags=["peers"])

Peer = Annotated[Caller, caller_with("exchange:peer")]


@caller_route(router, "/requests", "exchange:peer")
@router.post(
    "/requests",
    status_code=202,
    responses=responses(
        *OF_A_MESSAGE,
        MessageExpired,
        MessageIdReused,
        PurposeNotServed,
        EvidenceNotAccepted,
        UnknownSection,
        SuiteNotSupported,
        EncryptionKeyUnknown,
        CiphertextUnopened,
        PaddingMalformed,
        SealedIdsDiffer,
        BeingStored,
        TooManyRequests,
        LogUnavailable,
    ),
    openapi_extra={"requestBody": {"required": True, "content": {JOSE: {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def accept_peer_request(request: Request, caller: Peer) -> Response:
    """Take another node's request (sp-request+jws). 202 with sp-accepted+jws says that it is on record, not whether the child is known."""
    exchange: Exchange = request.app.state.exchange
    body = await body_of_type(request, content_type=JOSE, limit=MAX_LENGTH)
    return await take_request(exchange, request, caller.peer, body)


async def take_request(exchange: Exchange, request: Request, peer: str, body: bytes) -> Response:
    """The answer to one request of `peer`, which came alone or with others. Raises what may be tried again."""
    now = exchange.clock()
    token = compact_in(body, longest=MAX_LENGTH)

    async def answer() -> Response:
        accepted, row = await _accepted(exchange, peer, token, now)
        if row is not None:
            exchange.wake("answering", row.id, row)
        return Response(accepted, 202, media_type=JOSE)

    return await or_refused(exchange, request, peer=peer, jws=token, size=len(body), answer=answer)


async def _accepted(exchange: Exchange, peer: str, token: str, now: datetime) -> tuple[str, PeerRequestRow | None]:
    """The receipt for the request, stored, and its row if it is new. The same bytes get the same receipt."""
    await exchange.trust.refresh()
    exchange.trust.member(peer)
    keys = await exchange.signing_keys_of(peer, kid=kid_of(token, max_length=MAX_LENGTH))
    verified = verify_request(token, issuer=peer, audience=exchange.entity_id, keys=keys, now=now)
    earlier = await exchange.look(lambda connection: _earlier(connection, peer, verified))
    if earlier is not None:
        return earlier, None
    exchange.request_limit.count(peer, now)  # before anything is looked at that depends on the child
    selector = opened(exchange, verified.message, now)
    require_servable(selector, now)
    require_answerable(exchange, selector)
    if selector.sought is not None:
        await exchange.read(lambda connection: require_within_a_day(connection, exchange, peer, now))
    event = request_events.was_asked(requester=peer, exchange_id=verified.message.jti, request_digest=verified.digest, selector=selector)
    # INVARIANT: the entry is there before the peer hears that we have its request.
    appended = await exchange.own_log.append(event)
    members = await exchange.proofs.members_for(peer, appended, seen_size=selector.pinned_size)
    message = Accepted(
        iss=exchange.entity_id,
        aud=peer,
        exchange_id=verified.message.jti,
        request_digest=verified.digest,
        iat=int(now.timestamp()),
        exp=verified.message.exp,
        **members,
    )
    accepted = await exchange.sign(message, answers=token)
    identifier = uuid7(now)
    row = PeerRequestRow(
        id=identifier,
        requester=peer,
        exchange_id=verified.message.jti,
        state=State.ACCEPTED,
        token=token,
        request_digest=verified.digest,
        accepted=accepted,
        recipient_organisation=selector.evidence.receiving_organisation.id,
        subject_commit=selector.subject_commit,
        particulars=exchange.seal_particulars(identifier, selector.model_dump_json(exclude_none=True).encode()),
        entry_index=appended.index,
        received_at=now,
        expires_at=datetime.fromtimestamp(verified.message.exp, tz=UTC),
        attempts=0,
        next_attempt_at=now,
        student_id=None,
        is_finding=selector.sought is not None,
        is_educators=selector.educator is not None,
    )

    dialect = exchange.database.dialect
    keeping = exchange.own_log.keeping(dialect, appended)
    # INVARIANT: a finding is stored where it is counted, not with others at the end: those of one moment would each be the first.
    store = Changes([stored_rows.storing(dialect, row)], each_of_one=not row.is_finding, once=keeping)

    def store_finding(tx: Writing) -> list[int]:
        require_within_a_day(tx.connection, exchange, peer, now)  # again: several may have come at once
        return store(tx)

    [is_new] = await exchange.write(store_finding if row.is_finding else store)
    exchange.own_log.kept(appended)
    if is_new:
        return accepted, row
    already = await exchange.look(lambda connection: _earlier(connection, peer, verified))
    if already is None:
        raise BeingStored
    return already, None


_EARLIER = select(PeerRequestRow.request_digest, PeerRequestRow.accepted).where(
    PeerRequestRow.requester == bindparam("requester"), PeerRequestRow.exchange_id == bindparam("exchange_id")
)


def _earlier(connection: Connection, peer: str, verified: Verified[ExchangeMessage]) -> str | None:
    """What was answered to this request before. Raises MessageIdReused if another one came under its id."""
    held = prepared.row(connection, _EARLIER, {"requester": peer, "exchange_id": verified.message.jti})
    if held is None:
        return None
    if held.request_digest != verified.digest:
        raise MessageIdReused
    accepted: str = held.accepted
    return accepted


DAY = timedelta(days=1)
_FINDINGS = (
    select(func.count())
    .select_from(PeerRequestRow)
    .where(PeerRequestRow.requester == bindparam("requester"), PeerRequestRow.received_at > bindparam("since"), PeerRequestRow.is_finding)
)


def require_within_a_day(connection: Connection, exchange: Exchange, peer: str, now: datetime) -> None:
    """INVARIANT: of one node so many requests that name nobody are taken in a day. Raises TooManyRequests.

    By all processes together, but for what two of them store at one moment.
    """
    taken = connection.execute(_FINDINGS, {"requester": peer, "since": now - DAY}).scalar_one()
    if taken >= exchange.settings.peer_findings_a_day:
        raise TooManyRequests("too many findings in a day", retry_after_seconds=3600)


def opened(exchange: Exchange, message: ExchangeMessage, now: datetime) -> Selector:
    """The selector. Raises SuiteNotSupported, EncryptionKeyUnknown, CiphertextUnopened, and what `read_selector` raises."""
    sealed = message.selector
    if sealed.suite not in exchange.signing.suites:
        raise SuiteNotSupported
    private = exchange.epochs.private(sealed.enc_kid, now=now)
    info = selector_info(iss=message.iss, aud=message.aud, exchange_id=message.jti, suite=sealed.suite, enc_kid=sealed.enc_kid)
    return read_selector(private.open(from_base64url(sealed.ciphertext), suite=sealed.suite, info=info), request=message)
