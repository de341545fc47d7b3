"""A consent's facts: who signed, when, in which role, and until when the signer's rights last. Dates are the student's own."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.privacy.policy import PolicySet, decide, rights_role
from services.privacy.policy.calendar_days import zone_of
from services.privacy.policy.policy_input import ConsentFacts
from services.privacy.policy.time_values import instant_of, milliseconds_of
from tests.privacy.policy.evidence import NOW, PARENT, STUDENT, VENDOR, built, consent, holder, request, student

TICK = timedelta(milliseconds=1)
EIGHTEEN = datetime(2026, 10, 20, 4, 0, tzinfo=UTC)
"""The first instant of 20 October in New York, where a child of 20 October 2008 turns 18."""
BORN = date(2008, 10, 20)


def _facts(*, subject: Any = None, now: datetime = NOW, **changes: Any) -> ConsentFacts:
    asked = built(request("consent"), consent=consent(**changes), subjects=[student(**(subject or {}))], now=now)
    facts = asked.groups[0].consent
    assert facts is not None
    return facts


@pytest.mark.parametrize(
    ("changes", "fact", "value"),
    [
        ({}, "signed", True),
        ({}, "dated", True),
        ({"signed_on": date(2026, 9, 2)}, "dated", True),
        ({"signed_on": date(2026, 9, 4)}, "dated", False),
        ({"signed_on": date(2026, 9, 2), "granted_at": datetime(2026, 9, 2, 3, 59, tzinfo=UTC)}, "dated", True),
        ({"signed_on": date(2026, 9, 2), "granted_at": datetime(2026, 9, 1, 3, 59, tzinfo=UTC)}, "dated", False),
        ({"recipient_id": str(VENDOR)}, "names_recipient", True),
        ({"recipient_id": str(PARENT)}, "names_recipient", False),
        ({"electronic_approval": "screen 4, box ticked"}, "approval_indicated", True),
        ({}, "approval_indicated", False),
        ({"acting_for": {"assurance_level": "ial1"}}, "source_authenticated", False),
        ({"acting_for": {"assurance_level": "ial3"}}, "source_authenticated", True),
        ({"expires_at": NOW}, "expires_at", milliseconds_of(NOW)),
        ({"withdrawn_at": NOW}, "withdrawn_at", milliseconds_of(NOW)),
        ({"acting_for": {"person_id": UUID(int=3)}}, "grantor_holds_rights", False),
        ({"acting_for": {"person_id": STUDENT}, "grantor_role": "student"}, "grantor_holds_rights", True),
        ({"grantor_role": "student"}, "grantor_holds_rights", False),
    ],
)
def test_a_consent_says_what_it_says(changes: Any, fact: str, value: Any) -> None:
    assert getattr(_facts(**changes), fact) == value


@pytest.mark.requirement("HARD-17")
@pytest.mark.parametrize(
    ("entries", "holds", "ended_on"),
    [
        ([], False, None),
        ([holder(person_id=UUID(int=3))], False, None),
        ([holder()], True, None),
        ([holder(**{"from": date(2026, 10, 21)})], False, None),
        ([holder(**{"from": date(2026, 10, 20)})], True, None),
        ([holder(ended_on=date(2025, 1, 1))], True, date(2025, 1, 1)),
        ([holder(ended_on=date(2027, 1, 1))], True, date(2027, 1, 1)),
        ([holder(ended_on=date(2020, 1, 1)), holder(**{"from": date(2022, 1, 1)})], True, None),
        ([holder(ended_on=date(2020, 1, 1)), holder(ended_on=date(2024, 1, 1))], True, date(2024, 1, 1)),
        ([holder(ended_on=date(2020, 1, 1)), holder(**{"from": date(2026, 11, 1)})], True, date(2020, 1, 1)),
        ([holder(ended_on=date(2020, 1, 1)), holder(person_id=UUID(int=3))], True, date(2020, 1, 1)),
    ],
)
def test_a_parents_rights_last_until_a_binding_document_ends_them(entries: Any, holds: bool, ended_on: date | None) -> None:
    facts = _facts(subject={"rights_holders": tuple(entries)})
    assert facts.grantor_holds_rights is holds
    ended_at = facts.grantor_rights_ended_at
    assert (None if ended_at is None else instant_of(ended_at).astimezone(zone_of("America/New_York"))) == (
        None if ended_on is None else datetime(ended_on.year, ended_on.month, ended_on.day, tzinfo=zone_of("America/New_York"))
    )


@pytest.mark.requirement("HARD-18")
@pytest.mark.parametrize(("now", "permitted"), [(EIGHTEEN - TICK, True), (EIGHTEEN, False)])
def test_a_parents_consent_ends_at_midnight_of_the_eighteenth_birthday(policy_set: PolicySet, now: datetime, permitted: bool) -> None:
    asked = built(request("consent"), subjects=[student(birth_date=BORN)], now=now)
    assert (decide(asked, policy_set).outcome == "permit") is permitted


@pytest.mark.parametrize(("now", "permitted"), [(EIGHTEEN - TICK, False), (EIGHTEEN, True)])
def test_a_students_own_consent_counts_from_then_on(policy_set: PolicySet, now: datetime, permitted: bool) -> None:
    own = consent(acting_for={"person_id": STUDENT}, grantor_role="student")
    asked = built(request("consent"), consent=own, subjects=[student(birth_date=BORN)], now=now)
    assert (decide(asked, policy_set).outcome == "permit") is permitted


def test_in_postsecondary_education_the_student_consents_at_any_age(policy_set: PolicySet) -> None:
    subject = student(attends_postsecondary=True)
    own = consent(acting_for={"person_id": STUDENT}, grantor_role="student")
    assert decide(built(request("consent"), subjects=[subject]), policy_set).outcome == "deny"
    assert decide(built(request("consent"), subjects=[subject], consent=own), policy_set).outcome == "permit"


@pytest.mark.parametrize(("now", "permitted"), [(datetime(2026, 10, 20, 3, 59, 59, 999000, tzinfo=UTC), True), (EIGHTEEN, False)])
def test_a_parents_rights_end_at_midnight_of_the_documents_day(policy_set: PolicySet, now: datetime, permitted: bool) -> None:
    subject = student(rights_holders=(holder(ended_on=date(2026, 10, 20), ended_by="order 12"),))
    assert (decide(built(request("consent"), subjects=[subject], now=now), policy_set).outcome == "permit") is permitted


@pytest.mark.parametrize(
    ("subject", "changes", "expected"),
    [
        ({}, {}, datetime(2030, 5, 4, 4, 0, tzinfo=UTC)),
        ({}, {"expires_at": NOW + timedelta(days=3)}, NOW + timedelta(days=3)),
        ({}, {"expires_at": NOW}, datetime(2030, 5, 4, 4, 0, tzinfo=UTC)),
        ({}, {"withdrawn_at": NOW + TICK}, NOW + TICK),
        ({"rights_holders": (holder(ended_on=date(2026, 10, 21)),)}, {}, datetime(2026, 10, 21, 4, 0, tzinfo=UTC)),
        ({"attends_postsecondary": True}, {}, None),
    ],
)
def test_a_decision_knows_until_when_its_facts_hold_by_themselves(subject: Any, changes: Any, expected: datetime | None) -> None:
    asked = built(request("consent"), consent=consent(**changes), subjects=[student(**subject)])
    assert asked.holds_until == (None if expected is None else milliseconds_of(expected))


def test_an_agreements_end_and_termination_are_known_too(policy_set: PolicySet) -> None:
    outcome = decide(built(request("contractor")), policy_set)
    assert outcome.holds_until == datetime(2027, 7, 1, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("subject", "person", "role"),
    [
        ({}, PARENT, "parent"),
        ({}, STUDENT, None),
        ({}, UUID(int=3), None),
        ({"rights_holders": (holder(ended_on=date(2026, 10, 20)),)}, PARENT, None),
        ({"rights_holders": (holder(ended_on=date(2026, 10, 21)),)}, PARENT, "parent"),
        ({"rights_holders": (holder(**{"from": date(2026, 10, 21)}),)}, PARENT, None),
        ({"birth_date": BORN}, PARENT, None),
        ({"birth_date": BORN}, STUDENT, "student"),
        ({"attends_postsecondary": True}, PARENT, None),
        ({"attends_postsecondary": True}, STUDENT, "student"),
    ],
)
def test_who_may_consent_now_is_said_by_the_same_rule(policy_set: PolicySet, subject: Any, person: UUID, role: str | None) -> None:
    assert rights_role(student(**subject), person, now=NOW) == role
    given = consent(acting_for={"person_id": person}, grantor_role="student" if person == STUDENT else "parent")
    decided = decide(built(request("consent"), consent=given, subjects=[student(**subject)]), policy_set)
    assert (decided.outcome == "permit") is (role is not None)


def test_a_time_zone_that_does_not_exist_is_no_ones_right() -> None:
    with pytest.raises(ValueError, match="time zone"):
        rights_role(student(time_zone="Mars/Base"), PARENT, now=NOW)
