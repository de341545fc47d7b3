"""At New Year the log begins anew: what was logged in the old year and is asked for again stops nobody, and what is under way arrives."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import parse_note
from services.records.exchange.own_log import OwnLog
from services.records.exchange.states import Outgoing
from shared.contracts.audit import Actor, Appended, Context, Event
from tests.records.exchange.any_order import World
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio

EVENTS = 12


def event(number: int) -> Event:
    return Event(class_="request", key=f"eve:{number}", actor=Actor(kind="system", job="exchange"), context=Context(operation="eve"))


def origin(appended: Appended) -> str:
    return parse_checkpoint(parse_note(appended.checkpoint or "").text).origin


async def on_new_years_eve(states: TwoStates, network: Path) -> World:
    """Both operators and the network have signed a day before the year ends."""
    world, now = World(states, network / "root" / "root.json"), states.clock()
    await states.advance(seconds=(datetime(now.year, 12, 31, 12, tzinfo=UTC) - now).total_seconds())
    await world.renew()
    return world


async def again(state: State, number: int) -> Appended:
    return await state.exchange.own_log.append(event(number))


@pytest.mark.requirement("LOG-I5")
async def test_an_event_of_the_old_year_is_answered_and_nothing_is_frozen(own_states: TwoStates, network: Path) -> None:
    await on_new_years_eve(own_states, network)
    alder = own_states.alder
    before = [await again(alder, number) for number in range(EVENTS)]
    await own_states.advance(days=1)
    fresh = await again(alder, EVENTS)
    assert origin(fresh) != origin(before[-1])
    assert fresh.index < before[-1].index, "the new log is shorter than the old one"
    for number in range(EVENTS):
        answered = await again(alder, number)
        assert (answered.index, answered.entry, origin(answered)) == (before[number].index, before[number].entry, origin(before[number]))
    started = OwnLog(alder.exchange.siblings, own_states.clock, node=alder.entity_id)
    await started.open(alder.exchange.database)
    assert (await started.append(event(EVENTS - 1))).index == before[-1].index
    assert (await started.append(event(EVENTS + 1))).index > fresh.index


async def test_what_is_under_way_when_the_year_ends_arrives(own_states: TwoStates, network: Path) -> None:
    world = await on_new_years_eve(own_states, network)
    queued = await own_states.queued()
    asked = await own_states.ask((child := own_states.child()).selector)
    await own_states.alder.load(child)
    await own_states.advance(days=1)
    await world.renew()
    fresh = await own_states.queued()
    await asked.deliver_request()
    await asked.answer()
    for case in (fresh, queued, asked):
        await case.finish()
        assert (await case.package()).state == Outgoing.PROCESSED
        assert (await case.told()).state == "applied"
