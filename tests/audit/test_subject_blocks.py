"""The blocks of the index by student: however they are merged, and whoever is killed meanwhile, each row is found and none is left."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from services.audit.driver import Driver
from services.audit.group_commit import ROWS_OF_A_BLOCK
from services.audit.openings import Place
from services.audit.retention.shredding import destroy_key, destroy_student_rows
from services.audit.retention.units import StudentYear, student_years
from services.audit.subject_blocks import Merge, SubjectBlocks, next_merge
from services.audit.subject_index import MERGED, NEWEST_BLOCKS, SPANS, Window, blocks_held, entries_about
from services.audit.tables import SubjectEntryRow, TreeStateRow
from services.audit.verification import verify_store
from tests.audit.audit_node import AuditNode, event, running, settings_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
JUNE = datetime(2026, 6, 20, 12, tzinfo=UTC)
ENTRIES = 2 * MERGED + NEWEST_BLOCKS + 2
"""So that two groups of blocks are full where each entry lies in a block of its own."""


@settings(max_examples=8)
@given(st.integers(0, MERGED**2 + 3 * MERGED), st.sets(st.integers(0, MERGED**2)))
def test_a_merge_takes_full_groups_only_and_ends(written: int, emptied: set[int]) -> None:
    blocks = {block: 1 for block in range(written + 1) if block not in emptied or block == written}
    moved = 0
    while (merge := next_merge(list(blocks), written=written)) is not None:
        start = merge.target // merge.span * merge.span
        assert all(start <= merge.target < source < start + merge.span for source in merge.sources)
        assert start + merge.span <= written - NEWEST_BLOCKS
        for source in merge.sources:
            blocks[merge.target] += (rows := blocks.pop(source))
            moved += rows
    assert sum(blocks.values()) == len(set(range(written)) - emptied) + 1
    assert moved <= len(SPANS) * written
    assert len(blocks) <= written // SPANS[-1] + len(SPANS) * (MERGED + NEWEST_BLOCKS)


def test_the_smallest_blocks_are_merged_first_and_of_these_the_oldest() -> None:
    blocks = [0, *range(MERGED, 3 * MERGED)]
    assert next_merge(blocks, written=MERGED) is None
    assert next_merge(blocks, written=2 * MERGED + NEWEST_BLOCKS) == Merge(MERGED, tuple(range(MERGED + 1, 2 * MERGED)), MERGED)
    merged = list(range(0, MERGED**2, MERGED))
    assert next_merge(merged, written=MERGED**2 + NEWEST_BLOCKS) == Merge(0, tuple(merged[1:]), MERGED**2)
    assert next_merge(merged, written=MERGED**2 + NEWEST_BLOCKS - 1) is None


async def quiet(node: AuditNode) -> None:
    """The node merges nothing by itself from now on."""
    (task,) = [task for task in node.app.state.tasks if task.get_coro().__name__ == "_merge_blocks"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def spread(store_url: str, node_keys: Path, students: Sequence[UUID]) -> AsyncIterator[AuditNode]:
    """A node with a log of entries about students in turn, over the change of the school year, each row in a block of its own."""
    clock = StandingClock(JUNE)
    async with running(store_url, node_keys, clock) as node:
        await quiet(node)
        for start in range(0, ENTRIES, 16):
            await node.append(*[event("match", student=students[at % len(students)]) for at in range(start, min(start + 16, ENTRIES))])
            clock.advance(days=4)
        async with node.database.transaction() as tx:
            await tx.execute(update(SubjectEntryRow).values(block=SubjectEntryRow.idx))
            await tx.execute(update(TreeStateRow).values(index_rows=ENTRIES * ROWS_OF_A_BLOCK))
        yield node


async def rows_of(node: AuditNode) -> set[tuple[Any, ...]]:
    row = SubjectEntryRow
    async with node.database.reading() as tx:
        found = (await tx.execute(select(row.tag, row.log, row.idx, row.kind, row.partition))).all()
    assert len(found) == len(set(found))  # each in one block
    return {tuple(one) for one in found}


async def held(node: AuditNode) -> list[int]:
    return await node.database.read(lambda connection: blocks_held(Driver(connection)))


async def found_of(node: AuditNode, student: UUID) -> list[list[Place]]:
    """Everything of a student, then parts of it as searches ask for them."""
    async with node.database.reading() as tx:
        tags = await node.app.state.keys.tags(tx, str(student))
        assert len(tags) == 2
        places = await entries_about(tx, tags, Window(), limit=ENTRIES)
        middle = places[len(places) // 2]
        assert await entries_about(tx, tags, Window(oldest_first=True), limit=ENTRIES) == places[::-1]
        assert await entries_about(tx, tags, Window(oldest_first=True), limit=3) == places[:-4:-1]
        windows = (Window(before=middle), Window(since=middle), Window(kinds=[99]), Window(sealed_too=False))
        return [places, *[await entries_about(tx, tags, window, limit=3) for window in windows]]


async def test_a_student_is_found_alike_before_during_and_after_a_merge(store_url: str, node_keys: Path) -> None:
    students = [uuid4() for _ in range(3)]
    async with spread(store_url, node_keys, students) as node:
        before, rows = [await found_of(node, student) for student in students], await rows_of(node)
        of_first = [Place(2026, at) for at in range(ENTRIES - 1, -1, -1) if at % 3 == 0]
        assert before[0] == [of_first, of_first[23:26], of_first[:3], [], of_first[:3]]

        class Enough(Exception):
            """The merge was stopped."""

        pieces = most = 0

        def stop() -> bool:
            nonlocal pieces
            pieces += 1
            if pieces > most:
                raise Enough
            return False

        merged = SubjectBlocks(node.database, is_busy=stop)
        sizes = [len(await held(node))]
        while len(sizes) < 40:
            pieces, most = 0, most + 16
            try:
                await merged.merge()
                break
            except Enough:  # some tags have moved, others not: also those that a student had in the other school year
                assert ([await found_of(node, student) for student in students], await rows_of(node)) == (before, rows)
                sizes.append(len(await held(node)))
        assert await held(node) == [*range(ENTRIES - 1, 2 * MERGED - 1, -1), MERGED, 0]
        assert sizes[0] == ENTRIES
        assert len(set(sizes)) > 2
        assert ([await found_of(node, student) for student in students], await rows_of(node)) == (before, rows)
        assert await merged.merge() == 0


def killed_after(pieces: int, url: str) -> None:
    """A process that merges, and gets SIGKILL once it has moved so many pieces."""
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk/python/src'}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "tests.audit.merging_process", url]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as said:
        for _ in range(pieces):
            assert said.readline() == "moved\n"
        process.kill()
    assert process.wait() == -9


@pytest.mark.faults
@pytest.mark.requirement("FAULT-kill")
async def test_a_merge_that_is_killed_loses_nothing_and_is_brought_to_its_end(store_url: str, node_keys: Path) -> None:
    students, clock = [uuid4() for _ in range(3)], StandingClock(JUNE.replace(month=12))
    async with spread(store_url, node_keys, students) as node:
        rows, before = await rows_of(node), [await found_of(node, student) for student in students]
    killed_after(170, store_url)
    await verify_store(settings_of(store_url, node_keys))
    async with running(store_url, node_keys, clock) as node:
        await quiet(node)
        assert await rows_of(node) == rows
        assert [await found_of(node, student) for student in students] == before
        assert MERGED < len(await held(node)) < ENTRIES
        await SubjectBlocks(node.database).merge()
        assert await rows_of(node) == rows
        assert len(await held(node)) == 2 + NEWEST_BLOCKS + 2
    await verify_store(settings_of(store_url, node_keys))


async def there_of(node: AuditNode, student: UUID) -> list[StudentYear]:
    async with node.database.reading() as tx:
        return await student_years(tx, node.app.state.keys, student, ())


@pytest.mark.requirement("LOG-retention")
async def test_rows_that_were_moved_since_they_were_read_are_destroyed_all_the_same(store_url: str, node_keys: Path) -> None:
    gone, kept = uuid4(), uuid4()
    async with spread(store_url, node_keys, [gone, kept]) as node:
        before = await found_of(node, kept)
        older, newer = await there_of(node, gone)
        await SubjectBlocks(node.database).merge()
        async with node.database.transaction() as tx:
            await destroy_key(tx, older, destruction_id=uuid4(), now=node.clock())
            await destroy_student_rows(tx, node.app.state.keys, older, destruction_id=uuid4())
        left = {row for row in await rows_of(node) if row[0] == older.key_id}
        assert (left, [one.school_year for one in await there_of(node, gone)]) == (set(), [newer.school_year])
        assert await found_of(node, kept) == before
