"""What an Ed-Fi system has is loaded, what changed is loaded anew, and whatever happens on the way nothing is missed or done twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from safepassage.problems.ed_fi import EdFiSystemRefused, EdFiSystemUnavailable
from safepassage.problems.requests import TemporarilyUnavailable
from services.records.destroying import over
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.pulling import Pulled, Store, pull
from services.records.ed_fi.systems import EdFiSystem
from services.records.formats.edfi_json import edfi_resources
from services.records.tables import EdFiPullRow, EdFiStandingRow, EnrollmentRow, LoadRow, StudentRow
from shared.certificates import client_context
from shared.siblings import client_session
from tests.records.ed_fi.ods import CLIENT, SECRET, Ods, serving
from tests.records.formats.edfi_bodies import bodies
from tests.records.formats.test_edfi_json import from_load
from tests.records.formats.test_edfi_round_trip import schools_of_alder
from tests.records.one_state import DISTRICT, OneState, some_students

pytestmark = pytest.mark.anyio

THREE = [one for one in some_students(60) if one.district.key == DISTRICT][:3]


def bodies_of(number: int) -> dict[str, list[dict[str, Any]]]:
    """A student of the district as the district's own system has it."""
    made = edfi_resources(from_load(THREE[number].load.record.document()), student_unique_id=f"S{number}")["resources"]
    for contact in made.get("contacts", []):
        contact["contactUniqueId"] = f"C{number}-{contact['contactUniqueId'][-4:]}"
    for association in made.get("studentContactAssociations", []):
        association["contactReference"] = {"contactUniqueId": f"C{number}-{association['contactReference']['contactUniqueId'][-4:]}"}
    found: dict[str, list[dict[str, Any]]] = json.loads(json.dumps(made))
    return found


def tardy(number: int, day: str) -> dict[str, Any]:
    """An attendance event."""
    school = bodies_of(number)["studentSchoolAssociations"][0]["schoolReference"]
    return {
        "studentReference": {"studentUniqueId": f"S{number}"},
        "schoolReference": school,
        "sessionReference": {**school, "schoolYear": 2027, "sessionName": "Fall"},
        "eventDate": day,
        "attendanceEventCategoryDescriptor": "uri://ed-fi.org/AttendanceEventCategoryDescriptor#Tardy",
    }


class District:
    """The district's system and the node beside it."""

    def __init__(self, state: OneState, ods: Ods, api: EdFiApi) -> None:
        self.state, self.ods, self.api = state, ods, api
        self.waited: list[float] = []

    async def pull(self) -> Pulled:
        records = self.state.records.state
        asking, memory = over(records.siblings), records.load_memory.total
        store = Store(records.database, records.vault, records.outbox, records.settings.jurisdiction, asking, memory)
        return await pull(self.api, store, now=self.state.clock())

    async def documents(self) -> dict[str, dict[str, Any]]:
        """The records, by first name."""
        sis, found = self.state.district(), {}
        for row in await self.state.rows(StudentRow):
            document = (await sis.read(row.id)).record.document()
            found[document["identity"]["name"]["first"]] = document
        return found

    async def version(self) -> int | None:
        rows = await self.state.rows(EdFiPullRow)
        return rows[0].change_version if rows else None


@asynccontextmanager
async def district_of(alder: OneState, folder: Path, **more: Any) -> AsyncIterator[District]:
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(delete(EdFiPullRow))
        await tx.execute(delete(EdFiStandingRow))
    secret = folder / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    async with serving(Ods()) as ods, client_session(client_context(None), seconds=10) as session:
        system = EdFiSystem(
            name="sis", organisation_id=alder.by_key[DISTRICT], url=ods.address, client_id=CLIENT, secret_file=secret, **more
        )
        waited: list[float] = []

        async def wait(seconds: float) -> None:
            waited.append(seconds)

        district = District(alder, ods, EdFiApi(system, session, clock=alder.clock, wait=wait))
        district.waited = waited
        ods.held = {name: {} for name in ("contacts", "disciplineIncidents", "studentSchoolAttendanceEvents")}
        ods.put_all(schools_of_alder())
        for number in range(3):
            ods.put_all(bodies_of(number))
        yield district


