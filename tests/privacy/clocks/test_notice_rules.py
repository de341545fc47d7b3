"""Every row of the breach clocks that is a general law's is a duty: dated where its law names a number, and only there."""

from datetime import UTC, datetime
from itertools import pairwise
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.privacy.clocks import DUTY_RULES, NOTICE_RULES, CalendarDays, Hours, Undelayed, WorkingDays, state_of
from services.privacy.duties import Clock
from shared.breach_clocks import BREACH_CLOCKS, CLOCK_OF_DUTY, GENERAL, LATER, BreachClock

ROWS = [clock for clock in BREACH_CLOCKS if clock.kind in GENERAL]
NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)


def test_each_row_is_one_duty() -> None:
    assert set(NOTICE_RULES) == {clock.duty for clock in ROWS}
    assert len(CLOCK_OF_DUTY) == len(BREACH_CLOCKS) == 134
    assert set(CLOCK_OF_DUTY) == {kind for kind in DUTY_RULES if kind.startswith("breach-")}
    assert len({clock.state for clock in ROWS}) == 56


@pytest.mark.parametrize("clock", ROWS, ids=lambda clock: clock.duty)
def test_a_duty_says_what_its_row_says(clock: BreachClock) -> None:
    rule = NOTICE_RULES[clock.duty]
    assert (rule.kind, rule.family, rule.wording, rule.checked) == (clock.duty, clock.kind, clock.wording, clock.compared)
    assert (rule.citation, rule.starts) == (
        clock.citation or "no text was found: ask counsel",
        clock.starts or "the breach was discovered",
    )
    assert (rule.figure, rule.opened_by, rule.waivable, rule.kept_as) == ("law", "staff", True, clock.duty)
    if clock.working_days is not None:
        assert rule.term == WorkingDays(clock.working_days)
    elif clock.hours is None:
        assert rule.term == Undelayed()
    elif clock.hours <= 72:
        assert rule.term == Hours(clock.hours)
    else:
        assert isinstance(rule.term, CalendarDays)
        assert rule.term.days * 24 == clock.hours


@pytest.mark.parametrize("clock", ROWS, ids=lambda clock: clock.duty)
def test_only_a_number_gives_a_date(clock: BreachClock) -> None:
    of_it = Clock(clock.duty, uuid4(), "America/New_York", NOON, about="breach:1")
    if clock.counted:
        assert of_it.overdue_at > NOON
    else:
        with pytest.raises(ValueError, match="or there is none"):
            _ = of_it.overdue_at


def test_working_days_leave_out_the_weekend() -> None:
    counted = {clock.duty: clock.working_days for clock in ROWS if clock.working_days is not None}
    assert counted == {
        "breach-authority-told-ar-agency-auditor": 5,
        "breach-authority-told-ia-unclear-attorney-general": 5,
        "breach-people-told-pa-agency": 7,
        "breach-authority-told-pa-agency-district-attorney": 3,
        "breach-authority-told-vt-unclear-attorney-general": 14,
    }
    pa = Clock("breach-authority-told-pa-agency-district-attorney", uuid4(), "America/New_York", NOON)
    thursday = Clock("breach-authority-told-pa-agency-district-attorney", uuid4(), "America/New_York", NOON.replace(day=22))
    assert (pa.overdue_at, thursday.overdue_at) == (
        datetime(2026, 10, 24, 4, tzinfo=UTC),
        datetime(2026, 10, 28, 4, tzinfo=UTC),
    )


def test_what_counts_from_when_the_people_were_told_follows_the_duty_to_tell_them() -> None:
    follows = {kind: rule.follows for kind, rule in NOTICE_RULES.items() if rule.follows}
    assert follows == {
        "breach-people-told-ca-contractor": ("breach-authority-told-ca-contractor-attorney-general",),
        "breach-people-told-ia-unclear": ("breach-authority-told-ia-unclear-attorney-general",),
        "breach-people-told-la-both": ("breach-authority-told-la-both-attorney-general",),
        "breach-people-told-ok-unclear": ("breach-authority-told-ok-unclear-attorney-general",),
    }
    later = {clock.duty for clock in ROWS if clock.starts in LATER}
    assert later - {one for some in follows.values() for one in some} == {"breach-people-told-ct-agency"}


def test_what_binds_businesses_does_not_follow_what_an_agency_told() -> None:
    assert not NOTICE_RULES["breach-people-told-ca-agency"].follows


def test_a_duty_without_a_date_stands_until_it_is_done_or_waived() -> None:
    for year in (2026, 2036):
        now = NOON.replace(year=year)
        assert state_of(due_from=None, overdue_at=None, done_at=None, now=now) == "undelayed"
        assert state_of(due_from=None, overdue_at=None, done_at=None, waived_at=NOON, now=now) == "waived"
        assert state_of(due_from=None, overdue_at=None, done_at=NOON, now=now) == "done"
        assert state_of(due_from=NOON, overdue_at=NOON, done_at=None, waived_at=NOON, now=now) == "waived"


def test_the_rows_of_one_state_stand_together() -> None:
    states = [clock.state for clock in BREACH_CLOCKS]
    changes = [one for one, other in pairwise([*states, "end"]) if one != other]
    assert len(changes) == len(set(changes))


@pytest.mark.parametrize("discovered_at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_a_breach_discovered_at_an_end_of_the_calendar_has_no_date_where_there_is_none(discovered_at: datetime) -> None:
    """A slip of who asks, which failed for it."""
    for clock in BREACH_CLOCKS:
        for zone in ("America/New_York", "Pacific/Guam"):
            due = clock.due_at(discovered_at, ZoneInfo(zone))
            assert due is None or due > discovered_at
