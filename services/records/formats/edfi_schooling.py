"""Ed-Fi attendance, enrolment, discipline and health → our sections."""

from collections.abc import Sequence
from typing import Any

from safepassage.record.attendance import AttendanceEvent
from safepassage.record.discipline import DisciplinaryAction, Incident
from safepassage.record.enrollment import Enrollment
from safepassage.record.health import Dose, Exemption
from services.records.formats.edfi_api_discipline import role_of
from services.records.formats.edfi_organizations import Organizations
from services.records.formats.edfi_stream import Item, code_at, coded, day, day_of, present, school_year, text_of
from services.records.formats.edfi_times import school_year_of
from services.records.formats.parsed import Findings
from services.records.formats.xml_marks import value_of

SESSION_YEAR = "SessionReference/SessionIdentity/SchoolYear"
SESSION_SCHOOL = "SessionReference/SessionIdentity/SchoolReference/SchoolIdentity/SchoolId"
DERIVED = {"system": "safepassage:derivation", "code": "school-of-attendance-events"}

Key = tuple[str, str]
"""School id and incident id."""


def attendance_event(item: Item, organizations: Organizations, findings: Findings) -> AttendanceEvent | None:
    """StudentSchoolAttendanceEvent. The session has its name in the record, and its year and school where the event does not say them."""
    school, when = school_of(item), day(item.element.findtext("AttendanceEvent/EventDate"))
    year = school_year(item.element.findtext(SESSION_YEAR, "").strip())
    if when is not None and year == school_year_of(when):
        item.known(SESSION_YEAR)
    if item.element.findtext(SESSION_SCHOOL, "").strip() == school:
        item.known(SESSION_SCHOOL)
    return findings.made(
        AttendanceEvent,
        {
            "event_date": item.text("AttendanceEvent/EventDate"),
            "category": coded(item.text("AttendanceEvent/AttendanceEventCategory")),
            "reason": item.text("AttendanceEvent/AttendanceEventReason"),
            "duration_days": item.text("AttendanceEvent/EventDuration"),
            "school": organizations.school(school) or ({"state_id": school} if school else None),
            "session": item.text("SessionReference/SessionIdentity/SessionName"),
        },
        item.position,
    )


def school_of(item: Item) -> str:
    """The school of a StudentSchool... association or event."""
    return item.text("SchoolReference/SchoolIdentity/SchoolId") or ""


def school_at(item: Item) -> str:
    """The same, without reading it."""
    return item.element.findtext("SchoolReference/SchoolIdentity/SchoolId", "").strip()


def enrollment(item: Item, organizations: Organizations, findings: Findings) -> Enrollment | None:
    """StudentSchoolAssociation. A school that the upload does not describe is named by its id alone."""
    school = school_of(item)
    reference = organizations.school(school)
    if reference is None:
        findings.missed("school-unknown", item.position)
        reference = {"state_id": school} if school else None
    primary = item.boolean("PrimarySchool")
    return findings.made(
        Enrollment,
        {
            "school": reference,
            "district": organizations.district_of(school),
            "entry_date": item.text("EntryDate"),
            "entry_type": coded(item.text("EntryType")),
            "exit_date": item.text("ExitWithdrawDate"),
            "exit_type": coded(item.text("ExitWithdrawType")),
            "grade": coded(item.text("EntryGradeLevel")),
            "school_year": value_of(item.element, "SchoolYear", school_year),
            "primary": True if primary is None else primary,
        },
        item.position,
    )


def derived_enrollments(events: Sequence[Item], organizations: Organizations, findings: Findings) -> list[Enrollment]:
    """Where a source has no enrolment: a student was enrolled at the schools of the attendance events, from the first event on or before.

    The entry date is that of the first event of the last school year there, and no exit is made up.
    """
    by_school: dict[str, list[Item]] = {}
    for event in events:
        by_school.setdefault(school_of(event), []).append(event)
    made = []
    for school, those in by_school.items():
        reference = organizations.school(school)
        if reference is None:
            findings.missed("school-unknown", those[0].position)
            continue
        years = {event.position: school_year(event.element.findtext(SESSION_YEAR, "").strip()) for event in those}
        last = max((year for year in years.values() if year is not None), default=None)
        dates = [day(event.element.findtext("AttendanceEvent/EventDate")) for event in those if years[event.position] == last]
        first = min((one for one in dates if one is not None), default=None)
        values = {"school": reference, "district": organizations.district_of(school), "entry_date": first, "school_year": last}
        one = findings.made(Enrollment, values | {"derived_from": DERIVED}, those[0].position)
        made += [one] if one is not None else []
    return made