@pytest.fixture
async def district(alder: OneState, tmp_path: Path) -> AsyncIterator[District]:
    async with district_of(alder, tmp_path) as made:
        yield made


@pytest.mark.requirement("FORM-edfi-pull")
async def test_the_first_pull_loads_everything_and_the_next_one_nothing(district: District) -> None:
    district.ods.page = 2
    first = await district.pull()
    assert first.whole
    assert first.report is not None
    assert first.report.counts["created"] == 3
    assert await district.version() == district.ods.version
    assert (await district.pull()).report is None
    assert len(await district.state.rows(StudentRow)) == 3
    assert {row.organisation_id for row in await district.state.rows(EnrollmentRow)}


async def test_each_pull_is_on_the_log_and_among_the_loads_of_its_organisation(district: District) -> None:
    await district.pull()
    await district.state.tell()
    ids = {row.id for row in await district.state.rows(StudentRow)}
    [entry] = [one for one in await district.state.logged("load") if set(one.student_ids) & ids]
    assert set(entry.student_ids) == ids
    assert (entry.actor["kind"], entry.actor["job"]) == ("system", "pull-ed-fi")
    [row] = await district.state.rows(LoadRow)
    assert (row.organisation_id, row.client_id) == (district.state.by_key[DISTRICT], "job:pull-ed-fi:sis")
    answer = await district.state.district().send("GET", "/v1/load-reports")
    assert [one["id"] for one in json.loads(answer.body)["loads"]] == [str(row.id)]


@pytest.mark.requirement("FORM-edfi-pull")
async def test_of_whom_something_changed_all_is_read_again_and_of_nobody_else(district: District) -> None:
    await district.pull()
    before = await district.documents()
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-02"))
    district.ods.requests.clear()
    again = await district.pull()
    assert not again.whole
    assert again.report is not None
    assert (again.report.counts["students"], again.report.counts["changed"]) == (1, 1)
    name = THREE[0].load.record.document()["identity"]["name"]["first"]
    after = await district.documents()
    assert [one["event_date"] for one in after[name]["attendance"]["events"]] == ["2026-09-02"]
    assert {other: after[other] for other in after if other != name} == {other: before[other] for other in before if other != name}


async def test_what_was_deleted_goes_and_who_was_deleted_is_enrolled_no_more(district: District) -> None:
    event = district.ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-02"))
    await district.pull()
    district.ods.delete("studentSchoolAttendanceEvents", event)
    gone = next(key for key, (_, body) in district.ods.held["students"].items() if body["studentUniqueId"] == "S1")
    district.ods.delete("students", gone)
    again = await district.pull()
    assert again.report is not None
    assert again.report.counts["to-be-deleted"] == 1
    name, other = (THREE[number].load.record.document()["identity"]["name"]["first"] for number in (0, 1))
    after = await district.documents()
    assert "attendance" not in after[name]
    assert all("exit_date" in one for one in after[other]["enrollment"]["enrollments"])
    assert len(await district.state.rows(StudentRow)) == 3


async def test_a_contact_that_changed_is_read_again_for_the_children(district: District) -> None:
    await district.pull()
    [key, *_] = district.ods.held["contacts"]
    district.ods.put("contacts", {**district.ods.held["contacts"][key][1], "gender": "x"}, key)
    again = await district.pull()
    assert again.report is not None
    assert again.report.counts["students"] == 1


async def test_an_incident_that_changed_is_read_again_for_who_has_a_part_in_it(district: District) -> None:
    school, student = bodies_of(0)["studentSchoolAssociations"][0]["schoolReference"], {"studentUniqueId": "S0"}
    incident = {"incidentIdentifier": "I1", "schoolReference": school, "incidentDate": "2026-09-03"}
    key = district.ods.put("disciplineIncidents", incident)
    part = deepcopy(bodies()["studentDisciplineIncidentBehaviorAssociations"][0])
    part |= {"studentReference": student, "disciplineIncidentReference": {"incidentIdentifier": "I1", **school}}
    district.ods.put("studentDisciplineIncidentBehaviorAssociations", part)
    await district.pull()
    district.ods.put("disciplineIncidents", {**incident, "reportedToLawEnforcement": True}, key)
    await district.pull()
    name = THREE[0].load.record.document()["identity"]["name"]["first"]
    told = {one["identifier"]: one for one in (await district.documents())[name]["discipline"]["incidents"]}
    assert told["I1"]["reported_to_law_enforcement"] is True


