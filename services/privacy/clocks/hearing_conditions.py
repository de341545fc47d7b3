"""What a hearing must have, 34 CFR 99.22: each condition checked on evidence before its decision counts. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from safepassage.wire_rights import HearingDecision, HearingRecord, HearingSchedule
from services.privacy.policy.calendar_days import day_in


@dataclass(frozen=True)
class Shortcoming:
    """A condition that is not met."""

    field: str
    what: str
    citation: str


def hearing_shortcomings(
    *,
    schedule: HearingSchedule,
    record: HearingRecord,
    decision: HearingDecision,
    refused_by: str | None,
    zone: ZoneInfo,
    now: datetime,
) -> tuple[Shortcoming, ...]:
    """Every condition of 99.22 that schedule, record and decision do not show.

    refused_by  pairwise id of the official who refused the amendment, if an official did
    zone        of the agency: a notice is given on a day

    That the hearing came within a reasonable time, and its decision too (99.22(a), (e)), is told by the duties' clocks.
    """
    return tuple(_shortcomings(schedule, record, decision, refused_by, zone, now))


def _shortcomings(
    schedule: HearingSchedule, record: HearingRecord, decision: HearingDecision, refused_by: str | None, zone: ZoneInfo, now: datetime
) -> Iterator[Shortcoming]:
    if schedule.notice_given_on >= day_in(schedule.at, zone):
        yield Shortcoming("schedule.notice_given_on", "notice of date, time and place is given in advance", "34 CFR 99.22(b)")
    if record.held_at < schedule.at:
        yield Shortcoming("record.held_at", "it is held when the notice said, not before", "34 CFR 99.22(b)")
    if refused_by is not None and _are_one(schedule.officer.pairwise_id, refused_by):
        yield Shortcoming("schedule.officer", "who refused the amendment has an interest in the outcome", "34 CFR 99.22(c)")
    if decision.officer_pairwise_id != schedule.officer.pairwise_id:
        yield Shortcoming("officer_pairwise_id", "who conducted the hearing decides", "34 CFR 99.22(c)")
    if decision.decided_on < day_in(record.held_at, zone):
        yield Shortcoming("decided_on", "the decision comes after the hearing and rests on its evidence", "34 CFR 99.22(f)")
    if decision.decided_on > now.astimezone(zone).date():
        yield Shortcoming("decided_on", "the decision has been made when it is recorded", "34 CFR 99.22(e)")


def _are_one(official: str, other: str) -> bool:
    """Whether two ids are one official's: nobody is another by spelling it otherwise."""
    return official.strip().casefold() == other.strip().casefold()
