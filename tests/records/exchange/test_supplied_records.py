"""A record that the child's district keeps in its own system: asked for when it is needed, the same as a kept one, and nowhere kept."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from node.demo.seats import MOVER_DISTRICT
from node.folder import NodeFolder
from node.synthetic import SyntheticStudent
from safepassage.record import StudentRecord
from services.records.destroying import over
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.doors import EdFiDoors
from services.records.ed_fi.pulling import Store, pull
from services.records.ed_fi.systems import EdFiSystem, EdFiSystems
from services.records.exchange import supplied_records
from services.records.formats.edfi_json import edfi_resources
from services.records.left_with_source import left_in
from services.records.reading import parts_at, read_received
from services.records.tables import EdFiKeepingRow, SectionRow, SourceIdRow, StudentRow
from shared.certificates import client_context
from shared.clock import system_clock
from shared.siblings import client_session
from tests.conftest import StandingClock
from tests.records.ed_fi.ods import CLIENT, SECRET, Ods, serving
from tests.records.exchange.documents import LARGE, SMALL, documents_of, keep, with_scanners
from tests.records.exchange.dying_node import Folder
from tests.records.exchange.test_nobody import OF_AN_EXCHANGE, left_by, rows_of
from tests.records.exchange.two_processes import network as stores_on
from tests.records.exchange.two_processes import two_databases
from tests.records.exchange.two_states import Case, TwoStates, at_once, running
from tests.records.formats.edfi_bodies import bodies
from tests.records.formats.test_edfi_json import from_load
from tests.records.formats.test_edfi_round_trip import schools_of_alder

pytestmark = pytest.mark.anyio

CANARY = "Canary Attendance Reason 8c1f"
PATIENT = 2


class Source:
    """The system of a child's district, and the child in it."""

    def __init__(self, states: TwoStates, ods: Ods, child: SyntheticStudent, api: EdFiApi, doors: EdFiDoors) -> None:
        self.states, self.ods, self.child, self.api, self.doors = states, ods, child, api, doors
        self.organisation_id = api.system.organisation_id

    async def keep(self, keeps: str) -> None:
        """The district says so, and the node pulls."""
        exchange = self.states.alder.exchange
        async with exchange.database.transaction() as tx:
            row = await tx.get(EdFiKeepingRow, (self.organisation_id, "sis"))
            if row is None:
                tx.add(EdFiKeepingRow(organisation_id=self.organisation_id, system="sis", keeps=keeps, said_at=exchange.clock()))
            else:
                row.keeps = keeps
        await self.pull()

    async def pull(self) -> None:
        exchange = self.states.alder.exchange
        asking, jurisdiction = over(exchange.siblings), exchange.settings.jurisdiction
        store = Store(exchange.database, exchange.vault, exchange.outbox, jurisdiction, asking, 64 << 20)
        await pull(self.api, store, now=exchange.clock())
        await self.states.alder.tell()

    async def student(self) -> StudentRow:
        """The child at Alder."""
        exchange = self.states.alder.exchange
        tag = exchange.vault.tags.source_id(self.organisation_id, "ed-fi", "S0")
        [student_id] = [row.student_id for row in await self.states.alder.rows(SourceIdRow) if row.tag == tag]
        [row] = [row for row in await self.states.alder.rows(StudentRow) if row.id == student_id]
        return row

    async def sections(self) -> set[str]:
        """Of the child in Alder's store."""
        student_id = (await self.student()).id
        return {row.section for row in await self.states.alder.rows(SectionRow) if row.student_id == student_id}


def bodies_of(child: SyntheticStudent) -> dict[str, list[dict[str, Any]]]:
    """The child as the district's own system has it, with an event whose reason is told nowhere else."""
    document = child.load.record.document()
    document.pop("statements", None)
    made: dict[str, list[dict[str, Any]]] = json.loads(json.dumps(edfi_resources(from_load(document), student_unique_id="S0")["resources"]))
    school = made["studentSchoolAssociations"][0]["schoolReference"]
    event = {
        "studentReference": {"studentUniqueId": "S0"},
        "schoolReference": school,
        "sessionReference": {**school, "schoolYear": 2027, "sessionName": "Fall"},
        "eventDate": "2026-09-02",
        "attendanceEventCategoryDescriptor": "uri://ed-fi.org/AttendanceEventCategoryDescriptor#Tardy",
        "attendanceEventReason": CANARY,
    }
    made.setdefault("studentSchoolAttendanceEvents", []).append(event)
    return made


@asynccontextmanager
async def source_of(states: TwoStates, child: SyntheticStudent, folder: Path) -> AsyncIterator[Source]:
    secret = folder / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    exchange = states.alder.exchange
    before = exchange.ed_fi
    async with AsyncExitStack() as stack:
        ods = await stack.enter_async_context(serving(Ods()))
        session = await stack.enter_async_context(client_session(client_context(None), seconds=10))
        system = EdFiSystem(
            name="sis",
            organisation_id=states.alder.organisation(child.district.key),
            url=ods.address,
            client_id=CLIENT,
            secret_file=secret,
        )
        doors = EdFiDoors(EdFiSystems(systems=(system,)), session, clock=exchange.clock, wait=at_once)
        ods.held = {name: {} for name in ("contacts", "disciplineIncidents", "studentSchoolAttendanceEvents")}
        ods.put_all(schools_of_alder())
        ods.put_all(bodies_of(child))
        exchange.ed_fi = doors
        try:
            yield Source(states, ods, child, EdFiApi(system, session, clock=exchange.clock, wait=at_once), doors)
        finally:
            exchange.ed_fi = before


