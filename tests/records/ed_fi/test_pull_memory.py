"""What a pull takes of memory goes by a group of students, not by a district; what needs more is refused, and nothing was stored."""

import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.problems.ed_fi import EdFiSystemRefused
from safepassage.problems.records import RosterTooLargeHere
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.packed import GROUP, PackedBodies
from services.records.ed_fi.pulling import Pulled, Store, pull
from services.records.ed_fi.student_resources import OF_STUDENTS
from services.records.formats.edfi_api import Reading, read_edfi_api
from services.records.formats.edfi_upload import SHARED
from services.records.formats.parsed import ParsedRoster
from services.records.tables import EdFiPullRow, LoadRow, OutboxRow, StudentRow
from shared.garbage import without_collection
from tests.records.ed_fi.test_pulling import District, district_of, tardy
from tests.records.exchange.two_states import at_once
from tests.records.formats.edfi_bodies import bodies
from tests.records.one_state import OneState

Bodies = dict[str, list[dict[str, Any]]]

MEBIBYTE = 1 << 20
PLENTY = 1 << 40
_ONE = {resource: json.dumps(those) for resource, those in bodies().items()}


def of_resource(resource: str, number: int, *, contact: int, incident: int) -> list[dict[str, Any]]:
    """What one resource says of a student; a contact and an incident may be those of others too."""
    text = _ONE.get(resource, "[]").replace('"604821"', f'"S{number:06d}"')
    made: list[dict[str, Any]] = json.loads(text.replace('"incidentIdentifier": "1"', f'"incidentIdentifier": "I{incident}"'))
    for one in made:
        if resource == "contacts":
            one["contactUniqueId"] = f"C{contact}"
        elif resource == "studentContactAssociations":
            one["contactReference"]["contactUniqueId"] = f"C{contact}"
    return made


def of_student(number: int, *, contact: int, incident: int) -> Bodies:
    """All that is said of a student, by resource."""
    return {resource: of_resource(resource, number, contact=contact, incident=incident) for resource in _ONE}


def of_students(drawn: list[tuple[int, int]], *, seed: int) -> Bodies:
    """Of each a contact's and an incident's number; the bodies of a resource in any order."""
    found: Bodies = {}
    for number, (contact, incident) in enumerate(drawn):
        for resource, those in of_student(number, contact=contact, incident=incident).items():
            held = found.setdefault(resource, [])
            held += [one for one in those if number == 0 or resource not in ("schools", "localEducationAgencies")]
    for those in found.values():
        Random(seed).shuffle(those)
    return found


def packed_of(found: Bodies, memory: int = PLENTY) -> PackedBodies:
    packed = PackedBodies(memory)
    for resource in ("localEducationAgencies", "schools", "students", *OF_STUDENTS, *SHARED):
        if resource in found:
            packed.begin(resource)
            for start in range(0, len(found[resource]), 500):
                packed.add(resource, found[resource][start : start + 500])
            packed.end(resource)
    return packed


def read_by_groups(packed: PackedBodies) -> ParsedRoster:
    reading = Reading(packed.resources)
    for number in range(packed.groups()):
        reading.roster.students.extend(reading.students(packed.group(number)))
    reading.end()
    return reading.roster


def told(roster: ParsedRoster) -> Any:
    """What there is of a roster, whatever the order."""
    findings = roster.findings
    return (
        {one.source_id: (one.position, one.record, one.beside) for one in roster.students},
        roster.carries,
        {name: count for name, count in findings.counts.items() if count},
        {name: count for name, count in findings.reasons.items() if count},
        {(one.resource, one.member, one.rule, one.count) for one in findings.faults.told()},
    )


