"""A clock that goes back, stands still, leaps ahead or counts a second twice: the log's time never goes back, and all of it verifies."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from safepassage.canonical import from_base64url
from safepassage.leaf import parse_leaf
from services.audit.tables import CheckpointRow, CosignatureRow, SegmentRow
from services.audit.verification import verify_store
from services.audit.witnessing.answers import SKEW_SECONDS
from tests.audit.audit_node import AuditNode, event, running, settings_of
from tests.audit.two_audits import ALDER, Nodes, findings, grow, publisher
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

LAST_SECOND = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Walking:
    """A clock that shows these instants, a look each, and from then on the last one."""

    def __init__(self, *instants: datetime) -> None:
        self._instants: Iterator[datetime] = iter(instants)
        self.shown = instants[0]

    def __call__(self) -> datetime:
        self.shown = next(self._instants, self.shown)
        return self.shown


def within_a_request() -> Walking:
    """A clock that jumps at each look, within a request too."""
    begin = datetime(2026, 10, 20, 12, tzinfo=UTC)
    return Walking(*(begin + timedelta(seconds=(look * 7919) % 4001 - 2000) for look in range(4_000)))


FAULTS: dict[str, list[timedelta]] = {
    "it goes back a second at a time": [-SECOND] * 8,
    "it goes back a year and stays there": [timedelta(days=-365), *[SECOND] * 7],
    "it stands still": [timedelta()] * 8,
    "it swings": [timedelta(hours=1), timedelta(hours=-2)] * 4,
    "it goes back by a part of a second": [timedelta(milliseconds=-300)] * 8,
    "it goes back to the epoch": [datetime(1970, 1, 2, tzinfo=UTC) - datetime(2026, 10, 20, 12, tzinfo=UTC), *[SECOND] * 7],
    "it leaps a year ahead": [timedelta(days=365), *[SECOND] * 7],
    "it leaps a year ahead and comes back": [timedelta(days=365), SECOND, timedelta(days=-365), *[SECOND] * 5],
}


AT_ONCE = {"it goes back a year and stays there"}
"""Tried in every run; the others among the faults."""


async def required_in_order(node: AuditNode, url: str, node_keys: Path) -> list[int]:
    """The whole store verifies, leaf by leaf. Gives the times of the segments, in the order of the logs."""
    async with node.database.reading() as tx:
        times = list(await tx.scalars(select(SegmentRow.t).order_by(SegmentRow.log, SegmentRow.start)))
    assert times == sorted(times)
    reports = await verify_store(settings_of(url, node_keys))
    assert [report.log.origin for report in reports] == sorted(report.log.origin for report in reports)
    return times


@pytest.mark.requirement("LOG-I10")
@pytest.mark.requirement("FAULT-clock")
@pytest.mark.parametrize("fault", [pytest.param(name, marks=[] if name in AT_ONCE else [pytest.mark.faults]) for name in FAULTS])
async def test_whatever_the_clock_does_the_log_s_time_never_goes_back(
    store_url: str, node_keys: Path, clock: StandingClock, fault: str
) -> None:
    clock.instant = datetime(2026, 10, 20, 12, tzinfo=UTC)
    async with running(store_url, node_keys, clock) as node:
        first = event("request", key="first")
        places = [(await node.append(first)).entries[0].index]
        for step in FAULTS[fault]:
            clock.instant += step
            (appended,) = (await node.append(event("request"))).entries
            node.verified(appended)
            assert parse_leaf(from_base64url(appended.entry)).t >= int(datetime(2026, 10, 20, 12, tzinfo=UTC).timestamp())
            places.append((await node.append(first)).entries[0].index)
        assert set(places) == {0}  # the same event is the same entry, whatever time it is
        await required_in_order(node, store_url, node_keys)
    async with running(store_url, node_keys, clock) as node:  # it starts again at that hour, too
        node.verified((await node.append(event("request"))).entries[0])
        await required_in_order(node, store_url, node_keys)


@pytest.mark.faults
@pytest.mark.requirement("FAULT-clock")
async def test_a_clock_that_is_another_at_each_look_disturbs_nothing(store_url: str, node_keys: Path) -> None:
    async with running(store_url, node_keys, within_a_request()) as node:
        # Tokens between services live a minute: this clock is what the log sees, not what they are judged by.
        for _ in range(10):
            await node.sequencer.append([_draft(node)])
            await node.sequencer.publish_now()
        times = await required_in_order(node, store_url, node_keys)
    assert len(times) == 10


def _draft(node: AuditNode):  # type: ignore[no-untyped-def]
    from services.audit.drafts import draft_of  # noqa: PLC0415 only here

    return draft_of(event("request"), producer="records", digest_key=node.sequencer.digest_key)


@pytest.mark.requirement("FAULT-clock")
async def test_a_leap_second_over_new_year_opens_one_log_and_no_second_one(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    """23:59:60 is shown as 23:59:59 once more, or as the first second of the year twice."""
    clock.instant = LAST_SECOND
    shown = [0, 0, 1, 0, 1, 1, 2]
    async with running(store_url, node_keys, clock) as node:
        origins = []
        for seconds in shown:
            clock.instant = LAST_SECOND + seconds * SECOND
            (appended,) = (await node.append(event("request"))).entries
            origins.append(node.verified(appended).origin[-4:])
        assert origins == ["2026", "2026", *["2027"] * 5]
        await required_in_order(node, store_url, node_keys)


@pytest.mark.requirement("FAULT-clock")
async def test_a_clock_that_goes_back_while_a_year_is_closed_opens_the_next_one_and_no_other(
    store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    clock.instant = LAST_SECOND
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("request"))
        # another look at the clock than the one that said that the year is over; then a process that comes late, and one far too late
        for index, seen in enumerate((LAST_SECOND - SECOND, LAST_SECOND + SECOND, datetime(2028, 1, 1, tzinfo=UTC)), 1):
            await node.sequencer._shards.roll_over(2026, seen, digest_key=node.sequencer.digest_key)
            (appended,) = (await node.append(event("request"))).entries
            assert (node.verified(appended).origin[-4:], appended.index) == ("2027", index)
        assert parse_leaf(from_base64url(appended.entry)).t == int((LAST_SECOND + SECOND).timestamp())
        await required_in_order(node, store_url, node_keys)


@pytest.mark.slow
@pytest.mark.requirement("FAULT-clock")
async def test_cosignatures_are_of_a_time_between_the_checkpoint_and_now(nodes: Nodes, birch: AuditNode) -> None:
    """What the log's own clock says of itself is bracketed by what witnesses say: a wrong one is found by all of them at once."""
    async with nodes.up(ALDER) as alder:
        for _ in range(3):
            nodes.clock.advance(seconds=40)
            await grow(alder, 2)
            nodes.clock.advance(seconds=2)
            await publisher(alder).turn()
        async with alder.database.reading() as tx:
            signed = dict((await tx.execute(select(CheckpointRow.size, CheckpointRow.signed_at))).all())
            cosigned = (await tx.execute(select(CosignatureRow.size, CosignatureRow.t))).all()
        assert len(cosigned) == 6
        assert all(signed[size].timestamp() <= t + 1 <= nodes.clock().timestamp() + 1 for size, t in cosigned)
        assert await findings(alder) == {}


@pytest.mark.requirement("FAULT-clock")
@pytest.mark.faults
@pytest.mark.parametrize(("seconds", "kind"), [(SKEW_SECONDS + 5, "cosignature-old"), (-SKEW_SECONDS - 5, "cosignature-ahead")])
async def test_a_node_whose_own_clock_is_wrong_is_told_by_its_witnesses(nodes: Nodes, birch: AuditNode, seconds: int, kind: str) -> None:
    wrong = StandingClock(nodes.clock() + timedelta(seconds=seconds))
    right, nodes.clock = nodes.clock, wrong
    async with nodes.up(ALDER) as alder:
        await grow(alder, 2)
        await publisher(alder).turn()
        assert set(await findings(alder)) == {kind}
        assert await grow(alder, 1) >= 3  # an alarm; it stops nothing
    nodes.clock = right
