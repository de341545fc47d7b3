"""Agreements of every kind: mandatory clauses, amendments that leave the earlier state readable, and what is used of a schedule."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from safepassage.canonical import digest_of
from safepassage.wire_agreement_use import AgreementDocument, AgreementUse
from safepassage.wire_policy import Agreement, Obligations
from safepassage.wire_programmes import AuditAgreement
from services.privacy import agreement_amendments
from services.privacy.policy.agreement_facts import CLAUSES
from services.privacy.tables import AgreementAmendmentRow
from shared.contracts.privacy import DecisionRequest, Recipient, SubjectFacts
from shared.contracts.public_register import PublicRegister
from shared.in_process import Answer
from tests.privacy.node import organisation, problem_of
from tests.privacy.rights import Staff
from tests.privacy.world import SCHEDULE, World

pytestmark = pytest.mark.anyio

WRITE = ("agreements:write",)
OF = {
    "audit-evaluation": {"purpose": "audit-evaluation", "basis": "audit-representative"},
    "study": {"purpose": "study", "basis": "study"},
}


def agreement_of(world: World, kind: str, **more: Any) -> dict[str, Any]:
    """An agreement of a kind with every mandatory clause, as it is sent."""
    own = {"aim": "improve-instruction"} if kind == "study" else {"authority_id": str(world.sea.id)}
    common = ("recipient_id", "district_ids", "document", "signed_on", "starts_on", "ends_on", "elements")
    values = {name: world.new_agreement()[name] for name in common}
    clauses = {member: f"s. {number}" for number, member in enumerate(CLAUSES[kind], 1)}
    return {"kind": kind, "purposes": [OF[kind]["purpose"]]} | values | own | clauses | more


async def post(world: World, path: str, body: dict[str, Any], *, key: str | None = None) -> Answer:
    return await world.node.client(world.oak, *WRITE).post(path, body, key=key)


def under(world: World, kind: str, agreement_id: Any, *facts: SubjectFacts) -> DecisionRequest:
    return DecisionRequest(
        action="disclose",
        subjects=world.versions(*facts),
        recipient=Recipient(kind="vendor", id=str(world.vendor.id)),
        basis=OF[kind]["basis"],
        purpose=OF[kind]["purpose"],
        elements=SCHEDULE,
        agreement_id=agreement_id,
    )


def amendment(**more: Any) -> dict[str, Any]:
    """A signed amendment that takes the transcript out, as it is sent."""
    values = {
        "document": digest_of(b"amendment 1"),
        "signed_on": "2026-10-19",
        "from": "2026-10-20",
        "elements": ["attendance.summary", "identity.name"],
        "purposes": ["instruction"],
        "ends_on": "2027-07-01",
    }
    return values | more


@pytest.mark.requirement("POL-23")
@pytest.mark.parametrize("kind", sorted(OF))
async def test_a_written_agreement_of_each_kind_permits_until_it_ends(world: World, kind: str) -> None:
    facts, vendor = await world.student(), world.node.client(world.vendor)
    made = await post(world, "/v1/agreements", agreement_of(world, kind))
    assert made.status == 201, made.body
    agreement_id = json.loads(made.body)["id"]
    assert (await world.node.client(world.vendor, "agreements:read").get(f"/v1/agreements/{agreement_id}")).body == made.body
    asked = under(world, kind, agreement_id, facts)
    assert (await world.node.decide(asked, by=vendor)).outcome == "permit"
    assert (await post(world, f"/v1/agreements/{agreement_id}/termination", {"reason": "over"})).status == 200
    assert (await world.node.decide(asked, by=vendor)).outcome == "deny"


@pytest.mark.requirement("POL-23")
@pytest.mark.parametrize(("kind", "member"), [(kind, member) for kind in sorted(OF) for member in CLAUSES[kind]])
@pytest.mark.one_row_on_postgresql
async def test_a_missing_clause_is_named_with_its_paragraph(world: World, kind: str, member: str) -> None:
    body = agreement_of(world, kind)
    del body[member]
    answer = await post(world, "/v1/agreements", body)
    problem = problem_of(answer)
    assert (answer.status, problem.code, problem.field) == (422, "clause-missing", member)
    assert problem.detail == f"34 CFR {CLAUSES[kind][member]}"


async def test_who_designates_a_representative_is_an_authority_and_another(world: World) -> None:
    for authority in (uuid4(), world.vendor.id):
        answer = await post(world, "/v1/agreements", agreement_of(world, "audit-evaluation", authority_id=str(authority)))
        assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (422, "no-such-recipient", "authority_id")
    agency = organisation("agency", "Audit Office", world.sea)
    await world.node.project(agency)
    for authority, status in ((agency, 422), (world.sea, 201)):
        body = agreement_of(world, "audit-evaluation", recipient_id=str(agency.id), authority_id=str(authority.id))
        assert (await post(world, "/v1/agreements", body)).status == status


@pytest.mark.requirement("POL-24")
async def test_an_amendment_decides_from_its_day_on_and_the_earlier_state_stays_readable(world: World) -> None:
    facts, vendor, agreement = await world.student(), world.node.client(world.vendor), await world.agreement()
    asked, path = world.by_contract(agreement, facts), f"/v1/agreements/{agreement.id}/amendments"
    world.node.clock.advance(seconds=60)
    later = await post(world, path, amendment(**{"from": "2026-11-20"}))
    assert later.status == 201, later.body
    assert (await world.node.decide(asked, by=vendor)).outcome == "permit"
    waiting = await world.node.decide(asked.model_copy(update={"valid_for_seconds": 86400}), by=vendor)
    world.node.clock.instant = datetime(2026, 11, 20, 12, tzinfo=UTC)
    changed = await world.node.decide(asked, by=vendor)
    (subject,) = changed.subjects
    assert set(subject.permitted) == {"attendance.summary", "identity.name"}
    assert waiting.valid_until < world.node.clock()
    reader = world.node.client(world.oak, "agreements:read")
    now = Agreement.model_validate_json((await reader.get(f"/v1/agreements/{agreement.id}")).body)
    assert [one.elements for one in now.amendments] == [("attendance.summary", "identity.name")]
    then = await reader.get(f"/v1/agreements/{agreement.id}", "known_at=2026-10-20T12:00:30Z")
    assert Agreement.model_validate_json(then.body) == agreement
    assert (await reader.get(f"/v1/agreements/{agreement.id}", "known_at=2026-10-20T11:00:00Z")).status == 404


async def test_a_silent_amendment_leaves_what_the_one_before_it_said_on_the_public_page_and_in_the_document(world: World) -> None:
    host = {"name": "Acme Hosting", "service": "storage", "where": "annex 2"}
    added = {"name": "Zed Tutors", "service": "tutoring", "where": "amendment 1"}
    agreement = await world.agreement(subprocessors=[host], state_clauses=[{"clause": "ca-49073.1-b1", "where": "4.2"}])
    path = f"/v1/agreements/{agreement.id}"
    said = {"subprocessors": [added], "state_clauses": [{"clause": "tx-26.001", "where": "7"}]}
    for sent in (amendment(**said), amendment(ends_on="2028-07-01")):
        assert (await post(world, f"{path}/amendments", sent)).status == 201
    token = world.node.gateway.for_job("privacy", "public-page", world.node.clock())
    register = PublicRegister.model_validate_json((await world.node.send("GET", "/internal/public-register", token)).body)
    assert [(one.ends_on.year, [it.name for it in one.subprocessors]) for one in register.agreements] == [(2028, ["Zed Tutors"])]
    exported = (await world.node.client(world.oak, "agreements:read").get(f"{path}/document")).body
    clauses = {one.clause for one in AgreementDocument.model_validate_json(exported).clauses}
    assert clauses & {"ca-49073.1-b1", "tx-26.001"} == {"tx-26.001"}


async def test_an_amendment_that_moves_the_end_moves_the_warnings(world: World) -> None:
    agreement = await world.agreement()
    answer = await post(world, f"/v1/agreements/{agreement.id}/amendments", amendment(ends_on="2028-07-01"))
    assert answer.status == 201, answer.body
    duties = await Staff(world).duties("state=all&kind=agreement-expiry")
    assert sorted((duty.state, duty.overdue_at.year) for duty in duties) == [("done", 2027), ("open", 2028)]
    await post(world, f"/v1/agreements/{agreement.id}/termination", {"reason": "over"})
    assert await Staff(world).duties("kind=agreement-expiry") == ()


async def test_an_agreement_goes_on_from_the_day_on_which_it_would_have_ended(world: World) -> None:
    path = f"/v1/agreements/{(await world.agreement()).id}/amendments"
    assert (await post(world, path, amendment(**{"from": "2027-07-01", "ends_on": "2028-07-01"}))).status == 201
    refused = await post(world, path, amendment(**{"from": "2028-07-02", "ends_on": "2029-07-01"}))
    assert (refused.status, problem_of(refused).field) == (422, "from")
    assert (await post(world, path, amendment(**{"from": "2028-07-01", "ends_on": "2029-07-01"}))).status == 201


async def test_what_a_district_is_owed_that_ended_its_part_stays_due_when_the_others_move_the_end(world: World) -> None:
    agreement = await world.agreement(by=world.sea, district_ids=[str(world.oak.id), str(world.elm.id)])
    for facts in (await world.student(), await world.student(district=world.elm)):
        await world.node.decide(world.by_contract(agreement, facts), by=world.node.client(world.vendor))
    await post(world, f"/v1/agreements/{agreement.id}/termination", {"reason": "breach"})
    sea = world.node.client(world.sea, *WRITE)
    assert (await sea.post(f"/v1/agreements/{agreement.id}/amendments", amendment(ends_on="2028-07-01"))).status == 201
    due = {}
    for district in (world.oak, world.elm):
        answer = await world.node.client(district, "obligations:read").get("/v1/obligations", "state=open")
        (one,) = Obligations.model_validate_json(answer.body).obligations
        due[district.name] = one.due_at
    assert due == {"Oak": world.node.clock(), "Elm": datetime(2028, 7, 1, 4, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"signed_on": "2026-10-21"}, "amendment-not-possible", "signed_on"),
        ({"from": "2026-08-14"}, "amendment-not-possible", "from"),
        ({"ends_on": "2026-10-20"}, "amendment-not-possible", "ends_on"),
        ({"from": "2027-07-02", "ends_on": "2028-07-01"}, "amendment-not-possible", "from"),
        ({"elements": ["canary.value"]}, "unknown-element", "elements"),
        ({"purposes": ["canary-purpose"]}, "unknown-purpose", "purposes"),
    ],
)
@pytest.mark.one_row_on_postgresql
async def test_an_amendment_that_does_not_fit_is_refused(world: World, change: dict[str, Any], code: str, field: str) -> None:
    agreement = await world.agreement()
    answer = await post(world, f"/v1/agreements/{agreement.id}/amendments", amendment(**change))
    assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (422, code, field)
    assert b"canary" not in answer.body
    assert await world.node.count(AgreementAmendmentRow) == 0


async def test_an_amendment_may_be_signed_today_and_begin_with_the_agreement_and_none_begins_before_the_last(world: World) -> None:
    path = f"/v1/agreements/{(await world.agreement()).id}/amendments"
    for begins, status in (("2026-08-15", 201), ("2026-11-02", 201), ("2026-11-01", 422), ("2026-11-02", 201)):
        answer = await post(world, path, amendment(**{"signed_on": "2026-10-20", "from": begins}))
        assert answer.status == status, (begins, answer.body)
    assert problem_of(await post(world, path, amendment(**{"from": "2026-11-01"}))).field == "from"


async def test_an_agreement_has_so_many_amendments_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement_amendments, "MOST", 2)
    path = f"/v1/agreements/{(await world.agreement()).id}/amendments"
    assert [(await post(world, path, amendment())).status for _ in range(2)] == [201, 201]
    refused = await post(world, path, amendment())
    assert (refused.status, problem_of(refused).code, problem_of(refused).field) == (422, "amendment-not-possible", "document")
    assert await world.node.count(AgreementAmendmentRow) == 2


async def test_an_amendment_that_leaves_the_end_leaves_the_warning_too(world: World) -> None:
    agreement = await world.agreement()
    before = await Staff(world).duties("state=all&kind=agreement-expiry")
    assert (await post(world, f"/v1/agreements/{agreement.id}/amendments", amendment())).status == 201
    assert await Staff(world).duties("state=all&kind=agreement-expiry") == before
    assert [duty.state for duty in before] == ["open"]


async def test_what_has_ended_is_not_amended_nor_ended_again(world: World) -> None:
    path = f"/v1/agreements/{(await world.agreement()).id}"
    assert (await post(world, f"{path}/termination", {"reason": "over"})).status == 200
    for about, body in (("amendments", amendment()), ("termination", {"reason": "over"})):
        refused = await post(world, f"{path}/{about}", body)
        assert (refused.status, problem_of(refused).code) == (409, "agreement-terminated"), refused.body
    assert await world.node.count(AgreementAmendmentRow) == 0


async def test_that_each_district_ended_its_part_is_told_by_itself(world: World) -> None:
    agreement = await world.agreement(by=world.sea, district_ids=[str(world.oak.id), str(world.elm.id)])
    for district in (world.oak, world.elm):
        client = world.node.client(district, *WRITE)
        assert (await client.post(f"/v1/agreements/{agreement.id}/termination", {"reason": "breach"})).status == 200
    told = [event.key for event in await world.node.events() if event.context.operation == "agreement-terminated"]
    assert len(set(told)) == len(told) == 2


async def test_what_was_recorded_at_an_instant_was_known_at_it(world: World) -> None:
    agreement, reader = await world.agreement(), world.node.client(world.oak, "agreements:read")
    world.node.clock.advance(seconds=60)
    await post(world, f"/v1/agreements/{agreement.id}/amendments", amendment())
    for instant, amendments in (("12:00:00.000", 0), ("12:00:59.999", 0), ("12:01:00.000", 1)):
        answer = await reader.get(f"/v1/agreements/{agreement.id}", f"known_at=2026-10-20T{instant}Z")
        assert len(Agreement.model_validate_json(answer.body).amendments) == amendments, instant


async def test_nobody_amends_what_binds_anothers_district(world: World) -> None:
    both = [str(world.oak.id), str(world.elm.id)]
    agreement = await world.agreement(by=world.sea, district_ids=both)
    path, key = f"/v1/agreements/{agreement.id}/amendments", str(uuid4())
    refused = await post(world, path, amendment())
    assert (refused.status, problem_of(refused).code) == (403, "district-not-yours")
    assert (await world.node.client(world.vendor, *WRITE).post(path, amendment())).status == 403
    stranger = world.node.client(world.oak_school, *WRITE)
    assert (await stranger.post(path, amendment())).status == 404
    sea = world.node.client(world.sea, *WRITE)
    once, again = [await sea.post(path, amendment(), key=key) for _ in range(2)]
    assert (once.status, once.body) == (201, again.body)
    with pytest.raises(DBAPIError):
        async with world.node.app.state.database.transaction() as tx:
            await tx.execute(delete(AgreementAmendmentRow))


async def test_use_is_counted_from_decisions_and_tells_of_no_student(world: World) -> None:
    facts, vendor = await world.student(), world.node.client(world.vendor)
    agreement = await world.agreement(elements=[*SCHEDULE, "contacts.emails"])
    for _ in range(2):
        await world.node.decide(world.by_contract(agreement, facts, elements=("academics.transcript", "identity.ssn")), by=vendor)
    elms = await world.student(district=world.elm)
    await world.node.decide(world.by_contract(agreement, elms, elements=("identity.name",)), by=vendor)
    answer = await world.node.client(world.oak, "agreements:read").get(f"/v1/agreements/{agreement.id}/use")
    use = AgreementUse.model_validate_json(answer.body)
    assert use.permitted == ("academics.transcript",)
    assert use.never_asked_for == ("attendance.summary", "contacts.emails", "identity.name")
    assert use.asked_for_and_refused == ("identity.ssn",)
    assert [(it.month, it.decisions) for it in use.months] == [("2026-10", 2)]
    assert [(it.element, it.permitted, it.refused) for it in use.months[0].elements] == [
        ("academics.transcript", 2, 0),
        ("identity.ssn", 0, 2),
    ]
    assert (use.decisions, use.complete, use.counted_from) == (2, True, world.node.clock())
    assert str(facts.student_id).encode() not in answer.body
    theirs = await world.node.client(world.vendor, "agreements:read").get(f"/v1/agreements/{agreement.id}/use")
    assert AgreementUse.model_validate_json(theirs.body).asked_for_and_refused == ("identity.name", "identity.ssn")
    assert (await world.node.client(world.elm, "agreements:read").get(f"/v1/agreements/{agreement.id}/use")).status == 404


@pytest.mark.parametrize("kind", ["contractor", *sorted(OF)])
async def test_a_document_that_was_exported_is_taken_in_again(world: World, kind: str) -> None:
    body = world.new_agreement() if kind == "contractor" else agreement_of(world, kind)
    body |= {"subprocessors": [{"name": "Acme Hosting", "service": "storage", "where": "annex 2"}]}
    made = json.loads((await post(world, "/v1/agreements", body)).body)
    changed = amendment(purposes=body["purposes"])
    assert (await post(world, f"/v1/agreements/{made['id']}/amendments", changed)).status == 201
    exported = (await world.node.client(world.oak, "agreements:read").get(f"/v1/agreements/{made['id']}/document")).body
    document = AgreementDocument.model_validate_json(exported)
    assert {party.name for party in document.parties} >= {"Oak", "Acme Reading"}
    assert all(clause.where for clause in document.clauses)
    again = await post(world, "/v1/agreements/documents", json.loads(exported))
    assert again.status == 201, again.body
    taken = json.loads(again.body)
    differs = {name for name in taken if taken[name] != json.loads((await _read(world, made["id"])).body)[name]}
    assert differs == {"id"}
    if kind == "audit-evaluation":
        assert AuditAgreement.model_validate(taken).authority_id == world.sea.id


async def test_a_document_of_a_terminated_agreement_says_so_and_is_not_taken_in(world: World) -> None:
    made = json.loads((await post(world, "/v1/agreements", world.new_agreement())).body)
    assert (await post(world, f"/v1/agreements/{made['id']}/termination", {"reason": "breach"})).status == 200
    exported = json.loads((await world.node.client(world.oak, "agreements:read").get(f"/v1/agreements/{made['id']}/document")).body)
    assert exported["terminated_at"] == json.loads((await _read(world, made["id"])).body)["terminated_at"] is not None
    refused = await post(world, "/v1/agreements/documents", exported)
    told = json.loads(refused.body)
    assert (refused.status, told["code"], told["field"]) == (422, "invalid-request", "terminated_at"), refused.body


async def _read(world: World, agreement_id: str) -> Answer:
    return await world.node.client(world.oak, "agreements:read").get(f"/v1/agreements/{agreement_id}")
