"""The index is made again whoever is killed in the middle, while the log goes on, and nothing is told as complete meanwhile."""

import asyncio
import signal
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import insert, select
from typer.testing import CliRunner

from node.command import app
from services.audit.index.projector import CursorMoved, Projector
from services.audit.index.rebuilding import EMPTYING, FILLING, begin, empty_piece
from services.audit.tables import IndexRebuildRow, PostingRow
from shared.database import Database
from shared.migrations import migrate
from tests.audit.audit_node import ENTITY, AuditNode, event, running, sqlite_url
from tests.audit.older_stores import back_to
from tests.audit.test_index import Rows, a_log, alone, rows_of
from tests.audit.test_search_filters import search, state
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def stage(node: AuditNode) -> int | None:
    async with node.database.reading() as tx:
        found: int | None = await tx.scalar(select(IndexRebuildRow.stage))
    return found


@pytest.mark.requirement("LOG-I7")
async def test_it_goes_on_wherever_it_was_cut_off_and_has_the_same_rows(node: AuditNode) -> None:
    """Cut off after each of its transactions: by another call, or by the service alone."""
    await a_log(node)
    projector = await alone(node)
    await projector.catch_up()
    written = await rows_of(node)
    for pieces in range(8):
        await node.database.write(begin)
        for _ in range(pieces):
            await node.database.write(empty_piece)
        another = Projector(node.database, node.app.state.keys, node.clock)
        await (another.rebuild() if pieces % 2 else another.catch_up())
        again = await rows_of(node)
        again["index_cursor"] = written["index_cursor"]
        assert again == written
        assert await stage(node) is None


async def test_several_that_make_it_at_once_make_it_once(node: AuditNode) -> None:
    await a_log(node)
    await (await alone(node)).catch_up()
    written = await rows_of(node)
    several = [Projector(node.database, node.app.state.keys, node.clock) for _ in range(4)]
    await asyncio.gather(*(one.rebuild() for one in several))
    assert await rows_of(node) == written


async def test_while_what_is_there_goes_nothing_is_put_in_and_a_search_says_what_it_did_not_look_at(node: AuditNode) -> None:
    projector = await alone(node)
    for _ in range(3):
        await node.append(*[event("match", student=uuid4()) for _ in range(700)])
    await projector.catch_up()
    assert await node.database.write(begin)
    assert not await node.database.write(begin)  # it goes on, and does not begin anew
    assert (await stage(node), await node.database.read(projector._next)) == (EMPTYING, None)
    found = await search(node, state(node), classes=["match"])
    assert (len(found.entries), found.not_looked_at) == (0, 2_100)
    while await stage(node) == EMPTYING:
        await node.database.write(empty_piece)
    assert await stage(node) == FILLING
    await node.append(event("load", custodian=None))
    await projector.catch_up()
    found = await search(node, state(node), classes=["match"])
    assert (len(found.entries), found.not_looked_at) == (100, 0)


async def test_what_was_put_in_since_is_never_taken_out_as_what_was_there(node: AuditNode) -> None:
    """Not by one who comes late, and thinks that there is still something to go."""
    await a_log(node)
    projector = await alone(node)
    await projector.rebuild()
    written = await rows_of(node)
    assert not await node.database.write(empty_piece)
    async with node.database.transaction() as tx:
        tx.add(IndexRebuildRow(id=1, stage=FILLING))
    assert not await node.database.write(empty_piece)
    assert await rows_of(node) == written


async def test_what_was_read_before_it_began_is_not_put_in(node: AuditNode) -> None:
    await node.append(*[event("match", student=uuid4()) for _ in range(5)])
    projector = await alone(node)
    step = await node.database.read(projector._next)
    assert step is not None
    entries = await projector._read(step)
    await node.database.write(begin)
    with pytest.raises(CursorMoved):
        await projector._put(step, entries)


@pytest.fixture
def url(sqlite_store: Path, node_keys: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store, as the settings of its service name it."""
    url = sqlite_url(sqlite_store.parent)
    for name, value in {"ENTITY_ID": ENTITY, "DATABASE_URL": url, "KEYS_DIRECTORY": str(node_keys / "audit")}.items():
        monkeypatch.setenv(f"SAFE_PASSAGE_{name}", value)
    return url


async def filled(url: str, keys: Path, clock: StandingClock, *, batches: int) -> Rows:
    """The rows of the index of a log."""
    async with running(url, keys, clock) as node:
        projector = await alone(node)
        for _ in range(batches):
            await node.append(*[event("match", student=uuid4(), outcome=f"o{at % 9}") for at in range(1_000)])
        await projector.catch_up()
        return await rows_of(node)


async def held(url: str, keys: Path, clock: StandingClock) -> tuple[Rows, int | None]:
    async with running(url, keys, clock) as node:
        await alone(node)
        return await rows_of(node), await stage(node)


def same(rows: Rows, written: Rows) -> bool:
    """But for how often the cursor was set back."""
    return {name: of for name, of in rows.items() if name != "index_cursor"} == {
        name: of for name, of in written.items() if name != "index_cursor"
    }


def test_the_command_makes_it_again_and_says_of_how_much(url: str, node_keys: Path, clock: StandingClock) -> None:
    written = asyncio.run(filled(url, node_keys, clock, batches=1))
    done = CliRunner().invoke(app, ["rebuild-index"])
    assert (done.exit_code, "made of 1000 of the log's 1000 entries" in done.output) == (0, True), done.output
    rows, left = asyncio.run(held(url, node_keys, clock))
    assert same(rows, written)
    assert left is None


@pytest.mark.slow
@pytest.mark.parametrize("milliseconds", [700, 1_300])
def test_the_command_is_killed_and_called_again(url: str, node_keys: Path, clock: StandingClock, milliseconds: int) -> None:
    written = asyncio.run(filled(url, node_keys, clock, batches=10))
    command = [sys.executable, "-m", "node.command", "rebuild-index"]

    async def killed() -> None:
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        await asyncio.sleep(milliseconds / 1_000)
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()

    asyncio.run(killed())
    done = CliRunner().invoke(app, ["rebuild-index"])
    assert done.exit_code == 0, done.output
    rows, left = asyncio.run(held(url, node_keys, clock))
    assert same(rows, written)
    assert left is None


def test_a_missing_key_is_said(url: str, node_keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFE_PASSAGE_KEYS_DIRECTORY", str(tmp_path))
    done = CliRunner().invoke(app, ["rebuild-index"])
    assert done.exit_code == 1
    assert "Traceback" not in done.output


async def test_an_index_of_blocks_of_another_size_is_made_again_after_the_upgrade(
    store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    async with running(store_url, node_keys, clock) as node:
        await a_log(node)
        await (await alone(node)).catch_up()
        written = await rows_of(node)
        async with node.database.transaction() as tx:
            await tx.execute(insert(PostingRow).values(log=2026, level=0, block=9, term=b"\1" * 17, bits=bytes([1]) * 512))
        await node.database.write(lambda connection: back_to(connection, "0013"))
    store = Database(store_url)
    await migrate("audit", store)
    await store.close()
    async with running(store_url, node_keys, clock) as node:
        await (await alone(node)).catch_up()
        assert await rows_of(node) == written
        assert await stage(node) is None
