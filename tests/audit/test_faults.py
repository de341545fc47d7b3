"""Crashes, races, full disks and lost connections: what was answered stays, and what was not is appended once."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from safepassage.problems.requests import LogUnavailable, TemporarilyUnavailable
from services.audit.index.projector import Projector
from services.audit.sealing_terms import sealing_terms
from services.audit.sequencer import Sequencer
from services.audit.tables import AppendedRow, CheckpointRow, TreeStateRow
from services.audit.verification import verify_store
from shared.contracts.audit import Event
from shared.database import Database
from shared.inline_sqlite import InlineSqliteDialect
from tests.audit.appending_process import BATCH, TickingClock
from tests.audit.audit_node import AuditNode, disclosure, event, running, settings_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


class Process:
    """A process of the audit service."""

    def __init__(self, url: str, keys: Path, name: str, batches: int, *more: str) -> None:
        command = [sys.executable, "-m", "tests.audit.appending_process", url, str(keys), name, str(batches), *more]
        self._begin(command, _environment())

    @classmethod
    def of(cls, command: list[str], environment: dict[str, str]) -> "Process":
        """One that a command starts."""
        process = cls.__new__(cls)
        process._begin(command, environment | _environment())
        return process

    def _begin(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
        self.acked: dict[str, int] = {}
        self.said: list[str] = []

    def lines(self) -> Iterator[str]:
        output: IO[str] | None = self._process.stdout
        assert output is not None
        with output:
            for line in output:
                word, *places = line.split()
                if word == "acked":
                    for place in places:
                        index, _, key = place.partition("=")
                        assert self.acked.setdefault(key, int(index)) == int(index)
                else:
                    self.said.append(line.strip())
                yield word

    def kill_after(self, acks: int) -> None:
        """SIGKILL once so many batches were answered; what was said until then is still read."""
        for word in self.lines():
            acks -= word == "acked"
            if acks == 0:
                self._process.kill()
        assert self._process.wait() == -9

    def finish(self) -> None:
        for _ in self.lines():
            pass
        assert self._process.wait() == 0


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk/python/src'}", "PYTHONDONTWRITEBYTECODE": "1"}


async def check_store(url: str, node_keys: Path, acked: dict[str, int]) -> int:
    """The whole log verifies, everything that was answered is there, and sent again it is the same entry. Gives the size."""
    (report,) = await verify_store(settings_of(url, node_keys))
    size = report.log.size + report.log.newer
    assert len(set(acked.values())) == len(acked)
    assert all(index < size for index in acked.values())
    return size


@pytest.mark.slow
@pytest.mark.requirement("LOG-I2")
@pytest.mark.requirement("FAULT-kill")
async def test_a_killed_process_loses_nothing_that_was_answered(store_url: str, node_keys: Path) -> None:
    acked: dict[str, int] = {}
    for run in range(2):
        process = Process(store_url, node_keys, f"run{run}", 10_000)
        process.kill_after(4 + 3 * run)
        acked |= process.acked
        size = await check_store(store_url, node_keys, acked)
        unanswered = size - len(acked)
        assert unanswered % BATCH == 0  # a group is there as a whole or not at all
    async with running(store_url, node_keys, TickingClock()) as node:
        before = node.sequencer.size
        process_keys = sorted(acked)
        async with node.database.reading() as tx:
            indices = set(await tx.scalars(select(AppendedRow.idx)))
        assert indices == set(range(before))
        assert {acked[key] for key in process_keys} <= indices


@pytest.mark.slow
@pytest.mark.requirement("LOG-I1")
@pytest.mark.requirement("FAULT-race")
async def test_racing_processes_make_one_contiguous_log(store_url: str, node_keys: Path) -> None:
    processes = [Process(store_url, node_keys, f"race{n}", 12) for n in range(2)]
    for process in processes:
        process.finish()
    acked = processes[0].acked | processes[1].acked
    assert len(acked) == 2 * 12 * BATCH
    assert sorted(acked.values()) == list(range(2 * 12 * BATCH))
    assert await check_store(store_url, node_keys, acked) == len(acked)


async def test_two_writers_in_turn_both_go_on(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock) as one, running(store_url, node_keys, clock) as two:
        indices = []
        for turn in range(6):
            answer = await (one if turn % 2 else two).append(event("request"), event("match"))
            indices += [appended.index for appended in answer.entries]
        assert indices == list(range(12))
        shared = event("request")
        places = [(await node.append(shared)).entries[0].index for node in (one, two, one)]
        assert places == [12, 12, 12]
    await verify_store(settings_of(store_url, node_keys))


@pytest.mark.slow
@pytest.mark.requirement("LOG-I2")
@pytest.mark.requirement("FAULT-full")
async def test_a_full_disk_keeps_what_was_answered_and_appending_goes_on_with_room(sqlite_store: Path, node_keys: Path) -> None:
    url = f"sqlite+aiosqlite:///{sqlite_store}"
    process = Process(url, node_keys, "full", 2, "full")
    process.finish()
    assert process.said == ["ready", "full", "refused 3", "recovered", "done"]
    assert await check_store(url, node_keys, process.acked) == len(process.acked)


async def in_store(node: AuditNode, statement: str) -> None:
    async with node.database.transaction() as tx:
        await tx.execute(text(statement))


BREAKS = {
    "sqlite": "CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'fault'); END",
    "postgresql": "ALTER TABLE {table} ADD CONSTRAINT broken CHECK (log < 0) NOT VALID",
}
MENDS = {"sqlite": "DROP TRIGGER broken", "postgresql": "ALTER TABLE {table} DROP CONSTRAINT broken"}


@pytest.mark.parametrize("table", ["segment", "sealed", "subject_entry", "appended"])
async def test_a_group_that_fails_leaves_nothing_and_the_next_one_goes_on(
    node: AuditNode, store_url: str, node_keys: Path, table: str
) -> None:
    engine = "sqlite" if node.database.is_sqlite else "postgresql"
    await node.append(event("request"))
    one = event("request", student=uuid4())
    await in_store(node, BREAKS[engine].format(table=table))
    refused = await node.try_append(one)
    assert (refused.status, json.loads(refused.body)["retry"]) == (503, "same-key")
    async with node.database.reading() as tx:
        assert await tx.scalar(select(TreeStateRow.size)) == 1
    await in_store(node, MENDS[engine].format(table=table))
    (appended,) = (await node.append(one)).entries
    assert (appended.index, appended.duplicate) == (1, False)
    node.verified(appended)
    (report,) = await verify_store(settings_of(store_url, node_keys))
    assert (report.opened, report.destroyed) == (2, 0)  # nothing is sealed under a key that was rolled back


@pytest.mark.requirement("LOG-I4")
@pytest.mark.requirement("LOG-I3")
async def test_an_entry_whose_checkpoint_cannot_be_stored_is_not_in_the_log(node: AuditNode, store_url: str, node_keys: Path) -> None:
    """The checkpoint is of one commit with its entry: one that was signed and rolled back is stored nowhere and was shown to nobody."""
    engine = "sqlite" if node.database.is_sqlite else "postgresql"
    one, other = disclosure(node, uuid4()), disclosure(node, uuid4())
    await in_store(node, BREAKS[engine].format(table="checkpoint"))
    assert (await node.try_append(one)).status == 503
    async with node.database.reading() as tx:
        assert await tx.scalar(select(TreeStateRow.size)) == 0
        assert list(await tx.scalars(select(CheckpointRow.size))) == [0]
    await in_store(node, MENDS[engine].format(table="checkpoint"))
    for index, event_ in enumerate((other, one)):  # another one is first now: the size that was signed has one root all the same
        (appended,) = (await node.append(event_)).entries
        assert (appended.index, appended.duplicate) == (index, False)
        node.verified(appended)
    async with node.database.reading() as tx:
        assert sorted(await tx.scalars(select(CheckpointRow.size))) == [0, 1, 2]
    await verify_store(settings_of(store_url, node_keys))


def cannot_sync(*_: object) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    raise error


async def test_after_a_failed_fsync_nothing_is_appended_any_more(
    sqlite_store: Path, node_keys: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite+aiosqlite:///{sqlite_store}"
    one = event("request")
    async with running(url, node_keys, clock) as node:
        with monkeypatch.context() as fault:
            fault.setattr(InlineSqliteDialect, "do_commit", cannot_sync)
            assert (await node.try_append(one)).status == 503
        assert (await node.try_append(one)).status == 503
        ready = await node.send("GET", "/readyz", {})
        assert ready.status == 503
    async with running(url, node_keys, clock) as node:
        (appended,) = (await node.append(one)).entries
        assert (appended.index, appended.duplicate) == (0, False)


async def test_whoever_meets_a_failed_fsync_nobody_writes_any_more(
    sqlite_store: Path, node_keys: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What works behind the log writes to the same file: with its frames the log's next ones would be lost."""
    async with running(f"sqlite+inline:///{sqlite_store}", node_keys, clock) as node:
        await node.append(event("match"))
        with monkeypatch.context() as fault, pytest.raises(OperationalError):
            fault.setattr(InlineSqliteDialect, "do_commit", cannot_sync)
            async with node.database.transaction() as tx:
                await tx.execute(text("SELECT 1"))
        assert (await node.try_append(event("match"))).status == 503
        assert (await node.send("GET", "/readyz", {})).status == 503
        for writing in (node.database.write(lambda _: None), node.database.write_together([])):
            with pytest.raises(TemporarilyUnavailable):
                await writing
    async with running(f"sqlite+inline:///{sqlite_store}", node_keys, clock) as node:
        assert (await node.append(event("match"))).entries[0].index == 1


