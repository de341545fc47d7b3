"""Two embedded nodes with real sockets between them and one clock that stands: Alder holds, Birch asks. The test does the work."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from node.demo.network import new_network
from node.demo.seats import RECEIVING_DISTRICT
from node.embedded import EmbeddedNode
from node.folder import NodeFolder
from node.server import server
from node.synthetic import ALDER, SyntheticStudent, students
from safepassage.client import Client, ClientFile
from safepassage.record import StudentRecord
from safepassage.wire_exchange import ExchangeRequest, NewExchangeRequest, PersonSelector
from services.gateway.registry.administration import administration
from services.gateway.settings import GatewaySettings
from services.records.exchange.exchange import Exchange, Job
from services.records.loading import Arriving, EnrolledAt, Loading
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow, OutgoingEnvelopeRow, PeerRequestRow
from shared.clock import system_clock
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.records.exchange.requests_for import new_request

KINDS: tuple[Job, ...] = get_args(Job)


async def at_once(seconds: float) -> None:
    """A client of the tests waits for nothing."""


RESTING = frozenset({"work", "keep_watch", "pull", "_send_outbox", "have_witnessed"})
"""Workers that the test does itself; the last would open connections between the nodes that are no exchange's."""


class State:
    """One node, running."""

    def __init__(self, folder: NodeFolder, clock: StandingClock) -> None:
        self.folder, self.clock = folder, clock
        self.node = EmbeddedNode(folder, clock=clock)
        self._running: AsyncExitStack
        self._server: uvicorn.Server
        self._serving: asyncio.Task[None]

    @property
    def entity_id(self) -> str:
        return self.folder.file.entity_id

    @property
    def records(self) -> FastAPI:
        return self.node.applications["records"]

    @property
    def exchange(self) -> Exchange:
        exchange: Exchange = self.records.state.exchange
        return exchange

    def organisation(self, key: str) -> UUID:
        """The id of an organisation by its key in the demo's plan."""
        return UUID(json.loads((self.folder.path / "clients" / "organisations.json").read_text())[key])

    async def start(self) -> None:
        """Bring the services up and serve on the node's port. The workers rest, since the test does the work."""
        self._running = AsyncExitStack()
        await self._running.enter_async_context(self.node.running())
        self.clock.advance(milliseconds=1)  # a nonce that is given in the very instant of the start is not from after it
        for app in self.node.applications.values():
            resting = [task for task in app.state.tasks if task.get_coro().__qualname__ in RESTING]
            for task in resting:
                task.cancel()
            await asyncio.gather(*resting, return_exceptions=True)
        await self.exchange.lease.is_held()
        await self.wake()

    async def wake(self) -> None:
        """Listen."""
        file = self.folder.file
        self._server = server(self.node, host=file.host, port=file.port, grace_seconds=1)
        self._server.config.lifespan = "off"
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(0)

    async def sleep(self) -> None:
        """Close the socket and every connection; the services stay as they are."""
        self._server.should_exit = True
        await self._serving

    async def stop(self) -> None:
        """Close everything."""
        await self.sleep()
        await self._running.aclose()

    async def restart(self) -> None:
        """A new process, as far as one process can."""
        self.node = EmbeddedNode(self.folder, clock=self.clock)
        await self.start()

    async def tell(self) -> None:
        """Send what waits in the outboxes of the node."""
        for service in ("gateway", "records", "privacy"):
            outbox = getattr(self.node.applications[service].state, "outbox", None)
            if outbox is not None:
                await outbox.drain()

    async def do(self, *jobs: Job) -> None:
        """Do what is due of these kinds of work."""
        for job in jobs:
            await self.exchange.works[job].finish_due()

    async def one(self, job: Job, key: Any) -> None:
        """Take up one row."""
        await self.exchange.works[job]._do(key)

    async def rows(self, row: type[Any]) -> list[Any]:
        """Every row of a table of the records service."""
        async with self.exchange.database.reading() as tx:
            return list((await tx.execute(select(row))).scalars().all())

    async def load(
        self,
        student: SyntheticStudent,
        *,
        district: UUID | None = None,
        school: UUID | None = None,
        since: date = date(2025, 8, 1),
        told: bool = True,
    ) -> UUID:
        """Load a student as its district does, enrolled since a day. Unless `told`, the facts still wait for privacy."""
        district, school = district or self.organisation(student.district.key), school or self.organisation(student.school.key)
        loaded = student.load.record.model_dump(mode="json", exclude_none=True)
        origin = {"originating_agency": str(district), "source_system": student.load.source_system, "as_of": student.load.as_of.isoformat()}
        provenance = {name: origin for name, _ in student.load.record.sections()}
        for statement in loaded.get("statements", ()):
            for section in {target.partition(".")[0] for target in statement["relates_to"]}:
                provenance[section] = {**provenance[section], "contested_by": [statement["id"]]}
        record = StudentRecord.model_validate({**loaded, "v": 1, "provenance": provenance})
        arriving = Arriving(
            record=record,
            custodian_id=district,
            originating_agency=str(district),
            enrolled=(EnrolledAt(school, since, None),),
        )
        exchange = self.exchange
        async with exchange.database.transaction() as tx:
            loading = Loading(exchange.vault, exchange.outbox, jurisdiction=exchange.settings.jurisdiction, now=self.clock())
            [stored] = await loading.store_in(tx, [arriving])
        if told:
            await self.tell()
        return stored.student_id

    @asynccontextmanager
    async def without(self, service: ServiceName) -> AsyncIterator[None]:
        """The service does not answer its siblings."""
        door = self.node._doors[service]
        door.app = None
        try:
            yield
        finally:
            door.app = self.node.applications[service]

    async def change_organisation(self, organisation_id: UUID, **changed: Any) -> None:
        """An operator changes an organisation, and every service is told."""
        settings = self.folder.settings("gateway")
        assert isinstance(settings, GatewaySettings)
        async with administration(settings, clock=self.clock) as hand:
            [held] = [one for one in await hand.organisations() if one.id == organisation_id]
            await hand.change_organisation(held.model_copy(update=changed))
        await self.node.applications["gateway"].state.outbox.drain()

    def client(self, name: str) -> Client:
        """A client of the node, by the name of its file."""
        return Client(ClientFile.load(self.folder.path / "clients" / f"{name}.json"), clock=self.clock, pause=at_once)


