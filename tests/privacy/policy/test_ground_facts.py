"""From evidence on record to what the rules read: each kind leads to a permission, and to none where it does not fit the request."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, get_args
from uuid import UUID

import pytest
from pydantic import ValidationError

from safepassage.wire_evidence import STANDING, Evidence, Kind
from safepassage.wire_programmes import AuditAgreement, StudyAgreement
from services.privacy.policy import PolicySet, decide
from services.privacy.policy.ground_facts import PLACES
from services.privacy.policy.policy_input import PolicyInput
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import Attendance, Recipient, RecipientProof
from tests.privacy.policy.evidence import (
    DIGEST,
    DISTRICT,
    NOW,
    OTHER_DISTRICT,
    PARENT,
    SCHOOL,
    SEA,
    STUDENT,
    TRANSCRIPT,
    VENDOR,
    agreement,
    built,
    organisation,
    organisations,
    request,
    student,
)

GROUND: Final = UUID(int=300)
AGENCY: Final = UUID(int=8)
INCIDENTS, NAME = "discipline.incidents", "identity.name"
PROOF: Final = RecipientProof(assurance_level="ial2", method="id-card", evidence_ref="desk 4", authenticated_at=NOW)
TICK: Final = timedelta(milliseconds=1)
ENROLLED: Final = Attendance.model_validate({"organisation_id": SCHOOL, "from": date(2024, 8, 20)})

BASE: Final[Mapping[str, Any]] = {
    "agency_id": DISTRICT,
    "document": DIGEST,
    "reference": "file 7",
    "valid_from": NOW - timedelta(days=1),
    "valid_until": NOW + timedelta(days=1),
    "elements": (TRANSCRIPT, INCIDENTS, NAME),
}
OF_STUDENT: Final = {"student_ids": (STUDENT,)}

KINDS: Final[Mapping[str, tuple[str, str, dict[str, Any]]]] = {
    "school-official": ("school-official", "school", {"legitimate_interest": "2", "access_control": "3", "purposes": ("instruction",)}),
    "audit-authority": ("audit-mandate", "agency", {"office": "secretary", "activity": "audit", "programme": "I", "protection": "2"}),
    "financial-aid": (
        "financial-aid", "agency", {**OF_STUDENT, "stage": "applied", "needed_for": ("amount",), "conditioned_on_attendance": "form"}
    ),
    "juvenile-justice": (
        "juvenile-justice",
        "agency",
        {
            **OF_STUDENT,
            "state": "US-XA",
            "statute": "12.1",
            "adopted_on": date(1994, 5, 1),
            "concerns_system": "12.1(b)",
            "certification": {"certified_at": NOW, "reference": "letter"},
        },
    ),
    "juvenile-justice-before-1974": (
        "juvenile-justice",
        "agency",
        {**OF_STUDENT, "state": "US-XA", "statute": "3.1", "adopted_on": date(1974, 11, 18), "concerns_system": "3.1"},
    ),
    "accreditation": ("accreditation", "agency", {"function": "review 2026"}),
    "dependent-student": ("dependency", "person", {**OF_STUDENT, "person_id": PARENT, "tax_year": 2025}),
    "judicial-order": (
        "court-order",
        "agency",
        {
            **OF_STUDENT,
            "form": "subpoena",
            "issued_at": NOW - timedelta(hours=9),
            "issued_by": "court 3",
            "verified_by": "o-1",
            "notice": {"sent_at": NOW - timedelta(hours=8), "method": "post", "protective_action_until": NOW},
        },
    ),
    "sealed-order": (
        "court-order",
        "agency",
        {
            **OF_STUDENT,
            "form": "grand-jury-subpoena",
            "issued_at": NOW,
            "issued_by": "court 3",
            "verified_by": "o-1",
            "nondisclosure": "order 3",
        },
    ),
    "child-protection-order": (
        "court-order",
        "agency",
        {
            **OF_STUDENT,
            "form": "court-order",
            "issued_at": NOW,
            "issued_by": "court 3",
            "verified_by": "o-1",
            "proceeding": {"reference": "case 4", "parties": (PARENT,)},
        },
    ),
    "litigation": ("legal-action", "agency", {**OF_STUDENT, "initiated_by": "parent", "filed_at": NOW, "relevance": "claim 2"}),
    "emergency": (
        "emergency",
        "agency",
        {
            **OF_STUDENT,
            "declared_at": NOW - timedelta(hours=2),
            "declared_by": "o-1",
            "threat": "a threat in so many words",
            "knowledge_necessary": "note 1",
            "approved_by": "o-2",
            "approved_at": NOW,
        },
    ),
    "conduct-risk": ("conduct-risk", "school", {**OF_STUDENT, "significant_risk": "report", "legitimate_interest": "2.1"}),
    "crime-victim": (
        "disciplinary-proceeding", "person", {**OF_STUDENT, "offense": "crime-of-violence", "final_at": NOW, "victim": "file 3"}
    ),
    "disciplinary-results": (
        "disciplinary-proceeding", "agency", {**OF_STUDENT, "offense": "crime-of-violence", "final_at": NOW, "violation_found": "ruling"}
    ),
    "substance-violation": ("substance-violation", "person", {**OF_STUDENT, "determination": "ruling"}),
    "registered-offender": ("offender-registration", "agency", {**OF_STUDENT, "provided_under": "notice"}),
    "child-welfare": (
        "child-welfare",
        "agency",
        {**OF_STUDENT, "case_plan_access": "appointment", "legally_responsible": "placement", "confidentiality": "state law 3"},
    ),
    "meal-evaluation": (
        "meal-evaluation",
        "agency",
        {
            "acts_for": "food-and-nutrition-service",
            "programme": "school lunch",
            "aggregate_results": "2",
            "protection": "3",
            "destruction": "4",
        },
    ),
    "military-recruiter": (
        "recruiter-request",
        "agency",
        {
            "recruiter": "military",
            "requested_at": NOW,
            "assistance": "Title I",
            "secondary_school_ids": (SCHOOL,),
            "optout_notice": "handbook p. 4",
        },
    ),
}  # fmt: skip
"""Basis → (kind of evidence, kind of recipient, its members)."""
PURPOSE: Final = {
    "audit-authority": "audit-evaluation",
    "financial-aid": "financial-aid",
    "accreditation": "accreditation",
    "meal-evaluation": "child-nutrition",
}
ELEMENT: Final = {
    **dict.fromkeys(("conduct-risk", "crime-victim", "disciplinary-results", "substance-violation"), INCIDENTS),
    "military-recruiter": NAME,
}
POSTSECONDARY: Final = ("crime-victim", "disciplinary-results", "substance-violation")


def _recipient(basis: str, kind: str) -> Recipient:
    identifier = {"agency": AGENCY, "school": SCHOOL, "person": PARENT}[kind]
    if basis == "conduct-risk":
        identifier = UUID(int=9)
    return Recipient(kind=kind, id=str(identifier))


def asked_under(
    basis: str, changes: Mapping[str, Any] | None = None, *, subject: Mapping[str, Any] | None = None, **more: Any
) -> PolicyInput:
    """A request that rests on one piece of evidence, with `changes` to it."""
    kind, recipient_kind, members = KINDS[basis]
    recipient = _recipient(basis, recipient_kind)
    of = {**BASE, "kind": kind, "recipient_id": recipient.id, **members, **(changes or {})}
    revoked_at = of.pop("revoked_at", None)
    evidence = Evidence.model_validate({"id": GROUND, "of": of, "recorded_at": NOW, "revoked_at": revoked_at})
    others = {AGENCY: organisation(AGENCY, "agency"), UUID(int=9): organisation(UUID(int=9), "school", OTHER_DISTRICT)}
    asked = request(
        basis,
        recipient=recipient,
        purpose=PURPOSE.get(basis, "instruction"),
        elements=(ELEMENT.get(basis, TRANSCRIPT),),
        evidence_ids=(GROUND,),
        recipient_proof=more.pop("proof", PROOF),
        action=more.pop("action", "disclose"),
    )
    facts = {"attendances": (ENROLLED,), "attends_postsecondary": basis in POSTSECONDARY, **(subject or {})}
    evidence_and = {
        "evidence": [evidence],
        "organisations": organisations() | others,
        "caller_organisation_id": DISTRICT,
        "subjects": [student(**facts)],
    }
    return built(asked, **(evidence_and | more))


def permits(asked: PolicyInput, policy_set: PolicySet) -> bool:
    outcome = decide(asked, policy_set)
    assert outcome.alerts == ()
    return outcome.outcome == "permit"


@pytest.mark.parametrize("basis", KINDS)
def test_evidence_leads_to_a_permission(policy_set: PolicySet, basis: str) -> None:
    outcome = decide(asked_under(basis), policy_set)
    assert outcome.outcome == "permit", outcome.subjects
    assert outcome.required is (basis == "military-recruiter")


@pytest.mark.parametrize("basis", KINDS)
@pytest.mark.parametrize(
    "changes",
    [
        {"agency_id": OTHER_DISTRICT},
        {"agency_id": SEA},
        {"recipient_id": str(VENDOR)},
        {"valid_until": NOW},
        {"revoked_at": NOW},
        {"elements": ("attendance.events",)},
    ],
    ids=str,
)
def test_evidence_that_does_not_fit_supports_nothing(policy_set: PolicySet, basis: str, changes: dict[str, Any]) -> None:
    assert not permits(asked_under(basis, changes), policy_set)


@pytest.mark.parametrize("basis", [basis for basis, (_, _, members) in KINDS.items() if "student_ids" in members])
def test_evidence_is_about_its_own_students(policy_set: PolicySet, basis: str) -> None:
    assert not permits(asked_under(basis, {"student_ids": (PARENT,)}), policy_set)


@pytest.mark.parametrize("basis", KINDS)
def test_a_revocation_to_come_ends_it_then(policy_set: PolicySet, basis: str) -> None:
    asked = asked_under(basis, {"revoked_at": NOW + TICK})
    assert permits(asked, policy_set)
    assert asked.holds_until == milliseconds_of(NOW + TICK)


@pytest.mark.parametrize("basis", KINDS)
@pytest.mark.parametrize(
    "proof",
    [
        None,
        PROOF.model_copy(update={"assurance_level": "ial1"}),
        PROOF.model_copy(update={"authenticated_at": NOW + TICK}),
    ],
    ids=["none", "a claim", "later"],
)
def test_a_recipient_that_nobody_authenticated_gets_nothing(policy_set: PolicySet, basis: str, proof: RecipientProof | None) -> None:
    assert not permits(asked_under(basis, proof=proof), policy_set)


def test_staff_of_another_district_authenticate_nobody(policy_set: PolicySet) -> None:
    assert not permits(asked_under("financial-aid", caller_organisation_id=OTHER_DISTRICT), policy_set)
    assert permits(asked_under("financial-aid", caller_organisation_id=SEA), policy_set)


@pytest.mark.parametrize(
    ("basis", "changes", "subject", "permitted"),
    [
        ("school-official", {}, {"attendances": ()}, False),
        ("school-official", {}, {"attendances": (), "custodian_id": SCHOOL}, True),
        ("school-official", {}, {"attendances": (ENROLLED.model_copy(update={"until": date(2026, 10, 20)}),)}, True),
        ("school-official", {}, {"attendances": (ENROLLED.model_copy(update={"until": date(2026, 10, 19)}),)}, False),
        ("audit-authority", {"office": "local-educational-authority"}, {}, False),
        ("juvenile-justice-before-1974", {"adopted_on": date(1974, 11, 19)}, {}, False),
        ("juvenile-justice", {"adopted_on": date(1974, 11, 19)}, {}, False),
        ("juvenile-justice", {"adopted_on": date(1974, 11, 20)}, {}, True),
        ("juvenile-justice", {"state": "US-XB"}, {}, False),
        ("juvenile-justice", {"adjudicated_at": NOW}, {}, False),
        ("juvenile-justice", {"adjudicated_at": NOW + TICK}, {}, True),
        ("juvenile-justice", {"certification": None}, {}, False),
        ("dependent-student", {"person_id": STUDENT}, {}, False),
        ("judicial-order", {"notice": None}, {}, False),
        ("judicial-order", {"nondisclosure": "order 3"}, {}, False),
        ("sealed-order", {"nondisclosure": None}, {}, False),
        ("child-protection-order", {"proceeding": None}, {}, False),
        ("child-protection-order", {"proceeding": {"reference": "case 4", "parties": (STUDENT,)}}, {}, False),
        ("emergency", {"approved_by": "o-1"}, {}, False),
        ("emergency", {"threat": " "}, {}, False),
        ("emergency", {"declared_at": NOW - timedelta(hours=72)}, {}, False),
        ("emergency", {"declared_at": NOW - timedelta(hours=72) + TICK}, {}, True),
        ("crime-victim", {"victim": None}, {}, False),
        ("crime-victim", {}, {"attends_postsecondary": False}, False),
        ("disciplinary-results", {"violation_found": None}, {}, False),
        ("disciplinary-results", {"final_at": datetime(1998, 10, 7, 4, 0, tzinfo=UTC)}, {}, True),
        ("disciplinary-results", {"final_at": datetime(1998, 10, 7, 3, 59, tzinfo=UTC)}, {}, False),
        ("substance-violation", {}, {"birth_date": date(2005, 10, 20)}, False),
        ("substance-violation", {}, {"birth_date": date(2005, 10, 21)}, True),
        ("military-recruiter", {"secondary_school_ids": (OTHER_DISTRICT,)}, {}, False),
        ("military-recruiter", {"recruiter": "higher-education"}, {}, False),
    ],
)
def test_what_a_condition_of_the_law_is_read_from(
    policy_set: PolicySet, basis: str, changes: dict[str, Any], subject: dict[str, Any], permitted: bool
) -> None:
    assert permits(asked_under(basis, changes, subject=subject), policy_set) is permitted


def test_the_threat_does_not_go_on() -> None:
    asked = asked_under("emergency", {"threat": "canary"})
    assert b"canary" not in asked.canonical()


def test_of_two_pieces_of_evidence_the_one_that_fits_counts(policy_set: PolicySet) -> None:
    kind, _, members = KINDS["financial-aid"]
    expired = {**BASE, "kind": kind, "recipient_id": str(AGENCY), **members, "valid_until": NOW}
    fitting = {**BASE, "kind": kind, "recipient_id": str(AGENCY), **members}
    ids = (UUID(int=301), UUID(int=302))
    both = [
        Evidence.model_validate({"id": identifier, "of": of, "recorded_at": NOW})
        for identifier, of in zip(ids, (expired, fitting), strict=True)
    ]
    asked = request(
        "financial-aid",
        recipient=Recipient(kind="agency", id=str(AGENCY)),
        purpose="financial-aid",
        evidence_ids=ids,
        recipient_proof=PROOF,
    )
    more = {"organisations": organisations() | {AGENCY: organisation(AGENCY, "agency")}, "caller_organisation_id": DISTRICT}
    for order in (both, both[::-1]):
        assert permits(built(asked, evidence=order, **more), policy_set)
    assert not permits(built(asked, evidence=both[:1], **more), policy_set)


def test_evidence_that_the_request_does_not_name_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="the evidence"):
        asked_under("financial-aid", subjects=[student()], evidence=[_other()])


def _other() -> Evidence:
    kind, _, members = KINDS["financial-aid"]
    of = {**BASE, "kind": kind, "recipient_id": str(AGENCY), **members}
    return Evidence.model_validate({"id": UUID(int=999), "of": of, "recorded_at": NOW})


def _written(basis: str, **changes: Any) -> AuditAgreement | StudyAgreement:
    members: dict[str, Any] = {
        name: value
        for name, value in agreement().model_dump().items()
        if name in ("id", "recipient_id", "district_ids", "document", "signed_on", "starts_on", "ends_on", "elements", "recorded_at")
    }
    if basis == "study":
        clauses = dict.fromkeys(("purpose_and_scope", "use_limit", "no_identification", "destruction"), "3.1")
        return StudyAgreement.model_validate({**members, "purposes": ("study",), "aim": "improve-instruction", **clauses, **changes})
    clauses = dict.fromkeys(("designation", "information", "purpose", "activity", "destruction", "destruction_period", "protection"), "3.1")
    return AuditAgreement.model_validate({**members, "purposes": ("audit-evaluation",), "authority_id": SEA, **clauses, **changes})


@pytest.mark.parametrize(("basis", "purpose"), [("study", "study"), ("audit-representative", "audit-evaluation")])
def test_a_written_agreement_has_every_clause(policy_set: PolicySet, basis: str, purpose: str) -> None:
    written = _written(basis)
    asked = request(basis, purpose=purpose, agreement_id=written.id)
    assert permits(built(asked, agreement=written), policy_set)
    clauses = [name for name, value in written.model_dump().items() if value == "3.1"]
    assert len(clauses) == (4 if basis == "study" else 7)
    for clause in clauses:
        assert not permits(built(asked, agreement=_written(basis, **{clause: None})), policy_set)


def test_every_kind_has_its_place_and_standing_kinds_have_none() -> None:
    every = {kind.model_fields["kind"].default for kind in get_args(get_args(Kind)[0])}
    assert every == {*PLACES, *STANDING, "educator-application"}  # the last is about no student: credential_input reads it


def test_evidence_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError):
        asked_under("financial-aid", {"valid_until": NOW - timedelta(days=2)})
