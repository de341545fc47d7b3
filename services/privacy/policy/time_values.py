"""Cedar's datetime and duration in compiled rules: integers, milliseconds since the epoch and milliseconds."""

import re
from datetime import UTC, datetime, timedelta

from services.privacy.policy.broken import PolicySetBroken

DAY = 86_400_000
_UNITS = {"d": DAY, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_DATETIME = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<millisecond>[0-9]{3}))?"
    r"(?:Z|(?P<sign>[+-])(?P<offset_hours>[0-9]{2})(?P<offset_minutes>[0-9]{2})))?"
)
_DURATION = re.compile(
    r"(?P<sign>-?)(?=[0-9])(?:(?P<d>[0-9]+)d)?(?:(?P<h>[0-9]+)h)?(?:(?P<m>[0-9]+)m(?!s))?(?:(?P<s>[0-9]+)s)?(?:(?P<ms>[0-9]+)ms)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds_of(instant: datetime) -> int:
    """Milliseconds since the epoch; what is finer is cut off."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def instant_of(milliseconds: int) -> datetime:
    """The instant, UTC."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def datetime_literal(text: str) -> int:
    """A Cedar datetime literal (RFC 80 of Cedar): a date, or date and time with `Z` or an offset `+hhmm`. Raises PolicySetBroken."""
    parts = _DATETIME.fullmatch(text)
    if parts is None:
        raise PolicySetBroken(f"not a datetime literal: {text}")
    numbers = {name: int(value) for name, value in parts.groupdict(default="0").items() if name != "sign"}
    if numbers["offset_hours"] > 23 or numbers["offset_minutes"] > 59:
        raise PolicySetBroken(f"not an offset: {text}")
    try:
        day = datetime(numbers["year"], numbers["month"], numbers["day"], tzinfo=UTC)
        local = day.replace(hour=numbers["hour"], minute=numbers["minute"], second=numbers["second"])
    except ValueError as error:
        raise PolicySetBroken(f"no such day or time: {text}") from error
    offset = numbers["offset_hours"] * 3_600_000 + numbers["offset_minutes"] * 60_000
    return milliseconds_of(local) + numbers["millisecond"] + (offset if parts["sign"] == "-" else -offset)


def duration_literal(text: str) -> int:
    """A Cedar duration literal: `-1d2h3m4s5ms`, each unit at most once and in this order. Raises PolicySetBroken."""
    parts = _DURATION.fullmatch(text)
    if parts is None:
        raise PolicySetBroken(f"not a duration literal: {text}")
    magnitude = sum(int(parts[unit] or 0) * length for unit, length in _UNITS.items())
    return checked(-magnitude if parts["sign"] else magnitude)


def checked(value: int) -> int:
    """The value as Cedar's 64-bit integer. Raises OverflowError, as Cedar's evaluation errs."""
    if not -(2**63) <= value < 2**63:
        raise OverflowError
    return value


def to_date(instant: int) -> int:
    """The first instant of its day, UTC."""
    return checked(instant // DAY * DAY)


def to_time(instant: int) -> int:
    """The duration since the first instant of its day, UTC."""
    return instant % DAY


def truncated(duration: int, unit: int) -> int:
    """Whole units of a duration, cut towards zero."""
    return -(-duration // unit) if duration < 0 else duration // unit
