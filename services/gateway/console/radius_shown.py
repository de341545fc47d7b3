"""A blast radius as its page shows it: the states with their notices, and the students entry by entry."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from safepassage.wire_log_radius import BlastRadius, TouchedStudent
from safepassage.wire_residence import ResidenceCount
from services.gateway.console.breach_words import shown_notice
from services.gateway.console.code_words import said_of
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.handles import Handles
from services.gateway.console.log_rows import entry_href
from services.gateway.console.organisation_names import named
from services.gateway.console.pages import Frame
from services.gateway.console.radius_residence import by_residence
from services.gateway.console.state_names import STATE_NAMES

LETTERS: Final = 10
"""Of a student's handle, by which rows of one student are known; the whole of it is longer than a cell."""


class ShownState(NamedTuple):
    """A state whose law may ask for something."""

    name: str
    entries: int
    students: int
    notices: list[Any]


class ShownStudent(NamedTuple):
    """A student in an entry of the log."""

    row: TouchedStudent
    handle: str
    whose: str
    recipient: str
    data: list[str]
    happened: str
    href: str | None
    """The entry's page, once there is one."""


def shown_states(counted: BlastRadius, lived: ResidenceCount | None, frame: Frame) -> list[ShownState]:
    """By where the students live, once that is counted; else by who was told."""
    states = counted.states if lived is None or lived.found is None else by_residence(counted, lived.found)
    return [
        ShownState(
            frame.translate(STATE_NAMES.get(one.state, one.state)),
            one.entries,
            one.students,
            [shown_notice(notice, frame) for notice in one.notices],
        )
        for one in states
    ]


def organisations_in(counted: BlastRadius, rows: Iterable[TouchedStudent]) -> set[UUID]:
    """Whose names the page needs: who keeps the records and, among those who received, who is one of the node's."""
    found = {one.organisation_id for one in counted.custodians}
    for one in rows:
        found |= {party for party in (one.custodian_id, _uuid(one.recipient)) if party is not None}
    return found


def shown_student(row: TouchedStudent, names: Mapping[UUID, str], frame: Frame, handles: Handles) -> ShownStudent:
    """In the reader's words. INVARIANT: of the student a handle of the session, and no id."""
    recipient = _uuid(row.recipient)
    return ShownStudent(
        row=row,
        handle=handles.seal("student", str(row.student_id))[:LETTERS],
        whose="" if row.custodian_id is None else named(names, row.custodian_id),
        recipient=(None if recipient is None else names.get(recipient)) or row.recipient or "",
        data=[frame.translate(ELEMENT_WORDS.get(element, element)) for element in row.elements],
        happened=said_of(row.operation or row.class_name, frame.translate),
        href=entry_href(row.log, row.index, row.proof),
    )


def _uuid(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
