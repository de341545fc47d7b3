"""In a burst a row is due before its step has had its turn: it is not logged, signed and stored a second time beside itself."""

import pytest

from services.records.exchange.exchange import Job
from services.records.exchange.milestones import DocumentMilestone, Milestone
from services.records.exchange.states import Incoming, Outgoing
from services.records.tables import IncomingEnvelopeRow, OutgoingEnvelopeRow
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio


class Late:
    """After T1 so much time goes by that the row is due, and what is due is looked for."""

    def __init__(self, states: TwoStates, state: State, milestone: Milestone, job: Job, row: type) -> None:
        self._states, self._state, self._milestone, self._job, self._row = states, state, milestone, job, row
        self.found = list[tuple[bool, str]]()
        state.exchange.milestones = self

    async def reached(self, milestone: Milestone | DocumentMilestone) -> None:
        if milestone == self._milestone:
            await self._states.advance(seconds=6)
            is_due = bool(await self._state.exchange.works[self._job]._due(self._states.clock(), 10))
            await self._state.do(self._job)
            [row] = await self._state.rows(self._row)
            self.found.append((is_due, row.state))


@pytest.mark.requirement("EX-1")
async def test_what_is_due_while_its_own_step_is_under_way_is_left_to_that(states: TwoStates) -> None:
    sealed = Late(states, states.alder, "holder after_T1", "queueing", OutgoingEnvelopeRow)
    stored = Late(states, states.birch, "receiver after_T1", "storing", IncomingEnvelopeRow)
    case = await states.queued()
    await case.deliver()
    assert sealed.found == [(True, Outgoing.SEALED)]
    assert stored.found == [(True, Incoming.STORED)]
    await case.finish()
    assert (await case.told()).state == "applied"
