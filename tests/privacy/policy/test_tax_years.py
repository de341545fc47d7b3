"""Proof that a student is a dependent is of one tax year, and counts until the next year's return was due."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.privacy.policy import PolicySet
from services.privacy.policy.time_values import milliseconds_of
from tests.privacy.policy.evidence import NOW, student
from tests.privacy.policy.test_ground_facts import TICK, asked_under, permits

TAX_YEARS = ((2023, False), (2024, False), (2025, True), (2026, True), (2027, False))


@pytest.mark.parametrize(("tax_year", "permitted"), TAX_YEARS)
def test_whose_dependent_a_student_was_years_ago_or_may_be_next_year_supports_nothing(
    policy_set: PolicySet, tax_year: int, *, permitted: bool
) -> None:
    """Today is 20 October 2026; by the 15th the return of 2025 was due, and says more than that of 2024."""
    asked = asked_under("dependent-student", {"tax_year": tax_year, "valid_until": NOW + timedelta(days=4000)})
    assert permits(asked, policy_set) is permitted
    if permitted:
        ends = datetime(tax_year + 2, 10, 16, tzinfo=ZoneInfo(student().time_zone))
        assert asked.holds_until == milliseconds_of(ends)


def test_a_proof_that_is_taken_back_or_ends_sooner_ends_then(policy_set: PolicySet) -> None:
    for sooner in ({"valid_until": NOW + TICK}, {"valid_until": NOW + timedelta(days=4000), "revoked_at": NOW + TICK}):
        asked = asked_under("dependent-student", sooner)
        assert permits(asked, policy_set)
        assert asked.holds_until == milliseconds_of(NOW + TICK)
