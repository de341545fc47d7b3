"""A record by a node of a later version: what this one knows is filed, the rest is kept sealed, told of, and goes to nobody."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from safepassage.client.call import Call
from safepassage.client.calls import search_log
from safepassage.client.exchange_calls import read_exchange
from safepassage.elements import ELEMENTS
from safepassage.record import StudentRecord
from safepassage.unread import Unread
from safepassage.wire_log import EntrySearch
from services.records.reading import document_at
from services.records.reading_again import read_again
from services.records.record_sources import UNREAD
from services.records.release import document_to_release
from services.records.tables import ExchangeRequestRow, SectionRow, StudentRow
from services.records.unread_parts import part_unread
from tests.records.exchange.later_peer import LATER, saying_more
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio

CANARY = "Zukunftsmusik-7731"
SAID = {"level": CANARY, "notes": [None, {"since": "2031-08-01"}]}


def grow(package: dict[str, Any]) -> None:
    """One element more, and a member more in each of the addresses."""
    record = package["record"]
    record.setdefault("programmes", {})["bright_futures"] = SAID
    record["provenance"].setdefault("programmes", record["provenance"]["identity"])
    record["identity"]["name"]["spoken_as"] = CANARY
    package["manifest"]["elements"].append(LATER)


async def came(states: TwoStates, monkeypatch: pytest.MonkeyPatch, grown: Any = grow) -> Case:
    """A record of a later version's node has come, and what is due was done."""
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector, sections=("identity", "contacts", "enrollment", "programmes"))
    with saying_more(monkeypatch, grown):
        await states.settle()
    return case


async def unread_rows(states: TwoStates, case: Case) -> list[SectionRow]:
    return [row for row in await states.birch.rows(SectionRow) if row.section == UNREAD and row.source == str(case.id)]


async def answered(states: TwoStates, case: Case, form: str) -> tuple[str | None, bytes]:
    call = Call("GET", f"/v1/exchange-requests/{case.id}/record", lambda answer: answer, query=(("format", form),))
    async with states.birch.client("new-district") as client:
        answer = await client.run(call)
    return answer.headers.get("safepassage-unread-elements"), answer.content


