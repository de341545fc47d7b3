"""A child protection order spares the notice where each parent who holds the rights is a party (20 U.S.C. 1232g(b)(2)(B))."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from services.privacy.policy import PolicySet
from services.privacy.policy.time_values import milliseconds_of
from tests.privacy.policy.evidence import NOW, PARENT, holder
from tests.privacy.policy.test_ground_facts import asked_under, permits

OTHER_PARENT: Final = UUID(int=901)
OF_BOTH_PARENTS: Final[dict[str, Any]] = {"proceeding": {"reference": "case 4", "parties": (PARENT, OTHER_PARENT)}}
TODAY: Final = date(2026, 10, 20)


@pytest.mark.parametrize(
    ("changes", "subject", "permitted"),
    [
        ({}, {}, True),
        ({}, {"rights_holders": (holder(), holder(person_id=OTHER_PARENT))}, False),
        (OF_BOTH_PARENTS, {"rights_holders": (holder(), holder(person_id=OTHER_PARENT))}, True),
        ({}, {"rights_holders": (holder(ended_on=TODAY), holder(person_id=OTHER_PARENT))}, False),
        ({}, {"rights_holders": (holder(), holder(person_id=OTHER_PARENT, ended_on=TODAY))}, True),
        ({}, {"rights_holders": (holder(ended_on=TODAY),)}, False),
        ({}, {"rights_holders": ()}, False),
        ({}, {"birth_date": date(2008, 10, 20)}, False),
    ],
)
def test_the_notice_is_owed_to_whoever_holds_the_rights_and_is_no_party(
    policy_set: PolicySet, changes: dict[str, Any], subject: dict[str, Any], permitted: bool
) -> None:
    assert permits(asked_under("child-protection-order", changes, subject=subject), policy_set) is permitted


@pytest.mark.parametrize(
    "subject",
    [
        {"rights_holders": (holder(ended_on=date(2026, 10, 21)),)},
        {"rights_holders": (holder(), holder(person_id=OTHER_PARENT, **{"from": date(2026, 10, 21)}))},
        {"birth_date": date(2008, 10, 21)},
    ],
)
def test_a_decision_on_a_proceeding_holds_until_other_parents_have_the_rights(policy_set: PolicySet, subject: dict[str, Any]) -> None:
    midnight = datetime(2026, 10, 21, 4, 0, tzinfo=UTC)
    changes = {"valid_until": NOW + timedelta(days=3)}
    asked = asked_under("child-protection-order", changes, subject=subject)
    assert permits(asked, policy_set)
    assert asked.holds_until == milliseconds_of(midnight)
    assert not permits(asked_under("child-protection-order", changes, subject=subject, now=midnight), policy_set)
