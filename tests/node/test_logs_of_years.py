"""A log stays in the trust list when its year is over: what was logged in it is still verified."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from node.folder import NodeFile
from node.health import examine_log_names
from node.keys import create_node_keys
from node.trust import member_of, years_of_logs
from safepassage.trust_members import MOST_LOGS

FILE = NodeFile(entity_id="https://alder.example", name="Alder", state="XA", organisation_id=UUID(int=1), port=8000, logs_since=2026)


@pytest.mark.parametrize(
    ("since", "today", "years"),
    [
        (2026, date(2026, 8, 1), (2026, 2027)),
        (2026, date(2027, 1, 1), (2026, 2027, 2028)),
        (2026, date(2031, 6, 1), (2026, 2027, 2028, 2029, 2030, 2031, 2032)),
        (None, date(2027, 1, 1), (2026, 2027, 2028)),
        (None, date(2031, 6, 1), (2030, 2031, 2032)),
    ],
)
def test_each_year_since_the_first_is_named_and_the_next_one(since: int | None, today: date, years: tuple[int, ...]) -> None:
    assert tuple(years_of_logs(FILE.model_copy(update={"logs_since": since}), today)) == years


@pytest.mark.parametrize(
    ("named", "now", "state", "said"),
    [
        ((2026, 2027), datetime(2026, 11, 1, tzinfo=UTC), "good", "named until 2027"),
        ((2026, 2027), datetime(2027, 9, 30, tzinfo=UTC), "good", "named until 2027"),
        ((2026, 2027), datetime(2027, 10, 1, tzinfo=UTC), "warning", "next year's is not named yet"),
        ((2026, 2027), datetime(2028, 1, 1, tzinfo=UTC), "bad", "this year's is not named: other nodes refuse what is logged in 2028"),
        (None, datetime(2026, 11, 1, tzinfo=UTC), "bad", "the list does not name this node"),
    ],
)
def test_an_operator_is_told_in_time_that_a_years_log_is_not_named(
    tmp_path: Path, named: tuple[int, int] | None, now: datetime, state: str, said: str
) -> None:
    create_node_keys(tmp_path)
    member = (
        None if named is None else member_of(FILE.model_copy(update={"logs_since": named[0]}), tmp_path, today=date(named[1] - 1, 8, 1))
    )
    found = examine_log_names(member, now=now)
    assert (found.state, found.detail) == (state, said)
    assert bool(found.remedy) == (state != "good")


def test_no_more_are_named_than_a_list_may_have(tmp_path: Path) -> None:
    create_node_keys(tmp_path)
    member = member_of(FILE, tmp_path, today=date(2060, 3, 1))
    assert [log.origin[-4:] for log in member.logs] == [str(year) for year in range(2061 - MOST_LOGS + 1, 2062)]
