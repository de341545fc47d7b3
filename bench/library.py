"""The log without HTTP: appending with tiles, root and checkpoint in each commit; proofs, verification, a whole audit, opening; and two
others beside it.

An append counts when its checkpoint is stored. `leaves` is the tree's part alone, as the others do it; `entries` adds what audit keeps
beside: the key of each event, what is sealed, the index of students. A disk that does not sync proves nothing: strace counts the syncs.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvloop
from sqlalchemy import Connection

from bench.append import event_of
from bench.append_prefill import entries_of_bench
from bench.exchange_nodes import cluster
from bench.figures import Figure, as_served, disk_milliseconds, percentile
from node.keys import create_node_keys
from safepassage.checkpoints import parse_vkey
from safepassage.offline.log_database import LogDatabase
from safepassage.offline.whole_log import verify_log
from safepassage.proofs import leaf_hash, leaf_hashes, node_hash, verify_inclusion
from services.audit.app import create_app
from services.audit.checkpoints import CheckpointSigner
from services.audit.drafts import Draft, draft_of
from services.audit.driver import Driver
from services.audit.group_commit import Committed, Place, Signing, Submission, lock_head, write_entries, write_leaves
from services.audit.heads import Head, load_head, newest_log
from services.audit.sequencer import Sequencer
from services.audit.settings import AuditSettings
from services.audit.stored_tree import StoredTree
from shared.clock import system_clock
from shared.database import Database
from shared.migrations import migrate

TITLE = "The log as a library"

RUNS: Final = 5
BYTES: Final = 519
"""Of a leaf, ours and the others'."""
RIVALS: Final = Path(__file__).parent / "rivals"
SINGLES: Final = 256
WIDTH: Final = 2**24


class Log(NamedTuple):
    """An open log, and what signs it."""

    database: Database
    signer: CheckpointSigner
    head: Head
    t: int


def run() -> list[Figure]:
    """Measure all of it; the others where there is Go."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        latency = f"fdatasync {disk_milliseconds(folder):.2f} ms"
        figures = uvloop.run(_on(f"sqlite+inline:///{folder}/audit.db", folder, "SQLite", (">= 150000", ">= 30000", ">= 35000"), latency))
        figures += _reading(folder)
        figures.append(_syncs(folder))
        with ExitStack() as stack:
            dsn, _ = stack.enter_context(cluster())
            url = dsn.replace("postgresql://", "postgresql+asyncpg://")
            (folder / "postgres").mkdir()
            figures += uvloop.run(_on(url, folder / "postgres", "PostgreSQL", (">= 60000", ">= 30000", ""), latency))
        return figures + _rivals(folder, figures)


async def _on(url: str, folder: Path, engine: str, goals: tuple[str, str, str], note: str) -> list[Figure]:
    async with _state(url, folder):
        pass  # it made the log
    figures = []
    async with _opened(url, folder) as log:
        for batch, total, goal in ((1024, 102_400, goals[0]), (64, 25_600, goals[1])):
            log, rate = await _leaves(log, batch, total)
            figures.append(Figure(f"{engine}: leaves in batches of {batch}, checkpoint in each commit", rate, "entries/s", goal, note))
        log, rate = await _entries(log, 1024, 102_400)
        figures.append(Figure(f"{engine}: entries in batches of 1024, with keys, seals and index", rate, "entries/s", "", note))
    async with _state(url, folder) as state:
        await state.projector.catch_up()
        rate, p99 = await _singles(state)
        figures.append(Figure(f"{engine}: {SINGLES} at once, one entry each, sealed", rate, "entries/s", "", f"p99 {p99:.0f} ms; {note}"))
        figures.append(
            Figure(f"{engine}: after those, until the index has them", await _lag(state), "s", "<= 2", "its rest while appends wait")
        )
        figures.append(Figure(f"{engine}: entries put into the index, per core", await _projection(state), "entries/s", ">= 20000"))
        state.projector.catch_up, state.sequencer.__class__ = _rest, _OfLeaves  # what it appends now is no event, and not for the index
        runs = [await _singles(state, leaves=True) for _ in range(RUNS)]
        rate, p99 = (percentile(values, 50) for values in zip(*runs, strict=True))
        figures.append(Figure(f"{engine}: {SINGLES} at once, one leaf each", rate, "entries/s", goals[2], f"p99 {p99:.0f} ms; {note}"))
        return figures


@asynccontextmanager
async def _state(url: str, folder: Path) -> AsyncIterator[Any]:
    """A running audit service, as a process of its own would be; its store and keys are made in the folder if they are not there."""
    if not (folder / "keys").exists():
        create_node_keys(folder / "keys")
        database = Database(url)
        await migrate("audit", database)
        await database.close()
    app = create_app(_settings(url, folder))
    async with app.router.lifespan_context(app):
        as_served()
        yield app.state


def _settings(url: str, folder: Path) -> AuditSettings:
    return AuditSettings(entity_id="https://alder.example", database_url=url, keys_directory=folder / "keys" / "audit")


@asynccontextmanager
async def _opened(url: str, folder: Path) -> AsyncIterator[Log]:
    """The log of a service that does not run: nothing follows it."""
    database = Database(url)
    async with database.reading() as tx:
        log = await newest_log(tx)
        assert log is not None
        head = await load_head(tx, log, keys=[parse_vkey(log.vkey)])
    try:
        yield Log(database, CheckpointSigner.of(folder / "keys" / "audit"), head, int(system_clock().timestamp()))
    finally:
        await database.close()


async def _leaves(log: Log, batch: int, total: int) -> tuple[Log, float]:
    """The median rate of five runs, of groups that were made beforehand."""
    rates = []
    for _ in range(RUNS):
        groups = [[entry.leaf for entry in entries_of_bench(batch, 0, log.t, [b""])] for _ in range(total // batch // RUNS)]
        began = time.perf_counter()
        for group in groups:
            log = log._replace(head=await log.database.write(partial(_write_leaves, log, group, system_clock())))
        rates.append(len(groups) * batch / (time.perf_counter() - began))
    return log, percentile(rates, 50)


def _write_leaves(log: Log, leaves: Sequence[bytes], now: datetime, connection: Connection) -> Head:
    driver = Driver(connection)
    lock_head(driver, log.head)
    return write_leaves(driver, log.head, leaves, leaf_hashes(leaves), log.t, signing=Signing(log.signer, now)).head


class _OfLeaves(Sequencer):
    """Appends the tree's part alone, as `_leaves` does: of a draft its context is the leaf."""

    def _write(self, driver: Driver, head: Head, submissions: list[Submission], now: datetime) -> Committed:
        leaves: list[bytes] = []
        for submission in submissions:
            submission.places = [Place(head.year, head.size + len(leaves) + n, False) for n in range(len(submission.outlines))]
            leaves += [draft.context for draft in submission.drafts()]
        t, signing = max(int(now.timestamp()), head.last_t), Signing(self._signer, now)
        written = write_leaves(driver, head, leaves, leaf_hashes(leaves), t, signing=signing)
        return Committed(written.head, written.growth, None, note=written.note)


