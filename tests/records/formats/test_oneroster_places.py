"""School years as OneRoster sessions."""

from datetime import date, timedelta
from uuid import UUID, uuid5

from services.records.formats.oneroster_places import Links, Sessions, school_year_of

SESSIONS = Sessions(lambda *words: uuid5(UUID(int=1), "|".join(words)), links=Links("https://alder.example"))


def test_each_day_is_in_the_session_of_its_school_year_and_in_no_other() -> None:
    """A session's end is the first day that is no longer in it (OneRoster 1.2, AcademicSession.endDate)."""
    made = [one for one in SESSIONS.objects([2026, 2027, 2028]) if one["type"] == "schoolYear"]
    for day in (date(2025, 7, 1) + timedelta(days=n) for n in range(3 * 365)):
        [found] = [one for one in made if one["startDate"] <= day.isoformat() < one["endDate"]]
        assert found["schoolYear"] == str(school_year_of(day))


def test_a_year_and_its_term_are_of_the_same_days() -> None:
    year, term = SESSIONS.objects([2027])
    assert (year["startDate"], year["endDate"]) == (term["startDate"], term["endDate"]) == ("2026-07-01", "2027-07-01")
