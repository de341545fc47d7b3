"""Days that were compared with another node: what each side counted, and the last thirty in a picture. Pure but for the reader's words."""

from dataclasses import dataclass
from datetime import UTC, date

from safepassage.wire_peers import PeerStanding
from safepassage.wire_reconciliations import DayCompared, StreamCompared
from services.gateway.console.charts.days import DayRow
from services.gateway.console.pages import Frame
from services.gateway.console.state_words import DAYS, FINDINGS, STREAMS, Shown
from services.gateway.console.states_shown import compared_days


@dataclass(frozen=True)
class ShownCount:
    """One kind of messages of a day: what arrived by either side's count."""

    name: str
    ours: int
    theirs: int
    is_same: bool
    """Not of the numbers alone: of the ids that arrived, and of how many were filed."""


@dataclass(frozen=True)
class ShownDay:
    """A row of the table."""

    day: date
    shown: Shown
    counts: list[ShownCount]
    findings: list[str]


def shown_day(one: DayCompared, frame: Frame) -> ShownDay:
    """A day as both sides counted it."""
    _, number = frame.translate, frame.viewing.number
    counts = {count.stream: count for count in one.counts}
    return ShownDay(
        day=date.fromisoformat(one.day),
        shown=DAYS[one.state],
        counts=[_count(_(name), counts[stream]) for stream, name in STREAMS.items() if stream in counts],
        findings=[f"{_(FINDINGS[found.kind])}: {number(found.count)}" for found in one.findings],
    )


def _count(name: str, one: StreamCompared) -> ShownCount:
    ours, theirs = one.ours, one.theirs
    is_same = (ours.ids, ours.applied) == (theirs.ids, theirs.applied)
    return ShownCount(name, ours.arrived + ours.applied, theirs.arrived + theirs.applied, is_same)


@dataclass(frozen=True)
class ComparedPicture:
    """The last 30 days, and the same as a table."""

    drawn: DayRow
    rows: list[tuple[str, str]]


def picture_of(peer: PeerStanding | None, frame: Frame) -> ComparedPicture | None:
    """None where no day was compared, or nothing is known."""
    if peer is None or not peer.days:
        return None
    _, viewing = frame.translate, frame.viewing
    rows = [(viewing.day(date.fromisoformat(one.day)), _(DAYS[one.state][2])) for one in peer.days]
    return ComparedPicture(compared_days(peer, viewing.now.astimezone(UTC).date(), step=12, height=40), rows)
