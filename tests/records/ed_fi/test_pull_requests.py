"""How often a pull asks goes by how much changed, and at the most by what all of it takes; whoever comes or goes meanwhile is not lost."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from safepassage.problems.ed_fi import EdFiSystemChangesTooFast, EdFiSystemRefused, EdFiSystemUnavailable
from services.records.ed_fi.api import TRIES, EdFiApi
from services.records.ed_fi.changes import Changes, changes_since
from services.records.ed_fi.collecting import all_of, every_of, everything
from services.records.ed_fi.noting import fault_of
from services.records.ed_fi.packed import PackedBodies
from services.records.ed_fi.student_resources import OF_STUDENTS
from services.records.ed_fi.systems import EdFiSystem
from services.records.ed_fi.wanted import A_PAGE, FEW, Watch
from services.records.tables import EnrollmentRow, StudentRow
from shared.certificates import client_context
from shared.siblings import client_session
from tests.conftest import StandingClock
from tests.records.ed_fi.ods import CLIENT, SECRET, Ods, serving
from tests.records.ed_fi.test_pull_memory import Bodies, of_student
from tests.records.ed_fi.test_pull_parts import NOON
from tests.records.ed_fi.test_pulling import District, bodies_of, district_of, tardy
from tests.records.exchange.two_states import at_once
from tests.records.one_state import STATE_AGENCY, OneState

pytestmark = pytest.mark.anyio

PLENTY = 1 << 40
STUDENTS = 120
RESOURCES = 25
NAMES = len(OF_STUDENTS) + 5
"""Of resources that are asked for; the system has those of its version."""
PAGES = 6
"""Of each resource with a body of each student, at 20 a page."""


class Asked:
    """A system with a hundred students, each with a contact, a part in an incident, and a body of each resource."""

    def __init__(self, ods: Ods, api: EdFiApi) -> None:
        self.ods, self.api = ods, api
        self.since = 0

    def begin(self) -> None:
        """What comes from now on is a change."""
        self.since = self.ods.version
        self.ods.requests.clear()

    def change(self, resource: str, many: int) -> None:
        """The first `many` bodies of a resource are written anew."""
        for key in list(self.ods.held[resource])[:many]:
            self.ods.put(resource, self.ods.held[resource][key][1], key)

    async def changed(self) -> tuple[Changes, PackedBodies]:
        """What a pull would store of what changed."""
        watch, packed = Watch(self.api, self.ods.version), PackedBodies(PLENTY)
        changes = await changes_since(self.api, self.since, watch)
        await every_of(self.api, changes.students, packed, watch, gone=changes.deleted | changes.renamed.keys())
        return changes, packed

    def asked(self, resource: str) -> int:
        """How often a resource's bodies were asked for."""
        return self.ods.requests.count(f"GET /data/v3/ed-fi/{resource}")


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[Asked]:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    async with serving(Ods(page=20)) as ods, client_session(client_context(None), seconds=10) as session:
        named = EdFiSystem(name="sis", organisation_id=STATE_AGENCY, url=ods.address, client_id=CLIENT, secret_file=secret)
        for number in range(STUDENTS):
            for resource, those in of_student(number, contact=number, incident=number).items():
                held = ods.held.setdefault(resource, {})
                for body in those if resource not in ("schools", "localEducationAgencies") or not held else ():
                    held[f"{resource}-{len(held)}"] = (ods.version, body)
        assert len(ods.held) == RESOURCES
        yield Asked(ods, EdFiApi(named, session, clock=StandingClock(NOON), wait=at_once))


def bodies_in(packed: PackedBodies) -> Bodies:
    """All that was kept, by resource, in one order."""
    groups = [packed.group(number) for number in range(packed.groups())]
    return {
        name: sorted((body for group in groups for _, body in group[name]), key=lambda body: str(body["id"])) for name in packed.resources
    }


@pytest.mark.requirement("FORM-edfi-pull")
@pytest.mark.parametrize("changed", [1, FEW, FEW + 1, PAGES * A_PAGE, STUDENTS])
async def test_what_is_asked_after_changes_is_never_much_more_than_all_of_it_takes(system: Asked, changed: int) -> None:
    """Of many students as little as of all of them; of a few no more than theirs. What is kept is the same."""
    system.begin()
    system.change("studentSchoolAssociations", changed)
    changes, packed = await system.changed()
    assert len(changes.students) == len(packed.students) == changed
    told, whole = 3 * NAMES + PAGES, (PAGES + 1) * NAMES + 3 * PAGES
    assert len(system.ods.requests) <= told + (NAMES * (changed + 1) if changed <= FEW else max(whole, NAMES * PAGES * A_PAGE))
    if changed >= PAGES * A_PAGE:
        assert len(system.ods.requests) <= told + whole
        assert system.asked("studentSchoolAttendanceEvents") == PAGES + 1, "one to know what changed, and its pages"
    found = bodies_in(packed)
    assert {len(found[name]) for name in ("students", "contacts", "disciplineIncidents", "studentHealths")} == {changed}
    assert {name: len(those) for name, those in found.items()}["disciplineActions"] == changed
    mine = {f"S{number:06d}" for number in range(changed)}
    assert {body["studentReference"]["studentUniqueId"] for body in found["studentSchoolAssociations"]} == mine


