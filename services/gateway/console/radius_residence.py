"""The students of a blast radius by the state where they live: records counts them, some thousands a page, and the page's address goes on.

What an address has of it are sums, signed for the reader: nobody's id, and nobody's address.
"""

from typing import Final, NamedTuple

from safepassage.problems.requests import InvalidRequest, TemporarilyUnavailable
from safepassage.wire_log_radius import BlastRadius, BreachNotice, TouchedState
from safepassage.wire_residence import ResidenceCount, ResidenceCountRequest, Residents
from services.gateway.console.node_reader import NodeReader
from services.gateway.console.radius_question import BEGIN, Question

SCOPE: Final = "records:residence"
STEPS_AT_ONCE: Final = 5
"""Calls to records for one page: a thousand students each."""


async def counted_by_residence(node: NodeReader, question: Question) -> ResidenceCount:
    """Some steps further than the question's address says; begun where it says so. Raises as `NodeReader.ask`, and InvalidRequest."""
    if question.count is None or question.living is None:
        raise InvalidRequest("none: begin from what was counted", field="living")
    asked = ResidenceCountRequest(count_id=question.count, discovered_at=question.request.discovered_at)
    cursor = None if question.living == BEGIN else question.living
    for _ in range(STEPS_AT_ONCE):
        query = {} if cursor is None else {"cursor": cursor}
        at = await node.ask("records", "/v1/residence-counts", asked, ResidenceCount, query=query)
        cursor = at.goes_on
        if at.found is not None:
            break
    return at


class InStates(NamedTuple):
    """The states, and the count by residence that they are by; none where they are by who was told."""

    states: tuple[TouchedState, ...]
    lived: ResidenceCount | None


async def states_of(node: NodeReader, question: Question, found: BlastRadius) -> InStates:
    """By residence where the question has them counted so, by who was told elsewhere. Raises TemporarilyUnavailable while it is counted."""
    if question.living is None:
        return InStates(found.states, None)
    lived = await counted_by_residence(node, question)
    if lived.found is None:
        raise TemporarilyUnavailable("it is still being counted")
    return InStates(by_residence(found, lived.found), lived)


def by_residence(found: BlastRadius, residents: Residents) -> tuple[TouchedState, ...]:
    """The states where students live, then the others that were touched. Pure.

    # INVARIANT: no state goes for having no resident: some of its laws bind whoever keeps the records, wherever the students live.
    """
    touched = {one.state: one for one in found.states}
    living = [
        TouchedState(
            state=one.state,
            entries=touched.pop(one.state).entries if one.state in touched else 0,
            students=one.students,
            notices=one.notices,
        )
        for one in residents.states
    ]
    others = [
        TouchedState(
            state=one.state,
            entries=one.entries,
            students=0,
            notices=tuple(_where_nobody_lives(notice, residents.unknown) for notice in one.notices),
        )
        for one in touched.values()
    ]
    return (*living, *others)


def _where_nobody_lives(notice: BreachNotice, unknown: int) -> BreachNotice:
    """As it is owed by those of whom nobody knows where they live."""
    return notice.model_copy(update={"owed": notice.from_people is None or unknown >= notice.from_people})