@pytest.mark.requirement("UPGRADE-later-record")
async def test_what_is_known_is_filed_and_read_and_the_rest_is_told_of_by_name(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await came(states, monkeypatch)
    assert (await case.told()).state == "applied"
    assert (await case.package()).state == "processed"  # and Alder has heard so
    told = f"identity.name, {LATER}"
    for form in ("own", "edfi", "sif"):
        unread, content = await answered(states, case, form)
        assert unread == told
        assert CANARY.encode() not in content
        if form == "own":
            record = StudentRecord.model_validate_json(content)
            assert record.identity is not None
            assert record.identity.name is not None
        if form == "edfi":
            assert {"identity.name", LATER} <= set(json.loads(content)["not_expressed"])
    async with states.birch.client("state-agency") as agency:
        assert (await agency.run(read_exchange(case.id))).read_in_part
    async with states.alder.client("state-agency") as agency:  # who sent it has read what it wrote
        assert not (await agency.run(read_exchange((await case.request()).id))).read_in_part


async def test_it_is_sealed_and_the_log_has_its_name(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await came(states, monkeypatch)
    student_id = (await case.asked()).student_id
    assert student_id is not None
    async with states.birch.client("state-agency") as agency:
        search = EntrySearch(student_id=student_id, classes=("load",), elements=(LATER,))
        [entry] = [one async for page in agency.pages(search_log(search)) for one in page.entries]
    assert LATER in (entry.context or {})["elements"]
    [row] = await unread_rows(states, case)
    assert CANARY.encode() not in row.sealed
    assert CANARY.encode() not in states.birch.folder.store("records").read_bytes()


@pytest.mark.requirement("UPGRADE-later-record")
async def test_whatever_is_permitted_nothing_of_it_leaves(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await came(states, monkeypatch)
    student_id = (await case.asked()).student_id
    assert student_id is not None
    vault, every = states.birch.exchange.vault, [one.id for one in ELEMENTS]
    sections = ["identity", "programmes", "contacts", "enrollment", UNREAD]
    held = await states.birch.exchange.read(lambda connection: document_at(connection, vault, student_id, sections=sections))
    released = document_to_release(held.document, [*every, LATER])
    assert CANARY not in repr(released)
    assert "bright_futures" not in repr(released)


async def test_what_was_not_read_is_not_collected_so_that_it_does_not_go(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await came(states, monkeypatch)
    async with states.birch.client("new-district") as client:
        await client.read_received_record(case.id)
    assert (await case.asked()).collected_at is None


def without_manifest(package: dict[str, Any]) -> None:
    grow(package)
    package["manifest"]["elements"].remove(LATER)


def in_provenance(package: dict[str, Any]) -> None:
    package["record"]["provenance"]["identity"]["embargo_until"] = "2040-01-01"


def in_manifest(package: dict[str, Any]) -> None:
    package["manifest"]["only_if"] = "signed"


def beside_the_record(package: dict[str, Any]) -> None:
    package["conditions"] = ["none"]


def not_asked_for(package: dict[str, Any]) -> None:
    package["record"]["dreams"] = {"last_night": CANARY}


def of_a_section_that_was_not_asked_for(package: dict[str, Any]) -> None:
    """Nothing else of it comes, so that this version reads no such section."""
    record = package["record"]
    record["health"], record["provenance"]["health"] = {"sleep": CANARY}, record["provenance"]["identity"]
    package["manifest"]["elements"].append("health.sleep")


REFUSED = {
    of_a_section_that_was_not_asked_for: "record-not-filed",
    without_manifest: "record-not-filed",
    in_provenance: "malformed-token",
    in_manifest: "malformed-token",
    beside_the_record: "malformed-token",
    not_asked_for: "malformed-token",
}


@pytest.mark.parametrize("grown", REFUSED, ids=lambda grown: grown.__name__)
async def test_what_may_be_a_condition_and_what_nobody_asked_for_is_refused_as_ever(
    states: TwoStates, monkeypatch: pytest.MonkeyPatch, grown: Any
) -> None:
    case = await came(states, monkeypatch, grown)
    told = await case.told()
    assert (told.state, told.problem_code) == ("rejected", REFUSED[grown])
    assert await unread_rows(states, case) == []


def only_later(package: dict[str, Any]) -> None:
    origin = package["record"]["provenance"]["identity"]
    package["record"] = {"v": 1, "provenance": {"programmes": origin}, "programmes": {"bright_futures": SAID}}
    package["manifest"]["elements"] = [LATER]


async def test_a_record_of_which_nothing_is_known_is_kept_too(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await came(states, monkeypatch, only_later)
    student_id = (await case.asked()).student_id
    assert student_id is not None
    [student] = [one for one in await states.birch.rows(StudentRow) if one.id == student_id]
    assert student.originating_agency.startswith(f"{states.alder.entity_id}#")
    assert await answered(states, case, "own") == (LATER, b'{"v": 1, "provenance": {}, "statements": []}')


async def upgraded(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> tuple[Case, StudentRecord]:
    """Birch, of an earlier version, had a record that it could not read whole; now it is of this one, and has read it."""
    case = await came(states, monkeypatch, lambda package: None)
    student_id = (await case.asked()).student_id
    assert student_id is not None
    record = await as_by_a_version_before(states, case, student_id)
    await states.birch.stop()
    await states.birch.restart()
    for _ in range(10_000):
        if not await unread_rows(states, case):
            break
        await asyncio.sleep(0)
    return case, record


async def test_an_upgraded_node_reads_what_it_could_not_and_then_it_is_collected(
    states: TwoStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, record = await upgraded(states, monkeypatch)
    assert await unread_rows(states, case) == []
    unread, content = await answered(states, case, "own")
    assert unread is None
    assert StudentRecord.model_validate_json(content) == record
    assert (await case.asked()).collected_at is not None
    assert await read_again(states.birch.exchange) == 0


async def as_by_a_version_before(states: TwoStates, case: Case, student_id: UUID) -> StudentRecord:
    """The store as of a version that knew no enrolments, and had the record as it came beside what it had read of it."""
    state, (_, content) = states.birch.records.state, await answered(states, case, "own")
    whole = StudentRecord.model_validate_json(content)
    assert whole.enrollment is not None
    unread = Unread(("enrollment.enrollments", "enrollment.residency"), (), json.dumps(whole.document()).encode())
    async with state.database.transaction() as tx:
        student = await tx.get(StudentRow, student_id)
        await tx.execute(delete(SectionRow).where(SectionRow.student_id == student_id, SectionRow.section == "enrollment"))
        [part] = part_unread(unread, source=str(case.id), version=student.version)
        sealed = state.vault.data_key(student_id, student.wrapped_key).seal(
            part.encoded(), section=UNREAD, source=part.source, version=part.version
        )
        tx.add(SectionRow(student_id=student_id, section=UNREAD, source=part.source, version=part.version, sealed=sealed))
        await tx.execute(update(ExchangeRequestRow).where(ExchangeRequestRow.id == case.id).values(collected_at=None))
    return whole
