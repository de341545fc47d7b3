"""Explanations: every condition that failed with its paragraph, and whether a fact of the student had a part in it."""

from typing import Any

import pytest

from safepassage.wire_decisions import Withheld
from services.privacy.policy import PolicySet, decide
from tests.privacy.policy.every_situation import SITUATIONS
from tests.privacy.policy.situations import ADDRESS, GONE, HOMELESS, MEAL, NOW, ORDINARY, SSN, policy_input


def _withheld(policy_set: PolicySet, situation: str, changes: dict[str, Any], element: str = ORDINARY) -> Withheld:
    outcome = decide(policy_input(SITUATIONS[situation], {**changes, "elements": [element]}), policy_set)
    (withheld,) = outcome.subjects[0].withheld
    return withheld


def test_every_condition_that_failed_is_named_in_the_order_of_the_rule(policy_set: PolicySet) -> None:
    changes = {"agreement.direct_control": False, "agreement.signed": False, "agreement.elements": [ADDRESS], "purpose": "study"}
    withheld = _withheld(policy_set, "contractor", changes)
    assert [one.reason for one in withheld.failed] == ["agreement-unsigned", "no-direct-control", "purpose-not-agreed", "not-scheduled"]
    assert withheld.failed[1].citation == "34 CFR 99.31(a)(1)(i)(B)(2)"
    assert (withheld.reason, withheld.citation) == (withheld.failed[0].reason, withheld.failed[0].citation)


def test_missing_evidence_is_named_and_not_what_it_would_have_said(policy_set: PolicySet) -> None:
    withheld = _withheld(policy_set, "transfer", {"transfer": GONE})
    assert [one.reason for one in withheld.failed] == ["enrollment-evidence-missing"]


def test_a_forbid_is_named_before_conditions_that_failed_too(policy_set: PolicySet) -> None:
    withheld = _withheld(policy_set, "consent", {"consent.withdrawn_at": NOW, "consent.names_recipient": False})
    assert (withheld.reason, withheld.policy, withheld.failed) == ("consent-withdrawn", "ferpa-99.30-withdrawn-consent", ())


@pytest.mark.parametrize(
    ("situation", "changes", "element", "same"),
    [
        ("contractor", {"agreement.elements": []}, ORDINARY, True),
        ("contractor", {"custody.keeper_party_to_agreement": False}, ORDINARY, False),
        ("contractor", {"agreement.terminated_at": NOW}, ORDINARY, True),
        ("contractor", {}, MEAL, True),
        ("contractor", {}, HOMELESS, True),
        ("contractor", {"student.homeless": True}, HOMELESS, True),
        ("contractor", {"student.homeless": True}, ADDRESS, False),
        ("contractor", {"student.homeless": True, "agreement.elements": [ORDINARY]}, ADDRESS, True),
        ("contractor", {"student.protected_address": True, "agreement.elements": [ORDINARY]}, ADDRESS, True),
        ("contractor", {"student.protected_address": True}, ADDRESS, False),
        ("transfer", {}, SSN, True),
        ("transfer", {"recipient.known": False}, ORDINARY, True),
        ("transfer", {"custody.recipient_debarred_until": NOW + 1}, ORDINARY, False),
        ("transfer, redisclosed", {"custody.onward_transfer_agreed": False}, ORDINARY, False),
        ("transfer", {"purpose": "study"}, ORDINARY, True),
        ("consent", {"consent": GONE}, ORDINARY, False),
        ("request", {}, SSN, True),
        ("transfer", {"purpose": "sale"}, ORDINARY, True),
        ("transfer", {"student.jurisdiction": "US-ZZ"}, ORDINARY, False),
        ("transfer", {}, "academics.shoe_size", True),
    ],
)
def test_what_depends_on_the_student_is_told_apart(
    policy_set: PolicySet, situation: str, changes: dict[str, Any], element: str, same: bool
) -> None:
    assert _withheld(policy_set, situation, changes, element).same_for_every_student is same


def test_explanations_are_remembered_and_never_mixed_up(policy_set: PolicySet) -> None:
    first = _withheld(policy_set, "contractor", {"agreement.elements": []})
    other = _withheld(policy_set, "contractor, redisclosed", {"agreement.elements": []})
    again = _withheld(policy_set, "contractor", {"agreement.elements": []})
    assert first == again
    assert (first.policy, other.policy) == ("ferpa-99.31a1ib-contractor", "ferpa-99.33b-contractor")
