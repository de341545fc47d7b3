"""Identifiers by their time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from safepassage.ids import EPOCH, first_uuid7, milliseconds_of, uuid7

INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 the zone is given beside


@given(INSTANTS, st.integers(0, 10**9))
def test_a_list_that_begins_at_an_instant_has_what_was_made_then_and_later_and_nothing_earlier(at: datetime, later: int) -> None:
    first, made = first_uuid7(at), max(at, EPOCH) + timedelta(milliseconds=min(later, 10**6))
    assert first <= uuid7(made)
    assert milliseconds_of(first) == int(max(at, EPOCH).timestamp() * 1000)
    if at > EPOCH + timedelta(milliseconds=2):
        assert uuid7(at - timedelta(milliseconds=2)) < first
