"""Cedar's literals of time."""

import pytest

from services.privacy.policy import PolicySetBroken
from services.privacy.policy.time_values import DAY, checked, datetime_literal, duration_literal, to_date, to_time, truncated


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01", 0),
        ("1970-01-02", DAY),
        ("1969-12-31", -DAY),
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01T00:00:01.002Z", 1_002),
        ("1970-01-01T01:00:00+0100", 0),
        ("1970-01-01T00:00:00.001-0130", 5_400_001),
    ],
)
def test_a_datetime_is_milliseconds_since_the_epoch(text: str, milliseconds: int) -> None:
    assert datetime_literal(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "1970", "1970-1-1", "1970-02-30", "1970-01-01T24:00:00Z", "1970-01-01T00:00:00", "1970-01-01T00:00:00+2400", "1970-01-01Z"]
)
def test_what_is_no_datetime_is_refused(text: str) -> None:
    with pytest.raises(PolicySetBroken):
        datetime_literal(text)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("0d", 0), ("1d2h3m4s5ms", DAY + 7_384_005), ("-1h", -3_600_000), ("5m", 300_000), ("5ms", 5), ("3m2ms", 180_002)],
)
def test_a_duration_is_milliseconds(text: str, milliseconds: int) -> None:
    assert duration_literal(text) == milliseconds


@pytest.mark.parametrize("text", ["", "-", "d", "1", "1s1m", "1d1d", "1w", "+1d", "1.5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(PolicySetBroken):
        duration_literal(text)


def test_numbers_are_those_of_64_bits() -> None:
    assert checked(2**63 - 1) == 2**63 - 1
    for value in (2**63, -(2**63) - 1):
        with pytest.raises(OverflowError):
            checked(value)


def test_days_and_units_are_cut_as_cedar_cuts_them() -> None:
    assert (to_date(-1), to_time(-1)) == (-DAY, DAY - 1)
    assert (truncated(-DAY - 1, DAY), truncated(DAY + 1, DAY), truncated(-1, DAY)) == (-1, 1, 0)
