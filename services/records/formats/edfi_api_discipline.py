"""Ed-Fi API resources of discipline → incidents, each with the student's own part in it. Nobody else is named."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from safepassage.record.discipline import DisciplinaryAction, Incident
from services.records.formats.edfi_members import Members
from services.records.formats.edfi_organizations import Organizations
from services.records.formats.parsed import Findings

Key = tuple[str, str]
"""School id and incident id."""

BEHAVIOR: Final = "studentDisciplineIncidentBehaviorAssociation"

OFFENDER: Final = {"system": "uri://ed-fi.org/DisciplineIncidentParticipationCodeDescriptor", "code": "Perpetrator"}
NON_OFFENDER: Final = {"system": "safepassage:derivation", "code": "non-offender"}
"""What an association says of itself where it has no participation code, which the standard does not demand: that of a non-offender is of
those "who were involved and not perpetrators"."""


def incident_key(school: Any, identifier: Any) -> Key:
    """By which an incident is named."""
    return str(school), str(identifier)


def key_of(incident: Mapping[str, Any]) -> Key:
    """Of `disciplineIncidents`, be a body as its schema says or not."""
    reference = incident.get("schoolReference")
    return incident_key(reference.get("schoolId") if isinstance(reference, dict) else None, incident.get("incidentIdentifier"))


def named_in(reference: Mapping[str, Any]) -> Key:
    """Which incident a reference names."""
    return incident_key(reference.get("schoolId"), reference.get("incidentIdentifier"))


def role_of(said: Sequence[Any], behaviors: Sequence[Any]) -> Any:
    """The first role of those said; of a part without one that of its association: one of a behaviour has a behaviour."""
    return said[0] if said else OFFENDER if behaviors else NON_OFFENDER


def incidents_of(
    parts: Sequence[Members],
    actions: Sequence[Members],
    incidents: Mapping[Key, Members],
    organizations: Organizations,
    findings: Findings,
) -> list[Incident]:
    """A student's parts in incidents (behaviour and non-offender associations), and what followed for the student."""
    by_incident: dict[Key, list[Members]] = {}
    for part in parts:
        by_incident.setdefault(named_in(part.peek("disciplineIncidentReference") or {}), []).append(part)
    followed: dict[Key, list[Members]] = {}
    for action in actions:
        keys = {named_in(one.get(f"{BEHAVIOR}Reference") or {}) for one in action.peek(f"{BEHAVIOR}s") or []}
        known = sorted(keys & set(by_incident) & set(incidents))
        if not known:
            findings.missed("incident-unknown", action.position)
            continue
        followed.setdefault(known[0], []).append(action)
        _those_of_the_incident(action, by_incident[known[0]], known[0])
    made = []
    for key, those in by_incident.items():
        if key not in incidents:
            for part in those:
                findings.missed("incident-unknown", part.position)
            continue
        one = _incident(incidents[key], those, followed.get(key, ()), organizations, findings)
        made += [one] if one is not None else []
    return made


def _those_of_the_incident(action: Members, parts: Sequence[Members], key: Key) -> None:
    """What followed for what the student did in one incident alone: the incident, under which the action stands, says so."""
    those = {(one.peek("behaviorDescriptor"), *_student_of(one.body)) for one in parts}
    for one in action.parts(f"{BEHAVIOR}s"):
        reference = one.peek(f"{BEHAVIOR}Reference") or {}
        named = (reference.get("behaviorDescriptor"), *_student_of({"studentReference": reference}))
        if named_in(reference) == key and named in those:
            one.names(f"{BEHAVIOR}Reference", "behaviorDescriptor", "incidentIdentifier", "schoolId", "studentUniqueId")


def _student_of(body: Mapping[str, Any]) -> tuple[Any]:
    return ((body.get("studentReference") or {}).get("studentUniqueId"),)


def _incident(
    incident: Members, parts: Sequence[Members], actions: Sequence[Members], organizations: Organizations, findings: Findings
) -> Incident | None:
    school, identifier = key_of(incident.body)
    incident.names("schoolReference", "schoolId")
    incident.known("incidentIdentifier")
    behaviors, roles, descriptions = [], [], []
    for part in parts:
        part.names("disciplineIncidentReference", "incidentIdentifier", "schoolId")
        behavior = part.coded("behaviorDescriptor")
        behaviors += [behavior] if behavior is not None else []
        role = part.first("disciplineIncidentParticipationCodes").coded("disciplineIncidentParticipationCodeDescriptor")
        roles += [role] if role is not None else []
        if role is not None and role != roles[0]:
            part.unread()
        text = part.text("behaviorDetailedDescription")
        descriptions += [text] if text is not None and text not in descriptions else []
    made = [one for one in (_action(action, school, findings) for action in actions) if one is not None]
    whole = parts[0].made(
        findings,
        Incident,
        {
            "identifier": identifier,
            "incident_date": incident.text("incidentDate"),
            "school": organizations.school(school) or {"state_id": school},
            "role": role_of(roles, behaviors),
            "behaviors": behaviors,
            "location": incident.coded("incidentLocationDescriptor"),
            "weapons": [code for one in incident.parts("weapons") if (code := one.coded("weaponDescriptor")) is not None],
            "reported_to_law_enforcement": incident.flag("reportedToLawEnforcement"),
            "description": "\n".join(descriptions) or None,
            "actions": made,
        },
    )
    if whole is None:
        for item in (incident, *parts, *actions):
            item.unread()
    return whole


def _action(item: Members, school: str, findings: Findings) -> DisciplinaryAction | None:
    """`disciplineActions`. `school`: of the incident."""
    if str((item.peek("responsibilitySchoolReference") or {}).get("schoolId")) == school:
        item.names("responsibilitySchoolReference", "schoolId")
    return item.made(
        findings,
        DisciplinaryAction,
        {
            "identifier": item.text("disciplineActionIdentifier"),
            "action": item.first("disciplines").coded("disciplineDescriptor"),
            "begin_date": item.text("disciplineDate"),
            "length_days": item.number("disciplineActionLength"),
            "served_days": item.number("actualDisciplineActionLength"),
            "placement_meeting_held": item.flag("iepPlacementMeetingIndicator"),
        },
    )
