import pytest

from shared.loop_lag import EVERY_SECONDS, LATE_SECONDS, MEASURED, LoopLag, always_late


class Passing:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def turn(lag: LoopLag, passed: Passing, *, late: float) -> None:
    lag.expect()
    passed.seconds += EVERY_SECONDS + late
    lag.turned()


def test_a_loop_is_late_that_was_so_at_each_of_the_last_looks() -> None:
    late, in_time = LATE_SECONDS + 0.01, LATE_SECONDS
    assert not always_late([late] * (MEASURED - 1))
    assert not always_late([*[late] * (MEASURED - 1), in_time])
    assert always_late([late] * MEASURED)


def test_one_long_turn_is_told_for_ten_seconds_and_is_no_reason_to_start_anew() -> None:
    passed = Passing()
    lag = LoopLag(passed)
    assert lag.worst_seconds == 0
    turn(lag, passed, late=3.0)
    assert lag.worst_seconds == pytest.approx(3.0)
    for _ in range(MEASURED - 1):
        turn(lag, passed, late=0.0)
        assert not lag.is_late
    assert lag.worst_seconds == pytest.approx(3.0)
    turn(lag, passed, late=0.0)
    assert lag.worst_seconds == 0


def test_what_is_overdue_now_counts_before_the_loop_turns() -> None:
    passed = Passing()
    lag = LoopLag(passed)
    lag.expect()
    passed.seconds += EVERY_SECONDS
    assert lag.worst_seconds == 0
    passed.seconds += 2
    assert lag.worst_seconds == pytest.approx(2.0)
