"""Each finished day two nodes compare what they have: what is on its way is no finding, and what is lost is told with its id."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from safepassage.compact import split
from safepassage.ids import uuid7
from safepassage.reconciliation import Line, Step, count_of, differences
from safepassage.wire_reconciliations import DayReconciled
from services.records.exchange import reconciling, works
from services.records.exchange.exchange import Exchange
from services.records.exchange.own_log import OwnLog
from services.records.exchange.reconciliation_lines import bounds_of
from services.records.exchange.reconciling import plan
from services.records.exchange.states import Reconciling
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow, OutgoingEnvelopeRow, ReconciliationRow
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.forging import Forger, code_of
from tests.records.exchange.listener import birch_away
from tests.records.exchange.test_peers_standing import install, next_list
from tests.records.exchange.two_states import Case, State, TwoStates

pytestmark = pytest.mark.anyio


async def done(states: TwoStates) -> Case:
    """A record that went over, whole."""
    case = await states.queued()
    await case.finish()
    return case


async def until_three_in_the_morning(states: TwoStates) -> None:
    """The day is over, and what is planned of it is due."""
    now = states.clock()
    await states.advance(seconds=(24 - now.hour + 3) * 3600 - now.minute * 60)


async def a_day_later(states: TwoStates) -> str:
    """Both plan to compare the day that has just ended; gives it."""
    day = states.clock().date()
    await until_three_in_the_morning(states)
    for state in (states.alder, states.birch):
        assert await plan(state.exchange) == 1
        assert await plan(state.exchange) == 0
    return day.isoformat()


@pytest.mark.requirement("EX-reconciled")
@pytest.mark.parametrize(("days", "planned"), [(3, 1), (7, 1), (8, 0)])
async def test_a_node_that_was_down_for_days_compares_the_day_before_it_went_down(own_states: TwoStates, days: int, planned: int) -> None:
    states = own_states
    await done(states)
    day = states.clock().date().isoformat()
    await states.advance(days=days)
    assert await plan(states.alder.exchange) == planned
    assert await plan(states.alder.exchange) == 0
    assert [row.day for row in await states.alder.rows(ReconciliationRow)] == [day] * planned


@pytest.mark.requirement("EX-reconciled")
@pytest.mark.parametrize(("status", "then"), [("suspended", Reconciling.AGREED), ("revoked", Reconciling.LAPSED)])
async def test_a_day_with_a_node_that_is_suspended_when_it_is_due_is_compared_once_it_is_back(
    own_states: TwoStates, status: str, then: Reconciling
) -> None:
    states = own_states
    await done(states)
    await a_day_later(states)
    install(states.alder, next_list(states, change={states.birch.entity_id: {"status": status}}))
    await states.alder.do("reconciling")
    install(states.alder, next_list(states, previous=states.alder.exchange.trust.verified, change={}))
    await states.advance(hours=1)
    await states.alder.do("reconciling")
    assert [row.state for row in await states.alder.rows(ReconciliationRow)] == [then]


@pytest.mark.requirement("EX-reconciled")
async def test_a_day_that_begins_while_the_one_before_is_planned_is_planned_too(
    own_states: TwoStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, today = own_states.alder.exchange, own_states.clock().date()

    async def over_midnight(exchange: Exchange) -> int:  # a fault: the_store_is_slow_at_midnight
        planned = await plan(exchange)
        await own_states.advance(days=1)
        return planned

    monkeypatch.setattr(reconciling, "plan", over_midnight)
    assert await works._planned(exchange, today - timedelta(days=1)) == today


async def compared(state: State, day: str) -> DayReconciled:
    """What came of it, as the operator reads it."""
    await state.do("reconciling")
    async with state.client("state-agency") as agency:
        [found] = [one for one in (await agency.list_reconciliations()).content.days if one.day == day]
    return found


async def entries(state: State) -> list[dict[str, object]]:
    """What the log is told of comparisons."""
    told = [one["context"] for one in await waiting_for_the_log(state, "trust", None)]
    return [one for one in told if one["operation"] == "exchange-reconciliation"]


@pytest.mark.requirement("EX-reconciled")
async def test_both_agree_on_a_day_in_which_everything_arrived_or_is_on_its_way(own_states: TwoStates) -> None:
    states = own_states
    await done(states)
    on_its_way = await states.queued()
    async with birch_away(states):
        await on_its_way.deliver()
    day = await a_day_later(states)
    for state, other in ((states.alder, states.birch), (states.birch, states.alder)):
        found = await compared(state, day)
        assert (found.state, found.peer, found.findings) == ("agreed", other.entity_id, ())
        [row] = await state.rows(ReconciliationRow)
        assert row.ours is not None
        assert row.theirs is not None
        assert [(one["outcome"], one["about"], one["count"]) for one in await entries(state)] == [("agreed", f"day:{day}", 0)]
    await states.alder.do("reconciling")  # it is not done twice
    assert len(await entries(states.alder)) == 1


@pytest.mark.requirement("EX-reconciled")
async def test_what_either_side_lost_is_an_entry_and_names_the_messages(own_states: TwoStates) -> None:
    states = own_states
    lost_there, lost_here, kept = await done(states), await done(states), await done(states)
    there, here = (await lost_there.package()).id, (await lost_here.package()).id
    async with states.birch.exchange.database.transaction() as tx:
        await tx.execute(delete(IncomingEnvelopeRow).where(IncomingEnvelopeRow.id == there))
    async with states.alder.exchange.database.transaction() as tx:
        await tx.execute(delete(OutgoingEnvelopeRow).where(OutgoingEnvelopeRow.id == here))
    day = await a_day_later(states)
    alder, birch = await compared(states.alder, day), await compared(states.birch, day)
    assert {one.kind: one.ids for one in alder.findings} == {"answers-lacking-there": (there,), "answers-lacking-here": (here,)}
    assert {one.kind: one.ids for one in birch.findings} == {"answers-lacking-here": (there,), "answers-lacking-there": (here,)}
    assert (await kept.package()).id not in {one for found in (alder, birch) for each in found.findings for one in each.ids}
    [entry] = await entries(states.alder)
    assert (entry["outcome"], entry["count"], entry["recipient_node"]) == ("difference", 2, states.birch.entity_id)


@pytest.mark.requirement("EX-reconciled")
async def test_a_log_that_is_not_what_the_other_node_has_seen_is_a_finding(own_states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    states = own_states
    await done(states)
    day = await a_day_later(states)
    true = OwnLog.largest

    def shrunk(self: OwnLog, origin: str) -> object:
        held = true(self, origin)
        return None if held is None else held.__class__(held.origin, 1, held.root)

    monkeypatch.setattr(OwnLog, "largest", shrunk)
    found = await compared(states.alder, day)
    assert [one.kind for one in found.findings] == ["our-log-differs"]


async def test_a_node_that_lost_all_of_a_day_compares_because_the_other_does(own_states: TwoStates) -> None:
    states = own_states
    assert await plan(states.alder.exchange) == 0  # nothing passed yesterday
    case = await done(states)
    row = await case.package()
    async with states.birch.exchange.database.transaction() as tx:
        await tx.execute(delete(IncomingEnvelopeRow))
        await tx.execute(delete(ExchangeRequestRow))
    day = states.clock().date().isoformat()
    await until_three_in_the_morning(states)
    assert (await plan(states.alder.exchange), await plan(states.birch.exchange)) == (1, 0)
    assert {one.kind for one in (await compared(states.alder, day)).findings} == {"answers-lacking-there", "requests-lacking-there"}
    lost = {one.kind: one.ids for one in (await compared(states.birch, day)).findings}
    assert lost == {"answers-lacking-here": (row.id,), "requests-lacking-here": (case.id,)}


async def test_a_peer_that_is_away_is_compared_with_later_and_after_a_week_no_more(own_states: TwoStates) -> None:
    states = own_states
    await done(states)
    day = await a_day_later(states)
    async with birch_away(states):
        waits = await compared(states.alder, day)
        assert (waits.state, waits.problem_code) == ("due", "peer-unavailable")
    await states.advance(minutes=1)
    assert (await compared(states.alder, day)).state == "agreed"
    async with states.birch.exchange.database.transaction() as tx:
        over = (states.clock() - timedelta(days=10)).date().isoformat()
        await tx.execute(update(ReconciliationRow).values(day=over, next_attempt_at=states.clock()))
    await states.birch.do("reconciling")
    assert [row.state for row in await states.birch.rows(ReconciliationRow)] == [Reconciling.LAPSED]


async def test_counts_are_refused_of_a_day_that_is_not_over_and_without_their_entry(own_states: TwoStates) -> None:
    states = own_states
    await done(states)
    forger = Forger(states)
    day = await a_day_later(states)
    assert (await compared(states.alder, day)).state == "agreed"

    [row] = await states.alder.rows(ReconciliationRow)
    claims = split(row.ours or "")[1]

    async def sent(**changed: object) -> str:
        token = forger.sign({**claims, **changed}, typ="sp-reconciliation+jws")
        return code_of(await forger.send(token.encode(), content_type="application/jose", path="/v1/peer/reconciliations"))

    assert await sent(day=states.clock().date().isoformat()) == "counts-of-another-day"
    assert await sent(answers_sent={**claims["answers_sent"], "applied": 7}) == "wrong-leaf"
    assert await sent(entry=None, index=None, path=None, checkpoint=None) == "without-proof"


def line(number: int, step: Step) -> Line:
    return Line(id=UUID(int=number << 80), step=step)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=8))
def test_what_happens_between_two_readings_is_never_a_finding(messages: list[tuple[bool, bool, bool]]) -> None:
    """Each message is received, and then acknowledged, at any moment: before the first reading, between, or after the last."""
    early, late, received = [], [], []
    for number, (is_received, is_known_early, is_known_late) in enumerate(messages):
        early.append(line(number, "arrived" if is_received and is_known_early else "waiting"))
        late.append(line(number, "arrived" if is_received and (is_known_early or is_known_late) else "waiting"))
        if is_received:
            received.append(line(number, "arrived"))
    assert differences(sent_early=early, sent_late=late, received_early=received, received_late=received).all == ()


def test_a_message_that_only_one_of_both_has_is_a_finding_and_one_that_waits_is_none() -> None:
    sent = [line(1, "arrived"), line(2, "applied"), line(3, "waiting"), line(4, "applied"), line(5, "dead")]
    received = [line(4, "arrived"), line(9, "applied")]
    found = differences(sent_early=sent, sent_late=sent, received_early=received, received_late=received)
    assert found.receiver_lacks == (line(1, "arrived").id, line(2, "applied").id)
    assert (found.sender_lacks, found.not_applied) == ((line(9, "applied").id,), (line(4, "applied").id,))
    assert count_of(sent).ids != count_of(received).ids
    assert count_of([]).ids == count_of([line(3, "waiting")]).ids


def test_a_day_has_the_ids_that_were_made_in_it() -> None:

    first, last = bounds_of("2026-10-20")
    midnight = datetime(2026, 10, 20, tzinfo=UTC)
    assert first <= uuid7(midnight) < last
    assert first <= uuid7(midnight + timedelta(hours=23, minutes=59, seconds=59)) < last
    assert not first <= uuid7(midnight - timedelta(milliseconds=1))
    assert not uuid7(midnight + timedelta(days=1)) < last
