"""Incidents, a student's part in them and what followed, as elements of Ed-Fi's StudentDiscipline interchange."""

from collections.abc import Iterator
from typing import Any

from node.synthetic.edfi_elements import descriptor, said, school_reference, tagged, valued

OFFENDER = "Perpetrator"


def discipline_elements(student: str, source_id: str, discipline: dict[str, Any]) -> Iterator[str]:
    """The incidents that say at which school they were. That an action goes along to the next school has no place, nor has restraint
    without a school, nor whether a disability was the cause.

    source_id  of the student: the schema wants an incident's number to be the school's only one
    """
    for incident in discipline.get("incidents", ()):
        if "school" in incident:
            yield from _incident(student, f"{incident['identifier']}.{source_id}", incident)


def _incident(student: str, number: str, incident: dict[str, Any]) -> Iterator[str]:
    school = school_reference(incident["school"]["nces_id"])
    location, role = incident.get("location"), descriptor("DisciplineIncidentParticipationCode", incident["role"]["code"])
    offender = incident["role"]["code"] == OFFENDER
    behaviors = [descriptor("Behavior", one["code"]) for one in incident["behaviors"]]
    yield tagged(
        "DisciplineIncident",
        valued("IncidentIdentifier", number),
        valued("IncidentDate", incident["incident_date"]),
        valued("IncidentLocation", location and descriptor("IncidentLocation", location["code"])),
        *(tagged("Behavior", valued("Behavior", one)) for one in behaviors if not offender),
        said("ReportedToLawEnforcement", incident.get("reported_to_law_enforcement")),
        school,
    )
    reference = tagged("DisciplineIncidentReference", tagged("DisciplineIncidentIdentity", valued("IncidentIdentifier", number), school))
    participation = valued("DisciplineIncidentParticipationCode", role)
    if not offender:
        yield tagged("StudentDisciplineIncidentNonOffenderAssociation", student, reference, participation)
        return
    behavior = valued("Behavior", behaviors[0])
    yield tagged(
        "StudentDisciplineIncidentBehaviorAssociation",
        student,
        reference,
        behavior,
        valued("BehaviorDetailedDescription", incident.get("description")),
        participation,
        *(valued("Weapon", descriptor("Weapon", one["code"])) for one in incident.get("weapons", ())),
    )
    part = tagged("StudentDisciplineIncidentBehaviorAssociationIdentity", student, reference, behavior)
    for place, action in enumerate(incident.get("actions", ()), start=1):
        yield tagged(
            "DisciplineAction",
            valued("DisciplineActionIdentifier", action.get("identifier", f"{number}-{place}")),
            valued("Discipline", descriptor("Discipline", action["action"]["code"])),
            valued("DisciplineDate", action["begin_date"]),
            valued("DisciplineActionLength", action.get("length_days")),
            valued("ActualDisciplineActionLength", action.get("served_days")),
            student,
            tagged("ResponsibilitySchoolReference", tagged("SchoolIdentity", valued("SchoolId", incident["school"]["nces_id"]))),
            said("IEPPlacementMeetingIndicator", action.get("placement_meeting_held")),
            tagged("StudentDisciplineIncidentBehaviorAssociationReference", part),
        )
