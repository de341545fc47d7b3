"""An append alone is one question to PostgreSQL, lock and commit included; whatever comes between, it is as in a transaction."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from services.audit.driver import Driver
from services.audit.foreseen import Foreseen, NotForeseen
from services.audit.tables import AppendedRow, CheckpointRow, SealedRow, SegmentRow, SubjectEntryRow, SubjectKeyRow, TreeStateRow
from services.audit.verification import verify_store
from tests.audit.audit_node import AuditNode, event, migrated, running, settings_of
from tests.conftest import StandingClock
from tests.postgres.round_trips import round_trips

pytestmark = pytest.mark.anyio
ON_POSTGRESQL = pytest.mark.postgres

STUDENT = UUID("01a00000-0000-7000-8000-00000000beef")


@pytest.fixture
async def store(postgres_place: str, node_keys: Path) -> AsyncIterator[str]:
    """A store at head, whose log is verified in the end."""
    await migrated(postgres_place)
    yield postgres_place
    for report in await verify_store(settings_of(postgres_place, node_keys)):
        assert report.log.newer == 0


async def rows(node: AuditNode) -> tuple[int, ...]:
    """How many there are of what an entry adds."""
    tables = (AppendedRow, SealedRow, SubjectEntryRow, SegmentRow, CheckpointRow)
    async with node.database.reading() as tx:
        size = (await tx.execute(select(TreeStateRow.size))).scalar_one()
        return size, *[(await tx.execute(select(func.count()).select_from(table))).scalar_one() for table in tables]


@ON_POSTGRESQL
async def test_an_append_alone_asks_once_and_one_with_a_student_who_is_new_in_a_transaction(
    store: str, node_keys: Path, clock: StandingClock
) -> None:
    async with running(store, node_keys, clock) as node:
        await node.append(event("request"))
        with round_trips() as first:
            (appended,) = (await node.append(event("request", student=STUDENT))).entries
        assert len(first) > 5
        assert first[0].startswith("BEGIN")
        before = await rows(node)
        for class_, checkpoints in (("request", 1), ("match", 0)):  # a match is told behind: no checkpoint is written with it
            with round_trips() as texts:
                (later,) = (await node.append(event(class_, student=STUDENT))).entries
            assert len(texts) == 1
            assert "FOR UPDATE" in texts[0]
            after = await rows(node)
            assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1, 1, 1, checkpoints]
            before = after
        assert (appended.index, later.index) == (1, 3)


@ON_POSTGRESQL
async def test_an_event_that_came_before_is_answered_with_its_entry_and_another_one_of_its_key_is_refused(
    store: str, node_keys: Path, clock: StandingClock
) -> None:
    async with running(store, node_keys, clock) as node:
        one, other = event("request", key="test:once"), event("request", key="test:once", student=STUDENT)
        (first,) = (await node.append(one)).entries
        before = await rows(node)
        (again,) = (await node.append(one)).entries
        assert (first.index, again.index, again.duplicate) == (0, 0, True)
        refused = await node.try_append(other)
        assert (refused.status, b"event-key-reused" in refused.body) == (409, True)
        assert await rows(node) == before
        assert (await node.append(event("request"))).entries[0].index == 1


@ON_POSTGRESQL
async def test_two_processes_that_append_in_turn_and_at_once_write_one_log(store: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store, node_keys, clock) as node, running(store, node_keys, clock) as other:
        for index in range(6):  # whoever comes has another head in memory than the store has
            (appended,) = (await (node, other)[index % 2].append(event("request", student=STUDENT))).entries
            assert appended.index == index
            node.verified(appended)
        for _ in range(4):
            answers = await asyncio.gather(*(one.append(event("request", student=STUDENT)) for one in (node, other)))
            assert len({answer.entries[0].index for answer in answers}) == 2
        assert (await rows(node))[0] == 14


@ON_POSTGRESQL
@pytest.mark.requirement("LOG-I2")
async def test_a_log_that_another_process_freezes_takes_nothing_not_even_from_who_waits_for_its_lock_then(
    store: str, node_keys: Path, clock: StandingClock
) -> None:
    async with running(store, node_keys, clock) as node:
        await node.append(event("request", student=STUDENT))
        before = await rows(node)
        frozen = text("UPDATE log SET state = 'frozen'")
        async with node.database.transaction() as tx:
            await tx.execute(frozen)
            with round_trips() as texts:
                waiting = asyncio.create_task(node.try_append(event("request", student=STUDENT)))
                async with asyncio.timeout(20):
                    while not await _somebody_waits(node):
                        pass
            assert any(one.startswith("WITH held") for one in texts)
        assert (await waiting).status == 503
        assert (await node.try_append(event("request", student=STUDENT))).status == 503
        assert await rows(node) == before


@ON_POSTGRESQL
async def test_what_was_written_for_an_entry_already_is_at_odds_with_it_and_nothing_is_written(
    store: str, node_keys: Path, clock: StandingClock
) -> None:
    async with running(store, node_keys, clock) as node:
        await node.append(event("request", student=STUDENT))
        before = await rows(node)
        async with node.database.transaction() as tx:  # a row that nothing but the next entry has
            await tx.execute(text("INSERT INTO sealed SELECT log, 1, part, key_id, groups FROM sealed WHERE idx = 0"))
        answer = await node.try_append(event("request", student=STUDENT, key=f"test:{uuid4()}"))
        assert answer.status == 503
        async with node.database.transaction() as tx:
            await tx.execute(text("DELETE FROM sealed WHERE idx = 1"))
        assert await rows(node) == before
        assert (await node.append(event("request", student=STUDENT))).entries[0].index == 1


def test_whatever_a_driver_is_asked_for_is_foreseen_or_refused_and_goes_to_no_connection() -> None:
    ways = [name for name, one in vars(Driver).items() if callable(one) and not name.startswith("_")]
    assert {"rows", "lookup", "lookup_near", "together", "insert"} <= set(ways)
    assert [name for name in ways if name not in vars(Foreseen)] == []
    asked = Foreseen()
    assert asked.lookup(AppendedRow, {"event_key": [b"key"]}) == asked.lookup_near(AppendedRow, "event_key", [b"key"]) == []
    refusals: list[Callable[[], object]] = [
        lambda: asked.lookup(SubjectKeyRow, {"key_id": [b"key"]}),
        lambda: asked.lookup_near(SubjectKeyRow, "key_id", [b"key"]),
        lambda: asked.rows("SELECT 1"),
        lambda: asked.insert(AppendedRow, [(b"key",)]),
    ]
    for refused in refusals:
        with pytest.raises(NotForeseen):
            refused()


async def _somebody_waits(node: AuditNode) -> bool:
    async with node.database.reading() as tx:
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return bool((await tx.execute(waiting)).scalar_one())
