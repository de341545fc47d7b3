"""Of which elements Ed-Fi's resources do not say everything, by the members that the resources have a place for. Pure.

A member that is none of these is not said, whatever it is: one that the record learns to say is named until somebody gives it a place.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from safepassage.record import Sections
from services.records.formats.edfi_api_schooling import COURSES_OF
from services.records.formats.unsaid import unsaid

YES: Final = frozenset({"yes", "y", "true", "1"})
NO: Final = frozenset({"no", "n", "false", "0"})

PROFICIENCY: Final = "uri://ed-fi.org/LimitedEnglishProficiencyDescriptor"
"""Codes of what an organisation says of a student's English: whether one is an English learner."""

_ADDRESS: Final = (
    "kind.system kind.code street unit city county state postal_code begin_date end_date protected"
)  # fmt: skip
_TELEPHONE: Final = "kind.system kind.code number primary"
_EMAIL: Final = "kind.system kind.code address"
_NAME: Final = "prefix first middle last_1 last_2 suffix"
_AT: Final = "name nces_id state_id local_id state"
"""Of an organisation: a resource refers to it by its number, and the system that takes it knows what it is called."""
_PROGRAMME: Final = (
    "begin_date end_date participation.status.system participation.status.code participation.begin_date participation.end_date"
)
_SERVICES: Final = "services.system services.code services.begin_date services.end_date services.primary"


def _of(prefix: str, paths: str) -> str:
    return " ".join(f"{prefix}.{path}" for path in paths.split())


def _coded(*names: str) -> str:
    return " ".join(f"{name}.{part}" for name in names for part in ("system", "code"))


_CAREER: Final = " ".join(
    (
        _PROGRAMME, _of("organisation", _AT), _of("offered_by", _AT),
        _coded("kind", "services.kind", "technical_skills_assessment", "exit_reason"), "name private nontraditional_gender",
        "services.cip_code services.primary services.begin_date services.end_date",
    )
)  # fmt: skip
"""Of one programme of career and technical education."""
_AT_SCHOOL: Final = _of("school", _AT)

