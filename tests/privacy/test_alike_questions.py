"""Questions that differ by their student alone are answered together as each would be alone, to the byte of what is recorded."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from safepassage.wire_evidence import Evidence
from safepassage.wire_programmes import OperatorOnboarding
from services.privacy.alike_questions import AlikeQuestions, circumstances_of
from services.privacy.facts import Facts
from services.privacy.grounds import Grounds
from services.privacy.policy import PolicySet, decide
from shared.contracts.privacy import DecisionRequest, Recipient, RecipientProof, SubjectFacts, SubjectVersion
from tests.privacy.policy.evidence import (
    DISTRICT,
    NOW,
    OTHER_DISTRICT,
    PARENT,
    SCHOOL,
    SEA,
    TRANSCRIPT,
    VENDOR,
    agreement,
    consent,
    debarment,
    holder,
    organisations,
    request,
    student,
)
from tests.privacy.policy.test_ground_facts import BASE

DIFFERENCES: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"facts_version": 4},
    {"flags": frozenset({"homeless"})},
    {"flags": frozenset({"protected-address"})},
    {"birth_date": date(2008, 1, 1)},
    {"birth_date": date(2016, 1, 1)},
    {"jurisdiction": "US-NY"},
    {"jurisdiction": "US-ZZ"},
    {"custodian_id": OTHER_DISTRICT},
    {"custodian_id": SCHOOL},
    {"originating_agency": str(OTHER_DISTRICT)},
    {"birth_date": date(2012, 5, 5)},
    {"rights_holders": ()},
    {"rights_holders": (holder(**{"from": date(2030, 1, 1)}),)},
    {"time_zone": "Pacific/Auckland"},
    {"time_zone": "America/Nowhere"},
)
STUDENTS: Final = tuple(student(student_id=UUID(int=500 + number), **changes) for number, changes in enumerate(DIFFERENCES * 2))
ELEMENTS: Final = (TRANSCRIPT, "contacts.addresses", "programmes.homeless", "identity.name")


def onboarded() -> Evidence:
    said = {name: value for name, value in BASE.items() if name != "elements"}
    said |= {"recipient_id": str(VENDOR), "collects_from_under_13": True, "kind": "operator-onboarding"}
    return Evidence(id=UUID(int=301), of=OperatorOnboarding.model_validate(said), recorded_at=NOW, revoked_at=None)


def asked(basis: str, **changes: Any) -> DecisionRequest:
    return request(basis, subjects=(), elements=ELEMENTS, **changes)


PROOF = RecipientProof(assurance_level="ial2", method="id-card", evidence_ref="desk 4", authenticated_at=NOW - timedelta(hours=1))
QUESTIONS: Final = {
    "contractor": (asked("contractor"), Grounds(), VENDOR),
    "contractor, barred": (asked("contractor"), Grounds(), VENDOR),
    "contractor, onboarded": (asked("contractor"), Grounds(evidence=(onboarded(),)), VENDOR),
    "proved by staff of one district": (asked("contractor", recipient_proof=PROOF), Grounds(), OTHER_DISTRICT),
    "transfer": (asked("transfer"), Grounds(), None),
    "a parent": (
        asked("rights-holder", purpose="records-access", recipient=Recipient(kind="person", id=str(PARENT)), recipient_proof=PROOF),
        Grounds(),
        DISTRICT,
    ),
    "consent of one": (asked("consent"), Grounds(), VENDOR),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_each_of_several_is_answered_and_recorded_as_alone(policy_set: PolicySet, kind: str) -> None:
    without_student, grounds, caller = QUESTIONS[kind]
    named: dict[str, Any] = {
        "agreement": agreement(elements=ELEMENTS) if without_student.agreement_id else None,
        "consent": consent(student_id=STUDENTS[0].student_id, elements=ELEMENTS) if without_student.consent_id else None,
        "debarments": (debarment(),) if "barred" in kind else (),
    }
    everybody = Facts(STUDENTS, organisations(), **named, epochs={"subjects": [one.facts_version for one in STUDENTS]}, grounds=grounds)
    together = AlikeQuestions(policy_set, node_organisation_id=SEA, caller_organisation_id=caller, now=NOW)
    outcomes = set()
    for place, one in enumerate(STUDENTS):
        question, facts = about(without_student, one), everybody.of_one(place)
        recorded, outcome = together.answer(question, facts, without_student=without_student)
        beside = circumstances_of(question, facts, node_organisation_id=SEA, caller_organisation_id=caller, now=NOW)
        alone = decide(beside.input_of(question.subjects, facts.subjects), policy_set)
        assert recorded == beside.input_of(question.subjects, facts.subjects).canonical()
        assert (outcome, outcome.canonical(), outcome.subjects) == (alone, alone.canonical(), alone.subjects)
        outcomes.add((outcome.outcome, outcome.groups))
    assert len(outcomes) > 2, "the students differ in what may be disclosed of them"


def test_students_whose_facts_are_alike_are_decided_once(policy_set: PolicySet) -> None:
    without_student = asked("contractor")
    facts = Facts(STUDENTS, organisations(), None, agreement(elements=ELEMENTS), (), {"subjects": [1] * len(STUDENTS)})
    together = AlikeQuestions(policy_set, node_organisation_id=SEA, caller_organisation_id=VENDOR, now=NOW)
    found = [
        together.answer(about(without_student, one), facts.of_one(place), without_student=without_student)[1]
        for place, one in enumerate(STUDENTS)
    ]
    half = len(DIFFERENCES)
    again = [first.groups is second.groups for first, second in zip(found[:half], found[half:], strict=True)]
    assert again == ["time_zone" not in it or it["time_zone"] != "America/Nowhere" for it in DIFFERENCES]
    assert found[0].input_hash != found[half].input_hash
    assert found[0].group_of != found[half].group_of


def test_facts_that_are_not_the_questions_are_a_mistake(policy_set: PolicySet) -> None:
    without_student = asked("contractor")
    facts = Facts(STUDENTS, organisations(), None, agreement(elements=ELEMENTS), (), {"subjects": [1] * len(STUDENTS)})
    together = AlikeQuestions(policy_set, node_organisation_id=SEA, caller_organisation_id=VENDOR, now=NOW)
    together.answer(about(without_student, STUDENTS[0]), facts.of_one(0), without_student=without_student)
    with pytest.raises(ValueError, match="not those of the students"):
        together.answer(about(without_student, STUDENTS[0]), facts.of_one(1), without_student=without_student)
    newer = about(without_student, STUDENTS[0].model_copy(update={"facts_version": 9}))
    with pytest.raises(ValueError, match="older"):
        together.answer(newer, facts.of_one(0), without_student=without_student)


def about(without_student: DecisionRequest, one: SubjectFacts) -> DecisionRequest:
    subject = SubjectVersion(student_id=one.student_id, facts_version=one.facts_version)
    return without_student.model_copy(update={"subjects": (subject,)})
