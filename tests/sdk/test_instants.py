"""An instant that was said with another place's offset is the same instant when it is said again: on the wire, in a seal, in the log."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from safepassage.credentials.achievements import Moment
from safepassage.wire import Instant, Wire

ZONES = st.one_of(
    st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    st.sampled_from(["America/New_York", "Pacific/Pago_Pago", "Pacific/Auckland", "UTC"]).map(ZoneInfo),
)


class Said(Wire):
    """Something with an instant."""

    at: Instant


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=ZONES))  # noqa: DTZ001 the strategy adds the zones
def test_it_is_the_same_instant_said_in_utc(at: datetime) -> None:
    said = Said(at=at)
    read = Said.model_validate_json(said.model_dump_json())
    by_utc = at.astimezone(UTC)  # an hour that comes twice is never equal to an instant of another zone (PEP 495)
    assert read.at == by_utc.replace(microsecond=by_utc.microsecond // 1000 * 1000)
    assert read.model_dump_json() == said.model_dump_json()
    assert (said.at.utcoffset(), said.model_dump(mode="json")["at"][19:]) == (timedelta(0), f".{at.microsecond // 1000:03}Z")
    kept = said.model_copy(update={"at": at})
    assert kept.model_dump_json() == said.model_dump_json(), "a copy is not validated, and is said all the same"


def test_ten_in_new_york_is_not_ten_in_greenwich() -> None:
    said = Said.model_validate_json('{"at":"2026-11-03T10:00:00-05:00"}')
    assert said.model_dump_json() == '{"at":"2026-11-03T15:00:00.000Z"}'
    assert TypeAdapter(Moment).dump_python(said.at.astimezone(ZoneInfo("America/New_York")), mode="json") == "2026-11-03T15:00:00Z"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-11-03T10:00:00"])
def test_what_no_utc_instant_stands_for_is_refused(at: str) -> None:
    with pytest.raises(ValidationError):
        Said.model_validate_json(f'{{"at":"{at}"}}')


def test_the_first_and_the_last_millisecond_are_said() -> None:
    assert Said(at=datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)).model_dump_json() == '{"at":"9999-12-31T23:59:59.999Z"}'
    assert Said(at=datetime(1, 1, 1, tzinfo=UTC)).model_dump_json() == '{"at":"0001-01-01T00:00:00.000Z"}'