def incident_key(item: Item, path: str = "") -> Key:
    """The incident that `path` (a DisciplineIncidentIdentity, or an incident itself) names."""
    school = item.text(f"{path}SchoolReference/SchoolIdentity/SchoolId")
    return school or "", item.text(f"{path}IncidentIdentifier") or ""


RESPONSIBLE = "ResponsibilitySchoolReference/SchoolIdentity/SchoolId"
REFERENCE = "DisciplineIncidentReference"
BEHAVIOR = "StudentDisciplineIncidentBehaviorAssociationReference/StudentDisciplineIncidentBehaviorAssociationIdentity/"


def discipline_incident(
    parts: Sequence[Item], incident: Item, actions: Sequence[Item], organizations: Organizations, findings: Findings
) -> Incident | None:
    """A student's parts in one incident, each a behaviour or that of a non-offender, with what followed. Nobody else is named."""
    school, number = incident_key(incident)
    done, roles, descriptions, weapons = [], [], [], []
    for part in parts:
        done += [coded(text_of(one, "Behavior") or (one.text or "").strip()) for one in part.all("Behavior")]
        weapons += [coded((weapon.text or "").strip()) for weapon in part.all("Weapon")]
        role, text = coded(part.text("DisciplineIncidentParticipationCode")), part.text("BehaviorDetailedDescription")
        roles += [role] if role is not None else []
        if role is not None and role != roles[0]:
            part.unread()
        descriptions += [text] if text is not None and text not in descriptions else []
    behaviors = [one for one in done if one is not None]
    return findings.made(
        Incident,
        {
            "identifier": number,
            "incident_date": incident.text("IncidentDate"),
            "school": organizations.school(school) or ({"state_id": school} if school else None),
            "role": role_of(roles, behaviors),
            "behaviors": behaviors,
            "location": coded(incident.text("IncidentLocation")),
            "weapons": [one for place, one in enumerate(weapons) if one is not None and one not in weapons[:place]],
            "reported_to_law_enforcement": incident.boolean("ReportedToLawEnforcement"),
            "description": "\n".join(descriptions) or None,
            "actions": [one for one in (disciplinary_action(action, school, findings) for action in actions) if one is not None],
        },
        parts[0].position,
    )


def disciplinary_action(item: Item, school: str, findings: Findings) -> DisciplinaryAction | None:
    """DisciplineAction. `school`: of the incident."""
    if item.element.findtext(RESPONSIBLE, "").strip() == school:
        item.known(RESPONSIBLE)
    return findings.made(
        DisciplinaryAction,
        {
            "identifier": item.text("DisciplineActionIdentifier"),
            "action": coded(item.text("Discipline")),
            "begin_date": item.text("DisciplineDate"),
            "length_days": item.text("DisciplineActionLength"),
            "served_days": item.text("ActualDisciplineActionLength"),
            "placement_meeting_held": item.boolean("IEPPlacementMeetingIndicator"),
        },
        item.position,
    )


def immunizations(item: Item, findings: Findings) -> dict[str, Any] | None:
    """StudentHealth: doses, and exemptions from them."""
    doses, exemptions = [], []
    for one in item.all("RequiredImmunization"):
        reason, given = one.findtext("MedicalExemption", "").strip(), one.findall("ImmunizationDate")
        vaccine = coded(text_of(one, "ImmunizationType") if reason or given else None)
        if reason:
            granted = day_of(one, "MedicalExemptionDate")
            values = {"kind": "medical", "vaccine": vaccine, "reason": text_of(one, "MedicalExemption"), "granted_on": granted}
            exemptions.append(findings.made(Exemption, values, item.position))
        doses += [findings.made(Dose, {"vaccine": vaccine, "given_on": text_of(when, ".")}, item.position) for when in given]
    for one in item.all("AdditionalImmunization"):
        given = one.findall("ImmunizationDate")
        name = {"system": "ed-fi:ImmunizationName", "code": (text_of(one, "ImmunizationName") if given else None) or ""}
        doses += [findings.made(Dose, {"vaccine": name, "given_on": text_of(when, ".")}, item.position) for when in given]
    refused = code_at(item.element, "NonMedicalImmunizationExemption")
    if refused is not None:
        granted = item.day("NonMedicalImmunizationExemptionDate")
        exemptions.append(findings.made(Exemption, {"kind": "non-medical", "reason": refused, "granted_on": granted}, item.position))
    made = present(
        doses=[dose for dose in doses if dose] or None,
        exemptions=[one for one in exemptions if one] or None,
        as_of=item.day("AsOfDate"),
    )
    if not set(made) - {"as_of"}:
        item.unread()
        return None
    return made
