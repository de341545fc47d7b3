"""Two embedded nodes with real sockets between them and one clock that stands: Alder holds, Birch asks. The test does the work."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from node.demo.network import new_network
from node.demo.seats import RECEIVING_DISTRICT
from node.demo.synthetic import ALDER, SyntheticStudent, students
from node.embedded import EmbeddedNode
from node.folder import NodeFolder
from node.server import server
from safepassage.client import Client, ClientFile
from safepassage.record import StudentRecord
from safepassage.wire_exchange import (
    EnrollmentEvidence,
    EvidenceDocument,
    ExchangeRequest,
    NewExchangeRequest,
    Official,
    PersonSelector,
    ReceivingOrganisation,
)
from services.records.exchange.exchange import Exchange
from services.records.loading import Arriving, EnrolledAt, Loading
from tests.conftest import StandingClock

SECTIONS = ("identity", "demographics", "contacts", "enrollment", "attendance", "academics", "assessments", "programmes", "health")


class State:
    """One node, running."""

    def __init__(self, folder: NodeFolder, clock: StandingClock) -> None:
        self.folder, self.clock = folder, clock
        self.node = EmbeddedNode(folder, clock=clock)
        self.server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

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
        """Serve on the node's port; its workers rest, since the test does the work."""
        file = self.folder.file
        self.server = server(self.node, host=file.host, port=file.port, grace_seconds=1)
        self._serving = asyncio.create_task(self.server.serve())
        while not self.server.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(0)
        for app in self.node.applications.values():
            resting = [task for task in app.state.tasks if task.get_coro().__qualname__ in ("work", "keep_watch", "_send_outbox")]
            for task in resting:
                task.cancel()
            await asyncio.gather(*resting, return_exceptions=True)

    async def stop(self) -> None:
        """Close the socket and everything behind it."""
        if self.server is not None and self._serving is not None:
            self.server.should_exit = True
            await self._serving
            self.server = None

    async def tell(self) -> None:
        """Send what waits in the outboxes of the node."""
        for service in ("gateway", "records", "privacy"):
            outbox = getattr(self.node.applications[service].state, "outbox", None)
            if outbox is not None:
                await outbox.drain()

    async def do(self, *jobs: str) -> None:
        """Do what is due of these kinds of work."""
        for job in jobs:
            await self.exchange.works[job].finish_due()  # type: ignore[index]

    async def rows(self, row: type[Any]) -> list[Any]:
        """Every row of a table of the records service."""
        async with self.exchange.database.reading() as tx:
            return list((await tx.execute(select(row))).scalars().all())

    async def load(self, student: SyntheticStudent) -> UUID:
        """Load a student as its district does."""
        district, school = self.organisation(student.district.key), self.organisation(student.school.key)
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
            enrolled=(EnrolledAt(school, date(2025, 8, 1), None),),
        )
        exchange = self.exchange
        async with exchange.database.transaction() as tx:
            loading = Loading(tx, exchange.vault, exchange.outbox, jurisdiction=exchange.settings.jurisdiction, now=self.clock())
            [stored] = await loading.store([arriving])
        await self.tell()
        return stored.student_id

    def client(self, name: str) -> Client:
        """A client of the node, by the name of its file."""
        return Client(ClientFile.load(self.folder.path / "clients" / f"{name}.json"), clock=self.clock)


class TwoStates:
    """Alder and Birch."""

    def __init__(self, alder: State, birch: State, clock: StandingClock) -> None:
        self.alder, self.birch, self.clock = alder, birch, clock

    async def settle(self) -> None:
        """Do everything that is due at both, until nothing is."""
        order = ("asking", "answering", "queueing", "dispatching", "storing", "opening", "acknowledging")
        before = None
        while before != (before := await self._due()) or before:
            for state in (self.birch, self.alder, self.birch):
                await state.do(*order)
                await state.tell()
            if not await self._due():
                return

    async def _due(self) -> int:
        now = self.clock()
        return sum([len(await work._due(now, 100)) for state in (self.alder, self.birch) for work in state.exchange.works.values()])

    def selector_of(self, student: SyntheticStudent) -> PersonSelector:
        return student.selector

    def new_request(self, person: PersonSelector, *, sections: Sequence[str] = SECTIONS, **about: Any) -> NewExchangeRequest:
        """What Birch's receiving district says to ask Alder for a child."""
        organisation_id = self.birch.organisation(RECEIVING_DISTRICT)
        evidence = EnrollmentEvidence(
            receiving_organisation=ReceivingOrganisation(id=str(organisation_id), kind="lea", name="The receiving district"),
            kind="enrolled",
            entry_date=self.clock().date(),
            grade="07",
            document=EvidenceDocument(type="enrollment-form", digest="A" * 43),
            parent_initiated=True,
            official=Official(role="registrar", pairwise_id="official-1", attested_at=self.clock() - timedelta(hours=1)),
        )
        members = {"holder": self.alder.entity_id, "person": person, "sections": sections, "evidence": evidence, **about}
        return NewExchangeRequest.model_validate(members)

    async def ask(self, person: PersonSelector, **about: Any) -> ExchangeRequest:
        """Birch's information system asks."""
        async with self.birch.client("new-district") as client:
            return await client.create_exchange_request(self.new_request(person, **about), idempotency_key=str(uuid4()))

    async def told(self, exchange_id: UUID) -> ExchangeRequest:
        """Where the request stands, as Birch's information system is told."""
        async with self.birch.client("new-district") as client:
            return await client.read_exchange_request(exchange_id)


def a_student(index: int = 40, *, count: int = 200) -> SyntheticStudent:
    """A student of Alder. The first ones are hard cases; 40 is an ordinary one."""
    found = list(students(ALDER, as_of=date(2026, 9, 1), count=max(count if index < count else index + 1, index + 1)))
    return found[index]


async def template(folder: Path, ports: tuple[int, int]) -> None:
    """Two nodes that were never started, to be copied."""
    await new_network(folder, ports=ports, tick_seconds=0.0)


@asynccontextmanager
async def two_states(template_folder: Path, folder: Path, clock: StandingClock) -> AsyncIterator[TwoStates]:
    """Copies of the template's nodes, running."""
    shutil.copytree(template_folder, folder, dirs_exist_ok=True)
    async with AsyncExitStack() as stack:
        alder, birch = (State(NodeFolder(folder / name), clock) for name in ("alder", "birch"))
        for state in (alder, birch):
            await state.start()
            stack.push_async_callback(state.stop)
        for state in (alder, birch):
            await state.tell()
        yield TwoStates(alder, birch, clock)


__all__ = ["State", "TwoStates", "a_student", "suppress", "template", "two_states"]
