"""What happened and what is due on one line of time: an exchange's steps, a duty's clock. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.gateway.console.charts.labels import LINE_HEIGHT, shortened, width_of

_MARGIN: Final = 12.0
_LINE_Y: Final = 18.0
_FIRST_LANE: Final = 42.0
_BETWEEN: Final = 12.0

State = Literal["done", "due", "late"]
"""late: it was due, and is not done."""


@dataclass(frozen=True)
class Moment:
    """Something at an instant."""

    at: datetime
    """Aware."""
    name: str
    done: bool = True
    """Otherwise it is due then."""


@dataclass(frozen=True)
class Mark:
    """Where one is drawn, with its label below the line in a lane of its own where there is no room beside another."""

    x: float
    state: State
    text: str
    text_y: float
    anchor: Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Strip:
    """Where it all is drawn."""

    width: float
    height: float
    line_y: float
    start: float
    end: float
    now: float | None
    """None where now is neither between the first and the last, nor behind something late."""
    marks: tuple[Mark, ...]


def strip(moments: Sequence[Moment], *, now: datetime, width: float = 720.0) -> Strip | None:
    """The line from the first moment to the last, or to now where something is late; None where there is no moment."""
    if not moments:
        return None
    ordered = sorted(moments, key=lambda one: one.at)
    first, last = ordered[0].at, ordered[-1].at
    is_late = any(_state(one, now) == "late" for one in ordered)
    last = max(last, now) if is_late else last
    span = (last - first).total_seconds()

    def x_of(at: datetime) -> float:
        share = (at - first).total_seconds() / span if span else 0.5
        return round(_MARGIN + (width - 2 * _MARGIN) * share, 1)

    ends: list[float] = []
    marks = []
    for one in ordered:
        x, text = x_of(one.at), shortened(one.name, width - 2 * _MARGIN)
        anchor, begins, ends_at = _placed(x, width_of(text), width)
        lane = next((n for n, end in enumerate(ends) if end + _BETWEEN <= begins), len(ends))
        ends[lane : lane + 1] = [ends_at]
        marks.append(Mark(x, _state(one, now), text, _FIRST_LANE + lane * LINE_HEIGHT, anchor))
    height = _FIRST_LANE + (len(ends) - 1) * LINE_HEIGHT + 8
    return Strip(width, height, _LINE_Y, _MARGIN, width - _MARGIN, x_of(now) if first <= now <= last else None, tuple(marks))


def _state(one: Moment, now: datetime) -> State:
    return "done" if one.done else "late" if one.at < now else "due"


def _placed(x: float, room: float, width: float) -> tuple[Literal["start", "middle", "end"], float, float]:
    """Centred where there is room, else from or to the mark, else from the margin's side: whatever stays within the picture."""
    if room / 2 <= x <= width - room / 2:
        return "middle", x - room / 2, x + room / 2
    return ("start", x, x + room) if x + room <= width else ("end", x - room, x)
