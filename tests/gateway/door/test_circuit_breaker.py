"""A failing service is left alone, and asked again by one request at a time."""

from collections.abc import Iterable

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.door.circuit_breaker import LEAST, PAUSE_SECONDS, WINDOW_SECONDS, CircuitBreaker, Outcome, RetryBudget


def after(outcomes: Iterable[Outcome], *, every: float = 0.1) -> CircuitBreaker:
    breaker = CircuitBreaker()
    for number, outcome in enumerate(outcomes):
        breaker.leave(outcome, number * every, probe=breaker.enter(number * every))
    return breaker


def test_it_opens_when_half_of_twenty_failed_and_not_before() -> None:
    mixed: list[Outcome] = ["answered", "failed"] * (LEAST // 2)
    assert after(mixed).is_open
    assert not after(mixed[:-1]).is_open
    assert not after(["answered", *mixed[:-1]]).is_open
    assert not after(["left"] * 100).is_open
    assert not after(["failed"] * (LEAST - 1)).is_open
    assert not after(["failed"] * 200, every=WINDOW_SECONDS / (LEAST - 1)).is_open, "they are too few in any ten seconds"


def test_when_it_opens_everybody_is_told_when_to_come_again() -> None:
    breaker = after(["failed"] * LEAST)
    opened = (LEAST - 1) * 0.1
    for at in (opened, opened + 0.2, opened + PAUSE_SECONDS - 0.1):
        with pytest.raises(TemporarilyUnavailable) as refused:
            breaker.enter(at)
        wait = refused.value.retry_after_seconds or 0
        assert opened + PAUSE_SECONDS <= at + wait <= opened + PAUSE_SECONDS + 1


def test_one_that_is_let_through_decides() -> None:
    breaker = after(["failed"] * LEAST)
    at = (LEAST - 1) * 0.1 + PAUSE_SECONDS
    assert breaker.enter(at)
    with pytest.raises(TemporarilyUnavailable):
        breaker.enter(at + 60)
    breaker.leave("left", at + 60, probe=True)
    assert breaker.enter(at + 60), "who went away decided nothing"
    breaker.leave("failed", at + 61, probe=True)
    with pytest.raises(TemporarilyUnavailable):
        breaker.enter(at + 61 + PAUSE_SECONDS - 0.1)
    assert breaker.enter(at + 61 + PAUSE_SECONDS)
    breaker.leave("answered", at + 70, probe=True)
    assert not breaker.is_open


def test_what_failed_before_it_opened_counts_no_more_once_it_has_closed() -> None:
    breaker = after(["failed"] * LEAST)
    at = (LEAST - 1) * 0.1 + PAUSE_SECONDS
    breaker.leave("answered", at, probe=breaker.enter(at))
    breaker.leave("failed", at, probe=breaker.enter(at))
    assert not breaker.is_open


def test_what_began_before_it_opened_decides_nothing() -> None:
    breaker = after(["failed"] * LEAST)
    breaker.leave("answered", 3.0, probe=False)
    breaker.leave("failed", 3.0, probe=False)
    assert breaker.is_open
    assert breaker.enter((LEAST - 1) * 0.1 + PAUSE_SECONDS)


class Many(RuleBasedStateMachine):
    """Requests in any order: at most one goes on while it is open, and it never stays closed to everybody for long."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker, self.now = CircuitBreaker(), 0.0
        self.inside: list[bool] = []
        self.refused = (True, 1)

    @rule()
    def comes(self) -> None:
        was_open = self.breaker.is_open
        try:
            probe = self.breaker.enter(self.now)
        except TemporarilyUnavailable as error:
            self.refused = (was_open, error.retry_after_seconds or 0)
            return
        assert probe == was_open
        self.inside.append(probe)

    @precondition(lambda self: self.inside)
    @rule(data=st.data(), outcome=st.sampled_from(["answered", "failed", "failed", "left"]))
    def ends(self, data: st.DataObject, outcome: Outcome) -> None:
        probe = self.inside.pop(data.draw(st.integers(0, len(self.inside) - 1)))
        self.breaker.leave(outcome, self.now, probe=probe)

    @rule(seconds=st.floats(0, 20))
    def passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def is_asked_again_after_the_pause(self) -> None:
        self.now += PAUSE_SECONDS
        if True not in self.inside:
            self.inside.append(self.breaker.enter(self.now))

    @invariant()
    def who_is_refused_is_told_when_to_come_again(self) -> None:
        was_open, seconds = self.refused
        assert was_open
        assert 1 <= seconds <= PAUSE_SECONDS + 1

    @invariant()
    def at_most_one_decides(self) -> None:
        assert self.inside.count(True) <= 1


TestMany = Many.TestCase


def test_a_tenth_is_sent_again_and_no_more() -> None:
    budget = RetryBudget()
    assert [budget.spend() for _ in range(11)] == [True] * 10 + [False]
    again = 0
    for _ in range(1000):
        budget.earn()
        again += budget.spend()
    assert 95 <= again <= 100
    for _ in range(10_000):
        budget.earn()
    assert [budget.spend() for _ in range(11)].count(True) == 10
