"""A request of ours: sealed and signed, logged before it leaves, delivered to the holder until it is taken, refused, or over."""

import logging
import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from safepassage.accepted import Accepted, verify_accepted
from safepassage.canonical import from_base64url, to_base64url
from safepassage.claims import Verified, read_closed
from safepassage.compact import split
from safepassage.finding import Sought
from safepassage.ids import uuid7
from safepassage.logged import Logged
from safepassage.node_statement import NodeStatement, key_to_seal_to
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerResting, PeerUnavailable, RequestNotPermitted
from safepassage.recipient_key import RecipientKey
from safepassage.refusal import Refusal, verify_refusal
from safepassage.request import Request, SealedSelector, Selector, selector_info
from safepassage.trust_members import Member
from safepassage.wire_exchange import NewExchangeRequest
from safepassage.wire_licensure import BASIS, PURPOSE, SECTIONS, LicensureEvidence, NewCredentialRequest
from services.records.exchange.dead_letters import UNANSWERED, lay_request_aside
from services.records.exchange.due import after_failure
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_logs import Pinned
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.seals import seal
from services.records.exchange.states import FOLLOWS, Asked, is_final
from services.records.exchange.stored_rows import change, changing
from services.records.exchange.told_milestones import milestone
from services.records.tables import ExchangeRequestRow
from shared.contracts.audit import Event
from shared.contracts.privacy import Decision, DecisionRequest, LicensureClaim, Recipient, TransferFacts
from shared.group_commit import Expected, Writing
from shared.prepared import change as prepared_change

log = logging.getLogger(__name__)

AFTER_PREPARED = tuple(state for state in Asked if state != Asked.PREPARED)
CONTENT_TYPE = "application/jose"

New = NewExchangeRequest | NewCredentialRequest

Seek = Callable[[UUID, str], Sought]
"""What is sought in a request with this id and subject salt."""


def prepared(
    new: New,
    *,
    issuer: str,
    statement: NodeStatement,
    suites: Collection[str],
    pinned_size: int,
    lasts: timedelta,
    now: datetime,
    answer_key: RecipientKey | None = None,
    seek: Seek | None = None,
) -> tuple[Request, Selector]:
    """The request to sign, its selector sealed to the holder in the first of its suites that is among ours, `suites`.

    answer_key  the receiving organisation's, to which answers are sealed
    seek        it names nobody: this in place of the person

    Raises SuiteNotSupported, EncryptionKeyUnknown.
    """
    exchange_id, salt = uuid7(now), to_base64url(secrets.token_bytes(32))
    selector = Selector(
        iss=issuer,
        aud=new.holder,
        exchange_id=exchange_id,
        evidence=new.evidence,
        **_wanted(new, None if seek is None else seek(exchange_id, salt)),
        answer_key=answer_key,
        subject_salt=salt,
        pinned_size=pinned_size,
    )
    suite, key = key_to_seal_to(statement, supported=suites, now=now)
    info = selector_info(iss=issuer, aud=new.holder, exchange_id=exchange_id, suite=suite.name, enc_kid=key.kid)
    ciphertext = seal(selector.plaintext(), public_key=from_base64url(key.public_key), suite=suite, info=info)
    issued = int(now.timestamp())
    sealed = SealedSelector(suite=suite.name, enc_kid=key.kid, ciphertext=to_base64url(ciphertext))
    expires = issued + int(lasts.total_seconds())
    return Request(iss=issuer, aud=new.holder, jti=exchange_id, iat=issued, exp=expires, selector=sealed), selector


def _wanted(new: New, sought: Sought | None) -> dict[str, Any]:
    """What a selector says of whom and what is asked for, and on which basis."""
    if isinstance(new, NewCredentialRequest):
        on_application: dict[str, Any] = {"purpose": PURPOSE, "basis": BASIS, "consent_id": new.application_id}
        return {**on_application, "educator": new.educator, "sections": SECTIONS}
    return {
        "purpose": new.purpose,
        "basis": new.basis,
        "consent_id": new.consent_id,
        "person": new.person if sought is None else None,
        "sought": sought,
        "sections": new.sections,
        "attachments": True if new.attachments else None,
    }


