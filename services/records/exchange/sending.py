"""From a sealed answer to one that may leave: T1 store, L log, T2 store what the log answered (decisions 1).

Nothing is sent here. What is sent later are the bytes that T2 has stored, never ones made again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from safepassage.canonical import digest_of
from safepassage.claims import read_closed
from safepassage.envelope import Envelope
from safepassage.problems import SuiteError
from safepassage.suites import suite_named
from services.records.exchange.answers import Answer
from services.records.exchange.asking_privacy import AskedStanding
from services.records.exchange.due import SOON
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Outgoing
from services.records.exchange.stored_rows import changing, storing
from services.records.exchange.ticks import next_tick
from services.records.exchange.withdrawing import give_up
from services.records.tables import OutgoingEnvelopeRow, PeerRequestRow
from shared.contracts.audit import Appended, Event
from shared.group_commit import Changes, Writing

log = logging.getLogger(__name__)


class EnvelopeStored(Exception):
    """An envelope that was made a moment ago is in the store already."""


@dataclass(frozen=True)
class Leaving:
    """A queued envelope that leaves at once."""

    row: OutgoingEnvelopeRow
    standing: AskedStanding | None
    """Of its decision, asked beside T2: after the log had the disclosure."""
    subject_commit: str | None
    """Of the request that it answers, where this process has it."""


async def send_off(exchange: Exchange, request: PeerRequestRow, answer: Answer, *, follow: Callable[[Writing], None]) -> None:
    """T1, then log and queue it. `follow` writes, in T1, what the answer means for the request.

    From T1 on the row says what there is to do: if the log does not answer now, it is asked again later.
    """
    row = _sealed_row(exchange, request, answer)

    def t1(tx: Writing) -> None:
        follow(tx)
        tx.expect(storing(exchange.database.dialect, row), EnvelopeStored("the id of a new envelope is taken"))

    with exchange.doing("queueing", row.id):
        await exchange.write(t1)
        await exchange.milestones.reached("holder after_T1")
        try:
            await queue(exchange, row.id, row, subject_commit=request.subject_commit)
        except SuiteError as error:
            log.warning("answer sealed and not logged yet", extra={"code": error.code})


def _sealed_row(exchange: Exchange, request: PeerRequestRow, answer: Answer) -> OutgoingEnvelopeRow:
    now, message, subject = exchange.clock(), answer.message, answer.subject
    return OutgoingEnvelopeRow(
        id=message.envelope_id,
        request_id=request.id,
        recipient_node=request.requester,
        kind=message.kind,
        state=Outgoing.SEALED,
        claims=message.model_dump_json(exclude_none=True),
        event=answer.event.model_dump_json(by_alias=True, exclude_none=True),
        ciphertext=answer.ciphertext,
        ct_digest=message.ct_digest,
        student_id=None if subject is None else subject.student_id,
        custodian_id=None if subject is None else subject.custodian_id,
        decision_id=answer.decision_id,
        expires_at=request.expires_at,
        leaves_at=next_tick(now, every_seconds=exchange.settings.exchange_tick_seconds),
        attempts=0,
        next_attempt_at=now + SOON,
    )


async def queue(
    exchange: Exchange, envelope_id: UUID, row: OutgoingEnvelopeRow | None = None, *, subject_commit: str | None = None
) -> None:
    """L and T2 of a sealed envelope: again after a crash, with the same result. `subject_commit`: of the request that it answers.

    Raises LogUnavailable, OwnLogWentBack: it is tried again. An entry that audit refuses for good ends the envelope.
    """
    if row is None:
        row = await exchange.find(OutgoingEnvelopeRow, envelope_id)
    if row is None or row.state != Outgoing.SEALED:
        return
    if exchange.clock() >= row.expires_at:
        await give_up(exchange, row, Outgoing.EXPIRED, reason="expired", never_sent=True)
        return
    try:
        appended = await exchange.own_log.append(Event.model_validate_json(row.event))
    except SuiteError as error:
        if error.retry != "never":
            raise
        log.error("audit refuses a disclosure", extra={"code": error.code})  # noqa: TRY400 the code says it
        await give_up(exchange, row, Outgoing.WITHDRAWN, reason=error.code, never_sent=True, logged=False)
        return
    await exchange.milestones.reached("holder after_append")
    leaves_now = row.leaves_at <= exchange.clock()
    standing = exchange.privacy.standing_beside(row.decision_id) if leaves_now and row.decision_id is not None else None
    jws = await _signed(exchange, row, appended)
    queued = {
        "state": Outgoing.QUEUED,
        "jws": jws,
        "envelope_digest": digest_of(jws.encode("ascii")),
        "entry_index": appended.index,
        "queued_at": exchange.clock(),
        "next_attempt_at": row.leaves_at,
    }
    [is_ours] = await exchange.write(
        Changes(
            [changing(OutgoingEnvelopeRow, envelope_id, when=(Outgoing.SEALED,), **queued)],
            each_of_one=True,
            once=exchange.own_log.keeping(exchange.database.dialect, appended),
        )
    )
    exchange.own_log.kept(appended)
    if not is_ours:  # another process has done it, or ended the envelope
        return
    await exchange.milestones.reached("holder after_T2")
    if row.leaves_at <= exchange.clock():
        for name, value in queued.items():
            setattr(row, name, value)
        exchange.wake("dispatching", row.id, Leaving(row, standing, subject_commit))


async def _signed(exchange: Exchange, row: OutgoingEnvelopeRow, appended: Appended) -> str:
    members = await exchange.proofs.members_for(row.recipient_node, appended)
    message = Envelope.model_validate({**claims_of(row).model_dump(), **members})
    return await exchange.sign(message, suite=suite_named(message.suite))


def claims_of(row: OutgoingEnvelopeRow) -> Envelope:
    """The envelope's claims, without proof."""
    return read_closed(row.claims.encode(), model=Envelope)
