"""What is unusual of the log itself and of the node. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from safepassage.wire_alerts import AlertRule
from services.audit.alerts.thresholds import Thresholds

HOUR: Final = 3_600


class Glance(NamedTuple):
    """The log and the node at an instant."""

    now: datetime
    serving_since: datetime
    """When this process began."""
    last_entry_at: datetime | None
    """Of the last entry that another service of the node made; None if there is none, or if it is not known."""
    log_at: datetime | None
    """The time of the newest entry."""
    index_behind_seconds: int
    clock_jump_seconds: float
    """By how much the clock has moved more than time has passed, since the last glance; negative: less."""
    unwitnessed_since: datetime | None
    """When the first checkpoint was signed that the quorum has not cosigned; None if there is none, or nobody witnesses."""
    overdue_copies: int = 0
    """Copies of the record of further disclosures that districts have not got in time, where one of them was not told of yet; else 0."""


class NodeFinding(NamedTuple):
    """What was found of the node."""

    rule: AlertRule
    amount: int
    """Seconds; of copies how many."""


def log_silence(seen: Glance, at: Thresholds) -> Iterator[NodeFinding]:
    """The node serves, and nothing that it does comes into the log."""
    if seen.last_entry_at is None:
        return
    silent = int((seen.now - max(seen.last_entry_at, seen.serving_since)).total_seconds())
    if silent >= at.silence_hours * HOUR:
        yield NodeFinding("log-silence", silent)


def index_lag(seen: Glance, at: Thresholds) -> Iterator[NodeFinding]:
    """What is not in the index is found by no rule and few searches."""
    if seen.index_behind_seconds >= at.index_lag_seconds:
        yield NodeFinding("index-lag", seen.index_behind_seconds)


def clock_skew(seen: Glance, at: Thresholds) -> Iterator[NodeFinding]:
    """The clock was set: forward or back while the node ran, or it is behind the log, whose time never goes back."""
    ahead = 0.0 if seen.log_at is None else (seen.log_at - seen.now).total_seconds()
    skew = max(abs(seen.clock_jump_seconds), ahead)
    if skew >= at.clock_skew_seconds:
        yield NodeFinding("clock-skew", int(skew))


def unwitnessed(seen: Glance, at: Thresholds) -> Iterator[NodeFinding]:
    """The quorum of witnesses does not come together: a log that goes back now is not found by them."""
    if seen.unwitnessed_since is not None:
        waiting = seen.now - seen.unwitnessed_since
        if waiting >= timedelta(minutes=at.unwitnessed_minutes):
            yield NodeFinding("unwitnessed", int(waiting.total_seconds()))


def copy_overdue(seen: Glance, _at: Thresholds) -> Iterator[NodeFinding]:
    """A district has no copy of what was disclosed on its behalf when its 30 days are over: 34 CFR 99.32(b)(2)(iii)."""
    if seen.overdue_copies:
        yield NodeFinding("copy-overdue", seen.overdue_copies)


OF_THE_NODE: Final = (log_silence, index_lag, clock_skew, unwitnessed, copy_overdue)


def node_findings(seen: Glance, at: Thresholds) -> list[NodeFinding]:
    """Everything unusual of the node."""
    return [found for rule in OF_THE_NODE for found in rule(seen, at)]
