"""What an operator of a node does about what did not arrive."""

from typing import Any
from uuid import UUID

from safepassage.wire_dead_letters import DeadLetter, LetterReason, OperatorAct
from safepassage.wire_policy_sets import ActingOfficial
from tests.records.exchange.two_states import State


def because(state: State, reason: LetterReason = "looked-into") -> OperatorAct:
    """An official's reason."""
    official = ActingOfficial(pairwise_id="official-7", role="registrar", authenticated_at=state.clock())
    return OperatorAct(reason=reason, acting_official=official)


async def letters(state: State, **about: Any) -> dict[UUID, DeadLetter]:
    """The dead letters of the node, by id."""
    async with state.client("state-agency") as agency:
        return {one.id: one for one in (await agency.list_dead_letters(**about)).content.letters}


async def recalled(state: State, envelope_id: UUID) -> DeadLetter:
    """Recall an answer."""
    async with state.client("state-agency") as agency:
        return await agency.recall_answer(envelope_id, because(state, "wrong-recipient"))


async def requeued(state: State, letter_id: UUID) -> DeadLetter:
    """Have it sent again."""
    async with state.client("state-agency") as agency:
        return await agency.requeue_dead_letter(letter_id, because(state, "fault-corrected"))


async def given_up(state: State, letter_id: UUID) -> DeadLetter:
    """Give it up."""
    async with state.client("state-agency") as agency:
        return await agency.give_up_dead_letter(letter_id, because(state, "no-longer-wanted"))
