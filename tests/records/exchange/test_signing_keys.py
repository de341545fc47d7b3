"""The keys that sign messages change while messages wait: what the ones before have signed arrives, at either end."""

import pytest

from node.message_keys import prepare_next, replace, require_published
from node.statement import sign_statement
from safepassage.compact import kid_of
from services.records.exchange.signing import ExchangeSigner
from shared.peer_statements import USED_FOR
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio


def publish(state: State) -> None:
    """The operator signs what there is now."""
    sign_statement(state.folder.file, state.folder.keys, state.folder.statement, now=state.clock())


@pytest.mark.requirement("EX-1", "EX-rotation")
async def test_what_waits_under_a_key_that_was_replaced_is_taken_and_what_follows_is_signed_by_the_next(states: TwoStates) -> None:
    both = (states.alder, states.birch)
    waiting = await states.queued()
    for state in both:
        prepare_next(state.folder.keys / "records")
        publish(state)
    await states.advance(seconds=USED_FOR.total_seconds() + 1)
    for state in both:
        require_published(state.folder.statement, state.folder.keys / "records", now=states.clock())
        replace(state.folder.keys / "records", today=states.clock().date())
        publish(state)
        state.exchange.signing = ExchangeSigner.load(state.folder.keys / "records", state.exchange.settings.exchange_suites)
    await states.advance(seconds=USED_FOR.total_seconds() + 1)  # whoever has kept the statement of before asks for it anew
    await waiting.finish()
    assert (await waiting.told()).state == "applied"
    later = await states.queued()
    await later.finish()
    assert (await later.told()).state == "applied"
    old, new = [(await case.package()).jws or "" for case in (waiting, later)]
    assert kid_of(old) != kid_of(new)
