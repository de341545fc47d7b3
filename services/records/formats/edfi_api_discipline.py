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


def incident_key(school: Any, identifier: Any) -> Key:
    """By which an incident is named."""
    return str(school), str(identifier)


def key_of(incident: Mapping[str, Any]) -> Key:
    """Of `disciplineIncidents`."""
    return incident_key((incident.get("schoolReference") or {}).get("schoolId"), incident.get("incidentIdentifier"))


def named_in(reference: Mapping[str, Any]) -> Key:
    """Which incident a reference names."""
    return incident_key(reference.get("schoolId"), reference.get("incidentIdentifier"))


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
        if len(known) == 1:
            action.known(f"{BEHAVIOR}s")
    made = []
    for key, those in by_incident.items():
        if key not in incidents:
            for part in those:
                findings.missed("incident-unknown", part.position)
            continue
        one = _incident(incidents[key], those, followed.get(key, ()), organizations, findings)
        made += [one] if one is not None else []
    return made


def _incident(
    incident: Members, parts: Sequence[Members], actions: Sequence[Members], organizations: Organizations, findings: Findings
) -> Incident | None:
    school, identifier = key_of(incident.body)
    incident.known("schoolReference", "incidentIdentifier")
    behaviors, roles, descriptions = [], [], []
    for part in parts:
        part.known("studentReference", "disciplineIncidentReference")
        behavior = part.coded("behaviorDescriptor")
        behaviors += [behavior] if behavior is not None else []
        role = part.first("disciplineIncidentParticipationCodes").coded("disciplineIncidentParticipationCodeDescriptor")
        roles += [role] if role is not None else []
        text = part.text("behaviorDetailedDescription")
        descriptions += [text] if text is not None and text not in descriptions else []
    made = [one for one in (_action(action, findings) for action in actions) if one is not None]
    whole = parts[0].made(
        findings,
        Incident,
        {
            "identifier": identifier,
            "incident_date": incident.text("incidentDate"),
            "school": organizations.school(school) or {"state_id": school},
            "role": roles[0] if roles else None,
            "behaviors": behaviors,
            "location": incident.coded("incidentLocationDescriptor"),
            "weapons": [code for one in incident.parts("weapons") if (code := one.coded("weaponDescriptor")) is not None],
            "reported_to_law_enforcement": incident.flag("reportedToLawEnforcement"),
            "description": "\n".join(descriptions) or None,
            "actions": made,
        },
    )
    if whole is None:
        for item in (*parts, *actions):
            item.unread()
    return whole


def _action(item: Members, findings: Findings) -> DisciplinaryAction | None:
    """`disciplineActions`."""
    item.known("studentReference", "responsibilitySchoolReference")
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
