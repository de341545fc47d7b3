"""Complete exchanges of 10 kB between two nodes: through the public door, by the SDK, to the last receipt.

An exchange is complete when the holder has R2. The generator's CPU is not counted, and a database server's is said apart.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from bench.exchange_checks import check_run
from bench.exchange_children import children_of, organisations_of
from bench.exchange_nodes import EightProcesses, Embedded, Nodes
from bench.figures import Figure, disk_milliseconds, percentile, progress
from node.demo.seats import RECEIVING_DISTRICT
from node.folder import NodeFolder
from node.synthetic import SyntheticStudent
from safepassage.client import Client, ClientFile
from safepassage.wire_exchange import (
    EnrollmentEvidence,
    EvidenceDocument,
    NewExchangeRequest,
    NewExchangeRequests,
    Official,
    ReceivingOrganisation,
)
from services.gateway.tables import OutboxRow as GatewayOutboxRow
from services.records.exchange.states import Outgoing
from services.records.tables import OutboxRow, OutgoingEnvelopeRow
from shared.clock import system_clock
from shared.database import Database

TITLE = "Complete exchanges of 10 kB"

ALONE = 20
TOGETHER = 60
RUNS = 5
AT_ONCE = 16
SECTIONS = ("identity", "demographics", "contacts", "enrollment", "attendance", "academics", "assessments", "programmes", "health")
PATIENCE_SECONDS = 120


class NotComplete(AssertionError):
    """Exchanges that did not come to their end."""


def run() -> list[Figure]:
    """Measure the embedded nodes on SQLite, then eight processes on PostgreSQL."""
    return [
        *_measured(Embedded.made_in, "two embedded nodes, SQLite", ">= 40"),
        *_measured(EightProcesses.made_in, "eight processes, PostgreSQL", ">= 20"),
    ]


def _measured(made_in: Callable[[Path, AsyncExitStack], Awaitable[Nodes]], where: str, goal: str) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name), made_in, where, goal))


async def _run(folder: Path, made_in: Callable[[Path, AsyncExitStack], Awaitable[Nodes]], where: str, goal: str) -> list[Figure]:
    disk, every = disk_milliseconds(folder), ALONE + RUNS * TOGETHER
    async with AsyncExitStack() as stack:
        progress(f"{where}: starting")
        nodes = await made_in(folder, stack)
        progress(f"{where}: loading {every} students")
        bench = await stack.enter_async_context(Bench(nodes))
        children = children_of(nodes.alder, every)
        await bench.load(children)
        latencies = [await bench.milliseconds_to_r1(child) for child in children[:ALONE]]
        runs = []
        for n in range(RUNS):
            runs.append(await bench.together(children[ALONE + n * TOGETHER :][:TOGETHER]))
            progress(f"{where}: {runs[-1].cpu * 1000:.1f} ms CPU each, {runs[-1].rate:.1f} a second, {runs[-1].commits:.1f} commits each")
        await check_run(nodes.alder, nodes.birch, exchanges=every)
        progress(f"{where}: every receipt, both logs and three refusals verified")
        hops = _hops(nodes.logs()) / every
    return _figures(runs, latencies, hops, where=where, goal=goal, disk=disk)


@dataclass(frozen=True)
class Together:
    """An exchange of one run on average: CPU seconds of the services and of the store's server, commits; how many were done a second."""

    cpu: float
    store_cpu: float
    commits: float
    rate: float


def _figures(runs: Sequence[Together], latencies: Sequence[float], hops: float, *, where: str, goal: str, disk: float) -> list[Figure]:
    cpu, store = (statistics.median(getattr(one, name) for one in runs) for name in ("cpu", "store_cpu"))
    apart = f", and {store * 1000:.1f} of PostgreSQL's" if store else ""
    note = f"{where}; {AT_ONCE} at once, median of {RUNS} runs of {TOGETHER}, {cpu * 1000:.1f} ms CPU each{apart}, fdatasync {disk:.2f} ms"
    budget = f"{where}; loads, tokens and projections left out"
    return [
        Figure("complete exchanges per second and core", 1 / cpu, "/s", goal, note),
        Figure(
            "complete exchanges per second", statistics.median(one.rate for one in runs), "/s", "", f"{where}, both nodes on this machine"
        ),
        Figure("one at a time, p50 to R1", percentile(latencies, 50), "ms", "<= 60", f"{where}; from the POST to R1 stored"),
        Figure("requests to any service of both nodes", hops, "per exchange", "<= 12", budget),
        Figure("commits in any store of both nodes", statistics.median(one.commits for one in runs), "per exchange", "<= 8", where),
    ]


def _client(node: NodeFolder, seat: str) -> Client:
    return Client(ClientFile.load(node.path / "clients" / f"{seat}.json"))


