"""`POST /v1/peer/notices`: the other node of an exchange tells what became of it. Logged, stored, acknowledged; then it has its effects."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, select

from safepassage.canonical import digest_of, from_base64url
from safepassage.claims import Verified
from safepassage.compact import kid_of, split
from safepassage.ids import uuid7
from safepassage.logged import Logged
from safepassage.message_batches import BatchAnswers
from safepassage.notice import BY_REQUESTER, MAX_LENGTH, Notice, NoticeContent, NoticeTaken, read_notice, verify_notice
from safepassage.problems import envelopes, messages
from safepassage.problems.batches import BatchMalformed
from safepassage.problems.envelopes import OtherExchange
from safepassage.problems.exchanges import BeingStored, CiphertextUnopened, MessageIdReused
from safepassage.problems.messages import SuiteNotSupported
from safepassage.problems.requests import BodyTooLarge, LogUnavailable, UnsupportedMediaType
from safepassage.problems.transfers import NoticeNotYours
from services.records.exchange.accepting import Peer
from services.records.exchange.batches import BODY, each
from services.records.exchange.deliveries import JOSE
from services.records.exchange.events import recipient_of
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_logs import Pinned
from services.records.exchange.refusable import OF_A_MESSAGE, OF_A_PROOF
from services.records.exchange.refusals import body_of_type, compact_in, or_refused
from services.records.exchange.stored_rows import row_at, store
from services.records.tables import ArrivedNoticeRow, ExchangeRequestRow, PeerRequestRow, StudentRow
from services.records.transfers.effects import have_effect
from services.records.transfers.unread_notices import require_sent
from shared.contracts.audit import Actor, Appended, Context, Digests, Event
from shared.group_commit import Writing
from shared.problems import responses

router = APIRouter(prefix="/v1/peer", tags=["peers"])


@router.post(
    "/notices",
    responses=responses(
        *OF_A_MESSAGE,
        *OF_A_PROOF,
        OtherExchange,
        NoticeNotYours,
        MessageIdReused,
        BeingStored,
        messages.MessageExpired,
        messages.EncryptionKeyUnknown,
        SuiteNotSupported,
        CiphertextUnopened,
        messages.PaddingMalformed,
        messages.SealedIdsDiffer,
        envelopes.OtherCiphertext,
        envelopes.LeafOfAnotherExchange,
        envelopes.PlaintextNotCommitted,
        LogUnavailable,
    ),
    openapi_extra={"requestBody": {"required": True, "content": {JOSE: {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def receive_notice(request: Request, caller: Peer) -> Response:
    """Take another node's notice about an exchange of both (sp-notice+jws). 200 with sp-notice-taken+jws says that it is on record."""
    exchange: Exchange = request.app.state.exchange
    return await take_notice(exchange, request, caller.peer, await body_of_type(request, content_type=JOSE, limit=MAX_LENGTH))


@router.post(
    "/notice-batches",
    response_model=BatchAnswers,
    responses=responses(BatchMalformed, UnsupportedMediaType, BodyTooLarge),
    openapi_extra=BODY,
)
async def receive_notices(request: Request, caller: Peer) -> Response:
    """Take up to 100 notices, each as `receive_notice` does."""
    return await each(request, caller, take_notice)


async def take_notice(exchange: Exchange, request: Request, peer: str, body: bytes) -> Response:
    """The answer to one notice of `peer`, which came alone or with others. Raises what may be tried again."""
    token = compact_in(body, longest=MAX_LENGTH)

    async def answer() -> Response:
        return Response(await _taken(exchange, peer, token, exchange.clock()), 200, media_type=JOSE)

    return await or_refused(exchange, request, peer=peer, jws=token, size=len(body), answer=answer)


@dataclass(frozen=True)
class _About:
    """The exchange of a notice, as it is here: a request of ours or one of the peer's."""

    asked: ExchangeRequestRow | None
    request: PeerRequestRow | None
    student: StudentRow | None

    @property
    def organisation_id(self) -> UUID | None:
        """Of whom the notice is: who asked here, or who keeps the student's record. None where nobody here is known for it."""
        if self.asked is not None:
            return self.asked.receiving_organisation_id
        return None if self.student is None else self.student.custodian_id

    @property
    def student_id(self) -> UUID | None:
        """The student's here, if it is known."""
        return None if self.student is None else self.student.id


