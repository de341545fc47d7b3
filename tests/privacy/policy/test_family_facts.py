"""Families as facts: who a person is to the student, directory information and refusals, parents who disagree, several consents."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from safepassage.wire_directory import ParentsDisagree, Preference
from safepassage.wire_evidence import Evidence
from services.privacy.policy import PolicySet, decide, rights_role
from services.privacy.policy.policy_input import PolicyInput
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import Attendance, Recipient, RecipientProof, SubjectVersion
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
    consent,
    holder,
    request,
    student,
)

NAME, PHONES = "identity.name", "contacts.telephones"
FATHER: Final = UUID(int=20)
OTHER: Final = UUID(int=102)
TICK: Final = timedelta(milliseconds=1)
PROOF: Final = RecipientProof(assurance_level="ial2", method="id-card", evidence_ref="desk 4", authenticated_at=NOW)
ENROLLED: Final = Attendance.model_validate({"organisation_id": SCHOOL, "from": date(2024, 8, 20)})
LEFT: Final = Attendance.model_validate({"organisation_id": SCHOOL, "from": date(2020, 8, 20), "until": date(2026, 10, 19)})
LAST_DAY: Final = LEFT.model_copy(update={"until": date(2026, 10, 20)})
BOTH_PARENTS: Final = (holder(), holder(person_id=FATHER, relation="father"))


def _notice(**changes: Any) -> Evidence:
    of = {
        "kind": "directory-notice",
        "agency_id": DISTRICT,
        "document": DIGEST,
        "reference": "handbook p. 2",
        "valid_from": NOW - timedelta(days=60),
        "valid_until": NOW + timedelta(days=200),
        "designated": (NAME, PHONES),
        "given_at": NOW - timedelta(days=60),
        "objections_until": NOW - timedelta(days=30),
    }
    revoked_at = changes.pop("revoked_at", None)
    identifier = changes.pop("id", UUID(int=400))
    return Evidence.model_validate({"id": identifier, "of": of | changes, "recorded_at": NOW, "revoked_at": revoked_at})


def _said(kind: str, **changes: Any) -> Preference:
    acting = {"person_id": PARENT, "assurance_level": "ial2", "method": "portal", "evidence_ref": "1", "authenticated_at": NOW}
    of: dict[str, Any] = {
        "kind": kind,
        "student_id": STUDENT,
        "acting_for": acting,
        "document": DIGEST,
        "received_at": NOW - timedelta(days=40),
    }
    members = {name: changes.pop(name) for name in ("rescinded_at", "district_id") if name in changes}
    if "by" in changes:
        of["acting_for"] = acting | {"person_id": changes.pop("by")}
    return Preference.model_validate({"id": UUID(int=500), "district_id": DISTRICT, "of": of | changes, "recorded_at": NOW} | members)


def _published(
    evidence: list[Evidence], preferences: list[Preference], subject: dict[str, Any] | None = None, **changes: Any
) -> PolicyInput:
    asked = request("directory", purpose="student-services", elements=(NAME,), **changes)
    subjects = [student(**({"attendances": (ENROLLED,)} | (subject or {})))]
    return built(asked, evidence=evidence, preferences=preferences, subjects=subjects)


def _permits(asked: PolicyInput, policy_set: PolicySet) -> bool:
    return decide(asked, policy_set).outcome == "permit"


@pytest.mark.parametrize(
    ("notice", "preferences", "subject", "permitted"),
    [
        ({}, [], {}, True),
        ({"agency_id": OTHER_DISTRICT}, [], {}, False),
        ({"agency_id": SEA}, [], {}, False),
        ({"given_at": NOW + TICK}, [], {}, False),
        ({"objections_until": NOW + TICK}, [], {}, False),
        ({"objections_until": NOW + TICK}, [], {"attendances": (LEFT,)}, True),
        ({"objections_until": NOW + TICK}, [], {"attendances": (LAST_DAY,)}, False),
        ({"valid_until": NOW}, [], {}, False),
        ({"valid_until": NOW}, [], {"attendances": (LEFT,)}, True),
        ({"valid_until": NOW}, [], {"attendances": (LAST_DAY,)}, False),
        ({"revoked_at": NOW}, [], {}, False),
        ({"designated": (PHONES,)}, [], {}, False),
        ({"only_to": (str(VENDOR),)}, [], {}, True),
        ({"only_to": (str(OTHER_DISTRICT),)}, [], {}, False),
        ({"only_for": ("education",)}, [], {}, True),
        ({"only_for": ("recruiting",)}, [], {}, False),
        ({}, [{}], {}, False),
        ({}, [{"elements": (NAME,)}], {}, False),
        ({}, [{"elements": (PHONES,)}], {}, True),
        ({}, [{"rescinded_at": NOW}], {}, True),
        ({}, [{"rescinded_at": NOW + TICK}], {}, False),
        ({}, [{"received_at": NOW + TICK}], {}, True),
        ({}, [{"district_id": OTHER_DISTRICT}], {}, True),
        ({}, [{}], {"attendances": (LEFT,)}, False),
        ({}, [{}], {"birth_date": date(2000, 1, 1)}, False),
    ],
    ids=str,
)
def test_directory_information_is_what_the_district_designated_and_nobody_refused(
    policy_set: PolicySet, notice: dict[str, Any], preferences: list[dict[str, Any]], subject: dict[str, Any], permitted: bool
) -> None:
    said = [_said("directory-opt-out", **one) for one in preferences]
    assert _permits(_published([_notice(**notice)], said, subject), policy_set) is permitted


@pytest.mark.requirement("HARD-28")
@pytest.mark.parametrize(
    ("found_by", "permitted"), [((), True), ((NAME,), True), ((NAME, "identity.ssn"), False), (("identity.identifiers",), False)]
)
def test_it_is_not_confirmed_to_who_brings_other_information(policy_set: PolicySet, found_by: tuple[str, ...], permitted: bool) -> None:
    assert _permits(_published([_notice()], [], identified_by=found_by), policy_set) is permitted


def test_the_last_notice_counts(policy_set: PolicySet) -> None:
    later = _notice(id=UUID(int=401), designated=(PHONES,), given_at=NOW - timedelta(days=50))
    for notices in ([_notice(), later], [later, _notice()]):
        assert not _permits(_published(notices, []), policy_set)


def _person(person: UUID, subject: dict[str, Any] | None = None, **changes: Any) -> PolicyInput:
    asked = request(
        "rights-holder",
        purpose="records-access",
        recipient=Recipient(kind="person", id=str(person)),
        recipient_proof=changes.pop("proof", PROOF),
    )
    return built(asked, caller_organisation_id=DISTRICT, subjects=[student(**(subject or {}))], **changes)


@pytest.mark.parametrize(
    ("person", "subject", "permitted"),
    [
        (PARENT, {}, True),
        (STUDENT, {}, True),
        (FATHER, {}, False),
        (FATHER, {"rights_holders": BOTH_PARENTS}, True),
        (PARENT, {"birth_date": date(2008, 10, 20)}, False),
        (PARENT, {"birth_date": date(2008, 10, 21)}, True),
        (STUDENT, {"birth_date": date(2008, 10, 20)}, True),
        (PARENT, {"rights_holders": (holder(ended_on=date(2026, 10, 20)),)}, False),
        (PARENT, {"rights_holders": (holder(ended_on=date(2026, 10, 21)),)}, True),
        (PARENT, {"attends_postsecondary": True}, False),
        (PARENT, {"attends_postsecondary": True, "flags": frozenset({"dual-enrollment"})}, True),
        (PARENT, {"attends_postsecondary": True, "flags": frozenset({"dual-enrollment"}), "birth_date": date(2008, 10, 20)}, False),
    ],
    ids=str,
)
def test_a_parent_until_18_and_the_student_have_a_right_to_the_record(
    policy_set: PolicySet, person: UUID, subject: dict[str, Any], permitted: bool
) -> None:
    outcome = decide(_person(person, subject), policy_set)
    assert (outcome.outcome == "permit") is permitted
    assert outcome.required is permitted


def test_a_leap_day_child_comes_of_age_on_the_first_of_march(policy_set: PolicySet) -> None:
    born = {"birth_date": date(2008, 2, 29)}
    midnight = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
    early = PROOF.model_copy(update={"authenticated_at": midnight - timedelta(hours=1)})
    assert _permits(_person(PARENT, born, now=midnight - TICK, proof=early), policy_set)
    assert not _permits(_person(PARENT, born, now=midnight, proof=early), policy_set)
    assert _person(PARENT, born, now=midnight - TICK, proof=early).holds_until == milliseconds_of(midnight)


def test_a_decision_for_a_parent_holds_to_the_day_on_which_a_childs_enrolment_at_school_or_college_ends(policy_set: PolicySet) -> None:
    dual = {"attends_postsecondary": True, "flags": frozenset({"dual-enrollment"}), "secondary_until": date(2026, 10, 22)}
    midnight = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)
    proof = PROOF.model_copy(update={"authenticated_at": midnight - timedelta(hours=1)})
    before = _person(PARENT, dual, now=midnight - TICK, proof=proof)
    assert _permits(before, policy_set)
    assert before.holds_until == milliseconds_of(midnight)
    assert not _permits(_person(PARENT, dual, now=midnight, proof=proof), policy_set)
    college = {"attends_postsecondary": True, "postsecondary_until": date(2026, 10, 22)}
    own = _person(STUDENT, college, now=midnight - TICK, proof=proof)
    assert not _permits(_person(PARENT, college, now=midnight - TICK, proof=proof), policy_set)
    assert own.holds_until == milliseconds_of(midnight)
    assert _permits(_person(PARENT, college, now=midnight, proof=proof), policy_set)


@pytest.mark.requirement("HARD-19")
def test_who_holds_the_rights_of_a_dually_enrolled_student_is_said_by_the_same_rule() -> None:
    dual = student(attends_postsecondary=True, flags=frozenset({"dual-enrollment"}))
    assert rights_role(dual, PARENT, now=NOW) == "parent"
    assert rights_role(student(attends_postsecondary=True), PARENT, now=NOW) is None


def _refusal(**changes: Any) -> Preference:
    return _said("disclosure-refusal", by=FATHER, **changes)


@pytest.mark.parametrize(
    ("refusal", "choice", "subject", "permitted"),
    [
        ({}, None, {}, False),
        ({"recipient_id": str(VENDOR)}, None, {}, False),
        ({"recipient_id": str(SCHOOL)}, None, {}, True),
        ({"elements": (TRANSCRIPT,)}, None, {}, False),
        ({"elements": (NAME,)}, None, {}, True),
        ({"purposes": ("financial-aid",)}, None, {}, False),
        ({"purposes": ("study",)}, None, {}, True),
        ({"rescinded_at": NOW}, None, {}, True),
        ({"received_at": NOW + TICK}, None, {}, True),
        ({}, "any-refusal-blocks", {}, False),
        ({"received_at": NOW - timedelta(days=60)}, "latest-decides", {}, True),
        ({"received_at": NOW}, "latest-decides", {}, False),
        ({}, "consent-stands", {}, True),
        ({}, None, {"rights_holders": (holder(), holder(person_id=FATHER, ended_on=date(2026, 10, 20)))}, True),
        ({}, None, {"rights_holders": (holder(),)}, True),
    ],
    ids=str,
)
def test_two_parents_who_disagree_are_a_matter_for_a_person(
    policy_set: PolicySet, refusal: dict[str, Any], choice: Any, subject: dict[str, Any], permitted: bool
) -> None:
    chosen = [] if choice is None else [_choice(choice)]
    subjects = [student(**({"rights_holders": BOTH_PARENTS} | subject))]
    outcome = decide(built(request("consent"), preferences=[_refusal(**refusal)], evidence=chosen, subjects=subjects), policy_set)
    assert (outcome.outcome == "permit") is permitted
    if not permitted:
        assert outcome.subjects[0].withheld[0].reason == "parents-disagree"
        assert [(one.kind, one.argument) for one in outcome.obligations] == [("route-to", "custody-desk")]


def _choice(choice: Any, *, agency: UUID = DISTRICT, **more: Any) -> Evidence:
    of = {"agency_id": agency, "document": DIGEST, "reference": "board minute 3", "valid_from": NOW - TICK, "valid_until": NOW + TICK}
    revoked_at = more.pop("revoked_at", None)
    chosen = ParentsDisagree.model_validate({**of, "choice": choice, **more})
    return Evidence(id=UUID(int=300 + len(choice)), of=chosen, recorded_at=NOW - TICK, revoked_at=revoked_at)


@pytest.mark.requirement("POL-25")
@pytest.mark.parametrize(
    ("choices", "permitted"),
    [
        ([_choice("consent-stands")], True),
        ([_choice("consent-stands", valid_from=NOW)], True),
        ([_choice("consent-stands", valid_from=NOW + TICK, valid_until=NOW + 2 * TICK)], False),
        ([_choice("consent-stands", valid_until=NOW)], False),
        ([_choice("consent-stands", revoked_at=NOW)], False),
        ([_choice("consent-stands", revoked_at=NOW + TICK)], True),
        ([_choice("consent-stands", agency=OTHER_DISTRICT)], False),
        ([_choice("consent-stands"), _choice("any-refusal-blocks")], False),
        ([_choice("latest-decides"), _choice("consent-stands")], True),
    ],
    ids=str,
)
def test_only_the_keepers_choice_in_force_counts_and_of_several_the_strictest(
    policy_set: PolicySet, choices: list[Evidence], permitted: bool
) -> None:
    subjects = [student(rights_holders=BOTH_PARENTS)]
    given = built(request("consent"), preferences=[_refusal(received_at=NOW - timedelta(days=900))], evidence=choices, subjects=subjects)
    assert _permits(given, policy_set) is permitted


def test_an_answer_holds_no_longer_than_the_choice_that_it_rests_on(policy_set: PolicySet) -> None:
    given = built(request("consent"), evidence=[_choice("consent-stands")], subjects=[student(rights_holders=BOTH_PARENTS)])
    assert given.holds_until == milliseconds_of(NOW + TICK)
    assert given.evidence.held == (UUID(int=300 + len("consent-stands")),)


@pytest.mark.requirement("POL-25")
def test_what_the_other_parent_took_back_counts_without_being_named(policy_set: PolicySet) -> None:
    taken_back = consent(id=OTHER, acting_for={"person_id": FATHER}, withdrawn_at=NOW, elements=(TRANSCRIPT,))
    subjects = [student(rights_holders=BOTH_PARENTS)]
    given = built(request("consent"), taken_back=[taken_back], subjects=subjects)
    assert not _permits(given, policy_set)
    assert given.evidence.held == (OTHER,)
    assert _permits(built(request("consent"), taken_back=[taken_back], evidence=[_choice("consent-stands")], subjects=subjects), policy_set)


def test_a_students_own_consent_is_not_for_a_parent_to_refuse(policy_set: PolicySet) -> None:
    own = consent(acting_for={"person_id": STUDENT}, grantor_role="student")
    subjects = [student(rights_holders=BOTH_PARENTS, birth_date=date(2008, 10, 20))]
    assert _permits(built(request("consent"), consent=own, preferences=[_refusal()], subjects=subjects), policy_set)


def _several(*others: Any, **first: Any) -> PolicyInput:
    asked = request("consent", elements=(TRANSCRIPT, NAME), other_consent_ids=tuple(one.id for one in others))
    return built(asked, consent=consent(**first), other_consents=others, subjects=[student(rights_holders=BOTH_PARENTS)])


def test_of_several_consents_the_best_one_counts_for_each_element(policy_set: PolicySet) -> None:
    names = consent(id=OTHER, elements=(NAME,))
    assert decide(_several(names), policy_set).subjects[0].permitted == (NAME, TRANSCRIPT)
    assert decide(_several(names, expires_at=NOW), policy_set).subjects[0].permitted == (NAME,)
    outcome = decide(_several(consent(id=OTHER, elements=(NAME,), withdrawn_at=NOW)), policy_set)
    assert outcome.subjects[0].permitted == (TRANSCRIPT,)
    assert outcome.subjects[0].withheld[0].reason == "consent-for-other-records"
    assert _several(names).evidence.held == (OTHER,)


def test_of_two_students_each_has_its_own_consent(policy_set: PolicySet) -> None:
    """Their facts are alike but for what the parent of each consents to."""
    sister = UUID(int=901)
    names = consent(id=OTHER, student_id=sister, elements=(NAME,))
    both = tuple(SubjectVersion(student_id=one, facts_version=3) for one in (STUDENT, sister))
    asked = request("consent", elements=(TRANSCRIPT, NAME), other_consent_ids=(OTHER,), subjects=both)
    given = built(asked, other_consents=[names], subjects=[student(), student(student_id=sister)])
    assert [one.permitted for one in decide(given, policy_set).subjects] == [(TRANSCRIPT,), (NAME,)]


def test_a_consent_that_the_other_parent_took_back_is_a_refusal(policy_set: PolicySet) -> None:
    taken_back = consent(id=OTHER, acting_for={"person_id": FATHER}, withdrawn_at=NOW, elements=(TRANSCRIPT,))
    outcome = decide(_several(taken_back), policy_set)
    assert {one.element: one.reason for one in outcome.subjects[0].withheld}[TRANSCRIPT] == "parents-disagree"
    later = consent(id=OTHER, acting_for={"person_id": FATHER}, withdrawn_at=NOW + TICK, elements=(TRANSCRIPT,))
    assert TRANSCRIPT in decide(_several(later), policy_set).subjects[0].permitted


@pytest.mark.parametrize(
    ("amendments", "elements", "ends_on"),
    [
        ([], (TRANSCRIPT,), date(2027, 7, 1)),
        ([{"from": date(2026, 10, 20)}], (NAME,), date(2027, 1, 1)),
        ([{"from": date(2026, 10, 21)}], (TRANSCRIPT,), date(2027, 1, 1)),
        ([{"from": date(2026, 10, 1), "signed_on": date(2026, 10, 21)}], (TRANSCRIPT,), date(2027, 7, 1)),
        ([{"from": date(2026, 10, 1)}, {"from": date(2026, 10, 2), "elements": (PHONES,)}], (PHONES,), date(2027, 1, 1)),
    ],
    ids=str,
)
def test_an_agreement_is_what_its_amendments_made_of_it(amendments: list[dict[str, Any]], elements: tuple[str, ...], ends_on: date) -> None:
    base = {
        "document": DIGEST,
        "signed_on": date(2026, 9, 1),
        "elements": (NAME,),
        "purposes": ("instruction",),
        "ends_on": date(2027, 1, 1),
    }
    written = agreement(amendments=tuple(base | one for one in amendments))
    facts = built(request("contractor"), agreement=written).agreement
    assert facts is not None
    assert facts.elements == elements
    midnight = datetime(ends_on.year, ends_on.month, ends_on.day, 4 if ends_on.month == 7 else 5, tzinfo=UTC)
    assert facts.ends_at == milliseconds_of(midnight)


def test_what_was_said_about_another_student_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="the preferences"):
        built(request("consent"), preferences=[_said("disclosure-refusal", student_id=PARENT)])
    with pytest.raises(ValueError, match="the other consents"):
        built(request("consent"), other_consents=[consent(id=OTHER)])
