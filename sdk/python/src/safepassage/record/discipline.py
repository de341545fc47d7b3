"""Incidents, what followed, and restraint."""

from datetime import date
from typing import Annotated

from safepassage.record.codes import Amount, Coded, Count, OrganisationReference, Period, Section, Short, Some, ceds, ceds_id
from safepassage.wire import Text, Wire


class DisciplinaryAction(Period):
    """What followed. A suspension or expulsion in force is told to the receiving school (20 USC 7917)."""

    identifier: Short | None = None
    action: Annotated[Coded, ceds_id("000488")]
    length_days: Amount | None = ceds("000511")
    served_days: Amount | None = None
    carries_to_receiving_school: bool = False
    placement_meeting_held: bool | None = ceds("001322")


class Incident(Wire):
    """An incident and this student's part in it. Nobody else is named."""

    identifier: Short | None = ceds("000501")
    incident_date: Annotated[date, ceds_id("000502")]
    school: OrganisationReference | None = ceds("001069")
    role: Annotated[Coded, ceds_id("001373")]
    behaviors: Some[Coded] | None = ceds("000509")
    location: Coded | None = ceds("000617")
    weapons: Some[Coded] | None = ceds("001211")
    reported_to_law_enforcement: bool | None = ceds("001376")
    manifestation_of_disability: bool | None = ceds("001375")
    description: Text | None = ceds("000508")
    actions: Some[DisciplinaryAction] | None = ceds("000488")


class RestraintEvent(Wire):
    """One use of restraint or seclusion."""

    event_date: date
    kind: Annotated[Coded, ceds_id("000488")]
    minutes: Count | None = None
    reason: Text | None = None


class Discipline(Section):
    """Section `discipline`."""

    incidents: Some[Incident] | None = ceds("000501")
    restraint: Some[RestraintEvent] | None = ceds("000488")
