"""The days that pages say are the reader's: how many are left until something is too late, and on which day something was. Pure."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from safepassage.wire_duties import DestructionOwed, Duty
from services.gateway.console.agreements_shown import destruction_of
from services.gateway.console.duties import shown_duty
from services.gateway.console.viewing import Viewing
from services.privacy.clocks import state_of
from tests.gateway.console.test_duty_completion import SOME

TICK = timedelta(milliseconds=1)


def said(zone: str, overdue_at: datetime, now: datetime) -> str:
    state = state_of(due_from=overdue_at - timedelta(days=15), overdue_at=overdue_at, done_at=None, now=now)
    about = {"kind": "inspect-records", "state": state, "overdue_at": overdue_at}
    return shown_duty(Duty.model_validate(SOME | about), Viewing("en", "auto", zone, now), str, may_complete=False).when


@pytest.mark.parametrize("zone", ["America/New_York", "America/Phoenix", "Pacific/Pago_Pago", "Pacific/Guam"])
@pytest.mark.parametrize("day", [(2027, 3, 15), (2026, 11, 2), (2028, 3, 1), (2027, 3, 1), (2027, 1, 1), (2027, 4, 16)])
def test_what_is_too_late_from_midnight_on_is_due_on_the_day_before(zone: str, day: tuple[int, int, int]) -> None:
    midnight = datetime(*day, tzinfo=ZoneInfo(zone))
    overdue_at, noon_before = midnight.astimezone(UTC), (midnight - timedelta(hours=12)).astimezone(UTC)
    the_day_before, noon_after = (midnight - timedelta(hours=36)).astimezone(UTC), (midnight + timedelta(hours=12)).astimezone(UTC)
    instants = (the_day_before, noon_before, overdue_at - TICK, overdue_at, noon_after)
    assert [said(zone, overdue_at, now) for now in instants] == ["In 1 day", "Due today", "Due today", "1 day late", "1 day late"]


def test_what_is_too_late_in_the_middle_of_a_day_is_due_on_that_day() -> None:
    overdue_at = datetime(2027, 3, 14, 19, tzinfo=UTC)
    assert [said("America/New_York", overdue_at, now) for now in (overdue_at - timedelta(hours=6), overdue_at)] == ["Due today", "Today"]


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Pacific/Guam", datetime(2027, 6, 30, 14, tzinfo=UTC), "Due Jul 1"),
        ("Pacific/Pago_Pago", datetime(2027, 7, 1, 11, tzinfo=UTC), "Due Jul 1"),
        ("America/New_York", datetime(2027, 7, 2, 1, tzinfo=UTC), "Due Jul 1"),
    ],
)
def test_a_day_is_the_one_that_it_is_where_the_reader_is(zone: str, at: datetime, day: str) -> None:
    owed = DestructionOwed(agreement_id=UUID(int=1), owed=1, due_at=at, overdue=False, held=False)
    viewing = Viewing("en", "auto", zone, datetime(2027, 5, 1, tzinfo=UTC))
    assert destruction_of(owed, viewing, str).word == day


@pytest.mark.parametrize("zone", ["Pacific/Guam", "Pacific/Honolulu", "America/New_York", "UTC"])
def test_what_has_no_end_is_shown_wherever_the_reader_is(zone: str) -> None:
    """A page with a consent until 9999-12-31 was none for who reads in Guam."""
    viewing, for_ever = Viewing("es", "auto", zone, datetime(2026, 12, 1, tzinfo=UTC)), datetime.max.replace(tzinfo=UTC)
    said = [viewing.instant(for_ever), viewing.cell(for_ever), viewing.clock(for_ever), viewing.field_of(for_ever)]
    assert [one for one in said if "9999" not in one] == []
    assert viewing.days_until(for_ever) > 2_900_000