async def _taken(exchange: Exchange, peer: str, token: str, now: datetime) -> str:
    """The receipt, stored. The same bytes get the same receipt."""
    await exchange.trust.refresh()
    member = exchange.trust.member(peer)
    keys = await exchange.signing_keys_of(peer, kid=kid_of(token, max_length=MAX_LENGTH))
    note = split(token, max_length=MAX_LENGTH)[1].get("checkpoint")

    def verify(pinned: Pinned, path: list[bytes] | None) -> tuple[Verified[Notice], Logged]:
        logs = member.log_identities()
        about = {"issuer": peer, "audience": exchange.entity_id}
        return verify_notice(token, **about, keys=keys, logs=logs, pinned=pinned, now=now, consistency=path)

    checkpoint = note if isinstance(note, str) else None
    notice, _ = await exchange.peer_logs.verify(member, checkpoint, verify)
    message = notice.message
    held, about = await exchange.read(lambda connection: (_again(connection, peer, notice), _about(connection, peer, message)))
    if held is not None:
        return held
    content = _opened(exchange, message, now)
    if (content.kind in BY_REQUESTER) != (about.request is not None):
        raise NoticeNotYours
    if about.request is not None:
        request = about.request
        await exchange.read(lambda connection: require_sent(connection, request, content))
    organisation_id = about.organisation_id or exchange.settings.node_organisation_id
    # INVARIANT: the entry is there before the peer hears that we have its notice.
    appended = await exchange.own_log.append(_entry(message, content, peer, about.student_id, organisation_id))
    taken = await exchange.sign(await _receipt(exchange, peer, notice, appended, now), answers=token)
    identifier = uuid7(now)
    row = ArrivedNoticeRow(
        issuer=peer,
        notice_id=message.notice_id,
        id=identifier,
        exchange_id=message.exchange_id,
        organisation_id=organisation_id,
        student_id=about.student_id,
        digest=notice.digest,
        token=token,
        particulars=exchange.seal_particulars(identifier, content.model_dump_json(exclude_none=True).encode()),
        taken=taken,
        entry_index=appended.index,
        arrived_at=now,
    )

    def keep(tx: Writing, _: Verified[Notice], __: Logged) -> str:
        if not store(tx.connection, row):
            already = _again(tx.connection, peer, notice)
            if already is None:
                raise BeingStored
            return already
        exchange.own_log.keep(tx, appended)
        if about.request is not None:
            have_effect(tx, exchange, about.request, content, now)
        return taken

    return await exchange.peer_logs.take(member, checkpoint, verify, keep)


def _entry(message: Notice, content: NoticeContent, peer: str, student_id: UUID | None, organisation_id: UUID) -> Event:
    """What the log has of an arrived notice."""
    of_exchange = {"exchange_id": message.exchange_id, "peer_checkpoint": message.checkpoint, "peer_index": message.index}
    return Event(
        class_="received",
        key=f"{message.notice_id}:notice-received",
        subjects=() if student_id is None else (student_id,),
        custodians=(organisation_id,),
        actor=Actor(kind="peer", client_id=peer),
        context=_said(content, peer).model_copy(update=of_exchange),
        digests=Digests(ct=message.ct_digest),
    )


async def _receipt(exchange: Exchange, peer: str, notice: Verified[Notice], appended: Appended, now: datetime) -> NoticeTaken:
    """What the peer is told, with the proof of our entry."""
    return NoticeTaken(
        iss=exchange.entity_id,
        aud=peer,
        exchange_id=notice.message.exchange_id,
        notice_id=notice.message.notice_id,
        notice_digest=notice.digest,
        iat=int(now.timestamp()),
        **await exchange.proofs.members_for(peer, appended),
    )


def _said(content: NoticeContent, peer: str) -> Context:
    """What the log has of a notice's content: of a disclosure elsewhere to whom and why, which is the further party's record that the
    student's own agency keeps (34 CFR 99.32(a)(4)); of any other its kind."""
    kind, onward = {"operation": "exchange-notice", "outcome": content.kind}, content.onward
    if onward is None:
        return Context(**kind, purpose="enrollment", recipient_node=peer)
    to = recipient_of(onward.node, onward.recipient_organisation)
    return Context(**kind, purpose=onward.purpose, basis=onward.basis, recipient_node=onward.node, recipient_organisation=to)


def _again(connection: Connection, peer: str, notice: Verified[Notice]) -> str | None:
    held = row_at(connection, ArrivedNoticeRow, peer, notice.message.notice_id)
    if held is None:
        return None
    if held.digest != notice.digest:
        raise MessageIdReused
    return held.taken


def _about(connection: Connection, peer: str, message: Notice) -> _About:
    """Raises OtherExchange: there is none of this id between both nodes."""
    asked = row_at(connection, ExchangeRequestRow, message.exchange_id)
    if asked is not None and asked.holder == peer and asked.finding_id is None and not asked.is_educators:
        student_id = asked.student_id
        return _About(asked, None, None if student_id is None else row_at(connection, StudentRow, student_id))
    table = PeerRequestRow.__table__
    found = connection.execute(select(table.c.id).where(table.c.requester == peer, table.c.exchange_id == message.exchange_id)).first()
    request = None if found is None else row_at(connection, PeerRequestRow, found.id)
    if request is None or request.is_finding or request.is_educators:
        raise OtherExchange
    student_id = request.student_id
    return _About(None, request, None if student_id is None else row_at(connection, StudentRow, student_id))


def _opened(exchange: Exchange, message: Notice, now: datetime) -> NoticeContent:
    """Raises OtherCiphertext, SuiteNotSupported, EncryptionKeyUnknown, CiphertextUnopened, and what `read_notice` raises."""
    ciphertext = from_base64url(message.ciphertext)
    if digest_of(ciphertext) != message.ct_digest:
        raise envelopes.OtherCiphertext
    if message.suite not in exchange.signing.suites:
        raise SuiteNotSupported
    private = exchange.epochs.private(message.enc_kid, now=now)
    return read_notice(private.open(ciphertext, suite=message.suite, info=message.info()), notice=message)
