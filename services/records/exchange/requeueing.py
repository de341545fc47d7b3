"""An operator has what did not arrive sent again, or gives it up. Sent again is decided again: a new id, a new decision, a new entry."""

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, or_, select

from safepassage.problems import SuiteError
from safepassage.problems.dead_letters import LetterClosed, LetterNotRequeueable, NoSuchLetter
from safepassage.request import Selector
from safepassage.wire_exchange import NewExchangeRequest
from safepassage.wire_licensure import LicensureEvidence, NewCredentialRequest
from services.records.exchange import endings, stored_rows
from services.records.exchange.arrived import arrived, has_arrived
from services.records.exchange.dead_letters import EXPIRED, LIVE, REOPENS, Answered, acts_on
from services.records.exchange.exchange import Exchange
from services.records.exchange.new_requests import New
from services.records.exchange.operator_events import Operator, acted
from services.records.exchange.operator_keys import OnceAtOperation
from services.records.exchange.own_requests import selector_of
from services.records.exchange.preparing import drafted, row_of
from services.records.exchange.sending import claims_of
from services.records.exchange.states import Asked, Letter, Request
from services.records.exchange.stored_rows import change, row_at
from services.records.tables import DeadLetterRow, EndingRow, ExchangeRequestRow, OutgoingEnvelopeRow, PeerRequestRow
from shared.caller import Caller
from shared.group_commit import Writing


async def requeue(exchange: Exchange, letter_id: UUID, operator: Operator, caller: Caller, once: OnceAtOperation) -> None:
    """Send it again.

    Raises NoSuchLetter, LetterClosed, LetterNotRequeueable; NotAMember, RequestNotPermitted and what else a new request is refused with:
    then nothing is changed.
    """
    letter = await _held(exchange, letter_id, once)
    if letter is None:
        return
    if letter.kind == "request":
        await _ask_anew(exchange, letter, operator, caller, once)
        return
    exchange.trust.member(letter.peer)

    def again(tx: Writing) -> None:
        if once.earlier(tx.connection) is not None:
            return
        _close(tx, exchange, letter_id, operator, Letter.REQUEUED, once)
        answer = row_at(tx.connection, OutgoingEnvelopeRow, letter_id)
        for state in REOPENS if answer is not None else ():
            waits: dict[str, Any] = {"held_back_at": None, "attempts": 0, "next_attempt_at": exchange.clock()}
            if state != Request.WAITING:
                waits["state"] = Request.WAITING
            if answer is not None and change(tx.connection, PeerRequestRow, answer.request_id, when=(state,), **waits):
                tx.afterwards(partial(exchange.wake, "answering"))

    await exchange.write(again)


async def give_up(exchange: Exchange, letter_id: UUID, operator: Operator, once: OnceAtOperation) -> None:
    """Nothing more is sent for it, and the other side is told, where it does not know. Raises NoSuchLetter, LetterClosed."""
    letter = await _held(exchange, letter_id, once)
    if letter is None:
        return
    ending = await _ending(exchange, letter)

    def end(tx: Writing) -> None:
        if once.earlier(tx.connection) is not None:
            return
        answered = _close(tx, exchange, letter_id, operator, Letter.GIVEN_UP, once)
        answer = row_at(tx.connection, OutgoingEnvelopeRow, letter_id) if answered is not None else None
        if answer is not None and answered is not None and not answered.has_package:
            change(tx.connection, PeerRequestRow, answer.request_id, when=REOPENS, state=Request.CLOSED, next_attempt_at=None)
        if ending is not None:
            endings.tell(tx, exchange, ending)

    await exchange.write(end)


async def _ending(exchange: Exchange, letter: DeadLetterRow) -> EndingRow | None:
    """What the other side is told; None where it knows, or never heard of it."""
    if letter.kind == "answer" and letter.code != EXPIRED:
        answer = await exchange.find(OutgoingEnvelopeRow, letter.id)
        return None if answer is None or has_arrived(answer) else await endings.answer_ended(exchange, claims_of(answer), "given-up")
    if letter.kind == "request":
        asked = await exchange.find(ExchangeRequestRow, letter.id)
        return None if asked is None or asked.accepted is None else await endings.request_given_up(exchange, asked)
    return None


async def _held(exchange: Exchange, letter_id: UUID, once: OnceAtOperation) -> DeadLetterRow | None:
    """The open letter; None if this very request has been done before."""

    def held(connection: Connection) -> DeadLetterRow | None:
        if once.earlier(connection) is not None:
            return None
        letter = row_at(connection, DeadLetterRow, letter_id)
        if letter is None:
            raise NoSuchLetter
        if letter.state != Letter.OPEN:
            raise LetterClosed
        return letter

    return await exchange.read(held)


