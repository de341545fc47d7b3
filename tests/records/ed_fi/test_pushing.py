"""Into a party's Ed-Fi system goes what it may read, once the log has it, and what became of each body is told."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete

from safepassage.record.loads import LoadedRecord
from safepassage.wire_ed_fi import EdFiPushed, PushedStudent
from safepassage.wire_log import FoundEntry
from services.records.ed_fi.doors import EdFiDoors
from services.records.ed_fi.student_resources import ORDER
from services.records.ed_fi.systems import EdFiSystem, EdFiSystems
from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.edfi_validation import RESOURCES
from services.records.tables import EdFiStandingRow
from shared.certificates import client_context
from shared.in_process import Answer
from shared.siblings import client_session
from tests.records.ed_fi.ods import CLIENT, SECRET, Ods, serving
from tests.records.formats.test_edfi_round_trip import schools_of_alder
from tests.records.one_state import DISTRICT, OTHER_VENDOR, VENDOR, OneState, problem, some_students

pytestmark = pytest.mark.anyio

STUDENTS = some_students(60)
OURS = [one for one in STUDENTS if one.district.key == DISTRICT]
SCHEDULE = (
    "identity.name",
    "identity.birth_date",
    "identity.sex",
    "contacts.guardians",
    "enrollment.enrollments",
    "academics.current_courses",
)


@dataclass
class Vendor:
    """A vendor's system, and the vendor at the node's door."""

    state: OneState
    ods: Ods
    waited: list[float]
    logged_before: int = 0

    async def logged(self) -> list[FoundEntry]:
        """What the log has of this test's pushes."""
        found = [one for one in await self.state.logged("read") if one.context["operation"] == "ed-fi-push"]
        return found[self.logged_before :]

    async def send(self, agreement: UUID, *, vendor: UUID = VENDOR, **more: Any) -> Answer:
        return await self.state.vendor(vendor).send("POST", "/v1/ed-fi-pushes", {"system": "sis", "agreement_id": str(agreement), **more})

    async def push(self, agreement: UUID, **more: Any) -> EdFiPushed:
        answer = await self.send(agreement, **more)
        assert answer.status == 200, answer.body
        return EdFiPushed.model_validate_json(answer.body)


@pytest.fixture
async def vendor(alder: OneState, tmp_path: Path) -> AsyncIterator[Vendor]:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    async with serving(Ods()) as ods, client_session(client_context(None), seconds=10) as session:
        system = EdFiSystem(name="sis", organisation_id=VENDOR, url=ods.address, client_id=CLIENT, secret_file=secret)
        state = alder.records.state
        before = state.ed_fi
        state.ed_fi = EdFiDoors(EdFiSystems(systems=(system,)), session, clock=alder.clock, wait=wait)
        ods.put_all(schools_of_alder())
        vendor = Vendor(alder, ods, waited)
        vendor.logged_before = len(await vendor.logged())
        began = alder.clock.instant
        yield vendor
        state.ed_fi, alder.clock.instant = before, began


async def loaded(state: OneState, *everyone: Any) -> None:
    for one in everyone:
        await state.district(one.district.key).load(one.load)
    await state.tell()


def outcomes(student: PushedStudent) -> Sequence[tuple[str, str]]:
    return [(one.resource, one.outcome) for one in student.outcomes]


@pytest.mark.requirement("FORM-edfi-push")
async def test_what_is_scheduled_and_permitted_arrives_under_the_vendors_own_ids(vendor: Vendor) -> None:
    await loaded(vendor.state, *OURS[:3])
    agreement = await vendor.state.agree(SCHEDULE)
    pushed = await vendor.push(agreement)
    page = await vendor.state.vendor().page(agreement)
    assert {one.student for one in pushed.students} == {one.student for one in page.students}
    assert all(outcome == "created" for one in pushed.students for _, outcome in outcomes(one))
    assert {resource for resource, _ in vendor.ods.posted} == {
        "students",
        "studentSchoolAssociations",
        "studentEducationOrganizationAssociations",
        "contacts",
        "studentContactAssociations",
    }
    arrived = read_edfi_api({name: [body for _, body in those.values()] for name, those in vendor.ods.held.items()})
    names = {one.student.hex: one.identity.name.first for one in page.students if one.identity and one.identity.name}
    assert {
        one.source_id: one.record.identity.name.first
        for one in arrived.students
        if one.record and one.record.identity and one.record.identity.name
    } == names
    contacts = [body["contactUniqueId"] for _, body in vendor.ods.held["contacts"].values()]
    assert (
        len(set(contacts))
        == len(contacts)
        == sum(len(one.load.record.contacts.guardians or ()) for one in OURS[:3] if one.load.record.contacts)
    )


