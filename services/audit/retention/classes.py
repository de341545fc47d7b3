"""How long what is sealed of the log is kept, as data. Pure.

The law names one period alone: the record of requests and disclosures stays as long as the education record (34 CFR 99.32(a)(2)). The
years are this project's minimum, which a state lengthens (`retention_years`), and which its counsel has to look at.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from safepassage.wire_retention import RetentionClass, RetentionName
from services.audit.school_years import FIRST_MONTH

RETENTION: Final = (
    RetentionClass(
        name="accounting",
        classes=("request", "match", "disclosure", "disclosure-withdrawn", "receipt", "received"),
        years=1,
        with_record=True,
        why="34 CFR 99.32(a)(2): with the education record; a year more, for a complaint within 180 days (99.64(c))",
    ),
    RetentionClass(
        name="evidence",
        classes=("decision", "consent", "agreement", "opt-out", "policy", "rights", "duty", "trust", "witness", "destruction", "alert"),
        years=6,
        with_record=True,
        why="a party is barred for five years or more (34 CFR 99.67(c)-(e)): what shows why something was disclosed outlives that",
    ),
    RetentionClass(
        name="access",
        classes=("read", "search", "export"),
        years=3,
        with_record=True,
        why="who looked: no period in the law for reads inside the agency; those by others are accounted for",
    ),
    RetentionClass(
        name="operation",
        classes=("authentication", "refusal", "administration", "load"),
        years=2,
        with_record=False,
        why="the node's own running: no period in the law",
    ),
)
"""A unit of destruction has one key for all its entries: the longest of their periods counts."""


def periods(lengthened: Mapping[RetentionName, int]) -> dict[str, int]:
    """By class of entry, the years for which it is kept."""
    return {name: max(one.years, lengthened.get(one.name, 0)) for one in RETENTION for name in one.classes}


def classes_with(lengthened: Mapping[RetentionName, int]) -> tuple[RetentionClass, ...]:
    """The classes with a state's own periods."""
    return tuple(one.model_copy(update={"years": max(one.years, lengthened.get(one.name, 0))}) for one in RETENTION)


def is_over(school_year: int, *, now: datetime, zone: ZoneInfo, after_years: int = 0) -> bool:
    """Whether a school year, and some years after it, are over: by UTC, by which the keys change, and where the state agency is.

    INVARIANT: east of Greenwich the one, west of it the other is later: what is kept for so many years is kept until the last of them ends
    in the calendar of those who keep it.
    """
    local = datetime(school_year + after_years, FIRST_MONTH, 1, tzinfo=zone)
    return now >= max(school_year_ends(school_year, after_years=after_years), local)


def school_year_ends(school_year: int, *, after_years: int = 0) -> datetime:
    """The first instant after a school year, some years later."""
    return datetime(school_year + after_years, FIRST_MONTH, 1, tzinfo=UTC)