@pytest.mark.requirement("FORM-edfi-pull")
async def test_a_student_known_by_another_id_is_the_same_student(district: District) -> None:
    await district.pull()
    ids = {row.id for row in await district.state.rows(StudentRow)}
    district.ods.rename("S0", "T0")
    again = await district.pull()
    assert again.report is not None
    assert "created" not in again.report.counts
    assert {row.id for row in await district.state.rows(StudentRow)} == ids
    district.ods.put("studentSchoolAttendanceEvents", {**tardy(0, "2026-09-02"), "studentReference": {"studentUniqueId": "T0"}})
    await district.pull()
    assert {row.id for row in await district.state.rows(StudentRow)} == ids


async def test_a_token_that_counts_no_more_is_asked_for_anew_once(district: District) -> None:
    district.ods.faults = ["", "", "expired"]
    assert (await district.pull()).report is not None
    assert district.ods.requests.count("POST token") == 2
    assert district.waited == []


async def test_a_wrong_secret_is_said_and_nothing_changes(district: District) -> None:
    district.ods.secret = "another"
    with pytest.raises(EdFiSystemRefused):
        await district.pull()
    assert await district.state.rows(StudentRow) == []
    assert SECRET not in repr(district.api.system)


async def test_a_system_that_stays_away_is_given_up_and_the_next_pull_goes_on(district: District) -> None:
    await district.pull()
    version = await district.version()
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-02"))
    district.ods.faults = ["", *["away"] * 6]
    with pytest.raises(EdFiSystemUnavailable):
        await district.pull()
    assert await district.version() == version
    again = await district.pull()
    assert again.report is not None
    assert again.report.counts["changed"] == 1


async def test_a_page_that_is_torn_half_way_is_asked_for_again(district: District) -> None:
    district.ods.faults = ["", "", "", "torn"]
    report = (await district.pull()).report
    assert report is not None
    assert report.counts["created"] == 3
    assert district.waited == [1.0]


@pytest.mark.requirement("FORM-edfi-pull")
async def test_what_comes_or_goes_between_two_pages_shifts_nobody_out(district: District) -> None:
    ods = district.ods
    ods.page = 1
    seen: list[str] = []

    def one_leaves(path: str) -> None:
        seen.append(path)
        if seen.count("/data/v3/ed-fi/students") == 2 and len(ods.held["students"]) == 3:
            ods.delete("students", next(iter(ods.held["students"])))

    ods.while_asked = one_leaves
    report = (await district.pull()).report
    assert report is not None
    assert report.counts["students"] == 2
    names = [THREE[number].load.record.document()["identity"]["name"]["first"] for number in (1, 2)]
    assert sorted(await district.documents()) == sorted(names)
    ods.while_asked = None
    told = (await district.pull()).report
    assert told is not None
    assert len(await district.state.rows(StudentRow)) == 2


async def test_what_changes_during_a_pull_is_loaded_by_the_next_one(district: District) -> None:
    ods, late = district.ods, tardy(0, "2026-09-02")

    def something_comes(path: str) -> None:
        if path.endswith("/disciplineActions") and late not in [body for _, body in ods.held["studentSchoolAttendanceEvents"].values()]:
            ods.put("studentSchoolAttendanceEvents", late)

    ods.while_asked = something_comes
    await district.pull()
    ods.while_asked = None
    assert (await district.version() or 0) < ods.version
    again = await district.pull()
    assert again.report is not None
    assert again.report.counts["changed"] == 1


async def test_a_resource_that_this_client_may_not_read_says_nothing_of_its_elements(district: District) -> None:
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-02"))
    await district.pull()
    district.ods.without = {"studentSchoolAttendanceEvents"}
    district.ods.put("studentSchoolAssociations", bodies_of(0)["studentSchoolAssociations"][0])
    await district.pull()
    name = THREE[0].load.record.document()["identity"]["name"]["first"]
    assert "attendance" in (await district.documents())[name]


