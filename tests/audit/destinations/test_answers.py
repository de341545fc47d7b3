"""When a destination is tried again, and when no more; and what an attempt is called."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.destinations.answers import FAILING_FOR, Attempt, attempt_of, disabled_because, next_attempt_at
from services.audit.destinations.told import webhook_id

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_to_an_hour_and_are_never_the_same_for_all(failures: int, chance: float) -> None:
    pause = (next_attempt_at(Attempt(500, "refused"), failures=failures, now=NOW, chance=chance) - NOW).total_seconds()
    middle = min(5 * 2 ** (failures - 1), 3600)
    assert middle * 0.8 <= pause <= middle * 1.2
    other = (next_attempt_at(Attempt(500, "refused"), failures=failures, now=NOW, chance=(chance + 0.5) % 1) - NOW).total_seconds()
    assert pause != other


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("600", 600),
        ("0", 5),
        ("-3", 5),
        ("1e9", 5),
        ("Tue, 20 Oct 2026 12:10:00 GMT", 600),
        ("Tue, 20 Oct 2026 11:00:00 GMT", 5),
        ("Tue, 20 Oct 2037 12:00:00 GMT", 86_400),
        ("soon", 5),
        ("9" * 9, 86_400),
        ("²", 5),
        ("３", 5),
        ("2", 5),
    ],
)
def test_a_receiver_may_ask_for_a_longer_pause_up_to_a_day(text: str, seconds: int) -> None:
    assert next_attempt_at(attempt_of(503, text, now=NOW), failures=1, now=NOW, chance=0.5) == NOW + timedelta(seconds=seconds)


def test_what_is_delivered() -> None:
    assert [status for status in range(100, 600) if attempt_of(status, None, now=NOW).delivered] == list(range(200, 300))


def test_gone_at_once_and_failing_after_days() -> None:
    assert disabled_because(attempt_of(410, None, now=NOW), failing_since=NOW, now=NOW) == "gone"
    late = NOW + FAILING_FOR
    assert disabled_because(attempt_of(500, None, now=NOW), failing_since=NOW, now=late) == "failing"
    assert disabled_because(attempt_of(500, None, now=NOW), failing_since=NOW, now=late - timedelta(seconds=1)) is None


ENTRIES = st.tuples(
    st.uuids(), st.sampled_from(["alder.example/log/2026", "alder.example/log/2027"]), st.integers(0, 30), st.integers(0, 30)
)


@given(ENTRIES, ENTRIES)
def test_an_id_stands_for_the_same_entries_of_the_same_destination_and_no_others(
    one: tuple[UUID, str, int, int], other: tuple[UUID, str, int, int]
) -> None:
    assert (webhook_id(*one) == webhook_id(*other)) == (one == other)
    for change in (one[0], *other[1:]):
        changed = tuple(change if type(held) is type(change) else held for held in one)
        assert (webhook_id(*changed) == webhook_id(*one)) == (changed == one)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,128}", webhook_id(*one))
