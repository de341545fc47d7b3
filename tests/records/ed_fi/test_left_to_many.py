"""Of a district that keeps its records itself: no file, push or statistic of many passes for whole."""

import io
import json
import zipfile
from typing import Any
from uuid import uuid4

import pytest

from safepassage.statistics_page import as_csv, as_page
from safepassage.wire_organisations import Organisation
from safepassage.wire_statistics import StatisticsAnswer, across_nodes
from services.records.ed_fi.doors import EdFiDoors
from services.records.ed_fi.systems import EdFiSystem, EdFiSystems
from services.records.formats.oneroster_objects import LEFT
from shared.certificates import client_context
from shared.left_with_districts import FIELD as LEFT_WITH
from shared.siblings import client_session
from tests.records.both_engines import running
from tests.records.ed_fi.ods import CLIENT, Ods, serving
from tests.records.ed_fi.test_left_with_source import district, say
from tests.records.ed_fi.test_pulling import District
from tests.records.exchange.two_states import at_once
from tests.records.one_state import DISTRICT, STATE_AGENCY, VENDOR, problem
from tests.records.oneroster.conftest import Consumer
from tests.records.test_msix import OFFICE, mandate, office

__all__ = ["district", "running"]

pytestmark = pytest.mark.anyio

SCHEDULE = ("identity.name", "identity.birth_date", "identity.sex", "enrollment.enrollments", "identity.preferred_name")
IDENTITY_ALONE = ("identity.name", "identity.birth_date", "enrollment.enrollments")


def migrant() -> dict[str, Any]:
    """The first student's place in the programme, as Ed-Fi has it."""
    return {
        "studentReference": {"studentUniqueId": "S0"},
        "educationOrganizationReference": {"educationOrganizationId": 1},
        "programReference": {
            "educationOrganizationId": 1,
            "programName": "Migrant",
            "programTypeDescriptor": "uri://ed-fi.org/ProgramTypeDescriptor#Migrant Education",
        },
        "beginDate": "2026-08-20",
        "qualifyingArrivalDate": "2026-07-01",
        "priorityForServices": True,
        "lastQualifyingMove": "2026-07-01",
    }


async def left(district: District) -> str:
    """The district keeps to itself; gives its id."""
    await say(district, "identity")
    await district.pull()
    await district.state.tell()
    return str(district.state.by_key[DISTRICT])


async def ask(district: District, **question: Any) -> StatisticsAnswer:
    caller = district.state.caller(
        STATE_AGENCY, "sea", "records:statistics", "records:read:state", client_id="analyst", purpose="audit-evaluation"
    )
    body = {"epsilon": 0.1, **question}
    answer = await caller.send("POST", "/v1/statistics", body, idempotency_key=str(uuid4()))
    assert answer.status == 200, answer.body
    return StatisticsAnswer.model_validate_json(answer.body)


@pytest.mark.requirement("EX-left-to-many")
async def test_a_statistic_names_the_districts_for_which_it_is_not_full(district: District) -> None:
    await district.pull()
    assert (await ask(district, by=["migrant"])).not_full == {}
    whose = await left(district)
    told = await ask(district, by=["homeless"])
    assert set(told.not_full) == {whose}
    assert told.not_full[whose] in as_page(told)
    assert as_csv(told).splitlines()[0].endswith(",not_full")
    assert all(line.endswith(",yes") for line in as_csv(told).splitlines()[1:])
    by_district = await ask(district, by=["district", "foster"])
    assert {line.split(",")[0] for line in as_csv(by_district).splitlines()[1:] if line.endswith(",yes")} == {whose}
    assert (await ask(district, by=["sex", "grade"])).not_full == {}
    assert (await ask(district, by=["sex"], measures=["gifted"])).not_full == told.not_full
    assert across_nodes([told]).not_full == {f"{told.node}#{whose}": told.not_full[whose]}