@settings(max_examples=25, deadline=None)
@given(
    drawn=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=9),
    seed=st.integers(0, 1_000),
    wrong=st.sets(st.sampled_from(("contact", "incident", "two contacts", "two incidents", "stranger", "nobody"))),
)
def test_in_groups_all_is_read_as_it_is_at_once(drawn: list[tuple[int, int]], seed: int, wrong: set[str]) -> None:
    found = of_students(drawn, seed=seed)
    if "contact" in wrong:
        found["contacts"][0]["electronicMails"] = "none"
        found["contacts"].append({"contactUniqueId": "C0"})
    if "incident" in wrong:
        found["disciplineIncidents"][0]["incidentDate"] = "in May"
    if "two contacts" in wrong:
        found["contacts"].append({**found["contacts"][-1], "contactUniqueId": "C0", "firstName": "Another"})
    if "two incidents" in wrong:
        found["disciplineIncidents"].append({**found["disciplineIncidents"][-1], "incidentDate": "2026-01-05"})
    if "stranger" in wrong:
        found["contacts"].append({**found["contacts"][-1], "contactUniqueId": "C99"})
    if "nobody" in wrong:
        found["studentSchoolAttendanceEvents"] += of_student(99, contact=99, incident=99)["studentSchoolAttendanceEvents"]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("services.records.ed_fi.packed.GROUP", 2)
        monkeypatch.setattr("services.records.ed_fi.packed.BLOCK", 2_000)
        packed = packed_of(found)
        assert packed.groups() == (len(drawn) + 1) // 2
    assert told(read_by_groups(packed)) == told(read_edfi_api(found))


def made(students: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A district's pages, each made when it is asked for."""
    for resource in ("schools", "students", *OF_STUDENTS, *SHARED):
        for start in range(0, students, 50):
            page = [of_resource(resource, number, contact=number, incident=number) for number in range(start, start + 50)]
            yield resource, [body for those in page for body in those][: 1 if resource == "schools" else None]


def taken(students: int) -> tuple[int, PackedBodies]:
    """The most that reading them takes, in bytes."""
    packed = PackedBodies(PLENTY)
    with without_collection():
        tracemalloc.start()
        try:
            for resource, page in made(students):
                if resource not in packed.resources:
                    packed.begin(resource)
                packed.add(resource, page)
            for resource in packed.resources:
                packed.end(resource)
            reading = Reading(packed.resources)
            for number in range(packed.groups()):
                reading.students(packed.group(number))
            reading.end()
            return tracemalloc.get_traced_memory()[1], packed
        finally:
            tracemalloc.stop()


@pytest.mark.requirement("FORM-edfi-pull")
def test_what_a_pull_takes_goes_by_a_group_of_students_and_is_no_more_than_was_said() -> None:
    read_edfi_api(bodies())  # what is made once in a process
    few, _ = taken(GROUP)
    many, packed = taken(3 * GROUP)
    assert many < packed.needed
    assert many - few < 2 * GROUP * 4_000, "of 14 kB that are said of a student whose turn it is not"


class Small(District):
    """A district beside a node with little memory."""

    memory = PLENTY

    async def pull(self) -> Pulled:
        records = self.state.records.state
        store = Store(records.database, records.vault, records.outbox, records.settings.jurisdiction, _nobody_waits, self.memory)
        return await pull(self.api, store, now=self.state.clock())


async def _nobody_waits(_: Any) -> Any:
    return ()


@pytest.fixture
async def district(alder: OneState, tmp_path: Path) -> AsyncIterator[Small]:
    async with district_of(alder, tmp_path) as found:
        yield Small(alder, found.ods, found.api)


@pytest.mark.anyio
async def test_what_needs_more_than_there_is_is_refused_before_anything_is_stored(district: Small) -> None:
    district.memory = 400_000
    with pytest.raises(RosterTooLargeHere):
        await district.pull()
    assert [await district.state.rows(row) for row in (StudentRow, LoadRow, EdFiPullRow)] == [[], [], []]
    district.memory = 40 * MEBIBYTE
    assert (await district.pull()).whole
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-02"))
    outbox, version = len(await district.state.rows(OutboxRow)), await district.version()
    district.memory = 100_000
    with pytest.raises(RosterTooLargeHere):
        await district.pull()
    assert (len(await district.state.rows(OutboxRow)), await district.version()) == (outbox, version)


@pytest.mark.anyio
async def test_a_page_longer_than_may_be_read_is_refused_while_it_comes(district: Small) -> None:
    district.api = EdFiApi(district.api.system, district.api._session, clock=district.state.clock, wait=at_once, longest=2_000)
    with pytest.raises(EdFiSystemRefused, match="longer than any page"):
        await district.pull()
    assert await district.state.rows(StudentRow) == []