class TwoStates:
    """Alder and Birch. Several tests share them, each with children of its own."""

    def __init__(self, alder: State, birch: State, clock: StandingClock) -> None:
        self.alder, self.birch, self.clock = alder, birch, clock
        self._students = iter(ordinary_students())

    def child(self) -> SyntheticStudent:
        """A child whom no other test has."""
        return next(self._students)

    async def advance(self, **by: float) -> None:
        """Let time pass; the gateways look again at whose tokens count, as they do every second."""
        self.clock.advance(**by)
        for state in (self.alder, self.birch):
            await state.node.applications["gateway"].state.standing.refresh()

    async def settle(self) -> None:
        """Do everything that is due at both, until nothing is."""
        while True:
            for state in (self.birch, self.alder, self.birch):
                await state.do(*KINDS)
                await state.tell()
            if not await self._due():
                return

    async def _due(self) -> int:
        now = self.clock()
        return sum([len(await work._due(now, 100)) for state in (self.alder, self.birch) for work in state.exchange.works.values()])

    def new_request(self, person: PersonSelector, **about: Any) -> NewExchangeRequest:
        """What Birch's receiving district says to ask Alder for a child."""
        district = self.birch.organisation(RECEIVING_DISTRICT)
        return new_request(person, holder=self.alder.entity_id, district=district, now=self.clock(), **about)

    async def ask(self, person: PersonSelector, **about: Any) -> "Case":
        """Birch's information system asks."""
        async with self.birch.client("new-district") as client:
            asked = await client.create_exchange_request(self.new_request(person, **about), idempotency_key=str(uuid4()))
        return Case(self, asked.id)

    async def queued(self, student: SyntheticStudent | None = None, **about: Any) -> "Case":
        """A child's record waits at Alder to be delivered."""
        child = student or self.child()
        await self.alder.load(child)
        case = await self.ask(child.selector, **about)
        await case.deliver_request()
        await case.answer()
        assert (await case.package()).state == "queued"
        return case