@pytest.mark.requirement("FORM-edfi-pull")
async def test_by_pages_the_same_is_kept_as_by_key(system: Asked) -> None:
    students = {f"S{number:06d}" for number in range(0, STUDENTS, 3)}
    by_key, by_pages = PackedBodies(PLENTY), PackedBodies(PLENTY)
    await every_of(system.api, students, by_key, None)
    asked = len(system.ods.requests)
    await every_of(system.api, students, by_pages, Watch(system.api, system.ods.version))
    assert bodies_in(by_pages) == bodies_in(by_key)
    assert by_pages.resources == by_key.resources
    assert len(system.ods.requests) - asked < asked // 3


@pytest.mark.parametrize(
    ("resource", "by"),
    [("contacts", ("studentContactAssociations",)), ("disciplineIncidents", ("studentDisciplineIncidentBehaviorAssociations",))],
)
async def test_whose_contacts_and_incidents_changed_is_asked_by_pages_where_these_are_many(
    system: Asked, resource: str, by: tuple[str, ...]
) -> None:
    system.begin()
    system.change(resource, STUDENTS)
    changes = await changes_since(system.api, system.since, Watch(system.api, system.ods.version))
    assert len(changes.students) == STUDENTS
    parts = -(-len(system.ods.held[by[0]]) // system.ods.page)
    assert [system.asked(name) for name in by] == [1 + parts], "one to know what changed, and its pages"


async def test_of_a_single_student_nothing_of_anybody_else_is_read(system: Asked) -> None:
    """As when another state asks for a child whose record is with the district; be the contacts as many as they may."""
    for number in range(FEW + 1):
        more = of_student(7, contact=number, incident=7)["studentContactAssociations"][0]
        system.ods.put("studentContactAssociations", more)
    seen: list[str] = []
    system.ods.while_asked = seen.append
    bodies = await all_of(system.api, "S000007")
    named = {body["contactReference"]["contactUniqueId"] for body in bodies["studentContactAssociations"]}
    assert sorted(one["contactUniqueId"] for one in bodies["contacts"]) == sorted(named)
    assert seen.count("/data/v3/ed-fi/contacts") == len(named)
    assert len(seen) == NAMES - 1 + len(named), "one each"


async def test_what_this_client_may_not_read_is_asked_for_once(system: Asked) -> None:
    system.ods.without = {"studentHealths", "contacts"}
    system.begin()
    system.change("studentSchoolAssociations", FEW)
    _, packed = await system.changed()
    assert {"studentHealths", "contacts"} & set(packed.resources) == set()
    assert (system.asked("studentHealths"), system.asked("contacts")) == (2, 2)
    assert "GET /data/v3/ed-fi/studentHealths/deletes" not in system.ods.requests


async def test_a_resource_that_may_be_read_no_more_half_way_through_takes_nothing_away(system: Asked) -> None:
    system.begin()
    system.change("studentSchoolAssociations", 3)

    def refuse(path: str) -> None:
        if path.endswith("/studentHealths") and system.asked("studentHealths") == 3:
            system.ods.without.add("studentHealths")

    system.ods.while_asked = refuse
    with pytest.raises(EdFiSystemChangesTooFast):
        await system.changed()


async def test_where_students_may_be_read_no_more_nobody_is_gone(system: Asked) -> None:
    system.begin()
    system.change("studentSchoolAssociations", 3)
    system.ods.without = {"students"}
    with pytest.raises(EdFiSystemRefused) as stopped:
        await system.changed()
    assert fault_of(stopped.value) == "no-students"


@contextmanager
def swapped(system: Asked, resource: str, *, at: int, often: int = 1) -> Iterator[None]:
    """A fault: between two pages one body goes and another comes, so that the total stays and the bodies behind have moved up."""
    seen: list[str] = []

    def swap(path: str) -> None:
        if path == f"/data/v3/ed-fi/{resource}":
            seen.append(path)
            if len(seen) in range(at, at + often):
                held = system.ods.held[resource]
                key, (_, body) = next(iter(held.items()))
                system.ods.delete(resource, key)
                system.ods.put(resource, body, f"again-{len(seen)}")

    system.ods.while_asked = swap
    yield
    system.ods.while_asked = None


@pytest.mark.requirement("FORM-edfi-pull")
@pytest.mark.parametrize("resource", ["students", "studentHealths", "contacts"])
async def test_what_moved_up_while_pages_were_read_is_not_passed_over(system: Asked, resource: str) -> None:
    system.begin()
    system.change("studentSchoolAssociations", STUDENTS)
    with swapped(system, resource, at=4):
        changes, packed = await system.changed()
    assert len(changes.students) == len(packed.students) == STUDENTS
    assert {len(those) for name, those in bodies_in(packed).items() if name in ("students", "studentHealths", "contacts")} == {STUDENTS}


@pytest.mark.requirement("FORM-edfi-pull")
async def test_what_moved_up_is_not_passed_over_where_everything_is_read(system: Asked) -> None:
    packed = PackedBodies(PLENTY)
    with swapped(system, "studentHealths", at=3):
        await everything(system.api, packed, Watch(system.api, system.ods.version))
    assert len(bodies_in(packed)["studentHealths"]) == STUDENTS


async def test_pages_that_move_again_and_again_are_left_and_asked_for_by_key(system: Asked) -> None:
    system.begin()
    system.change("studentSchoolAssociations", STUDENTS)
    with swapped(system, "studentHealths", at=2, often=60):
        _, packed = await system.changed()
    assert len(bodies_in(packed)["studentHealths"]) == STUDENTS
    assert system.asked("studentHealths") > STUDENTS


async def test_a_system_that_goes_away_among_the_pages_is_not_asked_by_key(system: Asked) -> None:
    system.begin()
    system.change("studentSchoolAssociations", STUDENTS)

    def away(path: str) -> None:
        if path.endswith("/studentHealths") and system.asked("studentHealths") == 2:
            system.ods.faults += ["away"] * TRIES

    system.ods.while_asked = away
    with pytest.raises(EdFiSystemUnavailable) as stopped:
        await system.changed()
    assert fault_of(stopped.value) == "no-answer"
    assert system.asked("studentHealths") == 1 + TRIES, "its first page, the second again and again, and nothing by key"


async def test_pages_that_move_where_all_is_read_are_told_by_a_code_of_their_own(system: Asked) -> None:
    packed = PackedBodies(PLENTY)
    with swapped(system, "studentHealths", at=2, often=60), pytest.raises(EdFiSystemChangesTooFast) as stopped:
        await everything(system.api, packed, Watch(system.api, system.ods.version))
    assert stopped.value.as_problem().code == "ed-fi-system-changes-too-fast"
    assert stopped.value.retry == "after"


@pytest.fixture
async def district(alder: OneState, tmp_path: Path) -> AsyncIterator[District]:
    async with district_of(alder, tmp_path) as made:
        yield made


@pytest.mark.requirement("FORM-edfi-pull")
async def test_after_many_changes_the_records_are_as_the_system_says_and_who_is_gone_is_enrolled_no_more(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By pages, with one deleted, one under another id and one with something new at once."""
    monkeypatch.setattr("services.records.ed_fi.wanted.FEW", 0)
    monkeypatch.setattr("services.records.ed_fi.wanted.A_PAGE", 1)
    await district.pull()
    ids = {row.id for row in await district.state.rows(StudentRow)}
    ods = district.ods
    ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-02"))
    ods.delete("students", next(key for key, (_, body) in ods.held["students"].items() if body["studentUniqueId"] == "S1"))
    ods.rename("S2", "T2")
    ods.requests.clear()
    again = await district.pull()
    assert not again.whole
    assert again.report is not None
    assert again.report.counts["students"] == 2
    assert again.report.counts["to-be-deleted"] == 2, "who was deleted, and the id that nobody has any more"
    assert ods.requests.count("GET /data/v3/ed-fi/students") == 2, "what changed, and one page"
    assert {row.id for row in await district.state.rows(StudentRow)} == ids
    open_now = [row for row in await district.state.rows(EnrollmentRow) if row.exit_date is None]
    assert {row.student_id for row in open_now} < ids
    events = [one["attendance"]["events"] for one in (await district.documents()).values() if "attendance" in one]
    assert [[one["event_date"] for one in those] for those in events] == [["2026-09-02"]]


async def test_who_stands_in_no_page_and_was_not_told_to_be_gone_is_asked_for(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that tells no deletions to this client, whose pages moved up meanwhile."""
    monkeypatch.setattr("services.records.ed_fi.wanted.FEW", 0)
    monkeypatch.setattr("services.records.ed_fi.wanted.A_PAGE", 1)
    ods = district.ods
    await district.pull()
    for number in range(3):
        ods.put("studentSchoolAssociations", {**bodies_of(number)["studentSchoolAssociations"][0], "schoolYear": 2027})
    ods.page, ods.without = 1, {f"students/{told}" for told in ("deletes", "keyChanges")}
    moved: list[Any] = []

    def move_up(path: str) -> None:
        moved.append(path)
        if moved.count("/data/v3/ed-fi/students") == 3 and len(moved) < 9_000:
            key, (_, body) = next(iter(ods.held["students"].items()))
            del ods.held["students"][key]
            ods.put("students", body, "moved")
            moved.extend(["/"] * 9_000)

    ods.while_asked = move_up
    report = (await district.pull()).report
    assert report is not None
    assert "to-be-deleted" not in report.counts
