"""A family member reaches what is about their own student, speaks for themselves alone, and only while they hold the rights."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.wire_policy import Consent
from safepassage.wire_rights import Amendment, Inspection, RightsFile
from services.gateway.door.routing_table import ROUTES
from shared.contracts.privacy import RightsHolder, SubjectFacts
from shared.in_process import Answer
from shared.internal_token import CallerClaims, FamilyMember
from tests.privacy.node import Client, problem_of
from tests.privacy.rights import Staff, amendment, inspection, parent_of
from tests.privacy.test_consent_narrowing import narrowing
from tests.privacy.test_opt_outs import opt_out, said
from tests.privacy.world import STAFF, World

pytestmark = pytest.mark.anyio

FATHER = uuid4()


@dataclass
class Family(Client):
    """A parent or student behind a one-time link of an agency, as the gateway vouches for them."""

    student_id: UUID
    person_id: UUID

    @property
    def claims(self) -> CallerClaims:
        member = FamilyMember(student_id=self.student_id, person_id=self.person_id)
        return super().claims.model_copy(update={"family": member})


def family_of(world: World, facts: SubjectFacts, person_id: UUID | None = None, *scopes: str) -> Family:
    """The student's parent, behind a link of Oak."""
    who = world.parents[facts.student_id] if person_id is None else person_id
    return Family(world.node, world.oak, frozenset(scopes or {"rights:act"}), "family", facts.student_id, who)


def hearing_on(amendment: Amendment) -> dict[str, Any]:
    """A request for a hearing, but for who asks."""
    return {"amendment_id": str(amendment.id), "received_on": "2026-10-20", "request_ref": "page"}


async def file_of(family: Family, student_id: UUID | None = None) -> Answer:
    return await family.get(f"/v1/students/{student_id or family.student_id}/rights-file")


@pytest.mark.requirement("CON-family")
async def test_the_file_holds_everything_about_the_student_and_nothing_about_another(world: World) -> None:
    facts, other = await world.student(), await world.student()
    mine = await world.consent(facts), await said(world, facts), await Staff(world).inspect(facts), await Staff(world).amend(facts)
    await world.consent(other), await said(world, other), await Staff(world).inspect(other), await Staff(world).amend(other)
    family, staff = family_of(world, facts), world.node.client(world.oak, *STAFF)
    files = [RightsFile.model_validate_json((await file_of(family)).body)]
    files.append(RightsFile.model_validate_json((await staff.get(f"/v1/students/{facts.student_id}/rights-file")).body))
    for file in files:
        found = [*file.consents, *file.preferences, *file.inspections, *file.amendments]
        assert [one.id for one in found] == [one.id for one in mine]
    absent = [await file_of(family, other.student_id), await file_of(family, uuid4())]
    assert [problem_of(one).code for one in absent] == ["no-such-student"] * 2


@pytest.mark.requirement("CON-family")
async def test_another_students_things_are_not_there_for_a_family_member(world: World) -> None:
    facts, other = await world.student(), await world.student()
    consent, preference = await world.consent(other), await said(world, other)
    inspected, family = await Staff(world).inspect(other), family_of(world, facts)
    refused = await Staff(world).refused(other)
    acting = {"acting_for": parent_of(world, facts)}
    asked = {
        f"/v1/consents/{consent.id}/withdrawal": world.withdrawal(consent) | acting,
        f"/v1/consents/{consent.id}/narrowing": narrowing(world, consent) | acting,
        f"/v1/preferences/{preference.id}/rescission": {"reason": "asked", **acting},
        f"/v1/inspections/{inspected.id}/steps": {"step": "withdrawn", "evidence_ref": "page", **acting},
        "/v1/consents": world.new_consent(other) | acting,
        "/v1/preferences": opt_out(world, other) | acting,
        "/v1/inspections": inspection(world, other) | acting,
        "/v1/amendments": amendment(world, other) | acting,
        "/v1/hearings": hearing_on(refused) | acting,
    }
    codes = {path: problem_of(await family.post(path, body)).code for path, body in asked.items()}
    assert set(codes.values()) == {"no-such-consent", "no-such-preference", "no-such-rights-request", "no-such-student"}
    read = await world.node.client(world.oak, *STAFF).get(f"/v1/consents/{consent.id}")
    assert Consent.model_validate_json(read.body) == consent