@pytest.mark.parametrize("fault", ["trimmed", "restored", "no-keys"])
async def test_where_changes_cannot_be_told_everything_is_read_again(district: District, fault: str) -> None:
    event = district.ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-02"))
    await district.pull()
    district.ods.delete("studentSchoolAttendanceEvents", event)
    if fault == "trimmed":
        district.ods.oldest = district.ods.version
    elif fault == "restored":
        district.ods.version = 50
    else:
        for one in district.ods.deleted["studentSchoolAttendanceEvents"]:
            del one["keyValues"]
    again = await district.pull()
    assert again.whole
    assert await district.version() == district.ods.version
    name = THREE[0].load.record.document()["identity"]["name"]["first"]
    assert "attendance" not in (await district.documents())[name]


@pytest.mark.requirement("FORM-edfi-pull")
async def test_of_two_pulls_at_once_one_moves_the_version_and_the_other_loads_nothing(district: District) -> None:
    await district.pull()
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-02"))
    others: list[asyncio.Task[Pulled]] = []

    def another_begins(path: str) -> None:
        if path.endswith("/disciplineActions") and not others:
            others.append(asyncio.create_task(district.pull()))

    district.ods.while_asked = another_begins
    outcomes: list[object] = []
    try:
        outcomes.append(await district.pull())
    except TemporarilyUnavailable as refused:
        outcomes.append(refused)
    [other] = await asyncio.gather(*others, return_exceptions=True)
    outcomes.append(other)
    assert sorted(type(one).__name__ for one in outcomes) == ["Pulled", "TemporarilyUnavailable"]
    assert {row.version for row in await district.state.rows(StudentRow)} == {1, 2}


async def test_what_is_loaded_and_how_far_it_went_are_there_together_or_not_at_all(district: District) -> None:
    await district.pull()
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-02"))
    records = district.state.records.state
    moved: list[int] = []

    async def move() -> None:
        async with records.database.transaction() as tx:
            await tx.execute(update(EdFiPullRow).values(change_version=EdFiPullRow.change_version + 1))
        moved.append(1)

    tasks: list[asyncio.Task[None]] = []
    district.ods.while_asked = lambda path: tasks.append(asyncio.create_task(move())) if "keyChanges" in path and not tasks else None
    with pytest.raises(TemporarilyUnavailable):
        await district.pull()
    await asyncio.gather(*tasks)
    assert moved == [1]
    assert all("attendance" not in one for one in (await district.documents()).values())
    assert {row.version for row in await district.state.rows(StudentRow)} == {1}


@pytest.mark.parametrize(
    "said",
    [b"", b"{}", b"[1]", b'[{"a":1,"a":2}]', b"[NaN]", b"[" * 9000],
    ids=["nothing", "an object", "a number", "twice", "NaN", "deep"],
)
async def test_a_page_that_is_none_is_refused_and_nothing_changes(district: District, said: bytes) -> None:
    district.ods.instead_of_pages = said
    with pytest.raises(EdFiSystemRefused):
        await district.pull()
    assert await district.state.rows(StudentRow) == []


async def test_a_snapshot_is_asked_for_by_its_header(alder: OneState, tmp_path: Path) -> None:
    async with district_of(alder, tmp_path, use_snapshot=True) as district:
        await district.pull()
        assert set(district.ods.snapshots) == {"true"}


def test_neither_a_secret_nor_a_record_goes_in_clear_to_another_machine(tmp_path: Path) -> None:
    said = {"name": "sis", "organisation_id": "01980000-0000-7000-8000-000000000001", "client_id": "x", "secret_file": str(tmp_path)}
    for urls in ({"url": "http://ods.example/api"}, {"url": "https://ods.example/api", "token_url": "http://ods.example/token"}):
        with pytest.raises(ValueError, match="https"):
            EdFiSystem.model_validate(said | urls)
    assert EdFiSystem.model_validate(said | {"url": "https://ods.example/api"}).token_address == "https://ods.example/api/oauth/token"
