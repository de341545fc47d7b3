"""What a token's authorization details narrow: within what may be seen and what is decided, never beyond."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.problems.privacy import NoSuchAgreement
from shared.contracts.privacy import AgreementTerms
from shared.in_process import Answer, call
from shared.internal_token import HEADER
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, OTHER_VENDOR, STATE_AGENCY, VENDOR, Caller, OneState, problem, some_students

pytestmark = pytest.mark.anyio

HERE = [one for one in some_students(60) if one.district.key == DISTRICT][:3]
THERE = [one for one in some_students(60) if one.district.key == OTHER_DISTRICT][:2]
SCHEDULE = ("identity.name", "identity.birth_date", "enrollment.enrollments")


def narrowed(caller: Caller, **details: Any) -> Caller:
    """The same client with a token for less."""
    return Caller(caller.state, caller.claims.model_copy(update={"details": {**caller.claims.details, **details}}))


async def loaded(alder: OneState) -> tuple[list[UUID], list[UUID]]:
    here = [(await alder.district().load(one.load)).id for one in HERE]
    there = [(await alder.district(OTHER_DISTRICT).load(one.load)).id for one in THERE]
    await alder.tell()
    return here, there


@pytest.mark.requirement("DOOR-details")
async def test_a_token_for_one_district_sees_no_student_of_another(alder: OneState) -> None:
    [first, *_], [other, *_] = await loaded(alder)
    state = alder.caller(STATE_AGENCY, "sea", "records:read:state", purpose="audit-evaluation")
    for student in (first, other):
        await state.read(student)
    only = narrowed(state, districts=[str(alder.by_key[DISTRICT])])
    await only.read(first)
    foreign, unknown = await only.send("GET", f"/v1/students/{other}"), await only.send("GET", f"/v1/students/{uuid4()}")
    assert problem(foreign) == problem(unknown) == "no-such-student"
    assert await _found(state, THERE[0]) == [str(other)]
    assert await _found(only, THERE[0]) == []
    assert await _found(only, HERE[0]) == [str(first)]
    elsewhere = narrowed(alder.district(), districts=[str(alder.by_key[OTHER_DISTRICT])])
    assert problem(await elsewhere.send("GET", f"/v1/students/{other}")) == "no-such-student", "a district gains none by its token"
    assert problem(await elsewhere.send("GET", f"/v1/students/{first}")) == "no-such-student"


async def _found(caller: Caller, student: Any) -> list[str]:
    body = {"identifier": {"kind": "state", "system": "xa", "value": student.true_state_id}}
    answer = await caller.send("POST", "/v1/students/lookup", body)
    assert answer.status == 200, answer.body
    return list(json.loads(answer.body)["students"])


@pytest.mark.requirement("DOOR-details")
async def test_a_token_for_some_datatypes_reads_no_other_of_a_students_record(alder: OneState) -> None:
    [first, *_], _ = await loaded(alder)
    whole = (await alder.district().read(first)).record.elements()
    token = narrowed(alder.district(), datatypes=["enrollment", "identity.birth_date"])
    left = (await token.read(first)).record.elements()
    assert set(left) == {one for one in whole if one.startswith("enrollment.") or one == "identity.birth_date"}
    assert set((await token.read(first, "elements=identity.birth_date,identity.name")).record.elements()) == {"identity.birth_date"}
    assert problem(await token.send("GET", f"/v1/students/{first}", query="elements=identity.name")) == "nothing-to-release"
    [*_, before_last, last] = await alder.logged("read")
    assert set((last.context or {})["elements"]) == {"identity.birth_date"}
    assert set((before_last.context or {})["elements"]) == set(left)


@pytest.mark.requirement("DOOR-details")
async def test_a_token_narrows_what_a_decision_permits_to_a_vendor(alder: OneState) -> None:
    here, there = await loaded(alder)
    agreement = await alder.agree(SCHEDULE, districts=(DISTRICT, OTHER_DISTRICT))
    whole = await alder.vendor().page(agreement)
    assert len(whole.students) == len(here) + len(there)
    token = narrowed(
        alder.vendor(),
        agreement_id=str(agreement),
        districts=[str(alder.by_key[OTHER_DISTRICT])],
        datatypes=["identity.name"],
        legal_basis="contractor",
    )
    page = await token.page(agreement)
    assert len(page.students) == len(there)
    assert {element for entry in page.students for element in entry.elements()} == {"identity.name"}
    [*_, read] = await alder.logged("read")
    assert tuple((read.context or {})["elements"]) == ("identity.name",)
    assert (read.context or {})["count"] == len(there)


async def test_a_token_for_another_basis_or_no_district_of_the_agreement_is_given_nothing(alder: OneState) -> None:
    await loaded(alder)
    agreement = await alder.agree(SCHEDULE)
    query, before = f"agreement_id={agreement}", len(await alder.logged("read"))
    study = narrowed(alder.vendor(), legal_basis="study")
    assert problem(await study.send("GET", "/v1/roster-entries", query=query)) == "not-permitted"
    elsewhere = narrowed(alder.vendor(), districts=[str(alder.by_key[OTHER_DISTRICT])])
    assert problem(await elsewhere.send("GET", "/v1/roster-entries", query=query)) == "no-such-agreement"
    assert len(await alder.logged("read")) == before


@pytest.mark.requirement("DOOR-details")
@pytest.mark.parametrize("document", ["transcripts", "hand-carry-copies"])
async def test_a_token_for_another_basis_makes_no_copy_for_anybody(alder: OneState, document: str) -> None:
    [first, *_], _ = await loaded(alder)
    acting = {"person_id": str(uuid4()), "assurance_level": "ial2", "method": "in-person", "evidence_ref": "desk-17"}
    body = {"acting_for": {**acting, "authenticated_at": alder.clock().isoformat()}}
    staff, path = alder.district(DISTRICT, "rights:act"), f"/v1/students/{first}/{document}"
    for basis, asked in (("rights-holder", 1), ("contractor", 0)):
        before = len(await alder.logged("decision"))
        answer = await narrowed(staff, legal_basis=basis).send("POST", path, body, idempotency_key=str(uuid4()))
        assert answer.status == 403, "nobody whose child it is"
        assert (problem(answer) == "not-permitted") == (not asked), answer.body
        await alder.tell()
        assert len(await alder.logged("decision")) == before + asked


async def test_the_gateway_is_told_the_terms_of_an_agreement_in_force_and_of_no_other(alder: OneState) -> None:
    agreement = await alder.agree(SCHEDULE)
    answer = await terms(alder, agreement, VENDOR)
    told = AgreementTerms.model_validate_json(answer.body)
    assert (told.kind, told.elements, told.district_ids) == ("contractor", SCHEDULE, (alder.by_key[DISTRICT],))
    for other in ((agreement, OTHER_VENDOR), (uuid4(), VENDOR)):
        assert problem(await terms(alder, *other)) == NoSuchAgreement.code
    alder.clock.advance(days=300)
    assert problem(await terms(alder, agreement, VENDOR)) == NoSuchAgreement.code


async def test_terms_are_told_to_nobody_but_the_gateway_itself(alder: OneState) -> None:
    agreement = await alder.agree(SCHEDULE)
    by_client = alder.gateway.for_caller("privacy", alder.vendor().claims, alder.clock())
    assert problem(await terms(alder, agreement, VENDOR, token=by_client)) == NoSuchAgreement.code
    by_records = alder.records.state.internal_tokens.for_job("privacy", "token-details", alder.clock())
    assert problem(await terms(alder, agreement, VENDOR, token=by_records)) == "not-permitted"


async def terms(alder: OneState, agreement_id: UUID, recipient_id: UUID, *, token: str | None = None) -> Answer:
    headers = {HEADER: token or alder.gateway.for_job("privacy", "token-details", alder.clock())}
    path = f"/internal/agreements/{agreement_id}/terms"
    return await call(alder.node.applications["privacy"], "GET", path, query=f"recipient_id={recipient_id}", headers=headers)