def question(selector: Selector, *, request_digest: str, duty_ids: Sequence[UUID] = (), in_place_of: UUID | None = None) -> DecisionRequest:
    """What privacy is asked: may we ask the other node, and for which duties, or for those of which earlier exchange."""
    organisation = selector.evidence.receiving_organisation
    if isinstance(selector.evidence, LicensureEvidence):
        claim = LicensureClaim(evidence=selector.evidence, request_digest=request_digest, asserted_by=organisation.id)
        return DecisionRequest(
            action="seek-credentials",
            subjects=(),
            recipient=Recipient(kind=organisation.kind, id=organisation.id),
            basis=selector.basis,
            purpose=selector.purpose,
            elements=selector.elements,
            evidence_ids=() if selector.consent_id is None else (selector.consent_id,),
            licensure=claim,
            exchange_id=selector.exchange_id,
        )
    return DecisionRequest(
        action="request",
        subjects=(),
        recipient=Recipient(kind=organisation.kind, id=organisation.id),
        basis=selector.basis,
        purpose=selector.purpose,
        elements=selector.elements,
        consent_id=selector.consent_id,
        transfer=TransferFacts(evidence=selector.enrollment, request_digest=request_digest, asserted_by=organisation.id),
        exchange_id=selector.exchange_id,
        duty_ids=tuple(duty_ids),
        in_place_of=in_place_of,
    )


def require_permitted(decision: Decision) -> None:
    """Raises RequestNotPermitted with the reason and its citation."""
    if decision.outcome == "deny" or decision.token is None:
        withheld = next((each for outcome in decision.subjects for each in outcome.withheld), None)
        raise RequestNotPermitted(
            None if withheld is None else f"{withheld.reason} ({withheld.citation or withheld.policy or 'no citation'})"
        )


async def take_up(exchange: Exchange, exchange_id: UUID, logged: ExchangeRequestRow | None = None) -> None:
    """Do what is due of one request: deliver it, or let it end. `logged`: the row, where this process has logged it a moment ago."""
    row = logged
    if row is None:
        row = await exchange.find(ExchangeRequestRow, exchange_id)
    if row is None or is_final(Asked(row.state)):
        return
    if exchange.clock() >= row.expires_at:
        await end(exchange, row, Asked.EXPIRED, None)
    elif row.state == Asked.PREPARED:
        await _deliver(exchange, row, logged=logged is not None)


async def _deliver(exchange: Exchange, row: ExchangeRequestRow, *, logged: bool) -> None:
    """One attempt to hand the request over.

    INVARIANT: the entry is in the log before a connection is opened, at every attempt of every process (the log answers the same).
    """
    try:
        if not logged:
            await exchange.own_log.append(event_of(row))
        exchange.trust.require_fresh()
        member = exchange.trust.member(row.holder)
        answer = await exchange.deliveries.hand_over(member, "requests", row.token.encode("ascii"))
        if answer.status == 202:
            await accept(exchange, row, member, answer)
        else:
            await end(exchange, row, Asked.REFUSED, await refused_as(exchange, answer, peer=row.holder, about=row.request_digest))
    except SuiteError as error:
        log.info("request not delivered", extra={"code": error.code, "peer": row.holder, "attempt": row.attempts + 1})
        attempts = row.attempts + (0 if isinstance(error, PeerResting) else 1)
        due = min(after_failure(error, failures=attempts, now=exchange.clock()), row.expires_at)

        def put_off(tx: Writing) -> None:
            change(tx.connection, ExchangeRequestRow, row.id, when=(Asked.PREPARED,), attempts=attempts, next_attempt_at=due)

        await exchange.write(put_off)


async def refused_as(exchange: Exchange, answer: PeerAnswer, *, peer: str, about: str) -> str:
    """The code with which the peer refused for good. Raises as `refusal_of`."""
    return (await refusal_of(exchange, answer, peer=peer, about=about)).code


