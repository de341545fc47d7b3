"""What keeps a student's school year of the log from being destroyed. Pure.

# INVARIANT: what is not known counts as reason to keep: an entry that does not open, a class without a period.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from safepassage.wire_retention import KeptBecause
from services.audit.retention.classes import is_over, school_year_ends

CLEARANCE_HOLDS: Final = timedelta(days=90)
"""A clearance that is older shows nothing any more: somebody may wait to inspect by now (34 CFR 99.10(e))."""


class KeptEntry(NamedTuple):
    """What the rules know of an entry."""

    class_: str
    logged_at: datetime
    accounted: bool
    """Part of the accounting of disclosures; also where it cannot be told."""
    organisations: frozenset[UUID] | None
    """Custodian, actor, recipient and originator; None where it cannot be told: then it is anybody's."""


class Hold(NamedTuple):
    """A legal hold in force; members that are None do not narrow it."""

    id: UUID
    student: UUID | None
    organisations: frozenset[UUID] | None
    """The organisation and all below it."""
    logged_from: datetime | None
    logged_until: datetime | None

    def holds(self, entry: KeptEntry, student: UUID) -> bool:
        """Whether it holds an entry about `student`."""
        return (
            self.student in (None, student)
            and (self.organisations is None or entry.organisations is None or bool(self.organisations & entry.organisations))
            and (self.logged_from is None or entry.logged_at >= self.logged_from)
            and (self.logged_until is None or entry.logged_at < self.logged_until)
        )

    def meets(self, school_year: int) -> bool:
        """Whether it holds something that was logged in a school year, as far as time goes."""
        begins, ends = school_year_ends(school_year - 1), school_year_ends(school_year)
        return (self.logged_from is None or self.logged_from < ends) and (self.logged_until is None or self.logged_until > begins)


class Kept(NamedTuple):
    """Why a school year is kept; nothing of both if it may be destroyed."""

    because: tuple[KeptBecause, ...]
    holds: tuple[UUID, ...]


def kept_of_student(
    entries: Sequence[KeptEntry],
    *,
    student: UUID,
    school_year: int,
    records_ended: bool,
    copy_owed: bool,
    holds: Collection[Hold],
    years: Mapping[str, int],
    log_year: int,
    zone: ZoneInfo,
    now: datetime,
) -> Kept:
    """Why what is sealed of a student in a school year is kept.

    records_ended  it is shown that the student's education records exist no more
    copy_owed      a district has not yet got the copy that tells of one of the entries
    years          by class of entry, how long it is kept
    log_year       school year of the log's newest entry
    zone           the state agency's, in whose calendar a year has to be over too
    """
    because = _by_time({entry.class_ for entry in entries}, school_year, years, log_year, zone, now)
    if not records_ended and any(entry.accounted for entry in entries):
        because.append("kept-with-record")
    if copy_owed:
        because.append("copy-owed")
    held = tuple(hold.id for hold in holds if any(hold.holds(entry, student) for entry in entries))
    if held:
        because.append("legal-hold")
    return Kept(tuple(because), held)


def kept_of_node(
    school_year: int,
    *,
    pages_of_students: int,
    holds: Collection[Hold],
    years: Mapping[str, int],
    log_year: int,
    zone: ZoneInfo,
    now: datetime,
) -> Kept:
    """Why what the node's own key of a school year seals is kept: who did what in pages about many too, so any hold that meets it counts.

    pages_of_students  entries about many of which a student's part still exists: who got it belongs to that student's accounting
    """
    because = _by_time(years, school_year, years, log_year, zone, now)
    if pages_of_students:
        because.append("kept-with-record")
    held = tuple(hold.id for hold in holds if hold.meets(school_year))
    if held:
        because.append("legal-hold")
    return Kept(tuple(because), held)


def _by_time(
    classes: Collection[str], school_year: int, years: Mapping[str, int], log_year: int, zone: ZoneInfo, now: datetime
) -> list[KeptBecause]:
    if school_year >= log_year or not is_over(school_year, now=now, zone=zone):
        return ["school-year-not-over"]
    longest = max((years.get(name, max(years.values())) for name in classes), default=0)
    return [] if is_over(school_year, now=now, zone=zone, after_years=longest) else ["retention-class"]


class Told(NamedTuple):
    """What the log tells of the end of a student's records."""

    cleared_at: datetime
    used_since: bool
    """Whether they were disclosed by an entry behind the clearance's: the log's seconds do not tell two of one second apart."""
    asked_since: bool
    """Whether a parent or eligible student asked for anything by an entry behind it."""


def records_have_ended(told: Told | None, *, ended_on: date | None, zone: ZoneInfo, now: datetime) -> bool:
    """Whether it is shown that a student's education records exist no more.

    Cleared within 90 days, ended since, and since then nothing was disclosed of them and nobody asked to inspect or amend them.

    ended_on  a day of the calendar of the state agency, whose zone is `zone`: cleared there in the evening, ended that evening
    """
    if told is None or ended_on is None:
        return False
    later = told.used_since or told.asked_since
    cleared_on, today = told.cleared_at.astimezone(zone).date(), now.astimezone(zone).date()
    return not later and cleared_on <= ended_on <= today and now - told.cleared_at <= CLEARANCE_HOLDS
