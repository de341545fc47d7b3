"""What a decision says, and that it is kept with everything that led to it."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.decision import element_set_digest, verify_decision
from safepassage.problems.messages import MessageExpired
from services.privacy.tables import DecisionRow, ObligationRow
from shared.contracts.privacy import Recipient, SubjectFacts, SubjectVersion, TransferFacts
from shared.keys import SigningKey
from tests.privacy.node import ENTITY_ID, problem_of
from tests.privacy.world import BIRCH, SCHEDULE, World, evidence

pytestmark = pytest.mark.anyio


def signer(world: World) -> SigningKey:
    return SigningKey.load(world.node.keys / "privacy" / "decision-signing.json")


async def test_a_contract_permits_exactly_what_it_schedules(world: World) -> None:
    facts, agreement = await world.student(), await world.agreement()
    asked = world.by_contract(agreement, facts, elements=(*SCHEDULE, "discipline.incidents"))
    decision = await world.node.decide(asked, by=world.node.client(world.vendor))
    assert decision.outcome == "permit-with-redaction"
    assert set(decision.subjects[0].permitted) == set(SCHEDULE)
    withheld = decision.subjects[0].withheld[0]
    assert (withheld.element, withheld.reason, withheld.same_for_every_student) == ("discipline.incidents", "not-scheduled", True)


async def test_a_vendor_without_a_contract_gets_nothing(world: World) -> None:
    facts, agreement = await world.student(), await world.agreement()
    asked = world.by_contract(agreement, facts, agreement_id=uuid4())
    decision = await world.node.decide(asked, by=world.node.client(world.vendor))
    assert (decision.outcome, decision.token) == ("deny", None)
    assert {one.reason for one in decision.subjects[0].withheld} == {"agreement-missing"}


async def test_a_contract_does_not_reach_another_districts_students(world: World) -> None:
    theirs, agreement = await world.student(district=world.elm), await world.agreement()
    decision = await world.node.decide(world.by_contract(agreement, theirs), by=world.node.client(world.vendor))
    assert (decision.outcome, decision.subjects[0].withheld[0].reason) == ("deny", "district-not-party")


async def test_a_transfer_leaves_on_the_districts_behalf_without_the_social_security_number(world: World) -> None:
    decision = await world.node.decide(world.by_transfer(await world.student()))
    assert decision.outcome == "permit-with-redaction"
    assert [one.element for one in decision.subjects[0].withheld] == ["identity.ssn"]
    assert {"record", "copy-to-district"} <= {one.kind for one in decision.obligations}
    assert any("99.33" in citation for citation in decision.citations)
    assert decision.reviewed is False


@pytest.mark.requirement("HARD-14")
async def test_a_protected_address_stays(world: World) -> None:
    decision = await world.node.decide(world.by_transfer(await world.student(flags=frozenset({"protected-address"}))))
    assert "contacts.addresses" not in decision.subjects[0].permitted
    assert "academics.transcript" in decision.subjects[0].permitted


async def test_without_the_districts_agreement_to_onward_transfer_nothing_leaves(world: World) -> None:
    facts = await world.student()
    await world.node.project(world.oak.model_copy(update={"version": 2, "onward_transfer_agreed": None}))
    assert (await world.node.decide(world.by_transfer(facts))).outcome == "deny"


async def test_may_we_ask_is_decided_without_a_student(world: World) -> None:
    sis = world.node.client(world.oak, "exchange:request")
    asked = world.by_transfer(
        await world.student(),
        action="request",
        subjects=(),
        recipient=Recipient(kind="school", id=str(world.oak_school.id)),
        elements=("academics.transcript",),
        transfer=TransferFacts(evidence=evidence(str(world.oak_school.id)), request_digest=digest_of(b"own"), asserted_by=ENTITY_ID),
    )
    assert (await world.node.decide(asked, by=sis)).outcome == "permit"
    assert (await world.node.decide(asked, by=world.node.client(world.elm, "exchange:request"))).outcome == "deny"


@pytest.mark.requirement("POL-4")
async def test_a_consent_permits_until_it_is_taken_back(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    vendor, asked = world.node.client(world.vendor), world.by_consent(facts, consent)
    assert (await world.node.decide(asked, by=vendor)).outcome == "permit"
    await world.withdraw(consent)
    decision = await world.node.decide(asked, by=vendor)
    assert (decision.outcome, decision.token) == ("deny", None)


async def test_a_consent_taken_back_on_a_replica_whose_clock_is_ahead_counts_at_once(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    world.node.clock.advance(seconds=90)
    await world.withdraw(consent)
    world.node.clock.advance(seconds=-90)
    decision = await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    assert decision.outcome == "deny"


async def test_a_decision_is_valid_no_longer_than_its_facts(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts, expires_at="2026-10-20T12:00:30.000Z")
    decision = await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    assert (decision.valid_until - decision.decided_at).total_seconds() == 30
    world.node.clock.advance(seconds=30)
    with pytest.raises(MessageExpired):
        verify_decision(decision.token or "", issuer=ENTITY_ID, keys={signer(world).kid: signer(world).public}, now=world.node.clock())


async def test_the_token_says_what_is_permitted_to_whom(world: World) -> None:
    asked = world.by_transfer(await world.student())
    decision = await world.node.decide(asked)
    token = verify_decision(decision.token or "", issuer=ENTITY_ID, keys={signer(world).kid: signer(world).public}, now=world.node.clock())
    assert (token.jti, token.sub, token.exchange_id) == (decision.id, asked.subjects[0].student_id, asked.exchange_id)
    assert token.recipient == f"{BIRCH}#river-school"
    assert token.elements == tuple(sorted(decision.subjects[0].permitted))
    assert token.elements_digest == element_set_digest(decision.subjects[0].permitted)
    assert token.policy_hash == decision.policy_hash


async def test_the_token_of_a_page_is_over_the_union_of_what_is_permitted(world: World) -> None:
    plain, homeless = await world.student(), await world.student(flags=frozenset({"protected-address"}))
    agreement = await world.agreement(elements=["identity.name", "contacts.addresses"])
    asked = world.by_contract(agreement, plain, homeless, elements=("identity.name", "contacts.addresses"))
    decision = await world.node.decide(asked, by=world.node.client(world.vendor))
    assert [set(one.permitted) for one in decision.subjects] == [{"identity.name", "contacts.addresses"}, {"identity.name"}]
    token = verify_decision(decision.token or "", issuer=ENTITY_ID, keys={signer(world).kid: signer(world).public}, now=world.node.clock())
    assert (token.sub, token.elements) == (None, ("contacts.addresses", "identity.name"))


async def test_facts_that_are_behind_are_pushed_and_asked_for_again(world: World) -> None:
    facts = await world.student()
    newer = world.facts(student_id=facts.student_id, version=2)
    answer = await world.node.ask(world.by_transfer(newer))
    assert (answer.status, problem_of(answer).code, problem_of(answer).retry) == (409, "facts-behind", "after")
    assert await world.node.count(DecisionRow) == 0
    assert (await world.node.push(newer)).status == 204
    assert (await world.node.decide(world.by_transfer(newer))).outcome == "permit-with-redaction"
    assert (await world.node.decide(world.by_transfer(facts))).outcome == "permit-with-redaction"


async def test_an_unknown_student_is_behind_too(world: World) -> None:
    known = await world.student()
    asked = world.by_contract(await world.agreement(), known, world.facts())
    answer = await world.node.ask(asked, by=world.node.client(world.vendor))
    assert (answer.status, problem_of(answer).detail) == (409, "of 1 of 2 students")


async def test_each_evaluation_leaves_one_row_and_one_entry(world: World) -> None:
    facts, agreement = await world.student(), await world.agreement()
    vendor = world.node.client(world.vendor, client_id="acme-reader")
    permitted = await world.node.decide(world.by_contract(agreement, facts), by=vendor)
    denied = await world.node.decide(world.by_contract(agreement, facts, purpose="recruiting"), by=vendor)
    assert await world.node.count(DecisionRow) == 2
    entries = [event for event in await world.node.events() if event.class_ == "decision"]
    assert [entry.context.decision_id for entry in entries] == [permitted.id, denied.id]
    assert [entry.context.outcome for entry in entries] == ["permit", "deny"]
    assert [entry.digests.decision for entry in entries] == [digest_of((permitted.token or "").encode()), None]
    first = entries[0]
    assert (first.subjects, first.custodians, first.policy_hash) == ((facts.student_id,), (world.oak.id,), permitted.policy_hash)
    assert (first.actor.kind, first.actor.client_id, first.context.elements) == ("client", "acme-reader", SCHEDULE)


async def test_an_evaluation_that_fails_denies_and_is_kept(world: World) -> None:
    facts, agreement = await world.student(), await world.agreement()
    sets = world.node.app.state.policy_sets
    broken: Any = None
    sets.built_in = replace(sets.built_in, taxonomy=broken)
    decision = await world.node.decide(world.by_contract(agreement, facts), by=world.node.client(world.vendor))
    assert (decision.outcome, decision.token, decision.obligations) == ("deny", None, ())
    assert {one.reason for one in decision.subjects[0].withheld} == {"evaluation-failed"}
    assert await world.node.count(DecisionRow) == 1
    entry = (await world.node.events())[-1]
    assert (entry.class_, entry.context.outcome, entry.context.reason) == ("decision", "deny", "evaluation-failed")


async def test_a_decision_that_is_not_kept_is_not_answered(world: World) -> None:
    """The decision and its entry are in one transaction: without the one there is not the other, and no answer."""
    asked = world.by_transfer(await world.student())

    outbox = world.node.app.state.outbox
    adding = outbox.adding
    outbox.adding = lambda row: adding({**row, "body": None})  # a fault: outbox_refuses_the_row
    answer = await world.node.ask(asked)
    assert answer.status == 500
    assert await world.node.count(DecisionRow) == 0
    assert await world.node.count(ObligationRow) == 0


async def test_a_word_that_nobody_knows_is_denied(world: World) -> None:
    facts = await world.student()
    for change in ({"basis": "because"}, {"purpose": "targeted-ads"}, {"elements": ("identity.shoe_size",)}):
        assert (await world.node.decide(world.by_transfer(facts, **change))).outcome == "deny"


async def test_only_records_asks_for_decisions(world: World) -> None:
    asked = world.by_transfer(await world.student())
    for token in (
        world.node.gateway.for_caller("privacy", world.node.client(world.sea, "decisions:read").claims, world.node.clock()),
        world.node.gateway.for_job("privacy", "job", world.node.clock()),
    ):
        assert (await world.node.send("POST", "/internal/decisions", token, body=asked)).status == 403
    assert await world.node.count(DecisionRow) == 0


@pytest.mark.parametrize("change", ["twice", "none", "for-a-request", "too-many"])
async def test_the_students_of_a_request_are_named_once_and_where_they_belong(world: World, change: str) -> None:
    facts: SubjectFacts = await world.student()
    asked = world.by_transfer(facts).model_dump(mode="json", by_alias=True, exclude_none=True)
    one = SubjectVersion(student_id=facts.student_id, facts_version=1).model_dump(mode="json")
    changes: dict[str, dict[str, Any]] = {
        "twice": {"subjects": [one, one]},
        "none": {"subjects": []},
        "for-a-request": {"action": "request"},
        "too-many": {"subjects": [one] * 1001},
    }
    answer = await world.node.ask(asked | changes[change])
    assert (answer.status, problem_of(answer).field) == (422, "subjects")
