"""A row of days, the last one at the right: of each how it ended. By height and outline as well as by colour. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

How = Literal["agreed", "differs", "due", "lapsed", "none"]

_SHARES: Final[Mapping[How, float]] = {"agreed": 0.55, "differs": 1.0, "due": 0.3, "lapsed": 0.55, "none": 0.12}
"""Of the height: what needs somebody is the highest."""


@dataclass(frozen=True)
class DayMark:
    """One day."""

    day: date
    how: How
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class DayRow:
    """Where they are drawn."""

    width: float
    height: float
    marks: tuple[DayMark, ...]
    """The oldest first."""


def day_row(ended: Mapping[date, How], *, last: date, count: int, step: float = 5.0, height: float = 18.0) -> DayRow:
    """`count` >= 1 days up to `last`, `step` apart, of which some ended somehow. What is of other days is left out."""
    marks = []
    for place in range(count):
        day = last - timedelta(days=count - 1 - place)
        how = ended.get(day, "none")
        tall = round(height * _SHARES[how], 1)
        marks.append(DayMark(day, how, round(place * step + step * 0.1, 1), round(height - tall, 1), round(step * 0.8, 1), tall))
    return DayRow(count * step, height, tuple(marks))
