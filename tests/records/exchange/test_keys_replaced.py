"""Keys are replaced while a child's record is on its way: what waited under the one before arrives."""

from datetime import timedelta

import pytest

from node import decision_keys, inner_keys, peer_client_keys
from node.statement import sign_statement
from services.audit import decision_keys as believed
from services.records.exchange.states import Outgoing
from tests.records.exchange.two_states import TwoStates
from tests.silent_services import silent

pytestmark = pytest.mark.anyio


async def require_arrival(states: TwoStates) -> None:
    """Another child's record is asked for and arrives."""
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector)
    await case.deliver_request()
    await case.answer()
    await case.finish()
    assert (await case.told()).state == "applied"


@pytest.mark.requirement("KEYS-replaced")
async def test_what_was_permitted_under_the_key_before_is_logged_and_sent_under_the_next(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector)
    await case.deliver_request()
    with silent(states.alder.records, "audit"):
        await case.answer()
    assert (await case.package()).state == Outgoing.SEALED
    keys, today = states.alder.folder.keys, states.clock().date()
    before = decision_keys.SigningKey.load(keys / "privacy" / decision_keys.CURRENT)
    following = decision_keys.prepare_next(keys)
    assert list(believed.decision_keys(keys / "audit", today=today)) == [before.kid, following.kid], "believed before it signs"
    await states.alder.stop()
    after = decision_keys.replace(keys, today=today)
    await states.alder.restart()
    await states.advance(minutes=5)
    await states.alder.do("queueing", "dispatching")
    await case.finish()
    assert (await case.told()).state == "applied"
    assert list(believed.decision_keys(keys / "audit", today=today)) == [after.kid, before.kid]
    assert list(believed.decision_keys(keys / "audit", today=today + timedelta(days=14))) == [after.kid]
    await require_arrival(states)


@pytest.mark.requirement("KEYS-replaced")
async def test_a_node_that_has_other_keys_for_its_peers_and_its_services_goes_on(states: TwoStates) -> None:
    birch = states.birch
    first = await states.queued()
    await first.finish()
    peer_client_keys.prepare_next(birch.folder.keys / "records")
    sign_statement(birch.folder.file, birch.folder.keys, birch.folder.statement, now=states.clock())
    with pytest.raises(peer_client_keys.KeyFileUnusable, match="for an hour yet"):
        peer_client_keys.replace(birch.folder.keys / "records", birch.folder.statement, now=states.clock())
    await states.advance(hours=1, minutes=1)
    await birch.stop()
    key = peer_client_keys.replace(birch.folder.keys / "records", birch.folder.statement, now=states.clock())
    inner_keys.replace_internal(birch.folder.keys)
    inner_keys.replace_cursors(birch.folder.keys)
    await birch.restart()
    sign_statement(birch.folder.file, birch.folder.keys, birch.folder.statement, now=states.clock())
    assert [one.public_bytes_raw() for one in peer_client_keys.published(birch.folder.keys / "records")] == [key.public.public_bytes_raw()]
    await require_arrival(states)


def test_nothing_is_replaced_that_was_not_prepared(states: TwoStates) -> None:
    keys = states.alder.folder.keys
    with pytest.raises(decision_keys.KeyFileUnusable):
        decision_keys.replace(keys, today=states.clock().date())
    with pytest.raises(decision_keys.KeyFileUnusable):
        peer_client_keys.replace(keys / "records", states.alder.folder.statement, now=states.clock())
