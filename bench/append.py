"""Appending over HTTP: 64 clients with one entry each; batches of 1,000, one after the other and four at once. SQLite FULL, a million
entries in the log (`--entries` says another number).

audit is a process with three that prepare for it (`python -m bench.append FOLDER PORT` starts them); the clients are aiohttp's in
this one, so that what is short is the service. CPU is that of the service and those beside it. The leaves of the million are real, and so
are tiles, keys of events and index, which is not behind when the measurement begins; their sealed rows are empty.
"""

import asyncio
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import psutil

from bench.append_prefill import prefill
from bench.figures import Figure, disk_milliseconds, percentile
from node.keys import create_node_keys
from node.server import server
from safepassage.ids import uuid7
from services.audit.app import create_app
from services.audit.settings import AuditSettings
from shared.clock import system_clock
from shared.contracts.audit import Actor, AppendRequest, AppendResponse, Context, Event
from shared.database import Database
from shared.internal_token import HEADER, InternalTokens
from shared.keys import SigningKey
from shared.migrations import migrate

TITLE = "Appending to the log over HTTP"

ENTITY_ID = "https://alder.example"
PREFILLED = 1_000_000
CLIENTS = 64
STUDENTS = tuple(uuid4() for _ in range(10_000))
CUSTODIANS = tuple(uuid4() for _ in range(200))
RUNS = 5
SINGLES_OF_A_RUN = 4_000
AT_ONCE = 4
BATCHES_OF_A_RUN = 64
"""Two seconds: at the end of each there are fewer than `AT_ONCE` under way, which is to be a small part of it."""
LAG_BATCHES = 40
BATCHES_BEFORE = 12
"""Until every student has a key, as they have but for the first days of a school year."""
PREPARING = 3
"""One more than there are cores: each waits for the service between its two answers, and they leave it a core first."""


