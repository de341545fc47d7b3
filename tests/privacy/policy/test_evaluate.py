"""Whatever goes wrong denies what it concerns, and says so."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from safepassage.canonical import canonical_json
from services.privacy.policy import Outcome, PolicySet, decide
from services.privacy.policy.context import contexts
from services.privacy.policy.entities import Entity, Record, entity
from services.privacy.policy.policy_set import assemble
from services.privacy.policy.rule_pack import Pack, read_packs
from services.privacy.policy.taxonomy import BASES, RECIPIENTS, TAXONOMY
from tests.privacy.policy.every_situation import ELEMENT_OF, SITUATIONS
from tests.privacy.policy.perturbations import ELEMENT_IDS
from tests.privacy.policy.rule_texts import annotated, est_of, pack
from tests.privacy.policy.situations import GONE, ORDINARY, SSN, STUDENT, VENDOR, policy_input

ANY = 'action in [SafePassage::Action::"disclose", SafePassage::Action::"redisclose"]'
OVERFLOW = 'context.now.offset(duration("106751991167d")) > context.now'


def _with(*more: Pack) -> PolicySet:
    return assemble([*read_packs(), *more], schema_sha256="0" * 64)


def _asked(policy_set: PolicySet, situation: str = "consent", changes: Mapping[str, Any] | None = None) -> Outcome:
    return decide(policy_input(SITUATIONS[situation], changes or {}), policy_set)


def _reason(outcome: Outcome) -> str:
    (withheld,) = outcome.subjects[0].withheld
    assert outcome.subjects[0].permitted == ()
    assert outcome.outcome == "deny"
    return withheld.reason


def _contractors_question() -> tuple[Entity, Entity, Record]:
    (context,) = contexts(policy_input(SITUATIONS["contractor"]), TAXONOMY)
    assert context is not None
    return entity("Vendor", VENDOR), entity("Action", "disclose"), context


@pytest.mark.requirement("POL-2")
def test_a_forbid_that_errs_denies_and_alerts() -> None:
    """Cedar skips a policy that errs: an erring forbid would permit."""
    outcome = _asked(_with(pack("us.forbids.test", annotated("erring", f"forbid (principal, {ANY}, resource) when {{ {OVERFLOW} }};"))))
    assert (_reason(outcome), outcome.alerts) == ("evaluation-error", ("evaluation-error",))


@pytest.mark.requirement("POL-2")
def test_an_obligation_rule_that_errs_denies_and_alerts() -> None:
    outcome = _asked(_with(pack("us.obligations.test", annotated("erring", f"permit (principal, {ANY}, resource) when {{ {OVERFLOW} }};"))))
    assert (_reason(outcome), outcome.alerts) == ("evaluation-error", ("evaluation-error",))


@pytest.mark.requirement("POL-2")
def test_facts_that_do_not_have_the_form_of_the_schema_deny_and_alert(policy_set: PolicySet) -> None:
    """The recorded input is closed, so this takes a fault of our own: a student's facts in the place of custody."""
    whole = policy_input(SITUATIONS["contractor"])
    broken = whole.model_copy(update={"groups": (whole.groups[0].model_copy(update={"custody": whole.groups[0].student}),)})
    outcome = decide(broken, policy_set)
    assert (_reason(outcome), outcome.alerts) == ("evaluation-error", ("evaluation-error",))


@pytest.mark.requirement("POL-2")
def test_an_obligation_that_cannot_be_resolved_denies_and_alerts(policy_set: PolicySet) -> None:
    """The lint keeps it from being written; should it happen, nothing leaves."""
    policy = f"permit (principal, {ANY}, resource) when {{ context has agreement }};"
    text = annotated("promise", policy, obligations="destroy-by:agreement.ends_at")
    (rule,) = est_of(text).values()
    promising = _with(Pack("us.obligations.test", "0" * 64, {"promise": rule}))
    assert _asked(promising).outcome == "permit"
    promise = next(one for one in promising.duties.candidates(*_contractors_question()) if one.id == "promise")
    broken = replace(promising, duties=replace(promising.duties, candidates=lambda *_: [promise]))
    outcome = _asked(broken)
    assert (_reason(outcome), outcome.alerts, outcome.obligations) == ("obligation-unresolved", ("obligation-unresolved",), ())


