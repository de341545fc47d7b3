"""Handing a queued envelope over: before every attempt it is asked whether the decision still stands; then the stored bytes are sent.

A revocation therefore works on what waits: where the decision has fallen, or privacy does not answer, no connection is opened.
"""

import asyncio
import logging
from dataclasses import replace
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from safepassage.envelope import envelope_body
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerResting, PeerUnavailable
from safepassage.problems.messages import EncryptionKeyUnknown
from safepassage.problems.trust import NotAMember
from safepassage.refusal import Refusal
from safepassage.trust_members import Member
from services.records.exchange import events
from services.records.exchange.asking_privacy import AskedStanding
from services.records.exchange.body_sending import hand_over_body
from services.records.exchange.dead_letters import lay_answer_aside
from services.records.exchange.due import after_failure
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_refusals import learn_keys, refusal_of
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.receipts import Answered, take_receipt
from services.records.exchange.resealing import answer_anew, naming_another
from services.records.exchange.sending import Leaving, claims_of
from services.records.exchange.states import SENDABLE, Outgoing
from services.records.exchange.stored_rows import change
from services.records.exchange.withdrawing import give_up
from services.records.tables import OutgoingEnvelopeRow
from services.records.transfers.onward_notices import owes_notices
from shared.group_commit import Writing

log = logging.getLogger(__name__)


async def take_up(exchange: Exchange, envelope_id: UUID, leaving: Leaving | None = None) -> None:
    """One attempt to deliver an envelope that is queued or was tried before; or its end."""
    row = await exchange.find(OutgoingEnvelopeRow, envelope_id) if leaving is None else leaving.row
    if row is None or row.state not in SENDABLE or row.jws is None or row.ciphertext is None:
        return
    member = await ready(exchange, row, standing=None if leaving is None else leaving.standing)
    if member is not None:
        await _attempt(exchange, Answered(row, None if leaving is None else leaving.subject_commit), member)


async def ready(exchange: Exchange, row: OutgoingEnvelopeRow, *, standing: AskedStanding | None = None) -> Member | None:
    """Whom the envelope may be given to now; None if it may not: it has ended, or waits for something, and the row says so.

    standing  of its decision, where that was asked a moment ago

    INVARIANT: nobody is given an envelope without this, whether it is sent or fetched.
    """
    if exchange.clock() >= row.expires_at:
        await give_up(exchange, row, Outgoing.EXPIRED, reason="expired", never_sent=_never_sent(exchange, row))
        return None
    try:
        await exchange.trust.refresh()
        exchange.trust.require_fresh()
        exchange.vault.provider.require_usable()  # sealed and logged as it is: without its keys this node gives nothing away
        member = exchange.trust.member(row.recipient_node)
        fallen = await _fallen(exchange, row, standing)
    except NotAMember as error:
        await give_up(exchange, row, Outgoing.WITHDRAWN, reason=error.code, never_sent=_never_sent(exchange, row))
        return None
    except SuiteError as error:
        log.warning("delivery put off", extra={"code": error.code, "peer": row.recipient_node})
        await _put_off(exchange, row, error, state=Outgoing(row.state))
        return None
    if fallen is not None:
        never_sent = _never_sent(exchange, row)
        await give_up(exchange, row, Outgoing.WITHDRAWN, reason=fallen, never_sent=never_sent, reopen=True)
        return None
    return member


async def _fallen(exchange: Exchange, row: OutgoingEnvelopeRow, asked: AskedStanding | None = None) -> str | None:
    """Why the decision of a package no longer stands; None while it does. Raises TemporarilyUnavailable where privacy does not answer."""
    if row.decision_id is None:
        return None
    standing = await (exchange.privacy.standing(row.decision_id) if asked is None else asked.answer())
    return None if standing.stands else standing.reason or "decision-fallen"


def _never_sent(exchange: Exchange, row: OutgoingEnvelopeRow) -> bool:
    """Known only for what this process has queued or taken over and not tried: another one may have died while it was sending."""
    since = exchange.lease.since
    return row.attempts == 0 and row.queued_at is not None and since is not None and row.queued_at >= since


