"""The clocks of a breach are data with their source: each state has some, and none says more than what was read of its law."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from safepassage.wire_log_radius import BreachNotice
from services.gateway.console.state_names import STATE_NAMES
from services.privacy.clocks.duty_rules import DUTY_RULES
from services.privacy.clocks.notice_rules import NOTICE_RULES
from services.privacy.clocks.terms import CalendarDays, Hours
from services.privacy.duties import Clock
from shared.breach_clocks import BREACH_CLOCKS, FILE, GENERAL, LATER, BreachClock, clocks_of
from shared.breach_notices import notice_of

STATES = frozenset(code for code in STATE_NAMES if not code.startswith("X"))
DISCOVERED = datetime(2026, 10, 19, 9, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
READ: dict[str, Any] = {
    "state": "CO", "kind": "breach-people-told", "duty": "breach-people-told-co-agency",
    "to": ["people"], "applies": "agency", "starts": "the breach was discovered", "hours": 720,
    "wording": "not later than thirty days", "citation": "C.R.S. 24-73-103(2)", "source": "statute", "read_of": "undated", "compared": True,
}  # fmt: skip


def test_every_state_the_district_and_each_territory_says_when_people_are_told() -> None:
    told = {clock.state for clock in BREACH_CLOCKS if "people" in clock.to}
    assert told == STATES
    assert len(STATES) == 56
    assert {clock.state for clock in BREACH_CLOCKS} == {*STATES, None}


def test_no_row_has_hours_without_the_law_that_names_them_and_what_starts_them() -> None:
    timed = [clock for clock in BREACH_CLOCKS if clock.hours is not None]
    assert len(timed) > 50
    assert [clock for clock in timed if not clock.citation or not clock.starts or clock.source == "none"] == []
    BreachClock.model_validate(READ)
    for lacking in ("citation", "starts"):
        with pytest.raises(ValidationError, match="hours: with a citation"):
            BreachClock.model_validate({**READ, lacking: ""})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": "chart"}, "compared: of the law's own text alone"),
        ({"source": "none", "read_of": "", "compared": False}, "nothing was read, so nothing is said"),
        ({"read_of": ""}, "read_of: of every text that was read"),
        ({"read_of": "last year"}, "should match pattern"),
        ({"hours": 0}, "greater than 0"),
        ({"working_days": 5}, "working_days: in place of hours"),
        ({"duty": "breach-people-told-co-2"}, "should match pattern"),
        ({"state": "Colorado"}, "should match pattern"),
        ({"applies": "schools"}, "applies"),
        ({"to": []}, "at least 1 item"),
        ({"machine": "x"}, "Extra inputs"),
    ],
)
def test_a_row_that_says_more_than_what_was_read_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        BreachClock.model_validate({**READ, **change})


def test_only_the_laws_own_text_counts_as_compared_and_every_row_says_what_was_read() -> None:
    for clock in BREACH_CLOCKS:
        assert not clock.compared or clock.source in ("statute", "regulation"), clock
        assert bool(clock.read_of) == (clock.source not in ("none", "agreement")), clock
        assert len(clock.wording) <= 120, "a short phrase"
        assert clock.wording or clock.hours is not None or not clock.compared, "what was compared says until when"


def test_a_clock_without_a_number_or_from_a_later_instant_never_has_a_date() -> None:
    notices = [notice_of(clock, DISCOVERED, zone=NEW_YORK, students=0) for clock in BREACH_CLOCKS]
    for clock, notice in zip(BREACH_CLOCKS, notices, strict=True):
        assert (notice.due_at is None) == (clock.hours is None or clock.starts in LATER), clock
        if notice.due_at is not None:
            assert clock.hours is not None
            assert notice.due_at == DISCOVERED + timedelta(hours=clock.hours)
        assert notice_of(clock, None, zone=NEW_YORK, students=9).due_at is None
    assert {None} < {notice.hours for notice in notices}
    assert [notice.citation for notice in notices if notice.due_at is None and notice.hours] == [
        "Cal. Civ. Code 1798.82(f)", "Conn. Gen. Stat. 10-234dd", "La. Admin. Code 16:III.701", "24 O.S. 163",
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ["America/New_York", "America/Phoenix", "America/Denver", "Pacific/Pago_Pago", "Pacific/Guam"])
def test_no_date_of_a_notice_is_later_than_that_of_its_duty(zone: str) -> None:
    """Thirty times 24 hours are an hour more than thirty days in which clocks go forward: late in the evening that is the next day."""
    counted = [clock for clock in BREACH_CLOCKS if clock.hours is not None and clock.starts not in LATER]
    for day in (date(2026, 10, 20), date(2027, 2, 28), date(2027, 3, 1), date(2027, 3, 14), date(2028, 2, 29)):
        for hour in (0, 12, 23):
            discovered = datetime.combine(day, time(hour, 30), ZoneInfo(zone)).astimezone(UTC)
            for clock in counted:
                due = notice_of(clock, discovered, zone=ZoneInfo(zone), students=0).due_at
                duty = Clock(clock.duty, UUID(int=1), zone, discovered).overdue_at
                assert due is not None
                assert due <= duty < due + timedelta(hours=26), (clock.duty, discovered)


def test_a_notice_says_what_its_row_says() -> None:
    for clock in BREACH_CLOCKS:
        least = clock.from_people or 0
        for students in (0, max(0, least - 1), least, 10_000):
            said = {**clock.model_dump(exclude={"state"}), "owed": students >= least}
            assert notice_of(clock, None, zone=NEW_YORK, students=students) == BreachNotice.model_validate(said), (clock, students)
    assert {clock.from_people for clock in BREACH_CLOCKS} > {None, 250, 500, 501, 1001}


def test_no_row_stands_there_twice_and_a_states_page_stays_short() -> None:
    rows = [json.dumps(row, sort_keys=True) for row in json.loads(FILE.read_text())]
    assert len(set(rows)) == len(rows) == len(BREACH_CLOCKS)
    assert max(len(clocks_of(state)) for state in STATES) <= 8


def test_the_clocks_of_duties_are_those_of_the_duties() -> None:
    rules = {kind: rule for kind, rule in DUTY_RULES.items() if kind.startswith("breach-") and kind not in NOTICE_RULES}
    assert GENERAL.isdisjoint(rules)
    ours = [clock for clock in BREACH_CLOCKS if clock.kind not in GENERAL]
    assert [clock.duty for clock in ours] == [clock.kind for clock in ours]
    assert sorted(clock.kind for clock in ours) == sorted(rules)
    for clock in ours:
        rule = rules[clock.kind]
        hours = rule.term.days * 24 if isinstance(rule.term, CalendarDays) else rule.term.hours if isinstance(rule.term, Hours) else None
        assert (clock.hours, clock.citation, clock.starts) == (hours, rule.citation, rule.starts)
        assert clock.state is None or clock.kind.endswith(f"-{clock.state.lower()}")
    assert [clock.kind for clock in clocks_of("IL")] == [
        "breach-operator-tells-school-il",
        "breach-families-told-il",
        "breach-people-told",
        "breach-authority-told",
        "breach-provider-tells-agency",
    ]
