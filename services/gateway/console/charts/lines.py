"""Counts over days as lines, each named at its end and dashed in its own way, so that colour is never all that tells them apart. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from services.gateway.console.charts.axis import ticks
from services.gateway.console.charts.labels import LINE_HEIGHT, shortened, spread, width_of

MOST_LINES: Final = 6
"""As many ways to draw one as charts.css has."""
_TOP: Final = 12.0
_BASE: Final = 30.0
_NAME_ROOM: Final = 160.0
_BESIDE: Final = 10.0
_ROOM_OF_A_DAY: Final = 64.0


@dataclass(frozen=True)
class Series:
    """Counts of one kind."""

    name: str
    values: Sequence[int]
    """>= 0; one for each day."""


@dataclass(frozen=True)
class Point:
    """One value, and what it says when pointed at."""

    x: float
    y: float
    said: str


@dataclass(frozen=True)
class Line:
    """One series."""

    kind: int
    """From 1: how charts.css draws it."""
    name: str
    path: str
    """Empty for one day: there is no way from it."""
    points: tuple[Point, ...]
    label_y: float


@dataclass(frozen=True)
class Tick:
    """A mark of a scale."""

    at: float
    text: str


@dataclass(frozen=True)
class Lines:
    """Where it all is drawn."""

    width: float
    height: float
    left: float
    right: float
    base: float
    counts: tuple[Tick, ...]
    days: tuple[Tick, ...]
    lines: tuple[Line, ...]


def lines(
    days: Sequence[str], series: Sequence[Series], *, number: Callable[[int], str] = str, width: float = 720.0, height: float = 260.0
) -> Lines | None:
    """The picture; None where there is no day or no series, of which there is nothing to draw.

    days    what each is called, in order; `series` have as many values
    number  how a count is written

    Raises ValueError for more series than can be told apart, or one of another length.
    """
    if len(series) > MOST_LINES:
        raise ValueError("more lines than can be told apart")
    if any(len(one.values) != len(days) for one in series):
        raise ValueError("a value for each day")
    if not days or not series:
        return None
    marks = ticks(max(max(one.values) for one in series))
    left = max(width_of(number(mark)) for mark in marks) + _BESIDE
    names = [shortened(one.name, _NAME_ROOM) for one in series]
    right = width - max(map(width_of, names)) - 2 * _BESIDE
    base = height - _BASE

    def x_of(place: int) -> float:
        return round(left + (right - left) * (place / (len(days) - 1) if len(days) > 1 else 1), 1)

    def y_of(value: int) -> float:
        return round(base - (base - _TOP) * (value / marks[-1]), 1)

    places = _label_places([y_of(one.values[-1]) for one in series], low=_TOP, high=base)
    drawn = tuple(
        Line(kind, name, _path(points), points, label_y)
        for kind, (one, name, label_y) in enumerate(zip(series, names, places, strict=True), start=1)
        if (points := tuple(Point(x_of(n), y_of(v), f"{one.name}, {days[n]}: {number(v)}") for n, v in enumerate(one.values)))
    )
    step = _step_of(len(days), right - left)
    shown = tuple(Tick(x_of(place), days[place]) for place in range(len(days) - 1, -1, -step))[::-1]
    return Lines(width, height, left, right, base, tuple(Tick(y_of(mark), number(mark)) for mark in marks), shown, drawn)


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{point.x} {point.y}" for point in points) if len(points) > 1 else ""


def _label_places(ends: Sequence[float], *, low: float, high: float) -> list[float]:
    order = sorted(range(len(ends)), key=lambda place: ends[place])
    places = spread([ends[place] for place in order], apart=LINE_HEIGHT, low=low, high=high)
    return [round(places[order.index(place)], 1) for place in range(len(ends))]


def _step_of(days: int, room: float) -> int:
    """Whole weeks, where there is a week: so that the days that are named are one weekday."""
    if days * _ROOM_OF_A_DAY <= room or days < 2:
        return 1
    weeks = 1
    while days / (7 * weeks) * _ROOM_OF_A_DAY > room:
        weeks += 1
    return 7 * weeks