def _close(
    tx: Writing,
    exchange: Exchange,
    letter_id: UUID,
    operator: Operator,
    state: Letter,
    once: OnceAtOperation,
    *,
    requeued_as: UUID | None = None,
) -> Answered | None:
    """INVARIANT: of those who deal with a letter at the same time one does, by the row's lock; the others find it closed."""
    letter = row_at(tx.connection, DeadLetterRow, letter_id, lock=True)
    if letter is None or letter.state != Letter.OPEN:
        raise LetterClosed
    now, official = exchange.clock(), operator.why.acting_official
    answered = answered_requests(tx.connection, [letter_id]).get(letter_id)
    act = "requeue" if state == Letter.REQUEUED else "give-up"
    if act not in acts_on(letter.kind, letter.state, answered, now=now):  # type: ignore[arg-type]  # a column of text
        raise LetterNotRequeueable
    done = {"state": state, "acted_at": now, "client_id": operator.client_id, "official": official.pairwise_id, "role": official.role}
    change(tx.connection, DeadLetterRow, letter_id, when=(Letter.OPEN,), **done, reason=operator.why.reason, requeued_as=requeued_as)
    about = {"code": letter.code, "peer": letter.peer, "exchange_id": letter.exchange_id}
    tx.record(acted(operator, act, letter_id, requeued_as=requeued_as, **about))  # type: ignore[arg-type]  # as above
    once.keep(tx.connection, letter_id, now)
    return answered


def answered_requests(connection: Connection, envelope_ids: list[UUID]) -> dict[UUID, Answered]:
    """By envelope, what is known of the request that it answered."""
    sent, requests = OutgoingEnvelopeRow.__table__, PeerRequestRow.__table__
    other = sent.alias()
    packages = (
        select(func.count())
        .where(
            other.c.request_id == requests.c.id,
            other.c.kind.in_(("package", "credentials")),
            or_(other.c.state.in_(LIVE), arrived(other.c)),
        )
        .scalar_subquery()
    )
    columns = (sent.c.id, requests.c.state, requests.c.expires_at, requests.c.held_back_at, packages.label("packages"))
    query = select(*columns).join(requests, requests.c.id == sent.c.request_id).where(sent.c.id.in_(envelope_ids))
    return {row.id: Answered(Request(row.state), row.expires_at, bool(row.packages), row.held_back_at) for row in connection.execute(query)}


async def _ask_anew(exchange: Exchange, letter: DeadLetterRow, operator: Operator, caller: Caller, once: OnceAtOperation) -> None:
    """Make the same request again: sealed, signed, permitted and logged as any other."""
    asked = await exchange.find(ExchangeRequestRow, letter.id)
    if asked is None or asked.finding_id is not None:  # what was sought is forgotten: it is asked anew by who knows the child
        raise LetterNotRequeueable
    now, selector = exchange.clock(), selector_of(exchange, asked)
    draft = await drafted(exchange, _asked_for(asked.holder, selector), asked.receiving_organisation_id, now)
    draft = replace(draft, in_place_of=asked.id)
    [decision] = await exchange.privacy.decisions_for(caller.principal, [draft.question])
    if isinstance(decision, SuiteError):
        raise decision
    row = row_of(exchange, draft, decision, caller, now)

    def store(tx: Writing) -> bool:
        if once.earlier(tx.connection) is not None:
            return False
        _close(tx, exchange, letter.id, operator, Letter.REQUEUED, once, requeued_as=row.id)
        stored_rows.store(tx.connection, row)
        change(tx.connection, ExchangeRequestRow, asked.id, when=tuple(Asked), requeued_as=row.id)
        return True

    if await exchange.write(store):
        # Due at once, and logged before it leaves, by the job that delivers requests.
        exchange.wake("asking")


def _asked_for(holder: str, selector: Selector) -> New:
    """What was said to make a request with this selector, but for duties, which privacy knows."""
    if selector.educator is not None and isinstance(selector.evidence, LicensureEvidence) and selector.consent_id is not None:
        about = {"educator": selector.educator, "application_id": selector.consent_id, "evidence": selector.evidence}
        return NewCredentialRequest.model_validate({"holder": holder, **about})
    members = {name: getattr(selector, name) for name in ("purpose", "basis", "consent_id", "person", "sections", "evidence")}
    return NewExchangeRequest(holder=holder, attachments=selector.attachments is True, **members)