async def _entries(log: Log, batch: int, total: int) -> tuple[Log, float]:
    tags = [os.urandom(16) for _ in range(20_000)]
    rates, done = [], 0
    for _ in range(RUNS):
        groups = []
        for _ in range(total // batch // RUNS):
            groups.append(entries_of_bench(batch, done, log.t, tags))
            done += batch
        began = time.perf_counter()
        for group in groups:
            log = log._replace(head=await log.database.write(partial(_write_entries, log, group, system_clock())))
        rates.append(len(groups) * batch / (time.perf_counter() - began))
    return log, percentile(rates, 50)


def _write_entries(log: Log, group: Any, now: datetime, connection: Connection) -> Head:
    driver = Driver(connection)
    lock_head(driver, log.head)
    return write_entries(driver, log.head, group, log.t, signing=Signing(log.signer, now)).head


async def _lag(state: Any) -> float:
    """Seconds until the index has what was just appended."""
    began = time.perf_counter()
    await state.projector.catch_up()
    return time.perf_counter() - began


async def _projection(state: Any, total: int = 40_000) -> float:
    """Entries per second of its own CPU that the index takes in, of what was appended while it rested."""
    catch_up, state.projector.catch_up = state.projector.catch_up, _rest
    drafts = _drafts(state, total)
    for start in range(0, total, 1_000):
        await state.sequencer.append(drafts[start : start + 1_000])
    began = time.process_time()
    count: int = await catch_up()
    rate = count / (time.process_time() - began)
    state.projector.catch_up = catch_up
    return rate


async def _rest() -> int:
    return 0


def _drafts(state: Any, count: int) -> list[Draft]:
    """Events as records sends them, each of one of 10,000 students."""
    numbers = range(count)
    return [draft_of(event_of("match", n), producer="records", digest_key=state.sequencer.digest_key) for n in numbers]


async def _singles(state: Any, total: int = 40_000, *, leaves: bool = False) -> tuple[float, float]:
    """Entries per second of as many that each append one after the other, and the 99th percentile of what one waits (ms).

    leaves  with the state's sequencer made one `_OfLeaves`: the tree's part alone
    """
    sequencer, took, made = state.sequencer, list[float](), _drafts(state, 1 if leaves else total)
    drafts = iter([made[0]._replace(context=os.urandom(BYTES)) for _ in range(total)] if leaves else made)

    async def one() -> None:
        for draft in drafts:
            began = time.perf_counter()
            await sequencer.append([draft])
            took.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(SINGLES)))
    return total / (time.perf_counter() - began), percentile(took, 99)