async def test_what_refused_is_opened_again_and_not_tried_again(sqlite_store: Path, node_keys: Path, clock: StandingClock) -> None:
    """A limit on the pages of one connection is gone with it; as long as that connection is used, the disk stays full."""
    async with running(f"sqlite+inline:///{sqlite_store}", node_keys, clock) as node:
        await node.append(event("match"))
        await node.database.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))
        large = [event("match", student=uuid4()) for _ in range(500)]
        assert (await node.try_append(*large)).status == 503
        assert len((await node.append(*large)).entries) == 500


async def test_a_failed_fsync_that_falls_while_a_checkpoint_is_published_ends_the_service_too(
    sqlite_store: Path, node_keys: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who keeps keys and who publishes take turns: what the first met must not wait for the next checkpoint."""
    fallen = asyncio.Event()

    async def publish_while_the_disk_refuses(sequencer: Sequencer, projector: Projector) -> None:
        with monkeypatch.context() as fault, pytest.raises(LogUnavailable):
            fault.setattr(InlineSqliteDialect, "do_commit", cannot_sync)
            await sealing_terms(sequencer, projector, {str(uuid4())}, clock())
        sequencer._checkpoint_seconds = 3600
        fallen.set()

    async with running(f"sqlite+aiosqlite:///{sqlite_store}", node_keys, clock, checkpoint_seconds=0.05) as node:
        sequencer = node.app.state.sequencer
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(sequencer, "publish_now", partial(publish_while_the_disk_refuses, sequencer, node.app.state.projector))
            await asyncio.wait_for(fallen.wait(), 30)
        for _ in range(10):
            await asyncio.sleep(0)
        assert (await node.send("GET", "/readyz", {})).status == 503


@pytest.mark.postgres
async def test_a_lost_connection_is_survived(postgres_place: str, node_keys: Path, clock: StandingClock) -> None:
    from tests.audit.audit_node import migrated  # noqa: PLC0415 only here

    await migrated(postgres_place)
    other = Database(postgres_place)
    async with running(postgres_place, node_keys, clock) as node:
        await node.append(event("request"))
        async with other.transaction() as tx:
            await tx.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        one: Event = event("request")
        statuses = [(await node.try_append(one)).status for _ in range(3)]
        assert statuses[-1] == 200
        (appended,) = (await node.append(one)).entries
        assert appended.index == 1
    await other.close()
    await verify_store(settings_of(postgres_place, node_keys))


async def test_a_group_survives_a_caller_that_goes_away(node: AuditNode) -> None:
    """Cancelling who waits does not disturb what is being committed for others."""
    import asyncio  # noqa: PLC0415 only here

    waiting = [asyncio.ensure_future(node.append(event("request"))) for _ in range(8)]
    await asyncio.sleep(0)
    for task in waiting[::2]:
        task.cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    stayed = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(stayed) == 4
    for answer in stayed:
        node.verified(answer.entries[0])
    await node.append(event("request"))