class Bench:
    """The information systems at both ends, and somebody who looks into the holder's store. `patience`: seconds until it is enough."""

    def __init__(self, nodes: Nodes, *, patience: float = PATIENCE_SECONDS) -> None:
        self._nodes, self._patience = nodes, patience
        self._loading, self._asking = _client(nodes.alder, "former-district"), _client(nodes.birch, "new-district")
        self._holder, self._district = nodes.alder.file.entity_id, organisations_of(nodes.birch)[RECEIVING_DISTRICT]
        self._store, self._telling = Database.of(nodes.alder.settings("records")), Database.of(nodes.birch.settings("gateway"))

    async def __aenter__(self) -> "Bench":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._loading.aclose()
        await self._asking.aclose()
        await self._store.close()
        await self._telling.close()

    async def load(self, children: Sequence[SyntheticStudent]) -> None:
        """Load them, and wait until every service knows what concerns it."""
        places = asyncio.Semaphore(8)

        async def load(child: SyntheticStudent) -> None:
            async with places:
                await self._loading.load_student(child.load)

        await asyncio.gather(*(load(child) for child in children))
        await self._until(select(func.count()).select_from(OutboxRow), 0)
        await self._until(select(func.count()).select_from(GatewayOutboxRow), 0, store=self._telling)

    async def milliseconds_to_r1(self, child: SyntheticStudent) -> float:
        """Of one exchange while there is no other."""
        before, started = await self._count(ACKNOWLEDGED), time.perf_counter()
        await self._asking.create_exchange_request(self._request(child))
        await self._until(ACKNOWLEDGED, before + 1)
        taken = (time.perf_counter() - started) * 1000
        await self._until(PROCESSED, before + 1)
        return taken

    async def together(self, children: Sequence[SyntheticStudent]) -> Together:
        """Complete exchanges of these, some at once."""
        places = asyncio.Semaphore(AT_ONCE)

        async def ask(child: SyntheticStudent) -> None:
            async with places:
                await self._asking.create_exchange_request(self._request(child))

        return await self._measured(children, lambda: asyncio.gather(*(ask(child) for child in children)))

    async def in_batches(self, children: Sequence[SyntheticStudent], *, of: int) -> Together:
        """Complete exchanges of these, asked for `of` at a time, two calls at once."""
        places = asyncio.Semaphore(2)

        async def ask(batch: Sequence[SyntheticStudent]) -> None:
            async with places:
                asked = NewExchangeRequests(requests=tuple(self._request(child) for child in batch))
                answered = await self._asking.create_exchange_requests(asked)
                if any(one.request is None for one in answered.answers):
                    raise NotComplete("a request was not made")

        return await self._measured(children, lambda: asyncio.gather(*(ask(children[at : at + of]) for at in range(0, len(children), of))))

    async def _measured(self, children: Sequence[SyntheticStudent], ask: Callable[[], Awaitable[Any]]) -> Together:
        before, nodes = await self._count(PROCESSED), self._nodes
        cpu, store, commits, started = nodes.cpu_seconds(), nodes.store_cpu_seconds(), await nodes.commits(), time.perf_counter()
        await ask()
        await self._until(PROCESSED, before + len(children), every_seconds=0.05)
        taken, each = time.perf_counter() - started, len(children)
        return Together(
            cpu=(nodes.cpu_seconds() - cpu) / each,
            store_cpu=(nodes.store_cpu_seconds() - store) / each,
            commits=(await nodes.commits() - commits) / each,
            rate=each / taken,
        )

    async def _count(self, ask: Select[Any], store: Database | None = None) -> int:
        # by one statement: what asks all the time takes the cores that are measured
        [(count,)] = await (store or self._store).find(ask, {})
        return int(count)

    async def _until(self, ask: Select[Any], count: int, *, store: Database | None = None, every_seconds: float = 0.002) -> None:
        until = time.monotonic() + self._patience
        while (found := await self._count(ask, store)) != count:
            if time.monotonic() > until:
                raise NotComplete(f"{found} instead of {count} after {self._patience} s: {await self._states()}")
            await asyncio.sleep(every_seconds)

    async def _states(self) -> dict[str, int]:
        query = select(OutgoingEnvelopeRow.state, func.count()).group_by(OutgoingEnvelopeRow.state)
        rows = await self._store.read(lambda connection: [(str(state), int(number)) for state, number in connection.execute(query)])
        return dict(rows)

    def _request(self, child: SyntheticStudent) -> NewExchangeRequest:
        return request_for(child, holder=self._holder, district=self._district)


def request_for(child: SyntheticStudent, *, holder: str, district: UUID) -> NewExchangeRequest:
    """What the receiving district says to ask for a child."""
    now = system_clock()
    evidence = EnrollmentEvidence(
        receiving_organisation=ReceivingOrganisation(id=str(district), kind="lea", name="The receiving district"),
        kind="enrolled",
        entry_date=now.date(),
        grade="07",
        document=EvidenceDocument(type="enrollment-form", digest="A" * 43),
        parent_initiated=True,
        official=Official(role="registrar", pairwise_id="official-1", attested_at=now - timedelta(hours=1)),
    )
    return NewExchangeRequest(holder=holder, person=child.selector, sections=SECTIONS, evidence=evidence)


_ENVELOPES = select(func.count()).select_from(OutgoingEnvelopeRow)
ACKNOWLEDGED = _ENVELOPES.where(OutgoingEnvelopeRow.r1.is_not(None))
PROCESSED = _ENVELOPES.where(OutgoingEnvelopeRow.state == Outgoing.PROCESSED)


def _hops(logs: Sequence[Path]) -> int:
    """Requests that the nodes' services logged, as far as they belong to an exchange."""
    left_out = ("/v1/students", "/oauth/token", "/internal/organisations", "/internal/subjects", "/.well-known", "unrouted", "/readyz")
    routes = Counter[str]()
    for log in logs:
        for line in log.read_text().splitlines():
            said = json.loads(line) if line.startswith("{") else {}
            if said.get("message") == "request":
                routes[str(said.get("route", ""))] += 1
    return sum(number for route, number in routes.items() if not route.startswith(left_out))
