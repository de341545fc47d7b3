"""Evidence on record: who records which kind, what is refused, who reads it, what is kept secret, what a revocation leaves."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from safepassage.canonical import digest_of
from safepassage.wire_evidence import Evidence
from safepassage.wire_evidence_pages import EvidencePage
from services.audit.drafts import SEALED_PARTITION, draft_of
from services.privacy.evidence_rules import RULES
from services.privacy.tables import EvidenceEventRow, EvidenceRow
from shared.contracts.privacy import SubjectFacts
from shared.officials import official_of
from tests.privacy.grounds import ALL_SCOPES, COLLEGE, OF_DISTRICTS, OWN, PARTYLESS, Grounds, on
from tests.privacy.node import Client, problem_of
from tests.privacy.rights import Staff
from tests.privacy.test_evidence_bases import decide
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

SECRET: dict[str, Any] = {"form": "grand-jury-subpoena", "nondisclosure": "order s. 2", "notice": None}


def without_sealed(world: World) -> Client:
    return world.node.client(world.oak, "evidence:read", "evidence:write", "decisions:read")


def rfc3339(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


async def listed(client: Client, query: str = "") -> list[UUID]:
    answer = await client.get("/v1/evidence", query)
    assert answer.status == 200, answer.body
    return [one.id for one in EvidencePage.model_validate_json(answer.body).evidence]


@pytest.mark.requirement("POL-24")
async def test_each_kind_is_recorded_read_listed_and_revoked(world: World) -> None:
    grounds, facts = await Grounds.of(world), await world.student(**COLLEGE)
    for kind in OF_DISTRICTS:
        await recorded_read_listed_and_revoked(world, grounds, facts, kind)


async def recorded_read_listed_and_revoked(world: World, grounds: Grounds, facts: SubjectFacts, kind: str) -> None:
    staff = world.node.client(world.oak, *ALL_SCOPES)
    made = await grounds.record(kind, facts)
    assert (made.of.kind, made.recorded_at, made.revoked_at) == (kind, world.node.clock(), None)
    assert Evidence.model_validate_json((await staff.get(f"/v1/evidence/{made.id}")).body) == made
    assert await listed(staff, f"kind={kind}&organisation_id={world.oak.id}") == [made.id]
    world.node.clock.advance(seconds=60)
    revoked = await grounds.revoke(made)
    assert revoked == made.model_copy(update={"revoked_at": world.node.clock()})
    assert await listed(staff) == []
    assert await listed(staff, f"state=revoked&kind={kind}") == [made.id]
    again = await staff.post(f"/v1/evidence/{made.id}/revocation", {"reason": "vacated"})
    assert (again.status, problem_of(again).code) == (409, "evidence-revoked")
    then = rfc3339(world.node.clock() - timedelta(seconds=30))
    assert Evidence.model_validate_json((await staff.get(f"/v1/evidence/{made.id}", f"known_at={then}")).body) == made
    before = await staff.get(f"/v1/evidence/{made.id}", f"known_at={rfc3339(made.recorded_at - timedelta(seconds=1))}")
    assert (before.status, problem_of(before).code) == (404, "no-such-evidence")


async def test_another_districts_evidence_looks_absent(world: World) -> None:
    grounds, facts = await Grounds.of(world), await world.student(**COLLEGE)
    for kind in OF_DISTRICTS:
        await looks_absent_to_elm(world, grounds, facts, kind)


async def looks_absent_to_elm(world: World, grounds: Grounds, facts: SubjectFacts, kind: str) -> None:
    made, stranger, request_id = await grounds.record(kind, facts), world.node.client(world.elm, *ALL_SCOPES), uuid4()
    for path in ("/v1/evidence/{}", "/v1/evidence/{}/revocation"):
        answers = []
        for identifier in (made.id, uuid4()):
            where = path.format(identifier)
            posted = where.endswith("revocation")
            sent = stranger.post(where, {"reason": "x"}, request_id=request_id) if posted else stranger.get(where, request_id=request_id)
            answers.append(await sent)
        assert {answer.status for answer in answers} == {404}
        assert answers[0].body == answers[1].body
    assert await listed(stranger, "state=all") == []
    refused = await stranger.post("/v1/evidence", grounds.body(kind, facts))
    assert (refused.status, problem_of(refused).code, problem_of(refused).field) == (403, "agency-not-yours", "agency_id")


async def test_the_recipient_never_records_what_entitles_it(world: World) -> None:
    grounds, facts = await Grounds.of(world), await world.student(**COLLEGE)
    for kind in sorted(RULES.keys() - PARTYLESS - {"school-official", "dependency"}):
        body = grounds.body(kind, facts, recipient=str(world.sea.id))
        answer = await world.node.client(world.sea, *ALL_SCOPES).post("/v1/evidence", body)
        assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (403, "recorder-not-permitted", "recipient_id"), kind
        assert (await world.node.client(world.oak, *ALL_SCOPES).post("/v1/evidence", body)).status == 201, kind


async def test_the_state_agency_does_not_record_its_own_leave_to_pass_on(world: World) -> None:
    grounds = await Grounds.of(world)
    answer = await world.node.client(world.sea, *ALL_SCOPES).post("/v1/evidence", grounds.body("onward-understanding"))
    assert (answer.status, problem_of(answer).code) == (403, "recorder-not-permitted")
    assert (await grounds.record("accreditation", by=world.sea)).of.agency_id == world.oak.id


async def test_an_understanding_with_another_state_is_the_state_agencys(world: World) -> None:
    grounds, staff = await Grounds.of(world), world.node.client(world.sea, *ALL_SCOPES)
    body = grounds.body("interstate-understanding")
    made = await staff.post("/v1/evidence", body)
    assert made.status == 201, made.body
    answer = await staff.post("/v1/evidence", body | {"node": "https://nobody.example"})
    assert (problem_of(answer).code, problem_of(answer).field) == ("no-such-recipient", "node")
    refused = await world.node.client(world.oak, *ALL_SCOPES).post("/v1/evidence", body | {"agency_id": str(world.oak.id)})
    assert problem_of(refused).code == "recorder-not-permitted"
    path = f"/v1/evidence/{Evidence.model_validate_json(made.body).id}/revocation"
    assert (await staff.post(path, {"reason": "ended"})).status == 200


@pytest.mark.parametrize(
    ("kind", "change", "code", "field"),
    [
        ("accreditation", {"valid_until": "2026-10-20T11:00:00.000Z"}, "evidence-incomplete", "valid_until"),
        ("accreditation", {"elements": ["canary.value"]}, "unknown-element", "elements"),
        ("accreditation", {"recipient_id": str(uuid4())}, "no-such-recipient", "recipient_id"),
        ("accreditation", {"function": ""}, "invalid-request", None),
        ("accreditation", {"canary": 1}, "invalid-request", None),
        ("child-welfare", {"student_ids": [str(uuid4())]}, "no-such-student", "student_ids"),
        ("court-order", {"issued_at": "2026-10-21T12:00:00.000Z"}, "evidence-incomplete", "issued_at"),
        ("court-order", {"form": "ex-parte-order", "notice": None}, "evidence-incomplete", "attorney_general"),
        ("court-order", {"nondisclosure": "order"}, "evidence-incomplete", "notice"),
        ("dependency", {"person_id": str(uuid4())}, "evidence-incomplete", "recipient_id"),
        ("dependency", {"tax_year": 2027}, "evidence-incomplete", "tax_year"),
        ("dependency", {"tax_year": 2024, "valid_until": "2026-10-21T12:00:00.000Z"}, "evidence-incomplete", "valid_until"),
        ("dependency", {"valid_until": "2027-10-17T00:00:00.000Z"}, "evidence-incomplete", "valid_until"),
        ("directory-notice", {"objections_until": "2026-08-01T12:00:00.000Z"}, "evidence-incomplete", "objections_until"),
        ("directory-notice", {"only_for": ["canary-purpose"]}, "unknown-purpose", "purposes"),
        ("directory-notice", {"designated": ["canary.value"]}, "unknown-element", "elements"),
        ("emergency", {"approved_by": "o-principal"}, "evidence-incomplete", "approved_by"),
        ("emergency", {"approved_by": "O-Principal"}, "evidence-incomplete", "approved_by"),
        ("emergency", {"approved_at": "2026-10-20T08:00:00.000Z"}, "evidence-incomplete", "approved_at"),
        ("emergency", {"valid_until": "2026-10-23T09:00:00.001Z"}, "evidence-incomplete", "valid_until"),
        ("emergency", {"threat": "   "}, "evidence-incomplete", "threat"),
        ("juvenile-justice", {"adopted_on": "2027-01-01"}, "evidence-incomplete", "adopted_on"),
        ("onward-understanding", {"bases": ["canary-basis"]}, "evidence-incomplete", "bases"),
        ("operator-onboarding", {"recipient_id": str(uuid4())}, "no-such-recipient", "recipient_id"),
        ("recruiter-request", {"secondary_school_ids": [str(uuid4())]}, "no-such-recipient", "secondary_school_ids"),
        ("school-official", {"purposes": ["canary-purpose"]}, "unknown-purpose", "purposes"),
    ],
)  # fmt: skip
@pytest.mark.one_row_on_postgresql
async def test_what_is_missing_is_named_and_not_repeated(
    world: World, kind: str, change: dict[str, Any], code: str, field: str | None
) -> None:
    grounds, facts = await Grounds.of(world), await world.student(**COLLEGE)
    answer = await world.node.client(world.oak, *ALL_SCOPES).post("/v1/evidence", grounds.body(kind, facts, **change))
    problem = problem_of(answer)
    assert problem.code == code
    assert field is None or problem.field == field
    values = [str(one) for value in change.values() for one in (value if isinstance(value, list) else [value])]
    assert not any(len(value) > 8 and value.encode() in answer.body for value in values)
    assert await world.node.count(EvidenceRow) == 0


async def test_evidence_about_another_districts_student_is_refused_like_an_absent_one(world: World) -> None:
    grounds, elms, request_id = await Grounds.of(world), await world.student(district=world.elm), uuid4()
    staff = world.node.client(world.oak, *ALL_SCOPES)
    there = await staff.post("/v1/evidence", grounds.body("child-welfare", elms), request_id=request_id)
    absent = world.facts()
    nowhere = await staff.post("/v1/evidence", grounds.body("child-welfare", absent), request_id=request_id)
    assert (there.status, there.body) == (nowhere.status, nowhere.body)


@pytest.mark.requirement("POL-21")
async def test_a_secret_order_is_known_to_its_scope_alone(world: World) -> None:
    grounds, facts = await Grounds.of(world), await world.student()
    knowing, other = world.node.client(world.oak, *ALL_SCOPES, "decisions:read"), without_sealed(world)
    refused = await other.post("/v1/evidence", grounds.body("court-order", facts, **SECRET))
    assert (refused.status, problem_of(refused).code) == (403, "not-permitted")
    order = await grounds.record("court-order", facts, **SECRET)
    request_id = uuid4()
    assert (await knowing.get(f"/v1/evidence/{order.id}")).status == 200
    there, nowhere = [await other.get(f"/v1/evidence/{one}", request_id=request_id) for one in (order.id, uuid4())]
    assert (there.status, there.body) == (404, nowhere.body)
    assert (await other.post(f"/v1/evidence/{order.id}/revocation", {"reason": "x"})).status == 404
    assert await listed(other, "state=all") == []
    assert await listed(knowing) == [order.id]


@pytest.mark.requirement("POL-21")
async def test_a_decision_on_a_secret_order_is_in_no_list_obligation_or_accounting_of_others(world: World) -> None:
    grounds = await Grounds.of(world)
    asked, record = await on(grounds, "sealed-order")
    order = await record()
    decision = await decide(world, asked, order.id)
    assert decision.outcome == "permit"
    knowing = world.node.client(world.oak, "decisions:read", "evidence:sealed")
    other = world.node.client(world.oak, "decisions:read", "obligations:read")
    assert (await knowing.get(f"/v1/decisions/{decision.id}")).status == 200
    assert (await other.get(f"/v1/decisions/{decision.id}")).status == 404
    assert [len(json.loads((await one.get("/v1/decisions")).body)["decisions"]) for one in (knowing, other)] == [1, 0]
    assert json.loads((await other.get("/v1/obligations")).body)["obligations"] == []
    await grounds.revoke(order)
    assert not (await world.node.standing(decision.id)).stands
    about = [event for event in await world.node.events() if asked.subjects[0].student_id in event.subjects]
    assert [event.context.operation for event in about] == ["evidence-recorded", "disclose", "evidence-revoked", "standing"]
    assert {draft_of(event, producer="privacy", digest_key=b"k" * 32).outline.partition for event in about} == {SEALED_PARTITION}


@pytest.mark.requirement("POL-22")
async def test_an_emergency_starts_its_review_and_its_threat_is_read_by_few(world: World) -> None:
    grounds, facts = await Grounds.of(world), await world.student()
    made = await grounds.record("emergency", facts)
    assert "canary-threat" in made.model_dump_json()
    read = await without_sealed(world).get(f"/v1/evidence/{made.id}")
    assert b"canary-threat" not in read.body
    assert json.loads(read.body)["of"]["threat"] == "(sealed)"
    (duty,) = await Staff(world).duties()
    assert (duty.kind, duty.about, duty.state) == ("emergency-review", f"evidence:{made.id}", "open")
    told = [event.context for event in await world.node.events() if "canary-threat" in event.model_dump_json()]
    assert [(one.operation, one.basis) for one in told] == [("evidence-recorded", "emergency")]


async def test_who_signed_in_is_one_of_the_two_of_an_emergency(world: World) -> None:
    grounds, facts, person = await Grounds.of(world), await world.student(), digest_of(b"somebody who signed in")
    application, own = world.node.client(world.oak, *ALL_SCOPES, person=person), official_of(person)
    answer = await application.post("/v1/evidence", grounds.body("emergency", facts))
    assert (answer.status, problem_of(answer).code) == (403, "not-permitted")
    for role in ("declared_by", "approved_by"):
        assert (await application.post("/v1/evidence", grounds.body("emergency", facts, **{role: own}))).status == 201, role


@pytest.mark.requirement("POL-22")
async def test_nobody_who_broke_the_glass_reviews_it(world: World) -> None:
    """By a person's sign-in, whichever client they come by; by the client, where it acts for itself."""
    grounds, facts = await Grounds.of(world), await world.student()
    persons = {name: digest_of(name.encode()) for name in ("declares", "approves", "reviews")}
    by = {name: official_of(persons[name]) for name in ("declares", "approves")}
    scopes = (*ALL_SCOPES, "duties:complete", "duties:read")
    recorder = world.node.client(world.oak, *scopes, client_id="the pages", person=persons["declares"])
    body = grounds.body("emergency", facts, declared_by=by["declares"], approved_by=by["approves"])
    assert (await recorder.post("/v1/evidence", body)).status == 201
    (duty,) = await Staff(world).duties()
    statuses = {}
    for name, person in persons.items():
        client = world.node.client(world.oak, *scopes, client_id="an application", person=person)
        answer = await client.post(f"/v1/duties/{duty.id}/completion", {"evidence_ref": "minutes 12"})
        statuses[name] = answer.status
    assert statuses == {"declares": 403, "approves": 403, "reviews": 200}
    system, other = (world.node.client(world.oak, *scopes, client_id=one) for one in ("sis", "privacy-office"))
    assert (await system.post("/v1/evidence", grounds.body("emergency", facts))).status == 201
    duty = next(one for one in await Staff(world).duties() if one.state == "open")
    answers = [await one.post(f"/v1/duties/{duty.id}/completion", {"evidence_ref": "minutes 13"}) for one in (system, other)]
    assert [(answers[0].status, problem_of(answers[0]).code), answers[1].status] == [(403, "not-permitted"), 200]


