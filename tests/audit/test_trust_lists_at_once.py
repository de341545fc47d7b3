"""Two lists at the same time, in one process and in two: what is held is never older than what was taken, and is what the store has."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from node.trust import signed_list
from safepassage.problems.trust import TrustListRolledBack
from safepassage.trust_list import VerifiedTrustList
from services.audit.tables import TrustListRow
from shared.trust import Trust
from tests.audit.audit_node import ENTITY, AuditNode, running
from tests.audit.peer_log import BIRCH
from tests.audit.test_known_nodes import CEDAR, Lists, of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def lists(tmp_path: Path, clock: StandingClock) -> Lists:
    lists = Lists(tmp_path, clock)
    lists.put(of(ENTITY, "XA"), of(BIRCH, "XB"))
    return lists


async def another(node: AuditNode) -> Trust:
    """As another process of the service has it."""
    trust = Trust(node.app.state.database, node.app.state.settings, node.clock, row=TrustListRow)
    await trust.catch_up()
    return trust


def verified(trust: Trust) -> VerifiedTrustList:
    assert trust.verified is not None
    return trust.verified


@pytest.mark.parametrize("newest_first", [True, False])
async def test_of_two_that_are_brought_at_once_the_newer_one_is_held(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists, newest_first: bool
) -> None:
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        trust = await another(node)
        lists.put(of(ENTITY, "XA"), of(CEDAR, "XC"))
        lists.put(of(ENTITY, "XA"))
        second, third = (one.document for one in lists.lists[1:])
        brought = [trust.accept(third, earlier=[second]), trust.accept(second)]
        await asyncio.gather(*(brought if newest_first else reversed(brought)), return_exceptions=True)
        assert verified(trust).content.serial == 3


async def test_where_another_process_was_first_its_list_is_held_and_a_second_one_of_its_serial_is_refused(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists
) -> None:
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        here, there, late = await another(node), await another(node), await another(node)
        first = lists.lists[0]
        lists.put(of(ENTITY, "XA"), of(CEDAR, "XC"))
        taken = lists.lists[1].document
        parallel = signed_list(network="Test", roots=[lists.root], threshold=1, members=[of(ENTITY, "XA")], previous=first, now=clock())
        assert await there.accept(taken)
        with pytest.raises(TrustListRolledBack):
            await here.accept(parallel)
        assert verified(here).document == taken
        assert await late.accept(taken)
        assert verified(late).document == taken


@pytest.mark.parametrize("fault", [OperationalError("INSERT", {}, OSError()), asyncio.CancelledError()], ids=["store", "broken-off"])
async def test_a_list_that_came_while_the_store_was_away_is_taken_once_it_is_back(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    async def away(*_: object) -> bool:
        raise fault

    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        trust = await another(node)
        await trust.refresh()
        lists.put(of(ENTITY, "XA"))
        with monkeypatch.context() as patched:
            patched.setattr(trust, "_store", away)
            with pytest.raises(type(fault)):
                await trust.refresh()
        assert await trust.refresh()
        assert verified(trust).document == lists.lists[1].document


async def test_a_list_of_a_time_to_come_is_taken_once_that_has_come_and_said_once_until_then(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists, caplog: pytest.LogCaptureFixture
) -> None:
    """As by a node whose clock is slow: the list is right, and its file does not change any more."""
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        trust = await another(node)
        lists.clock = lambda: clock() + timedelta(minutes=9)
        lists.put(of(ENTITY, "XA"))
        assert [await trust.refresh() for _ in range(3)] == [False] * 3
        assert trust.refused is not None
        assert [one.getMessage() for one in caplog.records if one.name == "shared.trust"] == ["trust list refused"]
        clock.advance(minutes=5)
        assert await trust.refresh()
        assert (trust.refused, verified(trust).content.serial) == (None, 2)


async def test_a_member_who_was_expelled_elsewhere_is_out_at_the_next_look(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists
) -> None:
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        trust: Trust = node.app.state.trust
        there = await another(node)
        lists.put(of(ENTITY, "XA"))
        (lists.folder / "list.jws").write_bytes(lists.lists[0].document)  # this process's file stays behind
        assert await there.accept(lists.lists[1].document)
        await trust.catch_up()
        assert verified(trust).content.serial == 2


async def test_however_many_were_missed_the_next_ones_come_first(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists
) -> None:
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        trust = await another(node)
        for _ in range(30):
            lists.put(of(ENTITY, "XA"))
            assert await trust.accept(lists.lists[-1].document)
        assert await trust.following(1, 2) == [one.document for one in lists.lists[1:3]]
        assert await trust.following(30, 2) == [lists.lists[30].document]
        assert await trust.newest(2) == [one.document for one in lists.lists[:-3:-1]]