def child_of_mover(states: TwoStates) -> SyntheticStudent:
    """One whose district has a client that asks for copies."""
    mover = states.alder.organisation(MOVER_DISTRICT)
    return next(child for child in iter(states.child, None) if states.alder.organisation(child.district.key) == mover)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def source(request: pytest.FixtureRequest, network: Path, tmp_path: Path) -> AsyncIterator[Source]:
    folder = tmp_path / "states"
    with ExitStack() as databases:
        if request.param == "sqlite":
            shutil.copytree(network, folder)
        else:
            folder.mkdir()
            await stores_on(folder, two_databases(databases), system_clock())
        clock, kind = StandingClock(system_clock()), NodeFolder if request.param == "sqlite" else Folder
        async with running(folder, clock, kind=kind) as states, source_of(states, child_of_mover(states), tmp_path) as made:
            yield made


async def came(states: TwoStates, case: Case) -> StudentRecord:
    """The record as the other state has filed it."""
    [received] = [row for row in await case.received() if row.kind == "package"]
    birch = states.birch.exchange
    asked = await case.asked()
    assert asked.student_id is not None
    async with birch.database.reading() as tx:
        return (await read_received(tx, birch.vault, asked.student_id, received.exchange_id)).record


def comparable(record: StudentRecord) -> dict[str, Any]:
    """Without the node's own ids and the instants of loads."""
    document = record.document()
    for origin in document["provenance"].values():
        origin.pop("as_of")
    for guardian in document.get("contacts", {}).get("guardians", []):
        guardian.pop("person_id", None)
    return document


async def stored_bytes(states: TwoStates, name: str) -> bytes:
    """Every file of a node's folder that a store has."""
    folder = (states.alder if name == "alder" else states.birch).folder.path
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and ".db" in path.name)


SECTIONS = ("identity", "contacts", "enrollment", "attendance", "academics", "assessments", "special_education", "programmes", "health")


@pytest.mark.requirement("EX-left-with-district")
async def test_what_arrives_is_what_would_have_arrived_had_it_been_kept(source: Source) -> None:
    states = source.states
    await source.keep("record")
    assert "attendance" in await source.sections()
    case = await states.ask(source.child.selector)
    await states.settle()
    kept = await came(states, case)
    assert kept.attendance is not None
    await source.keep("identity")
    assert await source.sections() <= {"identity", "contacts", "enrollment", "left"}
    source.ods.requests.clear()
    again = await states.ask(source.child.selector)
    await states.settle()
    assert [row.kind for row in await again.envelopes()] == ["package"]
    supplied = await came(states, again)
    assert comparable(supplied) == comparable(kept)
    assert CANARY in json.dumps(supplied.document())
    asked = [one for one in source.ods.requests if one.startswith("GET") and "students" in one]
    assert asked
    assert await source.sections() <= {"identity", "contacts", "enrollment", "left"}
    assert CANARY.encode() not in await stored_bytes(states, "alder")


@pytest.mark.requirement("EX-left-with-district")
async def test_no_request_asks_the_system_for_a_child_whose_release_is_not_permitted(source: Source) -> None:
    states = source.states
    await source.keep("identity")
    await states.alder.change_organisation(source.organisation_id, onward_transfer_agreed=None)
    await states.alder.tell()
    source.ods.requests.clear()
    case = await states.ask(source.child.selector)
    await states.settle()
    assert [row.kind for row in await case.envelopes()] == ["not-provided"]
    assert source.ods.requests == []


@pytest.mark.requirement("EX-left-with-district")
async def test_while_the_system_is_away_nothing_is_provided_and_then_the_package_goes(source: Source) -> None:
    states = source.states
    await source.keep("identity")
    source.ods.faults = ["away"] * 2 * PATIENT
    case = await states.ask(source.child.selector)
    await states.settle()
    assert [row.kind for row in await case.envelopes()] == ["not-provided"]
    assert (await case.told()).state == "not-provided"
    assert (await case.request()).state == "waiting"
    source.ods.faults = ["away"] * PATIENT
    await states.advance(seconds=10)
    await states.settle()
    assert [row.kind for row in await case.envelopes()] == ["not-provided"]
    due = (await case.request()).next_attempt_at
    assert due is not None
    assert due - states.clock() > timedelta(seconds=10)  # by the schedule for peers, each pause longer than the one before
    source.ods.faults = []
    await states.advance(minutes=2)
    await states.settle()
    assert [row.kind for row in await case.envelopes()] == ["not-provided", "package"]
    assert CANARY in json.dumps((await came(states, case)).document())


