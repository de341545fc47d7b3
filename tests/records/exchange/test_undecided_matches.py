"""A record that came, and of which nobody says whose it is, ends with its request: both sides hear of it, and it can be asked for anew."""

from uuid import UUID

import pytest
from sqlalchemy import update

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.problems.records import MatchResolved
from safepassage.record.loads import MatchResolution
from services.records.exchange.states import Asked, Incoming, Outgoing
from services.records.exchange.works import take_over
from services.records.tables import IncomingEnvelopeRow, MatchReviewRow
from tests.records.exchange.operators import letters, requeued
from tests.records.exchange.test_answers import namesake
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio

CODE = "match-not-decided"


async def waiting(states: TwoStates) -> tuple[Case, UUID]:
    """A record that is at Birch, where a person is asked for an hour; and the student who may be the child."""
    child, district = states.child(), states.birch.organisation(RECEIVING_DISTRICT)
    held = await states.birch.load(namesake(child), district=district, school=district)
    exchange = states.birch.exchange
    kept, exchange.settings = exchange.settings, exchange.settings.model_copy(update={"exchange_lifetime_hours": 1})
    case = await states.queued(child)
    exchange.settings = kept
    await case.finish()
    [row] = await case.received()
    assert row.state == Incoming.MATCHING
    return case, held


async def review_of(states: TwoStates, case: Case) -> MatchReviewRow:
    [row] = await case.received()
    [review] = [one for one in await states.birch.rows(MatchReviewRow) if one.request_id == row.match_id]
    return review


async def is_over(states: TwoStates, case: Case) -> None:
    """It ended at both, and a person at each is told."""
    [row] = await case.received()
    assert (row.state, row.ciphertext) == (Incoming.REJECTED, None)
    assert ((await case.told()).state, (await case.package()).state) == (Asked.REJECTED, Outgoing.REJECTED)
    [ours] = [one for one in (await letters(states.birch)).values() if one.exchange_id == case.id]
    [theirs] = [one for one in (await letters(states.alder)).values() if one.exchange_id == case.id]
    assert [(one.kind, one.code) for one in (ours, theirs)] == [("request", CODE), ("answer", CODE)]


@pytest.mark.requirement("EX-letters")
async def test_when_the_request_ends_it_is_rejected_and_comes_again_if_the_request_is_made_anew(states: TwoStates) -> None:
    case, held = await waiting(states)
    await states.advance(minutes=59)
    await states.settle()
    [row] = await case.received()
    assert row.state == Incoming.MATCHING
    await states.advance(minutes=1)
    await states.settle()
    await is_over(states, case)
    requeued_as = (await requeued(states.birch, case.id)).requeued_as
    assert requeued_as is not None
    anew = Case(states, requeued_as)
    await states.settle()
    async with states.birch.client("state-agency") as client:
        await client.resolve_match((await review_of(states, anew)).id, MatchResolution(student_id=held))
    await states.settle()
    assert ((await anew.told()).state, (await anew.told()).student_id) == (Asked.APPLIED, held)


async def test_one_that_a_version_before_left_without_an_end_has_one(states: TwoStates) -> None:
    case, _ = await waiting(states)
    async with states.birch.exchange.database.transaction() as tx:
        endless = update(IncomingEnvelopeRow).where(IncomingEnvelopeRow.exchange_id == case.id).values(next_attempt_at=None)
        await tx.execute(endless)
    await take_over(states.birch.exchange)
    await states.settle()
    [row] = await case.received()
    assert row.state == Incoming.MATCHING
    await states.advance(hours=1)
    await states.settle()
    await is_over(states, case)


async def test_a_word_that_comes_as_it_ends_is_not_taken(states: TwoStates) -> None:
    case, held = await waiting(states)
    review = await review_of(states, case)
    await states.advance(hours=1)
    await states.settle()
    async with states.birch.exchange.database.transaction() as tx:  # as whoever said it a moment before
        await tx.execute(
            update(MatchReviewRow).where(MatchReviewRow.id == review.id).values(expires_at=states.clock.instant.replace(year=2030))
        )
    async with states.birch.client("state-agency") as client:
        with pytest.raises(MatchResolved):
            await client.resolve_match(review.id, MatchResolution(student_id=held))
    assert (await review_of(states, case)).outcome is None
    await is_over(states, case)