def run(*, entries: int = PREFILLED) -> list[Figure]:
    """Measure both, five times each; the medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        took = asyncio.run(_prepare(folder, entries))
        latency = disk_milliseconds(folder)
        with _process(folder) as (url, process):
            return asyncio.run(
                _run(folder, url, process, f"{entries:,} entries before (written in {took:.0f} s); fdatasync {latency:.2f} ms")
            )


async def _prepare(folder: Path, entries: int) -> float:
    """A log with so many entries. Gives the seconds that they took."""
    create_node_keys(folder / "keys")
    database = Database(f"sqlite+inline:///{folder}/audit.db")
    await migrate("audit", database)
    await database.close()
    app = create_app(_settings(folder))
    async with app.router.lifespan_context(app):
        began = time.perf_counter()
        await prefill(app.state.database, count=entries, t=int(system_clock().timestamp()))
        took = time.perf_counter() - began
        await app.state.projector.catch_up()
        return took


async def _run(folder: Path, url: str, process: psutil.Process, note: str) -> list[Figure]:
    tokens = InternalTokens("records", SigningKey.load(folder / "keys" / "records" / "internal.json"), {})
    connector = aiohttp.TCPConnector(limit=CLIENTS)
    async with aiohttp.ClientSession(url, connector=connector) as session:
        asker = _Asker(session, tokens)
        return [
            await _singles(asker, process, "64 clients, one entry each, proven", "request", ">= 1000", note),
            await _singles(asker, process, "64 clients, one entry each", "match", "", note),
            await _batches(asker, process, "batches of 1,000, four at once", "match", ">= 30000", note, at_once=AT_ONCE),
            await _lag(asker, folder),
            await _batches(asker, process, "batches of 1,000, one after the other", "match", "", note),
            await _batches(asker, process, "batches of 1,000, four at once, proven", "request", "", note, at_once=AT_ONCE),
        ]


async def _singles(asker: "_Asker", process: psutil.Process, name: str, class_: str, goal: str, note: str) -> Figure:
    await asker.singles(class_, 500)
    before = _cpu_of(process)
    rates = [await asker.singles(class_, SINGLES_OF_A_RUN) for _ in range(RUNS)]
    each = _cpu_since(process, before) / (RUNS * SINGLES_OF_A_RUN)
    latencies = f"p50 {percentile(asker.took, 50):.0f} ms, p99 {percentile(asker.took, 99):.0f} ms"
    return Figure(name, statistics.median(rates), "entries/s", goal, f"{latencies}; {each * 1e6:.0f} µs CPU each; {note}")


async def _batches(asker: "_Asker", process: psutil.Process, name: str, class_: str, goal: str, note: str, *, at_once: int = 1) -> Figure:
    await asker.batches(class_, BATCHES_BEFORE, at_once)
    before = _cpu_of(process)
    rates = [await asker.batches(class_, BATCHES_OF_A_RUN, at_once) for _ in range(RUNS)]
    each = _cpu_since(process, before) / (RUNS * BATCHES_OF_A_RUN * 1000)
    return Figure(name, statistics.median(rates), "entries/s", goal, f"best {max(rates):,.0f}; {each * 1e6:.0f} µs CPU each; {note}")


async def _lag(asker: "_Asker", folder: Path) -> Figure:
    """How far the index is behind when the last of many batches is answered, and how long until it has all of them."""
    await asker.batches("match", LAG_BATCHES, 4)
    behind, took = await asyncio.to_thread(_until_indexed, folder)
    return Figure(f"after {LAG_BATCHES * 1000:,}, until the index has them", took, "s", "<= 2", f"{behind:,} behind at the last answer")


def _until_indexed(folder: Path) -> tuple[int, float]:
    began, behind = time.perf_counter(), _behind(folder)
    while _behind(folder):
        time.sleep(0.01)
    return behind, time.perf_counter() - began


def _behind(folder: Path) -> int:
    """Entries that are committed and not in the index."""
    with closing(sqlite3.connect(f"file:{folder}/audit.db?mode=ro", uri=True)) as store:
        [(missing,)] = store.execute("SELECT sum(size) - (SELECT sum(at) FROM index_cursor) FROM tree_state")
    return int(missing)


def _cpu_since(process: psutil.Process, before: float) -> float:
    return _cpu_of(process) - before


def _cpu_of(process: psutil.Process) -> float:
    """Seconds that the service and the processes beside it have used."""
    times = [one.cpu_times() for one in (process, *process.children())]
    return float(sum(each.user + each.system for each in times))


def event_of(class_: str, number: int) -> Event:
    """An event as records sends it where a request is about a student: with an exchange, of which nothing is decided yet."""
    student, exchange = STUDENTS[(number * 7919) % len(STUDENTS)], uuid7(system_clock())
    return Event(
        class_=class_,
        key=f"{exchange}:{number}",
        subjects=(student,),
        custodians=(CUSTODIANS[number % len(CUSTODIANS)],),
        actor=Actor(kind="client", client_id="alder-sis", organisation_id=UUID(int=1), role="information-system"),
        context=Context(
            operation="exchange-match",
            outcome="certain",
            purpose="enrollment",
            basis="transfer",
            exchange_id=exchange,
            recipient_node="https://birch.example",
            elements=("identity.name", "identity.birth_date"),
        ),
    )


class _Asker:
    """Sends what was made beforehand, so that making it is not measured."""

    def __init__(self, session: aiohttp.ClientSession, tokens: InternalTokens) -> None:
        self._session, self._tokens = session, tokens
        self._number = 0
        self.took: list[float] = []

    async def singles(self, class_: str, count: int) -> float:
        """Entries per second of 64 clients that send one entry each, one after the other."""
        bodies = iter([self._body(class_, 1) for _ in range(count)])
        self.took = []

        async def client() -> None:
            for body in bodies:
                started = time.perf_counter()
                await self._send(body)
                self.took.append((time.perf_counter() - started) * 1000)

        started = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        return count / (time.perf_counter() - started)

    async def batches(self, class_: str, count: int, at_once: int) -> float:
        """Entries per second of requests with 1,000 each, so many of them at once."""
        bodies = iter([self._body(class_, 1000) for _ in range(count)])
        answers: list[bytes] = []

        async def client() -> None:
            for body in bodies:
                answers.append(await self._send(body))

        started = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(at_once)))
        took = time.perf_counter() - started
        last = AppendResponse.model_validate_json(answers[-1])
        assert len(last.entries) == 1000
        assert not any(entry.duplicate for entry in last.entries)
        return count * 1000 / took

    def _body(self, class_: str, count: int) -> bytes:
        self._number += count
        events = tuple(event_of(class_, self._number + n) for n in range(count))
        return AppendRequest(events=events).model_dump_json(by_alias=True, exclude_none=True).encode()

    async def _send(self, body: bytes) -> bytes:
        headers = {HEADER: self._tokens.for_job("audit", "outbox", system_clock()), "content-type": "application/json"}
        async with self._session.post("/internal/entries", data=body, headers=headers) as response:
            answer = await response.read()
            assert response.status == 200, answer
            return answer


def _settings(folder: Path, preparing_processes: int = 0) -> AuditSettings:
    return AuditSettings(
        entity_id=ENTITY_ID,
        database_url=f"sqlite+inline:///{folder}/audit.db",
        keys_directory=folder / "keys" / "audit",
        preparing_processes=preparing_processes,
    )


@contextmanager
def _process(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    command = [sys.executable, "-m", "bench.append", str(folder), str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603 ourselves
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}", psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(400):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the service did not become ready")


def main(folder: str, port: str) -> None:
    """Serve."""
    server(create_app(_settings(Path(folder), PREPARING)), host="127.0.0.1", port=int(port)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
