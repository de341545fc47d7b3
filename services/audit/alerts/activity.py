"""What somebody did on a day, as the index counts it, and what was usual for them before. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from safepassage.wire_alerts import AlertRule
from services.audit.alerts.thresholds import Thresholds

READING: Final = frozenset({"read", "disclosure"})
"""Classes of entries by which students' data leaves the store."""
BASELINE_DAYS: Final = 28
DAYS_LOADED: Final = BASELINE_DAYS + 1
"""So that the day before has its own 28 days."""
HOURS: Final = range(24)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Shape(NamedTuple):
    """A kind of activity; empty words where the entry says nothing of it."""

    class_: str
    operation: str = ""
    purpose: str = ""
    basis: str = ""
    outcome: str = ""
    organisation: str = ""


class Activity(NamedTuple):
    """One kind of it, of one actor on one day (UTC)."""

    day: int
    """Since the Unix epoch."""
    shape: Shape
    entries: int
    subjects: int
    """Students, one counted as often as it is in an entry."""
    hours: int
    """Bit h: there was an entry in hour h (UTC)."""
    first: int
    last: int
    """Indices of the first and the last entry."""


class Slot(NamedTuple):
    """An hour of a working day, or of another day, where the state agency is."""

    works: bool
    hour: int


class WorkingHours(NamedTuple):
    """When the agency works, where it is."""

    zone: ZoneInfo
    opens: int
    closes: int
    working_days: frozenset[int]

    @classmethod
    def of(cls, at: Thresholds, zone: ZoneInfo) -> "WorkingHours":
        """As the thresholds say."""
        return cls(zone, at.opens, at.closes, at.working_days)

    def slots(self, activity: Activity) -> set[Slot]:
        """The hours in which something was done. An hour of UTC counts as the local one in which it begins."""
        of_day = _slots_of_day(self.zone, self.working_days, activity.day)
        return {of_day[hour] for hour in HOURS if activity.hours >> hour & 1}

    def is_open(self, slot: Slot) -> bool:
        """Whether one works then."""
        return slot.works and self.opens <= slot.hour < self.closes


@lru_cache(maxsize=256)
def _slots_of_day(zone: ZoneInfo, working_days: frozenset[int], day: int) -> tuple[Slot, ...]:
    """Of each hour (UTC) of a day: asked for again and again, of everyone who did something in the four weeks behind it."""
    local = [(_EPOCH + timedelta(days=day, hours=hour)).astimezone(zone) for hour in HOURS]
    return tuple(Slot(one.weekday() in working_days, one.hour) for one in local)


class Habit(NamedTuple):
    """An actor's day, and what came before it."""

    day: int
    today: Sequence[Activity]
    before: Sequence[Activity]
    """Of the 29 days before."""
    hours: WorkingHours
    is_client: bool = True
    """Otherwise a job of the node."""
    last_day_before: int | None = None
    """The last day with any activity, however long ago; None for an actor who was never seen."""
    has_read_before: bool = False
    """Whether it ever read students' data before the day."""
    told: Mapping[AlertRule, frozenset[int]] = {}
    """Days of which a rule has told, and nobody has said that they are as they should be: nothing becomes usual by being told of."""
    accepted: Mapping[AlertRule, frozenset[int]] = {}
    """Days of which a rule has told, and of which an official has said so."""
    decisions: Sequence[bool] = ()
    """Decisions on the day in their order, True for a permission; given where there were enough denials."""

    def days_before(self, day: int) -> list[Activity]:
        """The activity of the 28 days before a day."""
        return [one for one in self.before if day - BASELINE_DAYS <= one.day < day]


def students_by_day(activity: Iterable[Activity]) -> dict[int, int]:
    """Students read, by day."""
    counted: dict[int, int] = {}
    for one in activity:
        if one.shape.class_ in READING:
            counted[one.day] = counted.get(one.day, 0) + one.subjects
    return counted


def usual_students(habit: Habit, day: int) -> int:
    """How many students a day are usual for the actor, by the 28 days before `day`.

    The median of the days on which it read at all, so that days without reading make nothing unusual, and one large day makes no other
    usual. A day that was told of does not count; one that an official has accepted counts itself.
    """
    read = students_by_day(habit.days_before(day))
    told, accepted = habit.told.get("bulk-read", frozenset()), habit.accepted.get("bulk-read", frozenset())
    ordinary = [count for on, count in read.items() if count and on not in told and on not in accepted]
    return max([int(median(ordinary)) if ordinary else 0, *(count for on, count in read.items() if on in accepted)])