@pytest.mark.requirement("FORM-edfi-push")
async def test_at_the_first_byte_the_log_has_who_and_which_elements(vendor: Vendor) -> None:
    await loaded(vendor.state, *OURS[:2])
    agreement = await vendor.state.agree(SCHEDULE)
    with vendor.state.audit_gone():
        assert problem(await vendor.send(agreement)) == "log-unavailable"
    assert vendor.ods.requests == []
    pushed = await vendor.push(agreement)
    [entry] = await vendor.logged()
    assert len(entry.student_ids) == 2
    assert entry.context["recipient_organisation"] == str(VENDOR)
    assert entry.context["decision_id"] == str(pushed.decision_id)
    assert "academics.current_courses" not in entry.context["elements"]
    assert {"identity.name", "contacts.guardians"} <= set(entry.context["elements"])


@pytest.mark.requirement("FORM-edfi-push")
async def test_what_is_not_scheduled_or_not_permitted_does_not_leave(vendor: Vendor) -> None:
    protected = next(one for one in STUDENTS if one.case == "protected-address")
    await loaded(vendor.state, protected)
    schedule = ("identity.name", "identity.birth_date", "enrollment.enrollments", "contacts.addresses")
    agreement = await vendor.state.agree(schedule, districts=(protected.district.key,))
    pushed = await vendor.push(agreement, elements=[*schedule, "discipline.incidents"])
    assert pushed.not_scheduled == ("discipline.incidents",)
    said = json.dumps([body for _, body in vendor.ods.posted])
    street = protected.load.record.document()["contacts"]["addresses"][0]["street"]
    assert pushed.students
    assert street not in said
    assert "addresses" not in said


async def test_a_contested_part_stays_since_its_statement_has_no_place(vendor: Vendor) -> None:
    contested = next(one for one in STUDENTS if one.case == "statement-of-disagreement")
    await loaded(vendor.state, contested)
    schedule = ("identity.name", "identity.birth_date", "enrollment.enrollments", "discipline.incidents")
    agreement = await vendor.state.agree(schedule, districts=(contested.district.key,))
    assert (await vendor.state.vendor().page(agreement)).students[0].statements
    [student] = (await vendor.push(agreement)).students
    assert "discipline.incidents" in student.not_expressed
    assert not [resource for resource, _ in vendor.ods.posted if "iscipline" in resource]
    [entry] = await vendor.logged()
    assert "discipline.incidents" not in entry.context["elements"]


async def test_without_what_ed_fi_demands_of_a_student_nothing_is_sent_or_logged(vendor: Vendor) -> None:
    await loaded(vendor.state, OURS[0])
    agreement = await vendor.state.agree(("identity.name", "enrollment.enrollments"))
    [student] = (await vendor.push(agreement)).students
    assert (student.outcomes, "identity.name" in student.not_expressed) == ((), True)
    assert vendor.ods.requests == []
    assert await vendor.logged() == []


async def test_a_body_that_is_refused_is_told_and_stops_no_other(vendor: Vendor) -> None:
    await loaded(vendor.state, OURS[0])
    agreement = await vendor.state.agree(SCHEDULE)
    vendor.ods.refuses = {"contacts": (409, "a word with a value")}
    answer = await vendor.send(agreement)
    [student] = EdFiPushed.model_validate_json(answer.body).students
    told = {one.resource: (one.outcome, one.status) for one in student.outcomes}
    assert told["contacts"] == ("refused", 409)
    assert told["studentContactAssociations"] == ("refused", 409)
    assert told["studentSchoolAssociations"] == ("created", 201)
    assert b"a word with a value" not in answer.body


async def test_where_the_student_is_refused_the_rest_is_not_sent_and_the_next_student_is(vendor: Vendor) -> None:
    await loaded(vendor.state, *OURS[:2])
    agreement = await vendor.state.agree(SCHEDULE)
    vendor.ods.refuses = {"students": (400, "")}
    pushed = await vendor.push(agreement)
    assert len(pushed.students) == 2
    for student in pushed.students:
        assert outcomes(student)[0] == ("students", "refused")
        assert {outcome for _, outcome in outcomes(student)[1:]} == {"not-sent"}
    assert vendor.ods.posted == []


async def test_a_system_that_goes_away_leaves_the_rest_not_sent_and_again_is_no_harm(vendor: Vendor) -> None:
    await loaded(vendor.state, OURS[0])
    agreement = await vendor.state.agree(SCHEDULE)
    vendor.ods.faults = ["", "", *["away"] * 2]
    [student] = (await vendor.push(agreement)).students
    assert [outcome for _, outcome in outcomes(student)][:3] == ["created", "created", "not-sent"]
    assert {outcome for _, outcome in outcomes(student)[3:]} == {"not-sent"}
    assert max(vendor.waited) <= 2.0
    [again] = (await vendor.push(agreement)).students
    assert {outcome for _, outcome in outcomes(again)} == {"created", "updated"}
    assert again.student == student.student