class Case:
    """One exchange."""

    def __init__(self, states: TwoStates, exchange_id: UUID) -> None:
        self.states, self.id = states, exchange_id
        self.alder, self.birch = states.alder, states.birch

    async def told(self) -> ExchangeRequest:
        """Where the request stands, as Birch's information system is told."""
        async with self.birch.client("new-district") as client:
            return await client.read_exchange_request(self.id)

    async def asked(self) -> ExchangeRequestRow:
        """Birch's row."""
        [row] = [row for row in await self.birch.rows(ExchangeRequestRow) if row.id == self.id]
        return row

    async def request(self) -> PeerRequestRow:
        """Alder's row."""
        [row] = [row for row in await self.alder.rows(PeerRequestRow) if row.exchange_id == self.id]
        return row

    async def envelopes(self) -> list[OutgoingEnvelopeRow]:
        """Alder's answers, the oldest first."""
        request_id = (await self.request()).id
        rows = [row for row in await self.alder.rows(OutgoingEnvelopeRow) if row.request_id == request_id]
        # In the order of the log: ids of one standing instant have none.
        return sorted(rows, key=lambda row: (row.entry_index is None, row.entry_index or 0))

    async def package(self) -> OutgoingEnvelopeRow:
        """Alder's package."""
        [row] = [row for row in await self.envelopes() if row.kind == "package"]
        return row

    async def received(self) -> list[IncomingEnvelopeRow]:
        """What Birch has stored."""
        return [row for row in await self.birch.rows(IncomingEnvelopeRow) if row.exchange_id == self.id]

    async def deliver_request(self) -> None:
        """One attempt."""
        await self.birch.one("asking", self.id)

    async def answer(self) -> None:
        """Alder looks for the child."""
        await self.alder.one("answering", (await self.request()).id)

    async def deliver(self) -> None:
        """One attempt for each of Alder's answers."""
        for row in await self.envelopes():
            await self.alder.one("dispatching", row.id)

    async def file(self) -> None:
        """Birch opens what it has."""
        for row in await self.received():
            await self.birch.one("opening", (row.issuer, row.id))

    async def acknowledge(self) -> None:
        """One attempt for each R2."""
        for row in await self.received():
            await self.birch.one("acknowledging", (row.issuer, row.id))

    async def finish(self) -> None:
        """Everything that is left, in order."""
        await self.deliver()
        await self.file()
        await self.acknowledge()
        for state in (self.alder, self.birch):
            await state.tell()


@cache
def ordinary_students(of: int = 110) -> tuple[SyntheticStudent, ...]:
    """Those of so many students of Alder who are nobody's twin and no hard case."""
    return tuple(one for one in students(ALDER, as_of=date(2026, 9, 1), count=of) if one.case is None and one.twin_of is None)


@cache
def hard_case(case: str) -> SyntheticStudent:
    """The student of a hard case (node.synthetic.hard_cases)."""
    return next(one for one in students(ALDER, as_of=date(2026, 9, 1), count=40) if one.case == case)


async def template(folder: Path, ports: tuple[int, int]) -> None:
    """Two nodes that were started once, so that every service knows the organisations; to be copied."""
    await new_network(folder, ports=ports, tick_seconds=0.0)
    async with running(folder, StandingClock(system_clock())):
        pass


@asynccontextmanager
async def two_states(template_folder: Path, folder: Path, clock: StandingClock) -> AsyncIterator[TwoStates]:
    """Copies of the template's nodes, running."""
    shutil.copytree(template_folder, folder, dirs_exist_ok=True)
    async with running(folder, clock) as states:
        yield states


@asynccontextmanager
async def running(folder: Path, clock: StandingClock, *, kind: type[NodeFolder] = NodeFolder) -> AsyncIterator[TwoStates]:
    """The nodes of a folder, running."""
    async with AsyncExitStack() as stack:
        alder, birch = (State(kind(folder / name), clock) for name in ("alder", "birch"))
        for state in (alder, birch):
            await state.start()
            stack.push_async_callback(state.stop)
        for state in (alder, birch):
            await state.tell()
        yield TwoStates(alder, birch, clock)