def _reading(folder: Path) -> list[Figure]:
    """Proofs of the log that was just written, their verification at 2^24, and a whole audit of it."""
    url = f"sqlite+inline:///{folder}/audit.db"
    proof = asyncio.run(_cold_proof(url))
    stored = LogDatabase(folder / "audit.db")
    key = CheckpointSigner.of(folder / "keys" / "audit").verifier(stored.logs[0].origin)
    began = time.process_time()
    report = verify_log(stored.logs[0], keys=[key])
    audited = report.size / (time.process_time() - began)
    stored.close()
    leaf, path = leaf_hash(b"x"), [os.urandom(32) for _ in range(24)]
    root = leaf
    for sibling in path:  # the path of the first leaf: every sibling is on the right
        root = node_hash(root, sibling)
    count = 20_000
    began = time.process_time()
    for _ in range(count):
        verify_inclusion(leaf_hash=leaf, index=0, size=WIDTH, path=path, root=root)
    verified = count / (time.process_time() - began)
    return [
        Figure("an inclusion proof, nothing read before: p50", proof, "ms", "<= 1"),
        Figure("inclusion proofs verified at 2^24", verified, "proofs/s", ">= 50000", "per core"),
        Figure("a whole audit: hashes, tree, checkpoints", audited, "entries/s", ">= 400000", "per core"),
    ]


async def _cold_proof(url: str) -> float:
    database, took = Database(url), []
    async with database.reading() as tx:
        log = await newest_log(tx)
        assert log is not None
        head = await load_head(tx, log, keys=[parse_vkey(log.vkey)])
    for n in range(200):
        async with database.reading() as tx:
            began = time.perf_counter()
            await StoredTree(tx, head.year).inclusion_path(n * 7919 % head.size, head.size)
            took.append((time.perf_counter() - began) * 1000)
    await database.close()
    return percentile(took, 50)


def _syncs(folder: Path) -> Figure:
    """How many syncs a hundred groups cost, counted by strace."""
    strace = shutil.which("strace")
    name = "SQLite: syncs of 100 commits, as strace counts them"
    if strace is None:
        return Figure(name, float("nan"), "", "", "not measured: there is no strace")
    command = [strace, "-f", "-qq", "-c", "-e", "trace=fdatasync,fsync", "-o", str(folder / "syncs"), sys.executable, "-m", "bench.library"]
    (folder / "synced").mkdir()
    subprocess.run([*command, str(folder / "synced")], check=True, capture_output=True)  # noqa: S603 ourselves
    calls = sum(
        int(line.split()[3]) for line in (folder / "syncs").read_text().splitlines() if line.split()[-1:] in (["fsync"], ["fdatasync"])
    )
    return Figure(name, float(calls), "", ">= 100")


def _rivals(folder: Path, ours: Sequence[Figure]) -> list[Figure]:
    if shutil.which("go") is None:
        return [Figure("Tessera, immudb", float("nan"), "", "", "not measured: there is no Go to build them with")]
    binary = folder / "rivals-bin"
    subprocess.run(["go", "build", "-o", str(binary), "."], cwd=RIVALS, check=True, capture_output=True)  # noqa: S603, S607 the machine's Go
    figures = []
    for batch, own in ((1024, ours[0]), (64, ours[1])):
        for which, name in (("tessera", "Tessera, POSIX driver"), ("immudb", "immudb, embedded, sync on")):
            rate = percentile([_rival(binary, folder, which, batch) for _ in range(3)], 50)
            figures += [
                Figure(f"{name}: batches of {batch}", rate, "entries/s", "", f"{BYTES} bytes each"),
                Figure("  ours on SQLite, times that", own.value / rate, "×", ""),
            ]
    return figures


def _rival(binary: Path, folder: Path, which: str, batch: int) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        command = [str(binary), which, place, "50000", str(BYTES), str(batch)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 what was just built
        return float(done.stdout)


async def _hundred(folder: Path) -> None:
    """A hundred groups of one leaf: what `_syncs` counts."""
    url = f"sqlite+inline:///{folder}/audit.db"
    async with _state(url, folder):
        pass
    async with _opened(url, folder) as log:
        for _ in range(100):
            log = log._replace(head=await log.database.write(partial(_write_leaves, log, [b"x"], system_clock())))


if __name__ == "__main__":
    asyncio.run(_hundred(Path(sys.argv[1])))
