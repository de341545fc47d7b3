"""The agency that links migrant records takes minimum data elements: of children in the programme alone, on its mandate, logged first."""

import csv
import io
import json
import zipfile
from typing import Any
from uuid import UUID, uuid4

import pytest

from node.synthetic import SyntheticStudent
from safepassage.record.loads import LoadedRecord
from safepassage.wire_organisations import Organisation
from services.records.formats.msix_columns import RELEVANT
from services.records.tables import StudentRow
from shared.in_process import Answer, call
from shared.internal_token import HEADER
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, Caller, OneState, problem, some_students

pytestmark = pytest.mark.anyio

OFFICE, OTHER_OFFICE = UUID("01980000-0000-7000-8000-0000000000e1"), UUID("01980000-0000-7000-8000-0000000000e2")
MIGRANT = {"status": {"system": "ceds:000189", "code": "Yes"}, "qualifying_arrival_date": "2026-03-01"}
OURS = [one for one in some_students(60) if one.district.key == DISTRICT][:3]
ELSEWHERE = next(one for one in some_students(60) if one.district.key == OTHER_DISTRICT)


def office(state: OneState, organisation_id: UUID = OFFICE, purpose: str | None = "audit-evaluation") -> Caller:
    details = {"purpose": purpose} if purpose else {}
    return state.caller(organisation_id, "agency", "records:msix", client_id="msix", **details)


async def load(state: OneState, one: SyntheticStudent, migrant: dict[str, Any] | None) -> UUID:
    document = one.load.model_dump(mode="json", exclude_none=True)
    programmes = document["record"].get("programmes", {})
    programmes.pop("migrant", None)
    document["record"]["programmes"] = programmes | ({"migrant": migrant} if migrant else {})
    if not document["record"]["programmes"]:
        del document["record"]["programmes"]
    again = one.load.model_copy(update={"record": LoadedRecord.model_validate(document["record"])})
    return (await state.district(one.district.key).load(again)).id


async def mandate(state: OneState, *, recipient: UUID = OFFICE, elements: tuple[str, ...] = RELEVANT) -> UUID:
    """The district's staff put the mandate on record."""
    body = {
        "kind": "audit-mandate",
        "agency_id": str(state.by_key[DISTRICT]),
        "recipient_id": str(recipient),
        "elements": list(elements),
        "office": "secretary",
        "activity": "compliance",
        "programme": "Migrant Education Program, 20 U.S.C. 6398(b)",
        "protection": "interconnection agreement, section 4",
        "document": "A" * 43,
        "reference": "file 2026/7",
        "valid_from": "2026-10-20T10:00:00.000Z",
        "valid_until": "2026-12-20T10:00:00.000Z",
    }
    staff = state.district(DISTRICT, "evidence:write")
    headers = {"content-type": "application/json", "idempotency-key": str(uuid4())}
    headers[HEADER] = state.gateway.for_caller("privacy", staff.claims, state.clock())
    answer = await call(state.node.applications["privacy"], "POST", "/v1/evidence", headers=headers, body=json.dumps(body).encode())
    assert answer.status == 201, answer.body
    return UUID(json.loads(answer.body)["id"])


@pytest.fixture
async def offices(alder: OneState) -> OneState:
    since = alder.clock().date()
    await alder.project(
        *(Organisation(id=one, version=1, kind="agency", name=f"Office {one}", valid_from=since) for one in (OFFICE, OTHER_OFFICE))
    )
    return alder


async def take(state: OneState, evidence_id: UUID, caller: Caller | None = None, district: str = DISTRICT) -> Answer:
    query = f"evidence_id={evidence_id}&agency_id={state.by_key[district]}"
    return await (caller or office(state)).send("GET", "/v1/msix-package", query=query)


def children(answer: Answer) -> list[dict[str, str]]:
    assert answer.status == 200, answer.body
    with zipfile.ZipFile(io.BytesIO(answer.body)) as zipped:
        return list(csv.DictReader(io.StringIO(zipped.read("children.csv").decode(), newline="")))


@pytest.mark.requirement("FORM-msix")
async def test_of_children_in_the_programme_alone_and_each_is_on_the_log_with_its_basis(offices: OneState) -> None:
    identifier = await load(offices, OURS[0], MIGRANT)
    await load(offices, OURS[1], None)
    await load(offices, OURS[2], MIGRANT | {"eligibility_expires_on": "2026-10-19"})
    await load(offices, ELSEWHERE, MIGRANT)
    await offices.tell()
    before = len(await offices.logged("read"))
    answer = await take(offices, await mandate(offices))
    [row] = children(answer)
    name = OURS[0].load.record.document()["identity"]["name"]
    assert (row["First Name"], row["Last Name 1"], row["Qualifying Arrival Date"]) == (name["first"], name["last_1"], "20260301")
    [entry] = (await offices.logged("read"))[before:]
    assert entry.student_ids == (identifier,)
    context = entry.context or {}
    assert (context["operation"], context["basis"], context["purpose"]) == ("msix-package", "audit-authority", "audit-evaluation")
    assert context["recipient_organisation"] == str(OFFICE)
    assert {"identity.name", "programmes.migrant"} <= set(context["elements"]) <= set(RELEVANT)
    ids = {str(row.id) for row in await offices.rows(StudentRow)}
    assert not any(one.encode() in answer.body for one in ids)


async def test_without_the_log_nothing_leaves(offices: OneState) -> None:
    await load(offices, OURS[0], MIGRANT)
    await offices.tell()
    evidence_id = await mandate(offices)
    with offices.audit_gone():
        answer = await take(offices, evidence_id)
    assert problem(answer) in ("log-unavailable", "temporarily-unavailable")


async def test_what_the_mandate_does_not_name_is_not_there_and_without_the_programme_nobody_is(offices: OneState) -> None:
    await load(offices, OURS[0], MIGRANT)
    await offices.tell()
    [row] = children(await take(offices, await mandate(offices, elements=("identity.name", "programmes.migrant"))))
    assert row["First Name"]
    assert row["Birth Date"] == row["State Student Identifier"] == ""
    before = len(await offices.logged("read"))
    assert children(await take(offices, await mandate(offices, elements=("identity.name", "identity.birth_date")))) == []
    assert len(await offices.logged("read")) == before


async def test_a_mandate_of_another_party_agency_or_none_gives_nobody(offices: OneState) -> None:
    await load(offices, OURS[0], MIGRANT)
    await load(offices, ELSEWHERE, MIGRANT)
    await offices.tell()
    own, other = await mandate(offices), await mandate(offices, recipient=OTHER_OFFICE)
    assert children(await take(offices, other)) == []
    assert children(await take(offices, own, district=OTHER_DISTRICT)) == []
    assert len(children(await take(offices, own))) == 1
    assert children(await take(offices, uuid4())) == []


async def test_only_an_agency_with_a_purpose_may_ask(offices: OneState) -> None:
    evidence_id = await mandate(offices)
    assert problem(await take(offices, evidence_id, office(offices, purpose=None))) == "purpose-missing"
    district = offices.caller(offices.by_key[DISTRICT], "lea", "records:msix", purpose="audit-evaluation")
    assert problem(await take(offices, evidence_id, district)) == "not-permitted"
    wrong = office(offices, purpose="instruction")
    await load(offices, OURS[0], MIGRANT)
    await offices.tell()
    assert children(await take(offices, evidence_id, wrong)) == []