@pytest.mark.requirement("EX-left-with-district")
async def test_where_the_system_has_lost_the_child_nothing_is_provided(source: Source) -> None:
    states = source.states
    await source.keep("identity")
    for resource, those in source.ods.held.items():
        if resource.startswith("student"):
            those.clear()
    case = await states.ask(source.child.selector)
    await states.settle()
    [row] = await case.envelopes()
    assert row.kind == "not-provided"
    assert json.loads(row.event)["context"]["reason"] == "not-at-source"


@pytest.mark.requirement("EX-left-with-district")
async def test_half_a_record_is_none(source: Source) -> None:
    states = source.states
    await source.keep("identity")
    source.ods.without = {"studentSchoolAttendanceEvents"}
    case = await states.ask(source.child.selector)
    await states.settle()
    assert [row.kind for row in await case.envelopes()] == ["not-provided"]
    source.ods.without = set()
    await states.advance(minutes=1)
    await states.settle()
    assert [row.kind for row in await case.envelopes()] == ["not-provided", "package"]


@pytest.mark.requirement("EX-left-with-district")
async def test_documents_that_the_node_has_go_with_the_record_that_the_system_supplies(source: Source) -> None:
    """An attachment has no place in Ed-Fi: it stays with the node, and leaves with its element, which comes from the district."""
    states = source.states
    title = bodies()["studentTitleIPartAProgramAssociations"][0] | {"studentReference": {"studentUniqueId": "S0"}}
    source.ods.put("studentTitleIPartAProgramAssociations", title)
    await source.keep("identity")
    student_id = (await source.student()).id
    async with with_scanners(states):
        await keep(states.alder, student_id, SMALL, "programmes.title_i")
        await keep(states.alder, student_id, LARGE, "programmes.foster")  # of which the record has nothing
        case = await states.ask(source.child.selector, attachments=True)
        await states.settle()
        assert "programmes.title_i" in (await came(states, case)).elements()
        assert await documents_of(states, case) == [SMALL]
    assert await source.sections() <= {"identity", "contacts", "enrollment", "left"}


@pytest.mark.requirement("EX-left-with-district")
async def test_facts_that_changed_since_the_pull_are_told_before_it_is_decided(source: Source) -> None:
    states, exchange = source.states, source.states.alder.exchange
    await source.keep("identity")
    before = await source.student()
    homeless = bodies()["studentHomelessProgramAssociations"][0] | {"studentReference": {"studentUniqueId": "S0"}}
    source.ods.put("studentHomelessProgramAssociations", homeless)
    case = await states.ask(source.child.selector)
    await states.settle()
    after = await source.student()
    assert after.facts_version > before.facts_version
    _, parts = await exchange.database.read(lambda connection: parts_at(connection, exchange.vault, after.id))
    left = left_in(parts)
    assert left is not None
    assert "homeless" in left.flags
    assert await source.sections() <= {"identity", "contacts", "enrollment", "left"}
    [package] = await case.envelopes()
    assert package.kind == "package"
    again = await states.ask(source.child.selector)
    await states.settle()
    assert [row.kind for row in await again.envelopes()] == ["package"]
    assert (await source.student()).facts_version == after.facts_version


@pytest.mark.parametrize("source", ["sqlite"], indirect=True)  # whose tables can be counted while it runs
@pytest.mark.requirement("EX-left-with-district", "EX-7")
async def test_a_child_whose_record_cannot_be_had_and_one_who_is_not_here_leave_the_same(source: Source) -> None:
    states = source.states
    await left_by(states, states.child())
    await source.keep("identity")
    await source.pull()
    source.ods.without = {"students"}
    case, lost = await left_by(states, source.child)
    other, absent = await left_by(states, states.child())
    assert lost.entries.keys() <= OF_AN_EXCHANGE
    assert lost.entries == absent.entries
    assert lost.sizes == absent.sizes
    # What a permission obliges to is a row of privacy's own, of which no peer sees anything.
    assert lost.rows - absent.rows == {"privacy.obligation": 1}
    assert not absent.rows - lost.rows
    assert (await case.told()).model_dump(exclude={"id", "requested_at", "expires_at"}) == (await other.told()).model_dump(
        exclude={"id", "requested_at", "expires_at"}
    )
    assert await rows_of(states.alder)


@pytest.mark.requirement("EX-left-with-district", "EX-7")
async def test_a_system_that_is_slower_than_the_tick_does_not_hold_the_answer_up(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    states, asked = source.states, list[UUID]()
    await source.keep("identity")
    exchange = states.alder.exchange
    monkeypatch.setattr(exchange, "settings", exchange.settings.model_copy(update={"exchange_tick_seconds": 0.04}))

    async def slow(_: object, left: Any) -> Any:
        asked.append(left.organisation_id)
        await asyncio.Event().wait()  # a fault: no answer ever comes

    monkeypatch.setattr(supplied_records, "ask", slow)
    case = await states.ask(source.child.selector)
    await case.deliver_request()
    await case.answer()
    [row] = await case.envelopes()
    assert (row.kind, asked) == ("not-provided", [source.organisation_id])
    request = await case.request()
    assert request.next_attempt_at is not None
    assert request.next_attempt_at < request.expires_at
