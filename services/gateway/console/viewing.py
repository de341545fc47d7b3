"""How a person wants to read: language, light or dark, time zone; and every number, day and instant said that way.

Instants are UTC in the node and in `datetime` attributes; what is read is in the reader's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name
from babel.numbers import format_decimal, format_percent

Language = Literal["en", "es"]
Theme = Literal["auto", "light", "dark"]

LANGUAGES: Final[Mapping[Language, str]] = {"en": "English", "es": "Español"}
THEMES: Final[tuple[Theme, ...]] = ("auto", "light", "dark")
ZONES: Final[tuple[str, ...]] = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Pacific/Guam",
    "UTC",
)
"""Those of the states and territories; every zone is meant by its IANA name."""


@dataclass(frozen=True)
class Viewing:
    """Of one request."""

    language: Language
    theme: Theme
    zone: str
    now: datetime

    @property
    def locale(self) -> Locale:
        """CLDR's rules for the language, as it is written in the United States."""
        return Locale.parse(f"{self.language}_US")

    @property
    def zone_name(self) -> str:
        """Short, as it is now: "PST"."""
        return self._zone_name(self.now)

    def _zone_name(self, at: datetime) -> str:
        return "UTC" if self.zone == "UTC" else get_timezone_name(self._here(at), "short", locale=self.locale)

    def _here(self, at: datetime) -> datetime:
        try:
            return at.astimezone(ZoneInfo(self.zone))
        except OverflowError:  # before the calendar's first day or after its last here: "for ever" is written 9999-12-31
            return at.replace(tzinfo=ZoneInfo(self.zone))

    @property
    def today(self) -> date:
        """The day that it is where the reader is."""
        return self._here(self.now).date()

    def number(self, value: float) -> str:
        """Grouped: "2,891"."""
        return format_decimal(value, locale=self.locale)

    def percent(self, share: float) -> str:
        """Of 1: "34.2%"."""
        return format_percent(share, "#,##0.0%", locale=self.locale)

    def hundredths(self, number: int) -> str:
        """ "34%"."""
        return format_percent(number / 100, locale=self.locale)

    def day(self, day: date) -> str:
        """ "Nov 23", with the year where it is another than this one."""
        return self.dated(day) if day.year != self.today.year else format_date(day, self._day, locale=self.locale)

    def dated(self, day: date) -> str:
        """ "Nov 23, 2026", for what is printed, linked and kept."""
        return format_date(day, {"en": "MMM d, y", "es": "d MMM y"}[self.language], locale=self.locale)

    def weekday(self, day: date) -> str:
        """ "Monday"."""
        return format_date(day, "EEEE", locale=self.locale)

    @property
    def _day(self) -> str:
        return {"en": "MMM d", "es": "d MMM"}[self.language]

    def cell(self, at: datetime) -> str:
        """For a table whose head names the zone: "Nov 23, 8:41 AM"; beyond a clock change "Aug 1, 8:41 AM PDT"."""
        return f"{self._plain(at)}{self._of_another_season(at)}"

    def instant(self, at: datetime) -> str:
        """Elsewhere, with its zone: "Nov 23, 8:41 AM PST"."""
        return f"{self._plain(at)} {self._zone_name(at)}"

    def clock(self, at: datetime) -> str:
        """Of an entry in a sequence, where the zone is said beside it: "Nov 23, 8:41:05 AM"."""
        here = self._here(at)
        said = format_time(here, "medium", tzinfo=ZoneInfo(self.zone), locale=self.locale)
        return f"{self.day(here.date())}, {said}{self._of_another_season(at)}"

    def _plain(self, at: datetime) -> str:
        here = self._here(at)
        return f"{self.day(here.date())}, {format_time(here, 'short', tzinfo=ZoneInfo(self.zone), locale=self.locale)}"

    def _of_another_season(self, at: datetime) -> str:
        """What has to stand behind an instant whose zone is not called as it is now."""
        name = self._zone_name(at)
        return "" if name == self.zone_name else f" {name}"

    def instant_of(self, field: str) -> datetime | None:
        """What a `datetime-local` field says on the reader's clock, in UTC; None for anything else."""
        try:
            read = datetime.fromisoformat(field)
            return None if read.tzinfo is not None else read.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def field_of(self, at: datetime) -> str:
        """For a `datetime-local` field: "2026-11-23T08:41"."""
        return self._here(at).strftime("%Y-%m-%dT%H:%M")

    def days_until(self, at: datetime | date) -> int:
        """Whole days of the reader's calendar from today; negative where it is past."""
        day = self.day_of(at) if isinstance(at, datetime) else at
        return (day - self.today).days

    def days_left(self, too_late: datetime) -> int:
        """Whole days from today to the last one in time: 0 on the day at whose end it is too late, also where that is midnight."""
        return self.days_until(too_late - timedelta(milliseconds=1))

    def day_of(self, at: datetime) -> date:
        """The day on which something was or is, where the reader is."""
        return self._here(at).date()

    def start_of(self, day: date) -> datetime:
        """The first instant of a day of the reader's, in UTC."""
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def end_of(self, day: date) -> datetime:
        """The first instant of the day after."""
        return self.start_of(day + timedelta(days=1))


def midnight(day: date) -> datetime:
    """When a day by UTC begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def utc(at: datetime) -> str:
    """For `datetime=` and `title=` of a `<time>`: "2026-11-23T16:41:00Z"."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_eights(digest: str) -> str:
    """A long word in groups of eight characters, to be compared by eye."""
    return " ".join(digest[at : at + 8] for at in range(0, len(digest), 8))
