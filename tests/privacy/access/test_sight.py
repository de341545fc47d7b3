"""A student may be asked about on the days of attendance, as they are where the student is."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.privacy.access.sight import Sight
from shared.contracts.privacy import Attendance, SubjectFacts

SCHOOL, KEEPER, DAY = UUID(int=1), UUID(int=2), date(2027, 1, 1)


def attending(zone: str) -> SubjectFacts:
    """On one day alone, at a school of another district than the one that keeps the record."""
    return SubjectFacts(
        student_id=uuid4(),
        facts_version=1,
        custodian_id=KEEPER,
        originating_agency=str(KEEPER),
        attendances=(Attendance.model_validate({"organisation_id": SCHOOL, "from": DAY, "until": DAY}),),
        birth_date=date(2015, 5, 1),
        time_zone=zone,
        jurisdiction="US-XA",
    )


@pytest.mark.requirement("DAY-state")
@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("Pacific/Pago_Pago", datetime(2027, 1, 1, 11, tzinfo=UTC)),
        ("Pacific/Honolulu", datetime(2027, 1, 1, 10, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 1, 1, 5, tzinfo=UTC)),
        ("Pacific/Guam", datetime(2026, 12, 31, 14, tzinfo=UTC)),
    ],
)
def test_a_student_is_in_sight_from_midnight_to_midnight_where_the_student_is(zone: str, begins: datetime) -> None:
    facts, sight = attending(zone), Sight(frozenset({SCHOOL}))
    second, day = timedelta(seconds=1), timedelta(days=1)
    assert [sight.sees(facts, at) for at in (begins - second, begins, begins + day - second, begins + day)] == [False, True, True, False]
    assert Sight(frozenset({KEEPER})).sees(facts, begins + day)


def test_of_a_place_that_nobody_knows_only_who_keeps_the_record_sees_the_student() -> None:
    facts, noon = attending("No/Where"), datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert [Sight(frozenset({one})).sees(facts, noon) for one in (SCHOOL, KEEPER)] == [False, True]