@pytest.mark.requirement("FORM-edfi-push")
async def test_a_system_of_data_standard_6_is_told_the_same_in_its_shapes(vendor: Vendor) -> None:
    await loaded(vendor.state, OURS[0])
    agreement = await vendor.state.agree((*SCHEDULE, "contacts.addresses", "demographics.languages"))
    await vendor.push(agreement)
    in_five = _read(vendor.ods)
    for name in list(vendor.ods.held):
        if name != "schools":
            del vendor.ods.held[name]
    doors = vendor.state.records.state.ed_fi
    api = doors.of("sis", VENDOR)
    api.system = api.system.model_copy(update={"data_standard": 6})
    [student] = (await vendor.push(agreement)).students
    assert {outcome for _, outcome in outcomes(student)} == {"created"}
    assert {"studentDemographics", "studentDirectories"} <= {resource for resource, _ in outcomes(student)}
    assert _read(vendor.ods) == in_five


def _read(ods: Ods) -> LoadedRecord:
    [student] = read_edfi_api({name: [body for _, body in those.values()] for name, those in ods.held.items()}).students
    assert student.record is not None
    return student.record


async def test_what_is_not_sent_in_time_goes_with_the_next_call(vendor: Vendor) -> None:
    await loaded(vendor.state, OURS[0])
    agreement, began = await vendor.state.agree(SCHEDULE), vendor.state.clock()

    def time_is_over(path: str) -> None:
        if path.endswith("/studentSchoolAssociations"):
            vendor.state.clock.instant = began + timedelta(seconds=16)

    vendor.ods.while_asked = time_is_over
    [student] = (await vendor.push(agreement)).students
    vendor.state.clock.instant = began
    vendor.ods.while_asked = None
    assert [outcome for _, outcome in outcomes(student)][:3] == ["created", "created", "not-sent"]
    [again] = (await vendor.push(agreement)).students
    assert "not-sent" not in {outcome for _, outcome in outcomes(again)}


async def test_an_expired_token_is_asked_for_anew_in_the_middle(vendor: Vendor) -> None:
    await loaded(vendor.state, OURS[0])
    vendor.ods.faults = ["", "", "expired"]
    [student] = (await vendor.push(await vendor.state.agree(SCHEDULE))).students
    assert {outcome for _, outcome in outcomes(student)} == {"created"}
    assert vendor.ods.requests.count("POST token") == 2


async def test_who_follows_is_pushed_by_the_next_call(vendor: Vendor) -> None:
    await loaded(vendor.state, *OURS[:5])
    agreement, seen, cursor = await vendor.state.agree(SCHEDULE), [], None
    for _ in range(3):
        pushed = await vendor.push(agreement, limit=2, **({} if cursor is None else {"cursor": cursor}))
        seen += [one.student for one in pushed.students]
        cursor = pushed.next
    assert cursor is None
    assert len(seen) == len(set(seen)) == 5


async def test_another_partys_system_looks_absent_and_agencies_of_the_record_are_told_how_to_read(vendor: Vendor) -> None:
    await loaded(vendor.state, OURS[0])
    mine = await vendor.state.agree(SCHEDULE)
    other = await vendor.state.agree(SCHEDULE, recipient_id=OTHER_VENDOR)
    assert problem(await vendor.send(other, vendor=OTHER_VENDOR)) == "no-such-ed-fi-system"
    assert problem(await vendor.send(mine, system="another")) == "no-such-ed-fi-system"
    assert problem(await vendor.send(other)) == "no-such-agreement"
    body = {"system": "sis", "agreement_id": str(mine)}
    assert problem(await vendor.state.district().send("POST", "/v1/ed-fi-pushes", body)) == "not-permitted"
    assert problem(await vendor.send(mine, elements=["identity.shoe_size"])) == "invalid-request"
    assert vendor.ods.requests == []


def test_every_resource_that_is_made_has_its_place_in_the_order() -> None:
    assert set(ORDER) == RESOURCES - {"schools", "localEducationAgencies"}


@pytest.mark.requirement("FORM-edfi-standings")
async def test_how_a_push_went_is_told_to_whose_system_it_is(vendor: Vendor) -> None:
    async def pushes() -> dict[str, Any]:
        answer = await vendor.state.vendor().send("GET", "/v1/ed-fi-systems")
        [one] = json.loads(answer.body)["systems"]
        return dict(one["pushes"])

    async with vendor.state.records.state.database.transaction() as tx:
        await tx.execute(delete(EdFiStandingRow))
    await loaded(vendor.state, *OURS[:2])
    agreement = await vendor.state.agree(SCHEDULE)
    pushed = await vendor.push(agreement)
    bodies = sum(len(one.outcomes) for one in pushed.students)
    told = await pushes()
    assert (told["how"], told["next_at"]) == ("good", None)
    assert told["counts"] == {"students": 2, "created": bodies, "updated": 0, "refused": 0, "not-sent": 0}
    vendor.ods.refuses = {"students": (403, "no")}
    await vendor.push(agreement)
    told = await pushes()
    assert (told["how"], told["fault"], told["counts"]["refused"]) == ("failing", "all-refused", 2)
    vendor.ods.refuses = {}
    vendor.ods.faults = ["away"] * 2
    await vendor.push(agreement)
    told = await pushes()
    assert (told["fault"], told["faults"], told["counts"]["not-sent"] > 0) == ("no-answer", 2, True)
    await vendor.push(agreement)
    assert (await pushes())["how"] == "good"