@pytest.mark.requirement("EX-left-to-many")
async def test_oneroster_marks_each_student_of_whom_more_is_with_the_district_and_names_the_district(district: District) -> None:
    await district.pull()
    agreement = await district.state.agree(SCHEDULE)
    before = await Consumer(district.state, agreement).send("students")
    assert LEFT_WITH not in before.headers
    whose = await left(district)
    consumer = Consumer(district.state, agreement)
    for path in ("students", "demographics", "enrollments", "schools"):
        assert (await consumer.send(path)).headers[LEFT_WITH] == whose
    users = (await consumer.get("students"))["users"]
    assert len(users) == 3
    assert {user["metadata"][LEFT] for user in users} == {"true"}
    assert {one["metadata"][LEFT] for one in (await consumer.get("demographics"))["demographics"]} == {"true"}
    of_what_is_kept = Consumer(district.state, await district.state.agree(IDENTITY_ALONE))
    assert not any(LEFT in user.get("metadata", {}) for user in (await of_what_is_kept.get("students"))["users"])
    package = await district.state.caller(
        VENDOR, "vendor", "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly", client_id="v", purpose="instruction"
    ).send("GET", "/v1/roster-package", query=f"agreement_id={agreement}")
    assert package.headers[LEFT_WITH] == whose
    with zipfile.ZipFile(io.BytesIO(package.body)) as zipped:
        assert f"metadata.{LEFT}" in zipped.read("users.csv").decode().splitlines()[0]


@pytest.mark.requirement("EX-left-to-many")
async def test_migratory_children_of_such_a_district_are_not_left_out_in_silence(district: District) -> None:
    state = district.state
    await state.project(Organisation(id=OFFICE, version=1, kind="agency", name="Office", valid_from=state.clock().date()))
    district.ods.put("studentMigrantEducationProgramAssociations", migrant())
    whose = await left(district)
    evidence = await mandate(state)
    query = f"evidence_id={evidence}&agency_id={whose}"
    assert problem(await office(state).send("GET", "/v1/msix-package", query=query)) == "records-with-districts"
    answer = await office(state).send("GET", "/v1/msix-package", query=f"{query}&without_left=true")
    assert (answer.status, answer.headers[LEFT_WITH]) == (200, whose)
    assert problem(await office(state, purpose=None).send("GET", "/v1/msix-package", query=query)) == "purpose-missing"


async def test_where_no_child_of_such_a_district_is_migratory_the_package_is_whole(district: District) -> None:
    state = district.state
    await state.project(Organisation(id=OFFICE, version=1, kind="agency", name="Office", valid_from=state.clock().date()))
    whose = await left(district)
    answer = await office(state).send("GET", "/v1/msix-package", query=f"evidence_id={await mandate(state)}&agency_id={whose}")
    assert (answer.status, LEFT_WITH in answer.headers) == (200, False)


@pytest.mark.requirement("EX-left-to-many")
async def test_no_half_body_is_pushed_and_who_is_left_is_named_and_on_the_log(district: District, tmp_path: Any) -> None:
    state, records = district.state, district.state.records.state
    await left(district)
    async with serving(Ods()) as ods, client_session(client_context(None), seconds=10) as session:
        lms = EdFiSystem(name="lms", organisation_id=VENDOR, url=ods.address, client_id=CLIENT, secret_file=district.api.system.secret_file)
        records.ed_fi = EdFiDoors(EdFiSystems(systems=(district.api.system, lms)), session, clock=state.clock, wait=at_once)
        answers = {}
        for schedule in (SCHEDULE, IDENTITY_ALONE):
            body = {"system": "lms", "agreement_id": str(await state.agree(schedule))}
            answer = await state.vendor().send("POST", "/v1/ed-fi-pushes", body)
            assert answer.status == 200, answer.body
            answers[schedule] = json.loads(answer.body)
            if schedule == SCHEDULE:
                assert ods.posted == []
                [*_, entry] = await state.logged("read")
                assert (entry.context["operation"], entry.context["outcome"]) == ("ed-fi-push", "named-alone")
                assert entry.context["elements"] == ["identity.preferred_name"]
    assert (len(answers[SCHEDULE]["left_with_source"]), answers[SCHEDULE]["students"]) == (3, [])
    assert (answers[IDENTITY_ALONE]["left_with_source"], len(answers[IDENTITY_ALONE]["students"])) == ([], 3)
