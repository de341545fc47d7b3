"""The states of an exchange, and when things are tried again: pure rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.records.exchange.retries import LONGEST_WISH, SCHEDULE, next_attempt
from services.records.exchange.states import (
    FOLLOWS,
    Asked,
    Incoming,
    Letter,
    Notice,
    Outgoing,
    Reconciling,
    Request,
    Telling,
    TransitionRefused,
    is_final,
    require_transition,
)
from services.records.exchange.ticks import next_tick

NOW = datetime(2026, 10, 20, 12, 0, 1, tzinfo=UTC)

FINAL = {
    Asked: {Asked.APPLIED, Asked.REJECTED, Asked.REFUSED, Asked.EXPIRED},
    Request: {Request.CLOSED},
    Outgoing: {Outgoing.PROCESSED, Outgoing.REJECTED, Outgoing.WITHDRAWN, Outgoing.EXPIRED},
    Incoming: {Incoming.APPLIED, Incoming.REJECTED},
    Letter: {Letter.REQUEUED, Letter.GIVEN_UP, Letter.SETTLED},
    Reconciling: {Reconciling.AGREED, Reconciling.DIFFERS, Reconciling.LAPSED},
    Telling: {Telling.TOLD, Telling.REFUSED, Telling.LAPSED},
    Notice: {Notice.DELIVERED, Notice.REFUSED, Notice.EXPIRED},
}


@pytest.mark.requirement("EX-1")
@pytest.mark.parametrize("kind", list(FOLLOWS))
def test_every_state_leads_to_a_final_one_and_final_ones_lead_nowhere(kind: type) -> None:
    follows = FOLLOWS[kind]
    assert set(follows) == set(kind)
    assert {state for state in kind if is_final(state)} == FINAL[kind]
    for state in kind:
        seen, ahead = set(), [state]
        while ahead:
            seen.add(one := ahead.pop())
            ahead += [each for each in follows[one] if each not in seen]
        assert seen & FINAL[kind]


def test_a_final_state_is_final() -> None:
    with pytest.raises(TransitionRefused):
        require_transition(Outgoing.WITHDRAWN, Outgoing.PROCESSED)


def test_a_word_of_another_kind_of_state_is_no_state_of_this_kind() -> None:
    with pytest.raises(TransitionRefused):
        require_transition(Asked.ACCEPTED, Incoming.RECEIVED)  # "received" is a word of both


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True), st.none() | st.integers(0, 10**7))
def test_a_pause_follows_the_schedule_within_its_jitter_and_never_ends_before_what_the_peer_wished(
    failures: int, chance: float, wished: int | None
) -> None:
    pause = next_attempt(failures=failures, now=NOW, chance=chance, wished=None if wished is None else timedelta(seconds=wished)) - NOW
    planned = SCHEDULE[min(failures, len(SCHEDULE)) - 1]
    least = timedelta() if wished is None else min(timedelta(seconds=wished), LONGEST_WISH)
    assert pause >= least
    assert pause <= max(planned * 1.21, least)
    assert pause >= planned * 0.79


def test_the_schedule_is_that_of_the_protocol() -> None:
    seconds = [pause.total_seconds() for pause in SCHEDULE]
    assert seconds == [5, 15, 60, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24))]


@given(st.integers(0, 10**9), st.sampled_from([0.5, 2.0, 900.0]))
def test_answers_leave_at_multiples_of_the_tick_and_never_at_once(milliseconds: int, tick: float) -> None:
    after = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    leaves = next_tick(after, every_seconds=tick)
    assert after < leaves <= after + timedelta(seconds=tick)
    assert (leaves - datetime(1970, 1, 1, tzinfo=UTC)) % timedelta(seconds=tick) == timedelta()


def test_without_a_schedule_an_answer_leaves_at_once() -> None:
    assert next_tick(NOW, every_seconds=0) == NOW