@pytest.mark.requirement("POL-6")
def test_two_permits_for_one_element_deny_and_alert(policy_set: PolicySet) -> None:
    """The lint keeps two permits of a basis and action out; should two match, nothing leaves."""
    once = policy_set.grants.candidates
    broken = replace(policy_set, grants=replace(policy_set.grants, candidates=lambda *asked: once(*asked) * 2))
    outcome = _asked(broken)
    assert (_reason(outcome), outcome.alerts, outcome.policies) == ("several-permits", ("several-permits",), ())


@pytest.mark.parametrize("situation", SITUATIONS)
def test_one_unknown_element_does_not_take_the_others_with_it(policy_set: PolicySet, situation: str) -> None:
    element = ELEMENT_OF.get(situation, ORDINARY)
    outcome = _asked(policy_set, situation, {"elements": [element, "academics.shoe_size"]})
    assert outcome.outcome == "permit-with-redaction"
    assert outcome.subjects[0].permitted == (element,)
    assert [(one.element, one.reason) for one in outcome.subjects[0].withheld] == [("academics.shoe_size", "unknown-element")]
    assert outcome.alerts == ("unknown-element",)


def test_a_student_whose_facts_cannot_be_used_gets_nothing_and_the_others_do(policy_set: PolicySet) -> None:
    other = "4f6d3c1e-8a2b-4c5d-9e0f-665544332211"
    outcome = _asked(policy_set, "contractor", {"subjects": [[other, 1, None], [STUDENT, 1, 0]]})
    assert [subject.permitted for subject in outcome.subjects] == [(), (ORDINARY,)]
    assert [str(subject.student_id) for subject in outcome.subjects] == [other, STUDENT]
    assert outcome.subjects[0].withheld[0].reason == "facts-unusable"
    assert outcome.alerts == ("facts-unusable",)


def test_where_no_facts_can_be_used_nothing_is_permitted(policy_set: PolicySet) -> None:
    outcome = _asked(policy_set, "contractor", {"subjects": [[STUDENT, 1, None]], "groups": []})
    assert _reason(outcome) == "facts-unusable"


@pytest.mark.requirement("POL-1")
def test_without_rules_everything_is_denied() -> None:
    empty = assemble([Pack("us.forbids", "0" * 64, {})], schema_sha256="0" * 64)
    for situation in SITUATIONS:
        assert _reason(_asked(empty, situation)) == "no-permit-for-this-action"


def test_the_outcome_names_who_permitted_and_who_forbade(policy_set: PolicySet) -> None:
    outcome = _asked(policy_set, "transfer, redisclosed", {"elements": [ORDINARY, SSN]})
    assert outcome.outcome == "permit-with-redaction"
    assert set(outcome.policies) >= {"ferpa-99.33b-transfer", "exchange-ssn"}
    assert policy_set.policies["ferpa-99.33b-transfer"].annotations.citation in outcome.citations
    assert outcome.reviewed is False


def test_a_denial_obliges_to_nothing(policy_set: PolicySet) -> None:
    assert _asked(policy_set, "transfer", {"transfer": GONE}).obligations == ()


SETS_OF_ELEMENTS = {"contractor": ["agreement.elements"], "consent": ["consent.elements", "consent.refused"], "transfer": []}


