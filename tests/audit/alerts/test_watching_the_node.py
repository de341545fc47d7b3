"""What is wrong with the node itself is an alert: a log that falls silent, an index that is behind, a clock that was set."""

from pathlib import Path

import pytest

from services.audit.alerts.watching import Watcher
from tests.audit.alerts.watched import rows, stop_workers, told, watch, watcher_of
from tests.audit.audit_node import OAK, AuditNode, event, running
from tests.audit.retention.test_cut_short import COMMITS, Cuts, CutShort
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def test_a_log_that_other_services_write_nothing_into_is_told_of(node: AuditNode, clock: StandingClock) -> None:
    await node.append(event("request"))
    await watch(node)
    clock.advance(hours=71)
    state = node.as_caller("audit:search", organisation=OAK)
    assert (await node.send("POST", "/v1/log/searches", state, {})).status == 200
    await watch(node)
    assert await told(node) == []
    clock.advance(hours=1)
    await watch(node)
    assert await told(node) == ["log-silence"]
    await node.append(event("request"))
    clock.advance(hours=30)
    await watch(node)
    assert await told(node) == ["log-silence"]


async def test_what_the_index_has_not_yet_breaks_the_silence(node: AuditNode, clock: StandingClock) -> None:
    await node.append(event("request"))
    await watch(node)
    await stop_workers(node, "_keep_index")
    clock.advance(hours=80)
    await node.append(event("request"))
    await watcher_of(node).look_at_node(0.0)
    assert await told(node) == []


async def test_an_index_that_is_behind_is_told_of(node: AuditNode, clock: StandingClock) -> None:
    await stop_workers(node, "_keep_index")
    await node.append(event("request"))
    clock.advance(seconds=299)
    await watcher_of(node).look_at_node(0.0)
    assert await told(node) == []
    clock.advance(seconds=1)
    await watcher_of(node).look_at_node(0.0)
    assert [(row.rule, row.count) for row in await rows(node)] == [("index-lag", 300)]


async def test_a_clock_that_is_set_while_the_node_runs_is_told_of(node: AuditNode, clock: StandingClock) -> None:
    passed = [0.0]
    watcher = Watcher(node.app.state, monotonic=lambda: passed[0])
    clock.advance(hours=3)
    passed[0] += 3 * 3600
    await watcher.turn()
    assert await told(node) == []
    clock.advance(minutes=-5)
    await watcher.turn()
    assert [(row.rule, row.count) for row in await rows(node)] == [("clock-skew", 300)]


async def test_a_clock_that_is_set_while_the_store_is_away_is_told_of_once_it_is_back(
    node: AuditNode, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = [0.0]
    watcher = Watcher(node.app.state, monotonic=lambda: passed[0])
    clock.advance(minutes=5)
    cuts = Cuts(monkeypatch)
    for lets_through in (0, 1):
        cuts.again(lets_through)
        with pytest.raises(CutShort):
            await watcher.turn()
    cuts.again(COMMITS)
    await watcher.turn()
    assert [(row.rule, row.count) for row in await rows(node)] == [("clock-skew", 300)]
    await node.app.state.projector.catch_up()
    clock.advance(days=1)
    passed[0] += 86_400
    await watcher.turn()
    assert len(await rows(node)) == 1


async def test_a_clock_that_was_set_back_before_the_start_is_found_by_the_log(
    store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("request"))
    clock.advance(minutes=-10)
    async with running(store_url, node_keys, clock) as node:
        await watcher_of(node).look_at_node(0.0)
        assert [(row.rule, row.count) for row in await rows(node)] == [("clock-skew", 600)]
