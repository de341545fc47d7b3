"""Two nodes live through fourteen months: two New Years, a new school year, both changes of the clock, and a network that signs no list.

Nothing a node does by itself stands still, nothing is lost, and what was proven before stays proven.
"""

import asyncio
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import parse_note
from safepassage.problems.trust import TrustListStale
from safepassage.wire_log import EntrySearch
from services.audit.settings import AuditSettings
from services.audit.tables import AlertRow, DisclosureCopyRow, LogRow, TreeStateRow
from services.audit.verification import verify_store
from services.audit.witnessing.cosignatures import largest_witnessed
from services.records.tables import ReconciliationRow
from tests.records.exchange.two_states import Case, State, ordinary_students
from tests.stories.two_old_nodes import OldNodes, audit_of, two_old_nodes

EVERY: Final = timedelta(days=6)
"""Statements and trust lists are renewed so often: within the week for which they are good."""
HOURLY: Final = ((12, 31), (7, 1))
"""Days of which each third hour is lived: the log's year and the keys' epoch end within them, here or by UTC."""
LASTS: Final = timedelta(days=426)


def instants(begins: datetime) -> Iterator[datetime]:
    """When the nodes are looked at."""
    day, ends = begins + EVERY, begins + LASTS
    while day < ends:
        yield day + timedelta(hours=3 + day.day % 20)  # after the hours in which days are compared
        for ahead in range(1, EVERY.days):
            near = day + timedelta(days=ahead)
            if (near.month, near.day) in HOURLY:
                yield from (near + timedelta(hours=hour) for hour in range(0, 39, 3))
        day += EVERY


class Kept:
    """What somebody outside has kept of both logs over the time: checkpoints by their origin."""

    def __init__(self) -> None:
        self._notes: dict[str, list[str]] = {}

    async def keep(self, state: State) -> None:
        async with state.client("state-agency") as agency:
            note = (await agency.log_checkpoint()).decode()
        self._notes.setdefault(parse_checkpoint(parse_note(note).text).origin, []).append(note)

    def __len__(self) -> int:
        return len(self._notes)

    async def verify(self, state: State) -> list[str]:
        """The years of the node's log, each whole, and each continuing every checkpoint that was kept of it."""
        settings = state.folder.settings("audit")
        assert isinstance(settings, AuditSettings)
        return [one.log.origin[-4:] for one in await verify_store(settings, pinned=self._notes)]


async def moved(nodes: OldNodes, case: Case) -> None:
    """The record is applied within a minute, whatever the day."""
    for _ in range(3):
        await nodes.states.settle()
        await nodes.states.advance(seconds=20)
    assert (await case.told()).state == "applied", nodes.clock()


async def nothing_waits(nodes: OldNodes) -> None:
    """No outbox, no exchange, no comparison of a day stands still, and no log is frozen."""
    for state in nodes.both:
        await state.tell()
        assert await nodes.doctor(state) == [], nodes.clock()
        compared = [
            row for row in await state.rows(ReconciliationRow) if row.next_attempt_at is None or row.next_attempt_at <= nodes.clock()
        ]
        assert {row.state for row in compared} <= {"agreed"}, nodes.clock()
        assert audit_of(state).sequencer.frozen is None
        for service in ("gateway", "records", "privacy"):
            async with state.node.applications[service].state.database.reading() as tx:
                assert (await tx.execute(text("SELECT count(*) FROM outbox WHERE refused_as IS NOT NULL"))).scalar_one() == 0
        assert len(list((state.folder.keys / "records" / "hpke").glob("*.json"))) <= 10, "keys of weeks that are long over"


async def closed_years_are_witnessed(state: State) -> None:
    """To the last entry."""
    policy = audit_of(state).publisher.policy
    async with audit_of(state).database.reading() as tx:
        for log in (await tx.scalars(select(LogRow).where(LogRow.state == "sealed"))).all():
            found = await largest_witnessed(tx, log.year, policy)
            size = await tx.scalar(select(func.max(TreeStateRow.size)).where(TreeStateRow.log == log.year))
            assert found is not None
            assert found.size == size


async def late_copies_are_told(state: State) -> None:
    """No district ever reads its copies here, and that is not passed over."""
    async with audit_of(state).database.reading() as tx:
        told = (await tx.scalars(select(AlertRow.count).where(AlertRow.rule == "copy-overdue").order_by(AlertRow.day))).all()
        late = (await tx.scalars(select(DisclosureCopyRow.due_on).where(DisclosureCopyRow.due_on < state.clock().date()))).all()
    assert len(told) >= 12
    assert max(told) >= len(late) - 2


async def is_accounted_for(state: State, student_id: UUID, cases: list[Case]) -> None:
    """Every disclosure of the student, before and after each New Year and each epoch of the keys, is in the accounting and is found."""
    async with state.client("state-agency") as agency:
        accounted = (await agency.disclosure_accounting(student_id)).content.entries
        found = (await agency.search_log(EntrySearch(student_id=student_id, classes=("disclosure",)))).content.entries
    wanted = {case.id for case in cases}
    assert {one.exchange_id for one in accounted if one.phase == "disclosure"} == wanted
    assert {UUID((one.context or {})["exchange_id"]) for one in found} == wanted


@pytest.mark.requirement("DAY-year")
@pytest.mark.slow
@pytest.mark.anyio
async def test_two_nodes_live_through_fourteen_months(tmp_path: Path) -> None:
    async with two_old_nodes(tmp_path) as nodes:
        states, kept, month, tasks, files, refused = nodes.states, Kept(), 0, 0, 0, 0
        children = iter(ordinary_students(200))
        first, cases = next(children), list[Case]()
        student_id = await states.alder.load(first)
        begins = nodes.clock().replace(hour=0, minute=0, second=0, microsecond=0)
        silent = (begins + timedelta(days=200), begins + timedelta(days=218))
        for number, at in enumerate(instants(begins)):
            await nodes.go_to(max(at, nodes.clock()))
            if silent[0] + timedelta(days=9) < at < silent[1]:  # the network has signed no list for more than a week
                with pytest.raises(TrustListStale):
                    await states.ask(next(children).selector)
                refused += 1
            elif not silent[0] < at < silent[1]:
                await nodes.renew()
                if number % 3 == 0:
                    child = next(children)
                    await states.alder.load(child)
                    await moved(nodes, await states.ask(child.selector))
            if at.month != month and not silent[0] < at < silent[1]:
                month = at.month
                cases.append(await states.ask(first.selector))
                await moved(nodes, cases[-1])
                for state in nodes.both:
                    await nodes.witness(state)
                    await kept.keep(state)
                await nothing_waits(nodes)
                await asyncio.sleep(0)
                tasks, files = tasks or len(asyncio.all_tasks()), files or len(os.listdir("/proc/self/fd"))
                assert len(asyncio.all_tasks()) <= tasks + 20
                assert len(os.listdir("/proc/self/fd")) <= files + 30
                if month in (1, 7):
                    await nodes.restart(states.birch)
        await late_copies_are_told(states.alder)
        await is_accounted_for(states.alder, student_id, cases)
        assert len(cases) >= 14
        assert refused
        assert len(kept) == 6
        years = [str(year) for year in range(begins.year, nodes.clock().year + 1)]
        for state in nodes.both:
            assert await kept.verify(state) == years
            await closed_years_are_witnessed(state)
