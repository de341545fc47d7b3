"""Each finished day is compared with each other node, once: counts, and what each has seen of the other's log.

A difference that time does not explain is an entry of its own in the log, from which audit makes an alert, and names the messages.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from safepassage.canonical import digest_of, digest_of_json, from_base64url
from safepassage.compact import split
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerResting, PeerUnavailable
from safepassage.problems.proofs import ConsistencyNotProven
from safepassage.problems.trust import NotAMember
from safepassage.proofs import verify_consistency
from safepassage.reconciliation import COUNTERPART, RECONCILIATIONS_PATH, Line, LinePage, Reconciliation, Stream, differences
from safepassage.trust_members import Member
from safepassage.wire_reconciliations import DayReconciled, FindingKind, ReconciliationFinding
from services.records.exchange.deliveries import JOSE
from services.records.exchange.due import NO_MEMBER, after_failure, any_chance
from services.records.exchange.events import SYSTEM
from services.records.exchange.exchange import Exchange
from services.records.exchange.reconciliation_lines import all_lines, counts_of, due_row, has_messages
from services.records.exchange.reconciliation_routes import taken
from services.records.exchange.states import Reconciling
from services.records.exchange.stating_counts import LONGEST_AGO, OPERATION, stated
from services.records.exchange.stored_rows import change, store
from services.records.tables import ReconciliationRow
from shared.contracts.audit import Context, Digests, Event
from shared.group_commit import Writing

log = logging.getLogger(__name__)

BEGINS_AFTER: Final = timedelta(hours=1)
"""After midnight UTC; and then within an hour, each pair at another minute."""
SPREAD: Final = timedelta(hours=1)
OWED: Final = LONGEST_AGO - timedelta(days=1)
"""So long ago a day may be and still be planned: a day is left to compare it in."""
PAGES: Final = 1000
NAMED: Final = 100

Lines = Mapping[Stream, Sequence[Line]]


async def plan(exchange: Exchange) -> int:
    """Have the days that are over compared with every member that can be called and with which there were messages; gives how many are new.

    Not yesterday alone: of a node that was down over a weekend, or that held no list in force, the day before is owed too. Where this node
    has lost all messages of a day, the other side compares, and then this one does too.
    """
    now = exchange.clock()
    days = [(now.date() - timedelta(days=ago)).isoformat() for ago in range(OWED.days, 0, -1)]
    own = exchange.entity_id
    members = [one for one in exchange.trust.current().members if one.entity_id != own and one.status == "active" and not one.pulls]
    due = datetime.combine(now.date(), datetime.min.time(), now.tzinfo) + BEGINS_AFTER + SPREAD * any_chance()

    def write(tx: Writing) -> int:
        owed = [(day, one.entity_id) for day in days for one in members if has_messages(tx.connection, one.entity_id, day)]
        return sum(store(tx.connection, due_row(day, peer, due)) for day, peer in owed)

    return await exchange.write(write)


async def take_up(exchange: Exchange, key: tuple[str, str], row: ReconciliationRow | None = None) -> None:
    """Compare one day with one peer, or put it off."""
    if row is None:
        row = await exchange.find(ReconciliationRow, *key)
    if row is None or row.state != Reconciling.DUE:
        return
    now = exchange.clock()
    if now.date() - date.fromisoformat(row.day) > LONGEST_AGO:
        await _end(exchange, row, Reconciling.LAPSED, (), None, None)
        return
    try:
        await exchange.trust.refresh()
        member = exchange.trust.member(row.peer)
        exchange.breakers.require_closed(row.peer, now)
        findings, ours, theirs = await _compared(exchange, member, row.day)
    except NotAMember as error:
        if exchange.trust.may_come_back(row.peer):  # the day before its suspension is one to compare
            await _put_off(exchange, row, error)
        else:
            await _end(exchange, row, Reconciling.LAPSED, (), None, None)
    except SuiteError as error:
        log.info("day not compared yet", extra={"peer": row.peer, "code": error.code})
        await _put_off(exchange, row, error)
    else:
        await _end(exchange, row, Reconciling.DIFFERS if findings else Reconciling.AGREED, findings, ours, theirs)


async def _compared(exchange: Exchange, member: Member, day: str) -> tuple[Sequence[ReconciliationFinding], str, str | None]:
    peer = member.entity_id
    before = await exchange.database.read(lambda connection: all_lines(connection, peer, day))
    ours = await stated(exchange, peer, day, counts_of(before))
    body = ours.encode("ascii")
    answer = await exchange.peers.post(member, RECONCILIATIONS_PATH, body, content_type=JOSE)
    if await exchange.paths.shown(member, "receipts", body, answer):
        answer = await exchange.peers.post(member, RECONCILIATIONS_PATH, body, content_type=JOSE)
    if answer.status != 200:
        raise PeerUnavailable("the peer does not compare now")
    try:
        token = answer.body.decode("ascii")
        message = await taken(exchange, peer, day, token, exchange.clock())
    except UnicodeDecodeError as error:
        raise PeerUnavailable("the answer is no reconciliation") from error
    except ConsistencyNotProven:
        # What the peer has just signed does not continue what it signed before: that is what is told, and nothing else of it is believed.
        return (ReconciliationFinding(kind="their-log-differs", count=1),), ours, token
    findings = [] if await _is_our_log(exchange, message) else [ReconciliationFinding(kind="our-log-differs", count=1)]
    counts = counts_of(before)
    differing = [stream for stream in COUNTERPART if not _agree(counts[stream], message.of(COUNTERPART[stream]))]
    theirs = {COUNTERPART[stream]: await _their_lines(exchange, member, day, COUNTERPART[stream]) for stream in differing}
    after = await exchange.database.read(lambda connection: all_lines(connection, peer, day)) if differing else before
    for stream in differing:
        findings += _findings(stream, before=before, after=after, theirs=theirs[COUNTERPART[stream]])
    return findings, ours, token


def _agree(ours: Any, theirs: Any) -> bool:
    return (ours.ids, ours.applied) == (theirs.ids, theirs.applied)


async def _is_our_log(exchange: Exchange, message: Reconciliation) -> bool:
    """Whether the checkpoint of our log that the peer holds is part of what our log is now."""
    largest = exchange.own_log.largest(message.seen_origin or "")
    if largest is None or message.seen_size is None or message.seen_root is None:
        return True
    if message.seen_size > largest.size:
        return False
    path = await exchange.own_log.consistency(largest.origin, message.seen_size, largest.size) if message.seen_size < largest.size else ()
    try:
        verify_consistency(
            old_size=message.seen_size,
            new_size=largest.size,
            old_root=from_base64url(message.seen_root),
            new_root=largest.root,
            path=[from_base64url(one) for one in path],
        )
    except ConsistencyNotProven:
        return False
    return True


async def _their_lines(exchange: Exchange, member: Member, day: str, stream: Stream) -> list[Line]:
    lines: list[Line] = []
    query: dict[str, str | int] = {}
    for _ in range(PAGES):
        answer = await exchange.peers.get(member, f"{RECONCILIATIONS_PATH}/{day}/{stream}", query)
        try:
            page = LinePage.model_validate_json(answer.body).lines if answer.status == 200 else None
        except ValidationError as error:
            raise PeerUnavailable("the peer says something else") from error
        if page is None:
            raise PeerUnavailable("the peer does not show its messages now")
        lines += page
        if answer.next is None or not page:
            break
        query = {"after": str(page[-1].id)}
    return lines


_SENT: Final[Mapping[Stream, tuple[FindingKind, FindingKind, FindingKind]]] = {
    "requests-sent": ("requests-lacking-there", "requests-lacking-here", "answers-not-applied-there"),
    "answers-sent": ("answers-lacking-there", "answers-lacking-here", "answers-not-applied-there"),
    "requests-received": ("requests-lacking-here", "requests-lacking-there", "answers-not-applied-here"),
    "answers-received": ("answers-lacking-here", "answers-lacking-there", "answers-not-applied-here"),
}
"""By our stream, what it is called where the receiver lacks something, where the sender does, where something is not filed."""


def _findings(stream: Stream, *, before: Lines, after: Lines, theirs: Sequence[Line]) -> list[ReconciliationFinding]:
    early, late = before[stream], after[stream]
    if stream.endswith("-sent"):
        found = differences(sent_early=early, sent_late=late, received_early=theirs, received_late=theirs)
    else:
        found = differences(sent_early=theirs, sent_late=theirs, received_early=early, received_late=late)
    parts: Sequence[tuple[FindingKind, tuple[UUID, ...]]] = tuple(
        zip(_SENT[stream], (found.receiver_lacks, found.sender_lacks, found.not_applied), strict=True)
    )
    return [ReconciliationFinding(kind=kind, count=len(ids), ids=ids[:NAMED]) for kind, ids in parts if ids]


async def _end(
    exchange: Exchange,
    row: ReconciliationRow,
    state: Reconciling,
    findings: Sequence[ReconciliationFinding],
    ours: str | None,
    theirs: str | None,
) -> None:
    now = exchange.clock()
    told = DayReconciled(peer=row.peer, day=row.day, state=state.value, compared_at=now, findings=tuple(findings))
    done = {"state": state, "next_attempt_at": None, "compared_at": now, "ours": ours, "theirs": theirs, "problem_code": None}
    if findings:
        log.error("counts of two nodes differ", extra={"peer": row.peer, "event": "exchange-difference", "count": len(findings)})

    def end(tx: Writing) -> None:
        values = {**done, "findings": told.model_dump_json()}
        if change(tx.connection, ReconciliationRow, row.day, row.peer, when=(Reconciling.DUE,), **values):
            tx.record(_entry(told, theirs))

    await exchange.write(end)


def _entry(told: DayReconciled, theirs: str | None) -> Event:
    """What the log is told: that both agree, or that they do not; the digest pins the ids."""
    outcome = {"agreed": "agreed", "differs": "difference"}.get(told.state, told.state)
    note = None if theirs is None else split(theirs)[1].get("checkpoint")
    return Event(
        class_="trust",
        key=f"reconciled:{told.day}:{digest_of(told.peer.encode())[:22]}",
        actor=SYSTEM,
        context=Context(
            operation=OPERATION,
            outcome=outcome,
            about=f"day:{told.day}",
            recipient_node=told.peer,
            count=sum(one.count for one in told.findings),
            reason=told.findings[0].kind if told.findings else None,
            peer_checkpoint=note if isinstance(note, str) else None,
        ),
        digests=Digests(ct=digest_of_json(told.model_dump(mode="json", exclude={"compared_at"}))),
    )


async def _put_off(exchange: Exchange, row: ReconciliationRow, error: SuiteError) -> None:
    attempts = row.attempts + (0 if isinstance(error, PeerResting) else 1)
    due = after_failure(error, failures=max(attempts, 1), now=exchange.clock())
    if isinstance(error, NotAMember):
        due = exchange.clock() + NO_MEMBER

    def put_off(tx: Writing) -> None:
        values = {"attempts": attempts, "next_attempt_at": due, "problem_code": error.code}
        change(tx.connection, ReconciliationRow, row.day, row.peer, when=(Reconciling.DUE,), **values)

    await exchange.write(put_off)
