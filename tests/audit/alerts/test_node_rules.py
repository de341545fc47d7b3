"""What is told of the log and the node, and on which side of each threshold."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.audit.alerts.node_rules import OF_THE_NODE, Glance, NodeFinding, node_findings
from services.audit.alerts.thresholds import Thresholds

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
QUIET = Glance(NOW, NOW - timedelta(days=30), NOW, NOW, 0, 0.0, None)


def told(**seen: Any) -> list[NodeFinding]:
    return node_findings(QUIET._replace(**seen), Thresholds())


def ago(**of: float) -> datetime:
    return NOW - timedelta(**of)


def test_nothing_is_told_of_a_log_that_is_as_it_should_be() -> None:
    assert told() == []


def test_a_log_that_is_silent_for_longer_than_a_weekend() -> None:
    assert told(last_entry_at=ago(hours=72, seconds=-1)) == []
    assert told(last_entry_at=ago(hours=72)) == [NodeFinding("log-silence", 72 * 3600)]
    assert told(last_entry_at=None) == []


def test_a_node_that_was_off_was_not_silent() -> None:
    assert told(last_entry_at=ago(days=9), serving_since=ago(hours=71)) == []
    assert told(last_entry_at=ago(days=9), serving_since=ago(hours=73)) == [NodeFinding("log-silence", 73 * 3600)]


def test_an_index_that_is_far_behind() -> None:
    assert told(index_behind_seconds=299) == []
    assert told(index_behind_seconds=300) == [NodeFinding("index-lag", 300)]


@pytest.mark.parametrize("jump", [60.0, -60.0, 86_400.0])
def test_a_clock_that_was_set(jump: float) -> None:
    assert told(clock_jump_seconds=jump) == [NodeFinding("clock-skew", int(abs(jump)))]
    assert told(clock_jump_seconds=59.0 if jump > 0 else -59.0) == []


def test_a_log_that_is_ahead_of_the_clock() -> None:
    assert told(log_at=NOW + timedelta(seconds=59)) == []
    assert told(log_at=NOW + timedelta(seconds=60)) == [NodeFinding("clock-skew", 60)]
    assert told(log_at=ago(days=9)) == []
    assert told(log_at=None) == []


def test_a_quorum_that_does_not_come_together() -> None:
    assert told(unwitnessed_since=ago(minutes=60, seconds=-1)) == []
    assert told(unwitnessed_since=ago(minutes=60)) == [NodeFinding("unwitnessed", 3600)]


def test_every_rule_is_applied() -> None:
    log = {"last_entry_at": ago(days=9), "index_behind_seconds": 900, "clock_jump_seconds": 900.0}
    everything = told(**log, unwitnessed_since=ago(hours=9), overdue_copies=2)
    assert everything[-1] == NodeFinding("copy-overdue", 2)
    assert len(everything) == len(OF_THE_NODE) == 5
