"""Which values of a OneRoster row reading cannot make anything of: they are kept as they came, and told. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from services.records.formats import oneroster_people as people

_DAYS: Final = ("beginDate", "endDate")
CHECKED: Final[Mapping[str, tuple[str, ...]]] = {
    "academicSessions": ("startDate", "endDate"),
    "demographics": ("sex", "hispanicOrLatinoEthnicity", *people.RACES, "birthDate", "countryOfBirthCode"),
    "enrollments": _DAYS,
    "roles": _DAYS,
    "users": ("grades", "userIds"),
}
"""The columns of which not every value is read."""


def unreadable(table: str, row: Mapping[str, str]) -> list[str]:
    """The columns of a row whose values are none that is read, or not as a whole."""
    return [column for column in CHECKED[table] if column in row and not is_readable(column, row[column])] if table in CHECKED else []


@lru_cache(maxsize=16_384)
def is_readable(column: str, value: str) -> bool:
    """Whether reading makes something of all of a value. Most values of a package are of few."""
    if column == "sex":
        return value.casefold() in people.SEXES
    if column == "countryOfBirthCode":
        return len(value) == 2
    if column in ("grades", "userIds"):
        parts = [part for one in value.split(",") if (part := one.strip())]
        return len(parts) < 2 if column == "grades" else all(people.identifier(part) is not None for part in parts)
    return _is_day(value) if column.endswith("Date") else value.casefold() in ("true", "false")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
