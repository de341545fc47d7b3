"""One evaluation: what makes the decision true, what is told, and what is left on record."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.wire_access import OBLIGATION_KINDS
from safepassage.wire_decisions import RecordedDecision
from services.privacy.policy.obligations import KINDS
from services.privacy.tables import DecisionRow, ObligationRow
from shared.contracts.privacy import Attendance, Standing
from tests.privacy.access.enforcement import PROOF, Enforcer
from tests.privacy.node import problem_of
from tests.privacy.world import SCHEDULE, World

pytestmark = pytest.mark.anyio

DISCIPLINE = "discipline.incidents"


@pytest.fixture
def enforcer(world: World) -> Enforcer:
    return Enforcer(world)


@pytest.mark.requirement("AZ-ids")
async def test_a_decision_is_true_on_evidence_that_is_on_record(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    found = await enforcer.decision(enforcer.by_consent(facts, consent))
    context = found.context
    assert (found.decision, context.outcome, context.denied_as) == (True, "permit", None)
    assert (set(context.permitted), context.withheld, context.unsupported_obligations) == (set(SCHEDULE), (), ())
    assert {"no-redisclose", "purpose-limit"} <= {one.kind for one in context.obligations}
    assert any("99.30" in citation for citation in context.citations)
    assert context.valid_until is not None
    assert context.decided_at is not None
    assert 0 < (context.valid_until - context.decided_at).total_seconds() <= 60


async def test_without_evidence_it_is_false(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    found = await enforcer.decision(enforcer.by_consent(facts, None))
    assert (found.decision, found.context.outcome, found.context.denied_as) == (False, "deny", "not-permitted")
    assert {one.reason for one in found.context.withheld} == {"consent-missing"}
    assert all(one.citation for one in found.context.withheld)


@pytest.mark.requirement("AZ-all")
async def test_a_part_is_true_only_where_a_part_was_asked_for(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    wanted = (*SCHEDULE, DISCIPLINE)
    whole = await enforcer.decision(enforcer.by_consent(facts, consent, elements=wanted))
    assert (whole.decision, whole.context.outcome, whole.context.denied_as) == (False, "permit-with-redaction", "partly-permitted")
    assert whole.context.obligations == ()
    part = await enforcer.decision(enforcer.by_consent(facts, consent, elements=wanted, partial=True))
    assert (part.decision, part.context.outcome, part.context.denied_as) == (True, "permit-with-redaction", None)
    assert set(part.context.permitted) == set(SCHEDULE)
    assert [(one.element, one.reason) for one in part.context.withheld] == [(DISCIPLINE, "consent-for-other-records")]


@pytest.mark.requirement("AZ-obligations")
@pytest.mark.parametrize("left_out", ["purpose-limit", None], ids=["one", "all"])
async def test_an_obligation_that_is_not_supported_makes_it_false(world: World, enforcer: Enforcer, left_out: str | None) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    supported = [kind for kind in OBLIGATION_KINDS if kind != left_out] if left_out else []
    found = await enforcer.decision(enforcer.by_consent(facts, consent, supported_obligations=supported))
    assert (found.decision, found.context.denied_as) == (False, "obligation-not-supported")
    assert "purpose-limit" in found.context.unsupported_obligations
    assert left_out is None or found.context.unsupported_obligations == (left_out,)
    assert await world.node.count(ObligationRow) == 0


def test_every_kind_of_obligation_is_told_to_enforcement_points() -> None:
    assert tuple(sorted(KINDS)) == OBLIGATION_KINDS


@pytest.mark.requirement("AZ-record")
async def test_each_evaluation_leaves_one_row_and_one_entry(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    before = len(await world.node.events())
    granted = await enforcer.decision(enforcer.by_consent(facts, consent))
    partly = await enforcer.decision(enforcer.by_consent(facts, consent, elements=(*SCHEDULE, DISCIPLINE)))
    denied = await enforcer.decision(enforcer.by_consent(facts, None))
    unseen = await enforcer.decision(enforcer.by_consent(uuid4(), consent))
    assert await world.node.count(DecisionRow) == 4
    events = (await world.node.events())[before:]
    assert [event.context.decision_id for event in events] == [one.context.decision_id for one in (granted, partly, denied, unseen)]
    assert [event.context.outcome for event in events] == ["permit", "deny", "deny", "deny"]
    assert [bool(event.context.elements) for event in events] == [True, False, False, False]
    assert [event.subjects for event in events] == [(facts.student_id,)] * 3 + [()]
    assert events[0].digests.decision is not None
    assert [event.digests.decision for event in events[1:]] == [None] * 3
    assert events[0].actor.client_id == "pep"


async def test_the_agency_reads_what_its_enforcement_point_was_told(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    found = await enforcer.decision(enforcer.by_consent(facts, consent, supported_obligations=[]))
    reader = world.node.client(world.oak, "decisions:read")
    answer = await reader.get(f"/v1/decisions/{found.context.decision_id}")
    recorded = RecordedDecision.model_validate_json(answer.body)
    assert recorded.outcome == "permit"
    assert recorded.access is not None
    assert (recorded.access.asked, recorded.access.granted, recorded.access.denied_as) == ("evaluation", False, "obligation-not-supported")
    assert recorded.obligations


@pytest.mark.requirement("POL-5")
async def test_every_evaluation_is_reproduced_from_its_row(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    bodies = (enforcer.by_consent(facts, consent), enforcer.by_consent(facts, None), enforcer.by_consent(uuid4(), consent))
    reader = world.node.client(world.oak, "decisions:read")
    for body in bodies:
        found = await enforcer.decision(body)
        answer = await reader.post(f"/v1/decisions/{found.context.decision_id}/reproduction", None)
        assert answer.status == 200, answer.body


@pytest.mark.requirement("POL-4")
async def test_a_consent_that_was_taken_back_makes_it_false_at_once(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    granted = await enforcer.decision(enforcer.by_consent(facts, consent))
    await world.withdraw(consent)
    assert (await enforcer.decision(enforcer.by_consent(facts, consent))).decision is False
    assert granted.context.decision_id is not None
    standing = await world.node.standing(granted.context.decision_id)
    assert standing == Standing(stands=False, reason="consent-withdrawn", citation=standing.citation)


async def test_obligations_are_owed_from_a_true_decision_on(world: World, enforcer: Enforcer) -> None:
    facts, agreement = await world.student(), await world.agreement()
    assert (await enforcer.decision(enforcer.by_contract(facts, agreement))).decision is True
    assert await world.node.count(ObligationRow) == 1


async def test_who_is_not_the_recipient_says_how_it_was_authenticated(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    for proof in (None, PROOF | {"assurance_level": "ial1"}, PROOF | {"authenticated_at": "2026-10-20T12:00:01.000Z"}):
        found = await enforcer.decision(enforcer.by_consent(facts, consent, recipient_proof=proof))
        assert found.decision is False
        assert {one.reason for one in found.context.withheld} == {"recipient-not-authenticated"}


async def test_the_facts_are_those_that_are_held_now(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    consent = await world.consent(facts, elements=["contacts.addresses"])
    body = enforcer.by_consent(facts, consent, elements=("contacts.addresses",))
    assert (await enforcer.decision(body)).decision is True
    await world.node.push(world.facts(student_id=facts.student_id, version=2, flags=frozenset({"protected-address"})))
    found = await enforcer.decision(body)
    assert (found.decision, found.context.withheld[0].reason) == (False, "protected-address")


# --- tenancy ---


def without_ids(answer: Any) -> dict[str, Any]:
    """An answer without what differs from one decision to the next."""
    said: dict[str, Any] = json.loads(answer.body)
    for name in ("decision_id", "decided_at", "valid_until"):
        said["context"].pop(name)
    return said


@pytest.mark.requirement("BAD-foreign")
async def test_another_districts_student_looks_like_one_who_does_not_exist(world: World, enforcer: Enforcer) -> None:
    theirs = await world.student(district=world.elm)
    told = [without_ids(await enforcer.ask(enforcer.by_consent(who, None))) for who in (theirs, uuid4(), "no id at all")]
    assert told[0] == told[1] == told[2]
    assert told[0]["context"]["denied_as"] == "no-such-student"
    assert {one["reason"] for one in told[0]["context"]["withheld"]} == {"no-such-student"}


@pytest.mark.requirement("BAD-foreign")
async def test_a_consent_of_another_districts_student_shows_nothing(world: World, enforcer: Enforcer) -> None:
    theirs = await world.student(district=world.elm)
    answer = await world.node.client(world.elm, "rights:act").post("/v1/consents", world.new_consent(theirs))
    consent_id = json.loads(answer.body)["id"]
    known = without_ids(await enforcer.ask(enforcer.by_consent(theirs, None, consent_id=consent_id)))
    assert known == without_ids(await enforcer.ask(enforcer.by_consent(uuid4(), None, consent_id=str(uuid4()))))


async def test_a_school_that_does_not_keep_the_record_hears_no_fact_of_the_student(world: World) -> None:
    """Enrolled at Elm High too, while Oak keeps the record: Elm may ask, and hears that an element is withheld, not why."""
    attendance = Attendance(organisation_id=world.elm_school.id, **{"from": "2026-09-01"})
    facts = await world.student(flags=frozenset({"protected-address"}), attendances=(attendance,))
    consent = await world.consent(facts, elements=["contacts.addresses"], recipient_id=str(world.elm_school.id))
    own, other = Enforcer(world), Enforcer(world, world.elm_school)
    change = {"elements": ("contacts.addresses", DISCIPLINE), "recipient": world.elm_school}
    full = await own.decision(own.by_consent(facts, consent, **dict(change)))
    outward = await other.decision(other.by_consent(facts, consent, **dict(change)))
    assert "protected-address" in {one.reason for one in full.context.withheld}
    told = {one.element: one for one in outward.context.withheld}["contacts.addresses"]
    assert (told.reason, told.policy, told.citation) == ("withheld", None, None)
    assert outward.context.citations == ()
    assert "protected-address" not in outward.model_dump_json()


async def test_a_student_who_left_is_no_longer_seen(world: World) -> None:
    attendance = Attendance(organisation_id=world.elm_school.id, **{"from": "2025-09-01"}, until="2026-06-30")
    facts = await world.student(attendances=(attendance,))
    other = Enforcer(world, world.elm_school)
    assert (await other.decision(other.by_consent(facts, None))).context.denied_as == "no-such-student"


async def test_the_state_asks_with_scope_and_purpose(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    plain = Enforcer(world, world.sea)
    answer = await plain.ask(plain.by_consent(facts, consent))
    assert (answer.status, problem_of(answer).code) == (403, "not-permitted")
    scoped = Enforcer(world, world.sea, "records:read:state")
    answer = await scoped.ask(scoped.by_consent(facts, consent))
    assert (answer.status, problem_of(answer).code) == (403, "purpose-missing")


async def test_who_has_not_the_scope_asks_nothing(world: World, enforcer: Enforcer) -> None:
    enforcer.client = world.node.client(world.oak, "records:read")
    assert (await enforcer.ask(enforcer.by_consent(UUID(int=1), None))).status == 403
    assert await world.node.count(DecisionRow) == 0