@pytest.mark.requirement("CON-family")
async def test_a_family_member_speaks_for_themselves_alone(world: World) -> None:
    mother = uuid4()
    holders = tuple(RightsHolder(person_id=one, relation="parent", **{"from": date(2012, 3, 4)}) for one in (mother, FATHER))
    facts = await world.student(rights_holders=holders)
    hers: dict[str, Any] = {"acting_for": world.acting_for(mother).model_dump(mode="json")}
    consent = await world.consent(facts, **hers)
    preference, inspected = (
        await said(world, facts, **hers),
        await Staff(world).post("/v1/inspections", inspection(world, facts) | hers, Inspection),
    )
    refused = await Staff(world).refused(facts, **hers)
    father = family_of(world, facts, FATHER)
    asked = {
        f"/v1/consents/{consent.id}/withdrawal": world.withdrawal(consent) | hers,
        f"/v1/consents/{consent.id}/narrowing": narrowing(world, consent) | hers,
        f"/v1/preferences/{preference.id}/rescission": {"reason": "asked", **hers},
        f"/v1/inspections/{inspected.id}/steps": {"step": "withdrawn", "evidence_ref": "page", **hers},
        "/v1/consents": world.new_consent(facts) | hers,
        "/v1/preferences": opt_out(world, facts) | hers,
        "/v1/inspections": inspection(world, facts) | hers,
        "/v1/amendments": amendment(world, facts) | hers,
        "/v1/hearings": hearing_on(refused) | hers,
    }
    codes = {path: problem_of(await father.post(path, body)).code for path, body in asked.items()}
    assert set(codes.values()) == {"rights-not-held"}, codes


@pytest.mark.requirement("CON-family")
@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"birth_date": date(2008, 1, 2)}, "rights-not-held"),
        ({"flags": frozenset({"protected-address"})}, "shown-in-person-only"),
        ({"rights_holders": ()}, "rights-not-held"),
    ],
    ids=["of age", "address protected", "rights ended"],
)
async def test_the_file_closes_with_the_rights_and_for_a_protected_address(world: World, about: dict[str, Any], code: str) -> None:
    facts = await world.student()
    family = family_of(world, facts)
    assert (await file_of(family)).status == 200
    await world.node.push(facts.model_copy(update={"facts_version": 2, **about}))
    assert problem_of(await file_of(family)).code == code
    assert (await world.node.client(world.oak, *STAFF).get(f"/v1/students/{facts.student_id}/rights-file")).status == 200


@pytest.mark.requirement("CON-family")
async def test_a_family_member_asks_for_a_hearing_once_after_a_refusal_and_never_before(world: World) -> None:
    facts = await world.student()
    family, asked = family_of(world, facts), await Staff(world).amend(facts)
    acting = {"acting_for": parent_of(world, facts)}
    assert problem_of(await family.post("/v1/hearings", hearing_on(asked) | acting)).code == "step-not-possible"
    refused = await Staff(world).refused(facts)
    answers = [await family.post("/v1/hearings", hearing_on(refused) | acting, key="a-hearing") for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].body == answers[1].body
    file = RightsFile.model_validate_json((await file_of(family)).body)
    assert [(one.amendment_id, one.state) for one in file.hearings] == [(refused.id, "requested")]
    [event] = [one for one in await world.node.events() if one.context.operation == "hearing-requested"]
    assert (event.actor.acting_for, event.subjects) == (family.person_id, (facts.student_id,))


async def test_a_student_of_eighteen_reads_their_own_file(world: World) -> None:
    facts = await world.student(birth_date=date(2008, 1, 2))
    assert (await file_of(family_of(world, facts, facts.student_id))).status == 200


async def test_a_family_member_says_nothing_for_the_agency(world: World) -> None:
    facts = await world.student()
    inspected, family = await Staff(world).inspect(facts), family_of(world, facts)
    step = {"step": "copy-given", "evidence_ref": "letter 3"}
    assert problem_of(await family.post(f"/v1/inspections/{inspected.id}/steps", step)).code == "not-permitted"
    taken_back = {"step": "withdrawn", "evidence_ref": "page", "acting_for": parent_of(world, facts)}
    assert (await family.post(f"/v1/inspections/{inspected.id}/steps", taken_back)).status == 200


OPEN = {
    "/v1/students/{student_id}/rights-file",
    "/v1/consents",
    "/v1/consents/{consent_id}/narrowing",
    "/v1/consents/{consent_id}/withdrawal",
    "/v1/preferences",
    "/v1/preferences/{preference_id}/rescission",
    "/v1/inspections/{inspection_id}/steps",
    "/v1/amendments",
    "/v1/hearings",
}


@pytest.mark.requirement("CON-family")
async def test_whatever_scopes_they_come_with_nothing_else_of_privacy_opens_to_a_family_member(world: World) -> None:
    facts = await world.student()
    routes = [route for route in ROUTES if route.service == "privacy" and route.accepts == "clients" and route.template not in OPEN]
    every = {scope for route in routes for scope in route.scopes | route.and_scopes}
    family, opened = family_of(world, facts, None, *every), []
    for route in routes:
        if (route.method, route.template) == ("POST", "/v1/inspections"):
            continue
        path = "/".join(str(facts.student_id) if one.startswith("{") else one for one in route.template.split("/"))
        answer = await world.node.send(route.method, path, family._token(), body={}, headers={"idempotency-key": str(uuid4())})
        if problem_of(answer).code != "not-permitted":
            opened.append((route.method, route.template, answer.status))
    assert opened == []
    assert len(routes) > 60
