"""A fault that lasts is told when it begins, once a minute, and when it is over: whoever reads the log finds the rest of it too."""

import logging

import pytest

from shared.standing_faults import LONGEST_REST_SECONDS, StandingFaults
from shared.telemetry import MEMBERS
from tests.conftest import StandingClock

log = logging.getLogger("tests.standing")


def faults() -> StandingFaults:
    return StandingFaults(log, failed="work failed", over="work goes on")


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str, int | None]]:
    told = [vars(one) for one in caplog.records]
    assert {"job", "fault", "count"} <= MEMBERS
    return [(one["levelname"], one["message"], one["fault"], one.get("count")) for one in told]


def test_eleven_kinds_of_work_that_fail_for_five_minutes_tell_it_in_seven_lines(
    clock: StandingClock, caplog: pytest.LogCaptureFixture
) -> None:
    standing, works = faults(), [f"work {number}" for number in range(11)]
    for _ in range(5 * 60):
        for work in works:
            standing.failed(work, ConnectionError("a value"), clock())
        clock.advance(seconds=1)
    standing.failed(works[0], ConnectionError(), clock())
    for work in works:
        standing.went(work)
        standing.went(work)
    began, *minutes, over = lines(caplog)
    assert began == ("ERROR", "work failed", "ConnectionError", None)
    assert [(level, message) for level, message, *_ in minutes] == [("ERROR", "work failed")] * 5
    assert sum(count or 0 for *_, count in minutes) == 5 * 60 * 11 + 1
    assert over == ("WARNING", "work goes on", "ConnectionError", None)
    assert "a value" not in caplog.text


def test_it_is_over_once_every_work_that_failed_has_gone_well_and_then_it_begins_anew(
    clock: StandingClock, caplog: pytest.LogCaptureFixture
) -> None:
    standing = faults()
    standing.failed("one", ConnectionError(), clock())
    standing.failed("other", ConnectionError(), clock())
    standing.went("one")
    standing.went("a third")
    assert len(caplog.records) == 1
    standing.went("other")
    standing.failed("one", ConnectionError(), clock())
    assert [message for _, message, *_ in lines(caplog)] == ["work failed", "work goes on", "work failed"]


def test_another_fault_is_told_beside_one_that_lasts(clock: StandingClock, caplog: pytest.LogCaptureFixture) -> None:
    standing = faults()
    for error in (ConnectionError(), ConnectionError(), ValueError(), ConnectionError()):
        standing.failed("one", error, clock())
    assert [fault for _, _, fault, _ in lines(caplog)] == ["ConnectionError", "ValueError"]
    standing.went("one")
    assert [message for _, message, *_ in lines(caplog)][2:] == ["work goes on"] * 2


def test_the_rest_grows_and_begins_anew_once_it_went_well(clock: StandingClock) -> None:
    standing = faults()
    assert [standing.failed("one", ConnectionError(), clock()) for _ in range(5)] == [1, 2, 4, LONGEST_REST_SECONDS, LONGEST_REST_SECONDS]
    assert standing.failed("other", ConnectionError(), clock()) == 1
    standing.went("one")
    assert standing.failed("one", ConnectionError(), clock()) == 1
