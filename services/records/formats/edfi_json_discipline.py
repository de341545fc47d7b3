"""Discipline as Ed-Fi resources."""

from typing import Final

from safepassage.record import Sections
from safepassage.record.discipline import DisciplinaryAction, Incident
from services.records.formats.edfi_api_discipline import NON_OFFENDER
from services.records.formats.edfi_resources import Body, Resources, descriptor, organisation_id

PERPETRATOR: Final = "uri://ed-fi.org/DisciplineIncidentParticipationCodeDescriptor#Perpetrator"
_ELEMENT: Final = "discipline.incidents"


def discipline(record: Sections, resources: Resources, student: Body) -> None:
    """disciplineIncidents, the student's behaviours in them or a part that is none, and the disciplineActions that followed."""
    for place, one in enumerate((record.discipline.incidents or ()) if record.discipline else (), start=1):
        school = organisation_id(one.school)
        identifier = (one.identifier or f"{student['studentUniqueId'][:24]}-{place}")[:36]
        made = resources.add(
            "disciplineIncidents",
            _ELEMENT,
            incidentIdentifier=identifier,
            incidentDate=one.incident_date.isoformat(),
            schoolReference=None if school is None else {"schoolId": school},
            incidentLocationDescriptor=descriptor(one.location, "IncidentLocation"),
            weapons=[{"weaponDescriptor": descriptor(weapon, "Weapon")} for weapon in one.weapons or ()],
            reportedToLawEnforcement=one.reported_to_law_enforcement,
        )
        if made:
            _part_in(one, {"incidentIdentifier": identifier, "schoolId": school}, resources, student)
            if one.manifestation_of_disability is not None:
                resources.lost(_ELEMENT)


def _part_in(one: Incident, reference: Body, resources: Resources, student: Body) -> None:
    """What the student did is told of the student, never of the incident: others take part in that."""
    role = descriptor(one.role, "DisciplineIncidentParticipationCode")
    members: Body = {"disciplineIncidentReference": reference, "studentReference": student}
    if (one.role.system, one.role.code) != tuple(NON_OFFENDER.values()):  # that the association says itself
        members["disciplineIncidentParticipationCodes"] = [{"disciplineIncidentParticipationCodeDescriptor": role}]
    behaviors = [descriptor(behavior, "Behavior") for behavior in one.behaviors or ()]
    for place, behavior in enumerate(behaviors):
        described = {"behaviorDetailedDescription": one.description} if place == 0 else {}
        resources.add("studentDisciplineIncidentBehaviorAssociations", _ELEMENT, behaviorDescriptor=behavior, **members, **described)
    if not behaviors:
        if role == PERPETRATOR or one.description is not None or one.actions:
            resources.lost(_ELEMENT)
        if role != PERPETRATOR:
            resources.add("studentDisciplineIncidentNonOffenderAssociations", _ELEMENT, **members)
    for number, action in enumerate(one.actions or (), start=1):
        _action(action, number, behaviors, reference, resources, student)


def _action(
    action: DisciplinaryAction, number: int, behaviors: list[str | None], reference: Body, resources: Resources, student: Body
) -> None:
    if action.end_date is not None or action.carries_to_receiving_school:
        resources.lost(_ELEMENT)
    named = [{"behaviorDescriptor": behavior, **reference, **student} for behavior in behaviors]
    resources.add(
        "disciplineActions",
        _ELEMENT,
        disciplineActionIdentifier=(action.identifier or f"{reference['incidentIdentifier'][:33]}-{number}")[:36],
        disciplineDate=action.begin_date.isoformat() if action.begin_date else None,
        disciplines=[{"disciplineDescriptor": descriptor(action.action, "Discipline")}],
        responsibilitySchoolReference={"schoolId": reference["schoolId"]},
        studentReference=student,
        studentDisciplineIncidentBehaviorAssociations=[{"studentDisciplineIncidentBehaviorAssociationReference": one} for one in named],
        disciplineActionLength=float(action.length_days) if action.length_days is not None else None,
        actualDisciplineActionLength=float(action.served_days) if action.served_days is not None else None,
        iepPlacementMeetingIndicator=action.placement_meeting_held,
    )
