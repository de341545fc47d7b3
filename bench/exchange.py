"""Complete exchanges of 10 kB between two embedded nodes on SQLite: through the public door, by the SDK, to the last receipt.

Each node is a process; the generator's CPU is not counted. An exchange is complete when the holder has R2.
"""

import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psutil

from bench.figures import Figure, disk_milliseconds, percentile
from node.demo.network import new_network
from node.demo.processes import NodeProcess, free_port
from node.demo.seats import MOVER_DISTRICT, RECEIVING_DISTRICT
from node.demo.synthetic import ALDER, SyntheticStudent, students
from node.folder import NodeFolder
from safepassage.client import Client, ClientFile
from safepassage.wire_exchange import (
    EnrollmentEvidence,
    EvidenceDocument,
    NewExchangeRequest,
    Official,
    ReceivingOrganisation,
)
from shared.clock import system_clock

TITLE = "Complete exchanges of 10 kB, two embedded nodes on SQLite"

ALONE = 20
TOGETHER = 100
RUNS = 5
AT_ONCE = 16
BYTES = 10_000
SECTIONS = ("identity", "demographics", "contacts", "enrollment", "attendance", "academics", "assessments", "programmes", "health")
PATIENCE_SECONDS = 120


def run() -> list[Figure]:
    """Measure one at a time, then many at once."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name)))


async def _run(folder: Path) -> list[Figure]:
    disk = disk_milliseconds(folder)
    alder, birch = await new_network(folder, ports=(free_port(), free_port()), tick_seconds=0.0)
    children = _children(alder, ALONE + RUNS * TOGETHER)
    nodes = [NodeProcess(alder), NodeProcess(birch)]
    try:
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait_until_ready(60)
        async with _client(alder, "former-district") as loading, _client(birch, "new-district") as asking:
            for child in children:
                await loading.load_student(child.load)
            bench = _Bench(alder, birch, asking, [psutil.Process(node.pid) for node in nodes])
            latencies = [await bench.milliseconds_to_r1(child) for child in children[:ALONE]]
            rates = [await bench.cpu_seconds(children[ALONE + n * TOGETHER :][:TOGETHER]) for n in range(RUNS)]
            hops = _hops(alder, birch) / (ALONE + RUNS * TOGETHER)
    finally:
        for node in nodes:
            node.stop()
    each = statistics.median(rates) / TOGETHER
    note = f"{AT_ONCE} at once, median of {RUNS} runs of {TOGETHER}, {each * 1000:.1f} ms CPU each, fdatasync {disk:.2f} ms"
    return [
        Figure("complete exchanges per second and core", 1 / each, "/s", ">= 40", note),
        Figure("one at a time, p50 to R1", percentile(latencies, 50), "ms", "<= 60", "from the information system's POST to R1 stored"),
        Figure("requests to any service of both nodes", hops, "per exchange", "", "loads, tokens and projections left out"),
    ]


def _client(node: NodeFolder, seat: str) -> Client:
    return Client(ClientFile.load(node.path / "clients" / f"{seat}.json"))


def _organisations(node: NodeFolder) -> dict[str, UUID]:
    file = node.path / "clients" / "organisations.json"
    return {key: UUID(value) for key, value in json.loads(file.read_text()).items()}


def _children(alder: NodeFolder, count: int) -> list[SyntheticStudent]:
    """Ordinary students of the district whose client loads them."""
    ids, found = _organisations(alder), []
    for one in students(ALDER, as_of=system_clock().date(), count=20 * count, size_bytes=BYTES):
        if one.case is None and one.twin_of is None and ids[one.district.key] == ids[MOVER_DISTRICT]:
            found.append(one)
        if len(found) == count:
            break
    return found


class _Bench:
    def __init__(self, alder: NodeFolder, birch: NodeFolder, asking: Client, processes: Sequence[psutil.Process]) -> None:
        self._asking, self._processes = asking, processes
        self._holder, self._district = alder.file.entity_id, _organisations(birch)[RECEIVING_DISTRICT]
        self._store = sqlite3.connect(f"file:{alder.store('records')}?mode=ro", uri=True)

    async def milliseconds_to_r1(self, child: SyntheticStudent) -> float:
        started = time.perf_counter()
        before = self._count("r1 IS NOT NULL")
        await self._asking.create_exchange_request(self._request(child))
        await self._until("r1 IS NOT NULL", before + 1)
        taken = (time.perf_counter() - started) * 1000
        await self._until("state = 'processed'", before + 1)
        return taken

    async def cpu_seconds(self, children: Sequence[SyntheticStudent]) -> float:
        """CPU of both nodes for complete exchanges of these."""
        before, used = self._count("state = 'processed'"), self._cpu()
        places = asyncio.Semaphore(AT_ONCE)

        async def ask(child: SyntheticStudent) -> None:
            async with places:
                await self._asking.create_exchange_request(self._request(child))

        await asyncio.gather(*(ask(child) for child in children))
        await self._until("state = 'processed'", before + len(children))
        return self._cpu() - used

    def _cpu(self) -> float:
        times = [one.cpu_times() for process in self._processes for one in (process, *process.children(recursive=True))]
        return sum(one.user + one.system for one in times)

    def _count(self, condition: str) -> int:
        found: int = self._store.execute(f"SELECT count(*) FROM outgoing_envelope WHERE {condition}").fetchone()[0]  # noqa: S608 our own
        return found

    async def _until(self, condition: str, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self._count(condition) < count:  # noqa: ASYNC110 the node is another process
                await asyncio.sleep(0.002)

    def _request(self, child: SyntheticStudent) -> NewExchangeRequest:
        now = system_clock()
        evidence = EnrollmentEvidence(
            receiving_organisation=ReceivingOrganisation(id=str(self._district), kind="lea", name="The receiving district"),
            kind="enrolled",
            entry_date=now.date(),
            grade="07",
            document=EvidenceDocument(type="enrollment-form", digest="A" * 43),
            parent_initiated=True,
            official=Official(role="registrar", pairwise_id="official-1", attested_at=now - timedelta(hours=1)),
        )
        return NewExchangeRequest(holder=self._holder, person=child.selector, sections=SECTIONS, evidence=evidence)


def _hops(*nodes: NodeFolder) -> int:
    """Requests that the nodes' services logged, as far as they belong to an exchange."""
    left_out = ("/v1/students", "/oauth/token", "/internal/organisations", "/internal/subjects", "/.well-known")
    count = 0
    for node in nodes:
        for line in (node.path / "node.log").read_text().splitlines():
            said = json.loads(line) if line.startswith("{") else {}
            count += said.get("message") == "request" and not str(said.get("route", "")).startswith(left_out)
    return count