async def test_a_decision_in_an_emergency_is_to_be_reviewed(world: World) -> None:
    grounds = await Grounds.of(world)
    asked, record = await on(grounds, "emergency")
    await decide(world, asked, (await record()).id)
    obligations = json.loads((await world.node.client(world.oak, "obligations:read").get("/v1/obligations")).body)["obligations"]
    assert [(one["kind"], one["due_at"]) for one in obligations] == [("after-review", "2026-10-23T12:00:00.000Z")]


async def test_the_same_request_again_is_told_the_same(world: World) -> None:
    grounds, key = await Grounds.of(world), str(uuid4())
    staff, body = world.node.client(world.oak, *ALL_SCOPES), grounds.body("accreditation")
    first, second = [await staff.post("/v1/evidence", body, key=key) for _ in range(2)]
    assert (first.status, first.body) == (201, second.body)
    path, again = f"/v1/evidence/{json.loads(first.body)['id']}/revocation", str(uuid4())
    ended = [await staff.post(path, {"reason": "over"}, key=again) for _ in range(2)]
    assert ended[0].body == ended[1].body
    assert await world.node.count(EvidenceEventRow) == 2


async def test_a_page_leads_to_the_next(world: World) -> None:
    grounds = await Grounds.of(world)
    made = [await grounds.record(kind) for kind in ("accreditation", "meal-evaluation", "audit-mandate")]
    staff = world.node.client(world.oak, *ALL_SCOPES)
    page = EvidencePage.model_validate_json((await staff.get("/v1/evidence", "limit=2")).body)
    assert page.next is not None
    rest = await listed(staff, f"limit=2&cursor={page.next}")
    assert sorted([*(one.id for one in page.evidence), *rest]) == sorted(one.id for one in made)
    assert await listed(staff, f"organisation_id={world.elm.id}") == []


async def test_the_store_refuses_to_change_what_happened(world: World) -> None:
    await (await Grounds.of(world)).record("accreditation")
    with pytest.raises(DBAPIError):
        async with world.node.app.state.database.transaction() as tx:
            await tx.execute(delete(EvidenceEventRow))


def test_every_kind_has_a_rule_and_an_example() -> None:
    assert RULES.keys() == OWN.keys()
