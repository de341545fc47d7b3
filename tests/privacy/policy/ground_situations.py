"""Lawful situations of the bases that stand on evidence of their own, as facts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from tests.privacy.policy.situations import ADDRESS, AGREEMENT, DAY, HOMELESS, MEAL, NOW, ORDINARY, PART_C, PART_D, SSN, on_ground

INCIDENTS: Final = "discipline.incidents"
NAME: Final = "identity.name"
PHONES: Final = "contacts.telephones"
EMAILS: Final = "contacts.emails"
IEP: Final = "special_education.iep"
ELEMENTS: Final = sorted([ADDRESS, EMAILS, HOMELESS, IEP, INCIDENTS, MEAL, NAME, ORDINARY, PART_C, PART_D, PHONES, SSN])

PERIOD: Final = {"begins_at": NOW - DAY, "elements": ELEMENTS, "ends_at": NOW + 90 * DAY, "for_discloser": True, "names_recipient": True}
_OF_STUDENT = PERIOD | {"about_student": True}


def _without_beginning(**more: Any) -> dict[str, Any]:
    return {name: value for name, value in _OF_STUDENT.items() if name != "begins_at"} | more


OFFICIAL = _OF_STUDENT | {"access_controlled": True, "in_agency": True, "legitimate_interest": True, "purposes": ["instruction"]}
RISK = _OF_STUDENT | {"legitimate_interest": True, "significant_risk": True}
MANDATE = PERIOD | {"activity_named": True, "listed_authority": True, "protected": True, "supported_programme": True}
AID = _OF_STUDENT | {"applied_or_received": True, "conditioned_on_attendance": True, "necessary": True}
ACCREDITATION = PERIOD | {"accrediting_function": True}
MEALS = PERIOD | {
    "aggregate_results": True, "destroyed": True, "for_agriculture": True, "protected": True, "supported_programme": True,
}  # fmt: skip
JUVENILE = _OF_STUDENT | {
    "adopted_after": True,
    "adopted_before": False,
    "certified_at": NOW - DAY,
    "concerns_system": True,
    "own_state": True,
}
"""A statute of after 1974."""
EARLY: Final = {name: value for name, value in JUVENILE.items() if name != "certified_at"} | {
    "adopted_after": False,
    "adopted_before": True,
}
"""A statute of before, without a certificate."""
PLACEMENT = _OF_STUDENT | {"case_plan_access": True, "confidentiality": True, "legally_responsible": True}
ORDER = _without_beginning(
    attorney_general=False,
    child_protection=False,
    form="subpoena",
    issued_at=NOW - DAY,
    listed_offense=False,
    nondisclosure_ordered=False,
    notice_at=NOW - 2 * DAY,
    parent_is_party=False,
    protective_action_until=NOW - DAY,
    verified=True,
)
_SILENT = {name: value for name, value in ORDER.items() if name not in ("notice_at", "protective_action_until")}
SEALED = _SILENT | {"form": "grand-jury-subpoena", "nondisclosure_ordered": True}
PROTECTION = _SILENT | {"form": "court-order", "child_protection": True, "parent_is_party": True}
LITIGATION = _without_beginning(filed_at=NOW - DAY, initiated_by="parent", relevant=True)
EMERGENCY = _without_beginning(
    approved_at=NOW - DAY, approved_by_another=True, declared_at=NOW - DAY, knowledge_necessary=True, threat_articulated=True
)
DIRECTORY: Final = {
    "designated": sorted([ADDRESS, NAME, PHONES, SSN]),
    "ends_at": NOW + 200 * DAY,
    "former_student": False,
    "found_by_other_information": False,
    "given_at": NOW - 30 * DAY,
    "limited_to_parties": False,
    "limited_to_purposes": False,
    "names_recipient": True,
    "objections_until": NOW - 10 * DAY,
    "opted_out": [],
    "purposes": ["education", "operations", "recruiting", "student-services"],
}
RECRUITING = _without_beginning(assisted=True, opt_out_stands=False, optout_notified=True, recruiter="military", requested_at=NOW - DAY)
COLLEGE = RECRUITING | {"recruiter": "higher-education"}
PARENT: Final = {"is_parent": True, "is_student": False}
DEPENDENCY = _OF_STUDENT | {"names_parent": True}
PROCEEDING = _without_beginning(
    final_at=NOW - DAY, final_since_1998=True, names_victim=True, offense="crime-of-violence", postsecondary=True, violation_found=True
)
SUBSTANCE = _OF_STUDENT | {"postsecondary": True, "under_21": True, "violation_determined": True}
REGISTRATION = _OF_STUDENT | {"provided_under_registration": True}
RELEASE = PERIOD | {
    "code_kept_secret": True,
    "code_without_personal_information": True,
    "determined": True,
    "other_information_considered": True,
    "targets_student": False,
}
CODED = RELEASE
AUDITED: Final[Mapping[str, Any]] = dict(AGREEMENT) | {
    "kind": "audit-evaluation",
    "clauses": sorted(
        ["99.35(a)(3)(i)", "99.35(a)(3)(ii)(A)", "99.35(a)(3)(ii)(B)", "99.35(a)(3)(ii)(C)", "99.35(a)(3)(iii)", "99.35(a)(3)(iv)",
         "99.35(a)(3)(v)"]
    ),
    "purposes": ["audit-evaluation"],
    "elements": ELEMENTS,
    "direct_control": False, "institutional_service": False, "legitimate_interest": False, "redisclosure_limits": False,
}  # fmt: skip
STUDIED: Final[Mapping[str, Any]] = dict(AUDITED) | {
    "kind": "study",
    "clauses": [f"99.31(a)(6)(iii)(C)({number})" for number in (1, 2, 3, 4)],
    "purposes": ["study"],
}

IN_SCOPE: Final = {"keeper_party_to_agreement": True}
PASSED_ON: Final = {"onward_understood": True}
NOTICE: Final = {"annual_notice_school_officials": True}


def _both(
    basis: str, purpose: str, kind: str, custody: Mapping[str, Any] = MappingProxyType({}), **facts: Any
) -> dict[str, dict[str, Any]]:
    return {
        basis: on_ground("disclose", basis, purpose, kind, custody=dict(custody), **facts),
        f"{basis}, redisclosed": on_ground("redisclose", basis, purpose, kind, custody=dict(custody) | PASSED_ON, **facts),
    }


GROUND_SITUATIONS: Final[Mapping[str, dict[str, Any]]] = {
    "school-official": on_ground(
        "disclose", "school-official", "instruction", "school", grounds={"official": OFFICIAL}, custody=dict(NOTICE)
    ),
    "conduct-risk": on_ground("disclose", "conduct-risk", "safety", "school", grounds={"risk": RISK}),
    **_both("audit-authority", "audit-evaluation", "sea", grounds={"mandate": MANDATE}),
    **_both("audit-representative", "audit-evaluation", "vendor", IN_SCOPE, agreement=AUDITED),
    "financial-aid": on_ground("disclose", "financial-aid", "financial-aid", "agency", grounds={"aid": AID}),
    "juvenile-justice-before-1974": on_ground(
        "disclose", "juvenile-justice-before-1974", "legal-process", "agency", grounds={"juvenile": EARLY}
    ),
    "juvenile-justice": on_ground("disclose", "juvenile-justice", "legal-process", "agency", grounds={"juvenile": JUVENILE}),
    **_both("study", "study", "vendor", IN_SCOPE, agreement=STUDIED),
    "accreditation": on_ground("disclose", "accreditation", "accreditation", "agency", grounds={"accreditation": ACCREDITATION}),
    "dependent-student": on_ground(
        "disclose", "dependent-student", "records-access", "person", grounds={"dependency": DEPENDENCY, "relation": PARENT}
    ),
    **_both("judicial-order", "legal-process", "agency", grounds={"order": ORDER}),
    **_both("sealed-order", "legal-process", "agency", grounds={"order": SEALED}),
    **_both("child-protection-order", "legal-process", "agency", grounds={"order": PROTECTION}),
    "litigation": on_ground("disclose", "litigation", "legal-process", "agency", grounds={"litigation": LITIGATION}),
    **_both("emergency", "safety", "agency", grounds={"emergency": EMERGENCY}),
    "directory": on_ground("disclose", "directory", "student-services", "vendor", grounds={"directory": DIRECTORY}),
    "rights-holder": on_ground("disclose", "rights-holder", "records-access", "person", grounds={"relation": PARENT}),
    "crime-victim": on_ground("disclose", "crime-victim", "legal-process", "person", grounds={"proceeding": PROCEEDING}),
    "disciplinary-results": on_ground("disclose", "disciplinary-results", "legal-process", "person", grounds={"proceeding": PROCEEDING}),
    "substance-violation": on_ground(
        "disclose", "substance-violation", "safety", "person", grounds={"substance": SUBSTANCE, "relation": PARENT}
    ),
    "registered-offender": on_ground("disclose", "registered-offender", "safety", "agency", grounds={"registration": REGISTRATION}),
    "de-identified": on_ground("disclose", "de-identified", "research", "vendor", grounds={"release": RELEASE}),
    "de-identified-coded": on_ground("disclose", "de-identified-coded", "research", "vendor", grounds={"release": CODED}),
    **_both("child-welfare", "student-services", "agency", grounds={"placement": PLACEMENT}),
    "meal-evaluation": on_ground("disclose", "meal-evaluation", "child-nutrition", "agency", grounds={"meals": MEALS}),
    "military-recruiter": on_ground("disclose", "military-recruiter", "recruiting", "agency", grounds={"recruiting": RECRUITING}),
    "higher-education-recruiter": on_ground(
        "disclose", "higher-education-recruiter", "recruiting", "school", grounds={"recruiting": COLLEGE}
    ),
}
"""Each permits its own element (ELEMENT_OF)."""

ELEMENT_OF: Final[Mapping[str, str]] = {
    "conduct-risk": INCIDENTS,
    "crime-victim": INCIDENTS,
    "disciplinary-results": INCIDENTS,
    "substance-violation": INCIDENTS,
    "directory": NAME,
    "military-recruiter": NAME,
    "higher-education-recruiter": NAME,
}
"""What is asked for where the transcript may not be."""

GROUND_PERMITS: Final[Mapping[str, str]] = {
    "school-official": "ferpa-99.31a1ia-school-official",
    "conduct-risk": "ferpa-99.36b3-conduct-risk",
    "audit-authority": "ferpa-99.31a3-authority",
    "audit-representative": "ferpa-99.35a3-representative",
    "financial-aid": "ferpa-99.31a4-financial-aid",
    "juvenile-justice-before-1974": "ferpa-99.31a5ia-juvenile-justice",
    "juvenile-justice": "ferpa-99.31a5ib-juvenile-justice",
    "study": "ferpa-99.31a6-study",
    "accreditation": "ferpa-99.31a7-accreditation",
    "dependent-student": "ferpa-99.31a8-dependent-student",
    "judicial-order": "ferpa-99.31a9-order",
    "sealed-order": "ferpa-99.31a9ii-sealed-order",
    "child-protection-order": "ferpa-1232g-b2b-child-protection",
    "litigation": "ferpa-99.31a9iii-litigation",
    "emergency": "ferpa-99.31a10-emergency",
    "directory": "ferpa-99.31a11-directory",
    "rights-holder": "ferpa-99.31a12-rights-holder",
    "crime-victim": "ferpa-99.31a13-crime-victim",
    "disciplinary-results": "ferpa-99.31a14-disciplinary-results",
    "substance-violation": "ferpa-99.31a15-substance-violation",
    "registered-offender": "ferpa-99.31a16-registered-offender",
    "de-identified": "ferpa-99.31b1-de-identified",
    "de-identified-coded": "ferpa-99.31b2-de-identified-coded",
    "child-welfare": "ferpa-1232g-b1l-child-welfare",
    "meal-evaluation": "ferpa-1232g-b1k-meal-evaluation",
    "military-recruiter": "esea-7908-military-recruiter",
    "higher-education-recruiter": "esea-7908-higher-education",
}
"""By basis."""
