"""For how many people a notice of a breach is started, by the count that the officer looks at; and how its duty says so later."""

from uuid import UUID

from safepassage.wire_duties import CountedPeople
from safepassage.wire_log_radius import BlastRadius, TouchedState
from safepassage.wire_residence import ResidenceCount
from services.gateway.console.pages import Frame


def people_of(state: TouchedState | None, found: BlastRadius, lived: ResidenceCount | None, count_id: UUID) -> CountedPeople:
    """Those of a notice of a state. Pure.

    state  None: a notice of no one state, for all
    lived  None: counted by who was told
    """
    if lived is None or lived.found is None:
        people = found.students if state is None else state.students
        return CountedPeople(by="told", people=people, of=found.students, count_id=count_id)
    of = lived.found.students
    if state is None:
        return CountedPeople(by="residence", people=of, of=of, count_id=count_id, as_of=lived.as_of)
    unknown = lived.found.unknown
    return CountedPeople(by="residence", people=state.students, unknown=unknown, of=of, count_id=count_id, as_of=lived.as_of)


def count_facts(counted: CountedPeople | None, frame: Frame) -> list[tuple[str, str]]:
    """On the page of a notice of a breach: how many, by which count, and where the log has it."""
    _, number = frame.translate, frame.viewing.number
    if counted is None:
        return [(_("People it was started for"), _("Not counted when it was started"))]
    people = _("%(people)s of the %(all)s that were counted") % {"people": number(counted.people), "all": number(counted.of)}
    facts = [(_("People it was started for"), people)]
    if counted.as_of is None:
        facts.append((_("Counted by"), _("The states whose nodes were told of them, not by where they live")))
    else:
        day = {"day": frame.viewing.day(counted.as_of)}
        facts.append((_("Counted by"), _("The states where they live, by the addresses that their records held on %(day)s") % day))
    if counted.unknown:
        facts.append((_("More, of whom it was not known where they live"), number(counted.unknown)))
    return [*facts, (_("The count, as entries of the log have it"), str(counted.count_id))]