async def refusal_of(exchange: Exchange, answer: PeerAnswer, *, peer: str, about: str) -> Refusal:
    """The peer's signed refusal, for good. Raises PeerUnavailable for any other answer: it counts as none."""
    wished = int(answer.retry_after.total_seconds()) if answer.retry_after else None
    if not 400 <= answer.status < 500:
        raise PeerUnavailable(retry_after_seconds=wished)
    try:
        keys = await exchange.signing_keys_of(peer)
        refusal = verify_refusal(answer.body, issuer=peer, audience=exchange.entity_id, about=about, keys=keys)
    except SuiteError as error:
        log.info("peer's answer is no signed refusal", extra={"peer": peer, "status": answer.status})
        raise PeerUnavailable(retry_after_seconds=wished) from error
    return refusal.message


async def accept(exchange: Exchange, row: ExchangeRequestRow, member: Member, answer: PeerAnswer) -> None:
    """The holder has it on record."""
    try:
        token = answer.body.decode("ascii")
        header, payload, _, _ = split(token)
        kid, note = header["kid"], payload.get("checkpoint")
    except UnicodeDecodeError as error:
        raise PeerUnavailable("the answer is no sp-accepted") from error
    keys = await exchange.signing_keys_of(row.holder, kid=kid)
    now = exchange.clock()

    def verify(pinned: Pinned, path: list[bytes] | None) -> tuple[Verified[Accepted], Logged]:
        return verify_accepted(
            token,
            issuer=row.holder,
            audience=exchange.entity_id,
            keys=keys,
            exchange_id=row.id,
            request_digest=row.request_digest,
            logs=member.log_identities(),
            pinned=pinned,
            now=now,
            consistency=path,
        )

    values = {"accepted": token, "state": Asked.ACCEPTED, "attempts": 0, "next_attempt_at": row.expires_at}
    accepted = changing(ExchangeRequestRow, row.id, when=(Asked.PREPARED,), **values)
    told = milestone(exchange.outbox, row.id, "accepted", peer=row.holder, receipt=token, at=now)

    def keep(tx: Writing, _: Verified[Accepted], __: Logged) -> None:
        if not prepared_change(tx.connection, *accepted):  # an answer can be quicker than this
            change(tx.connection, ExchangeRequestRow, row.id, when=AFTER_PREPARED, accepted=token)
        tx.tell(told)

    def expected(_: Verified[Accepted], __: Logged) -> Expected[None]:
        return Expected([accepted], None, tellings=[told])

    await exchange.peer_logs.take(member, note if isinstance(note, str) else None, verify, keep, expected)


async def end(exchange: Exchange, row: ExchangeRequestRow, state: Asked, code: str | None) -> None:
    """A person looks at it, unless the holder has said that it provides nothing: then it did what it was for."""
    ended = {"state": state, "problem_code": code, "next_attempt_at": None, **left_of(row)}

    def store(tx: Writing) -> None:
        before = [old for old in Asked if state in FOLLOWS[Asked][old]]
        if change(tx.connection, ExchangeRequestRow, row.id, when=[old for old in before if old != Asked.NOT_PROVIDED], **ended):
            lay_request_aside(tx.connection, row, code=code or UNANSWERED, now=exchange.clock())
        elif Asked.NOT_PROVIDED in before:
            change(tx.connection, ExchangeRequestRow, row.id, when=(Asked.NOT_PROVIDED,), **ended)

    await exchange.write(store)


def left_of(row: ExchangeRequestRow) -> dict[str, bytes]:
    """What to set in a request's row once it is over. INVARIANT: of what was sought in one that names nobody nothing is left then."""
    return {} if row.finding_id is None else {"particulars": b""}


def selector_of(exchange: Exchange, row: ExchangeRequestRow) -> Selector:
    """The selector of a request of ours, opened from rest."""
    return read_closed(exchange.open_particulars(row.id, row.particulars), model=Selector)


def event_of(row: ExchangeRequestRow) -> Event:
    """What the log is told of it."""
    return Event.model_validate_json(row.event)