SAID: Final[Mapping[str, frozenset[str]]] = {
    element: frozenset(paths.split())
    for element, paths in {
        "identity.name": _NAME,
        "identity.preferred_name": "first last",
        "identity.other_names": "kind first middle last sealed",
        "identity.birth_date": "birth_date",
        "identity.birth_place": "city state country",
        "identity.multiple_birth": "indicator",
        "identity.sex": "system code",
        "identity.identifiers": "kind system value",
        "demographics.race_ethnicity": f"{_coded('races')} hispanic_or_latino declined",
        "demographics.languages": f"language {_coded('use')}",
        "demographics.tribal_affiliation": _coded("tribe"),
        "demographics.military_connection": f"{_coded('status')} begin_date end_date",  # days of a characteristic alone
        "contacts.addresses": _ADDRESS,
        "contacts.telephones": _TELEPHONE,
        "contacts.emails": _EMAIL,
        "contacts.guardians": " ".join(
            (
                _of("name", _NAME), _coded("relation"), _of("addresses", _ADDRESS), _of("telephones", _TELEPHONE), _of("emails", _EMAIL),
                "person_id priority lives_with_student contact_restriction language",
            )
        ),
        "enrollment.enrollments": " ".join(
            (
                _AT_SCHOOL, _of("district", _AT), _coded("entry_type", "exit_type", "grade"),
                "entry_date exit_date school_year primary",
            )
        ),
        "attendance.events": f"{_AT_SCHOOL} {_coded('category')} event_date reason duration_days session",
        "academics.transcript": " ".join(
            (
                _AT_SCHOOL, _coded("course.local_code", "course.subject", "term", "grade", "credit.type", "repeat"),
                "course.title course.sced_code school_year credit.attempted credit.earned mark",
            )
        ),
        "academics.grade_point_averages": "value maximum weighted cumulative",
        "assessments.results": " ".join(
            (_coded("assessment", "grade", "scores.method", "performance_level", "accommodations"), "administered_on scores.value")
        ),
        "special_education.eligibility": f"eligible {_coded('disabilities.category', 'exit_reason')} disabilities.primary evaluated_on "
        "served_from served_until exited_on exit_explanation",
        "special_education.iep": " ".join(
            (
                _coded("environment", "services.kind"),
                "begin_date end_date meeting_on services.begin_date services.end_date services.primary services.minutes_per_week",
            )
        ),
        "special_education.section_504": f"begin_date end_date eligible {_coded('disability')} meeting_on decided_on has_plan",
        "programmes.english_learner": f"{_PROGRAMME} {_SERVICES} {_coded('status', 'title_iii_participation')}",
        "programmes.gifted": f"{_PROGRAMME} {_coded('status')}",
        "programmes.title_i": f"{_PROGRAMME} {_SERVICES} {_coded('indicator')}",
        "programmes.migrant": " ".join(
            (
                _PROGRAMME, _SERVICES, _coded("status", "continuation_of_services"),
                "qualifying_arrival_date priority_for_services eligibility_expires_on",
            )
        ),
        "programmes.homeless": f"{_PROGRAMME} {_coded('nighttime_residence')} unaccompanied_youth served",
        "programmes.foster": f"{_coded('role')} agency begin_date end_date",  # of a characteristic alone
        "programmes.meal_status": f"{_PROGRAMME} {_coded('eligibility')} directly_certified",
        "programmes.career_technical": f"{_coded('participant')} {_CAREER} {_of('others', _CAREER)}",
        "programmes.neglected_delinquent": " ".join(
            (_PROGRAMME, _SERVICES, _coded("status", "programme", "mathematics_progress", "reading_progress", "exit_reason"))
        ),
        "health.immunizations": " ".join(
            (_coded("doses.vaccine", "exemptions.vaccine"), _of("exemptions", "kind reason granted_on"), "as_of doses.given_on")
        ),
        "discipline.incidents": " ".join(
            (
                _AT_SCHOOL, _coded("role", "behaviors", "location", "weapons", "actions.action"),
                "identifier incident_date description reported_to_law_enforcement actions.identifier actions.begin_date",
                "actions.length_days actions.served_days actions.placement_meeting_held",
                "manifestation_of_disability actions.end_date actions.carries_to_receiving_school",  # named where they are there
            )
        ),
    }.items()
}  # fmt: skip
"""By element the paths of members that the resources have a place for. What one of them says only at times is named where it is made."""

_STATUSES: Final = {
    "programmes.english_learner": "status",
    "programmes.gifted": "status",
    "programmes.migrant": "status",
    "programmes.career_technical": "participant",
    "programmes.neglected_delinquent": "status",
}
"""What an association says by being there: that the student is in the programme."""


def not_wholly_said(record: Sections) -> Iterator[str]:
    """The elements of the record of which something has no place, of those in SAID."""
    document = record.document()
    for element, said in SAID.items():
        section, _, member = element.partition(".")
        value = document.get(section, {}).get(member)
        if value is not None and (unsaid(value, said) or not _is_said_by_being_there(element, value)):
            yield element


def _is_said_by_being_there(element: str, value: Any) -> bool:
    """A status is, where it is CEDS's yes; what an organisation says of a student's English has a place; whose a course's code is, where it
    came from an Ed-Fi system.
    """
    if element == "academics.transcript":
        codes = [one["course"]["local_code"] for one in value if "local_code" in one["course"]]
        return all(one["system"].startswith(COURSES_OF) for one in codes)
    if element in _STATUSES:
        status = value[_STATUSES[element]]
        if element == "programmes.english_learner" and status["system"] == PROFICIENCY:
            return True
        return status["system"].startswith("ceds:") and status["code"].casefold() in YES
    return True