@pytest.mark.parametrize("situation", SETS_OF_ELEMENTS)
def test_each_of_several_elements_is_decided_as_it_is_alone(policy_set: PolicySet, situation: str) -> None:
    """Elements that rules cannot tell apart are decided together: by their categories, and by whatever sets of the context hold them."""
    randomness = random.Random(17)
    for _ in range(10):
        sets: dict[str, Any] = {path: sorted(randomness.sample(ELEMENT_IDS, 15)) for path in SETS_OF_ELEMENTS[situation]}
        sets |= {"student.protected_address": randomness.random() < 0.5, "student.homeless": randomness.random() < 0.5}
        elements = randomness.sample(ELEMENT_IDS, 12)
        together = decide(policy_input(SITUATIONS[situation], {**sets, "elements": sorted(elements)}), policy_set).groups[0]
        alone = [decide(policy_input(SITUATIONS[situation], {**sets, "elements": [element]}), policy_set).groups[0] for element in elements]
        assert set(together.permitted) == {element for one in alone for element in one.permitted}
        assert {one.element: one for one in together.withheld} == {one.element: one for group in alone for one in group.withheld}


def test_what_is_recorded_of_an_outcome_is_canonical(policy_set: PolicySet) -> None:
    for situation in SITUATIONS:
        recorded = _asked(policy_set, situation, {"elements": [ORDINARY, SSN, "academics.shoe_size"]}).canonical()
        assert canonical_json(json.loads(recorded)) == recorded


def test_a_set_that_takes_over_has_made_the_code_for_what_is_asked() -> None:
    deciding, successor = (assemble(read_packs(), schema_sha256=digit * 64) for digit in "01")
    outcomes = {situation: _asked(deciding, situation) for situation in ("contractor", "transfer")}
    assert successor.grants.met() == ()
    successor.make_ready_for(deciding)
    made = successor.grants.met(), successor.duties.met()
    assert made == (deciding.grants.met(), deciding.duties.met())
    for situation, before in outcomes.items():
        after = _asked(successor, situation)
        assert (after.groups, after.policies, after.obligations) == (before.groups, before.policies, before.obligations)
    assert (successor.grants.met(), successor.duties.met()) == made


def test_what_is_kept_of_a_list_of_elements_is_of_its_kind_of_request_alone(policy_set: PolicySet) -> None:
    """The same list, asked on every basis, for every action, by every kind of recipient, of one set and of one that was asked nothing."""
    asked_before = replace(policy_set, _asked={}, _alike={})
    kinds = [(basis, action, kind) for basis in BASES for action in TAXONOMY.actions.values() for kind in RECIPIENTS.values()]
    found = [asked_before.asked(ELEMENT_IDS, *one) for one in kinds]
    assert found == [replace(policy_set, _asked={}, _alike={}).asked(ELEMENT_IDS, *one) for one in kinds]


def test_a_set_that_takes_over_knows_what_elements_are_alike_to_what_is_asked() -> None:
    deciding, successor = (assemble(read_packs(), schema_sha256=digit * 64) for digit in "01")
    for situation in ("contractor", "transfer"):
        _asked(deciding, situation)
    successor.make_ready_for(deciding)
    assert set(successor._alike) == set(deciding._alike)
    assert len(successor._alike) == 2


def test_the_kinds_of_request_that_are_remembered_have_an_end_and_the_others_are_answered_alike(
    policy_set: PolicySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.privacy.policy.policy_set.REMEMBERED", 3)
    bounded, free = replace(policy_set, _asked={}, _alike={}), replace(policy_set, _asked={}, _alike={})
    kinds = [(basis, TAXONOMY.actions["disclose"], "Vendor") for basis in sorted(BASES)[:6]]
    found = [bounded.asked(ELEMENT_IDS, *one) for one in kinds]
    assert len(bounded._alike) == 3
    monkeypatch.undo()
    assert found == [free.asked(ELEMENT_IDS, *one) for one in kinds]


def test_words_that_nobody_knows_are_not_kept_and_what_is_kept_has_an_end(policy_set: PolicySet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.privacy.policy.policy_set.LISTS_KEPT", 3)
    fresh, action = replace(policy_set, _asked={}), TAXONOMY.actions["disclose"]
    fresh.asked(("no.such.element",), "consent", action, "Vendor")
    assert fresh._asked == {}
    for element in ELEMENT_IDS[:5]:
        fresh.asked((element,), "consent", action, "Vendor")
        assert 1 <= len(fresh._asked) <= 3
