"""A log stays in the trust list when its year is over: what was logged in it is still verified."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from node.folder import NodeFile
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


def test_no_more_are_named_than_a_list_may_have(tmp_path: Path) -> None:
    create_node_keys(tmp_path)
    member = member_of(FILE, tmp_path, today=date(2060, 3, 1))
    assert [log.origin[-4:] for log in member.logs] == [str(year) for year in range(2061 - MOST_LOGS + 1, 2062)]