async def _attempt(exchange: Exchange, sent: Answered, member: Member) -> None:
    row = sent.row
    jws, ciphertext = row.jws or "", row.ciphertext or b""
    try:
        refusing = await _hand_over_chunks(exchange, row, member)
        if refusing is None:
            sending = exchange.deliveries.hand_over(member, "envelopes", envelope_body(jws, ciphertext))
            answer, owes = await asyncio.gather(sending, _may_owe_notices(exchange, sent))
            sent = replace(sent, may_owe_notices=owes)
            await exchange.milestones.reached("holder after_send")
        else:
            answer = refusing
        if answer.status == 200:
            await _take_receipt(exchange, sent, member, answer.body)
        else:
            await refused(exchange, row, await refusal_of(exchange, answer, peer=row.recipient_node, about=row.envelope_digest or ""))
    except _DecisionFallen as fallen:
        await give_up(exchange, row, Outgoing.WITHDRAWN, reason=fallen.reason, never_sent=False, reopen=True)
    except PeerResting as error:
        await _put_off(exchange, row, error, state=Outgoing(row.state), attempted=False)
    except SuiteError as error:
        log.info("envelope not delivered yet", extra={"code": error.code, "peer": row.recipient_node, "attempt": row.attempts + 1})
        await _put_off(exchange, row, error, state=Outgoing.IN_FLIGHT)


async def _may_owe_notices(exchange: Exchange, sent: Answered) -> bool:
    """Looked up while the envelope is on its way."""
    if sent.subject_commit is None:
        return True
    try:
        return await exchange.look(lambda connection: owes_notices(connection, sent.row))
    except SQLAlchemyError:  # whoever stores the receipt meets it too
        return True


class _DecisionFallen(Exception):
    """Between two chunks."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def _hand_over_chunks(exchange: Exchange, row: OutgoingEnvelopeRow, member: Member) -> PeerAnswer | None:
    """What goes before the envelope of a large package. None where the envelope may go; else the peer's answer, which refuses it."""
    if '"body"' not in row.claims:  # as of nearly all, which spares reading them
        return None
    body = claims_of(row).body

    async def require_standing() -> None:
        fallen = await _fallen(exchange, row)
        if fallen is not None:
            raise _DecisionFallen(fallen)

    return None if body is None else await hand_over_body(exchange, row, member, body, require_standing)


async def _take_receipt(exchange: Exchange, sent: Answered, member: Member, body: bytes) -> None:
    """R1: stored and logged there. What is no receipt for this envelope counts as no answer."""
    try:
        await take_receipt(exchange, member, body.decode("ascii"), outcomes=("received",), answered=sent)
    except (SuiteError, UnicodeDecodeError) as error:
        code = error.code if isinstance(error, SuiteError) else "malformed-token"
        log.warning("receipt not accepted", extra={"peer": member.entity_id, "code": code})
        raise PeerUnavailable("the answer is no receipt for this envelope") from error
    await exchange.milestones.reached("holder after_R1")


async def refused(exchange: Exchange, row: OutgoingEnvelopeRow, refusal: Refusal) -> None:
    """The peer refuses it for good, with its signature. One that it has no key for any more is made anew, sealed to the present one."""
    code, particulars = refusal.code, None
    reseals = code == EncryptionKeyUnknown.code
    if reseals and refusal.answer_key is not None:
        particulars = await naming_another(exchange, row, refusal.answer_key)
        reseals = particulars is not None
    elif reseals:
        await learn_keys(exchange, row.recipient_node)
    event = events.was_refused(claims_of(row), code=code, student_id=row.student_id, custodian_id=row.custodian_id)

    def end(tx: Writing) -> None:
        ended = {"state": Outgoing.REJECTED, "problem_code": code, "ciphertext": None, "next_attempt_at": None}
        if change(tx.connection, OutgoingEnvelopeRow, row.id, when=SENDABLE, **ended):
            tx.record(event)
            if not (reseals and answer_anew(tx, exchange, row, particulars)):
                lay_answer_aside(tx.connection, row, code=code, now=exchange.clock())

    await exchange.write(end)


async def _put_off(
    exchange: Exchange, row: OutgoingEnvelopeRow, error: SuiteError, *, state: Outgoing, attempted: bool | None = None
) -> None:
    """Try again later. `attempted`: whether a connection was opened, where the state does not tell."""
    tried = state == Outgoing.IN_FLIGHT if attempted is None else attempted
    attempts = row.attempts + (1 if isinstance(error, PeerUnavailable) or tried else 0)
    due = min(after_failure(error, failures=max(attempts, 1), now=exchange.clock()), row.expires_at)

    def put_off(tx: Writing) -> None:
        when = SENDABLE if tried else (state,)
        values = {"state": state} if tried else {}
        change(tx.connection, OutgoingEnvelopeRow, row.id, when=when, attempts=attempts, next_attempt_at=due, **values)

    await exchange.write(put_off)
