"""What single change would permit: tried, lawful, and with the paragraph that asks for it."""

import time
from typing import Any

import pytest

from services.privacy.policy import Counterfactual, PolicySet, counterfactuals, decide
from services.privacy.policy.counterfactual import NEVER, OF_AGENCIES, REMEDIES
from services.privacy.policy.evidence_input import GroundFacts
from services.privacy.policy.taxonomy import TAXONOMY
from tests.privacy.policy.every_situation import SITUATIONS
from tests.privacy.policy.situations import ADDRESS, GONE, MEAL, NOW, ORDINARY, policy_input
from tests.privacy.policy.test_differential_requests import KNOWN_ROWS


def _found(policy_set: PolicySet, situation: str, changes: dict[str, Any], element: str = ORDINARY) -> Counterfactual:
    (found,) = counterfactuals(policy_input(SITUATIONS[situation], {**changes, "elements": [element]}), policy_set)
    return found


@pytest.mark.parametrize(
    ("situation", "changes", "fact", "citation"),
    [
        ("contractor", {"agreement.elements": [ADDRESS]}, "agreement.elements", "34 CFR 99.31(a)(1)(ii)"),
        ("contractor", {"agreement.direct_control": False}, "agreement.direct_control", "34 CFR 99.31(a)(1)(i)(B)(2)"),
        ("contractor", {"agreement.ends_at": NOW}, "agreement.ends_at", "34 CFR 99.31(a)(1)(i)(B)(2)"),
        ("contractor", {"agreement.purposes": []}, "agreement.purposes", "34 CFR 99.33(a)(2)"),
        ("contractor", {"agreement.terminated_at": NOW}, "agreement.terminated_at", "34 CFR 99.31(a)(1)(i)(B)(2), local policy"),
        (
            "contractor",
            {"custody.annual_notice_school_officials": False},
            "custody.annual_notice_school_officials",
            "34 CFR 99.7(a)(3)(iii)",
        ),
        ("contractor", {"recipient.authenticated": False}, "recipient.authenticated", "34 CFR 99.31(c)"),
        (
            "contractor",
            {"student.jurisdiction": "US-CO", "agreement.clauses": ["co-22-16-107"]},
            "agreement.clauses",
            "C.R.S. 22-16-110 (not checked)",
        ),
        ("transfer, redisclosed", {"custody.onward_transfer_agreed": False}, "custody.onward_transfer_agreed", "34 CFR 99.33(b)(1)"),
        ("judicial-order", {"order.protective_action_until": NOW + 1}, "order.protective_action_until", "34 CFR 99.31(a)(9)(ii)"),
        ("juvenile-justice", {"juvenile.certified_at": GONE}, "juvenile.certified_at", "34 CFR 99.38(b)"),
        ("study, redisclosed", {"custody.onward_understood": False}, "custody.onward_understood", "34 CFR 99.33(b)(1)"),
        ("consent", {"consent.withdrawn_at": NOW}, "consent.withdrawn_at", "34 CFR 99.30(a), local policy"),
    ],
)
def test_one_change_would_permit_it(policy_set: PolicySet, situation: str, changes: dict[str, Any], fact: str, citation: str) -> None:
    change = _found(policy_set, situation, changes).change
    assert change is not None
    assert (change.fact, change.citation, change.suffices) == (fact, citation, True)
    assert change.remedy


@pytest.mark.parametrize(
    ("situation", "changes", "element"),
    [
        ("consent", {"student.eligible": True}, ORDINARY),
        ("consent", {"consent.grantor_rights_ended_at": NOW}, ORDINARY),
        ("consent", {"consent.refused": [ORDINARY]}, ORDINARY),
        ("contractor", {"student.homeless": True}, ADDRESS),
        ("contractor", {"agreement.direct_control": False, "agreement.signed": False}, ORDINARY),
        ("contractor", {}, MEAL),
        ("contractor", {"custody.recipient_debarred_until": NOW + 1}, ORDINARY),
        ("directory", {"directory.opted_out": ["identity.name"]}, "identity.name"),
        ("rights-holder", {"student.eligible": True}, ORDINARY),
        ("substance-violation", {"substance.under_21": False}, "discipline.incidents"),
        ("sealed-order", {"order.nondisclosure_ordered": False}, ORDINARY),
        ("emergency", {"emergency.declared_at": NOW - 4 * 86_400_000}, ORDINARY),
    ],
)
def test_no_change_is_offered_that_nobody_may_make(policy_set: PolicySet, situation: str, changes: dict[str, Any], element: str) -> None:
    assert _found(policy_set, situation, changes, element).change is None


@pytest.mark.parametrize(
    ("situation", "gone", "citation"),
    [
        ("contractor", "agreement", "34 CFR 99.31(a)(1)(i)(B)(2), local policy: in writing"),
        ("emergency", "emergency", "34 CFR 99.31(a)(10)"),
    ],
)
def test_evidence_that_is_missing_is_named_and_may_not_suffice(policy_set: PolicySet, situation: str, gone: str, citation: str) -> None:
    change = _found(policy_set, situation, {gone: GONE}).change
    assert change is not None
    assert (change.fact, change.citation, change.suffices) == (gone, citation, False)


def test_what_is_permitted_needs_no_change(policy_set: PolicySet) -> None:
    assert counterfactuals(policy_input(SITUATIONS["contractor"]), policy_set) == ()


def test_words_that_nobody_knows_have_no_answer(policy_set: PolicySet) -> None:
    assert counterfactuals(policy_input(SITUATIONS["contractor"], {"purpose": "sale"}), policy_set) == ()
    assert counterfactuals(policy_input(SITUATIONS["contractor"], {"elements": ["academics.shoe_size"]}), policy_set) == ()


@pytest.mark.slow
def test_every_row_of_the_table_has_its_reason_and_lawful_changes_alone(policy_set: PolicySet) -> None:
    offered = 0
    for row in KNOWN_ROWS:
        facts = policy_input(SITUATIONS[row.situation], {**row.changes, "elements": [row.element]})
        answers = counterfactuals(facts, policy_set)
        if facts.action == "request":
            continue
        withheld = decide(facts, policy_set).subjects[0].withheld
        assert [one.element for one in answers] == [one.element for one in withheld]
        for one in answers:
            if one.change is not None:
                offered += 1
                place, _, member = one.change.fact.partition(".")
                assert place not in ("student", "relation", "asker")
                assert (place, member) not in NEVER
                assert place in REMEDIES or (place, member) in OF_AGENCIES
    assert offered > 300


def test_facts_that_nobody_may_change_are_facts() -> None:
    for place, member in NEVER:
        if place in GroundFacts.model_fields:
            (facts,) = (part for part in GroundFacts.model_fields[place].annotation.__args__ if part is not type(None))  # type: ignore[union-attr]
            assert member in facts.model_fields


def test_an_explanation_of_every_element_is_quick(policy_set: PolicySet) -> None:
    every = {"agreement.elements": [], "elements": sorted(TAXONOMY.elements)[:22]}
    asked = policy_input(SITUATIONS["contractor"], every)
    counterfactuals(asked, policy_set)
    started = time.process_time()
    for _ in range(10):
        assert len(counterfactuals(asked, policy_set)) == 22
    assert (time.process_time() - started) / 10 < 0.05
