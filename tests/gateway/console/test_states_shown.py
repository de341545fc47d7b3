"""What is said of another state's node follows from what the services told, and from now: each rule at its edges."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from safepassage.wire_log_witnesses import LogWitnesses
from safepassage.wire_peers import PeerStanding, TrustListStanding
from services.gateway.console.charts.days import day_row
from services.gateway.console.states_shown import COSIGNED_LATELY, WAITED_LONG, compared, cosigned_logs, counters_of, reach_of, witness_of
from tests.audit.peer_log import member
from tests.gateway.console.neighbours import Neighbour

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
BIRCH = Neighbour("https://birch.example", "XB")
CEDAR = Neighbour("https://cedar.example", "XC")


def peer(**about: Any) -> PeerStanding:
    return PeerStanding.model_validate({"entity_id": BIRCH.entity_id, "waiting": {}, **about})


@pytest.mark.parametrize(
    ("about", "reach"),
    [
        ({}, "never"),
        ({"heard_at": NOW}, "answers"),
        ({"delivered_at": NOW}, "answers"),
        ({"heard_at": NOW, "failures": 1}, "failing"),
        ({"heard_at": NOW, "failures": 5, "rests_until": NOW + timedelta(seconds=1)}, "resting"),
        ({"heard_at": NOW, "failures": 5, "rests_until": NOW}, "failing"),
        ({"heard_at": NOW, "waiting": {"requests": 1, "since": NOW - WAITED_LONG}}, "failing"),
        ({"heard_at": NOW, "waiting": {"requests": 1, "since": NOW - WAITED_LONG + timedelta(seconds=1)}}, "answers"),
    ],
)
def test_who_is_reached_is_told_by_calls_that_failed_and_by_what_has_waited_long(about: dict[str, Any], reach: str) -> None:
    assert reach_of(BIRCH.member(), peer(**about), NOW) == reach
    pulls = Neighbour(BIRCH.entity_id, "XB", delivery="pull").member()
    assert reach_of(pulls, peer(**about), NOW) == "pulls", "it is never called"
    assert reach_of(member(BIRCH.entity_id, status="revoked"), peer(**about), NOW) == "closed"
    assert reach_of(BIRCH.member(), None, NOW) == "unknown"


def days(*states: str) -> list[dict[str, str]]:
    """The newest first."""
    return [{"day": (NOW.date() - timedelta(days=n)).isoformat(), "state": state} for n, state in enumerate(states, 1)]


def test_a_difference_stays_one_whatever_later_days_say_and_else_the_newest_day_counts() -> None:
    assert counters_of(None) == "unknown"
    assert counters_of(peer()) == "never"
    assert counters_of(peer(days=days("agreed", "agreed", "differs"))) == "differ"
    for newest, said in (("agreed", "agree"), ("due", "due"), ("lapsed", "lapsed")):
        assert counters_of(peer(days=days(newest, "agreed", "lapsed"))) == said
    found = compared(peer(days=days("due", "agreed", "lapsed", "differs")))
    assert (found.agreed, found.compared, found.newest) == (1, 3, NOW.date() - timedelta(days=2))


def witnesses(*keys: tuple[Neighbour, int, datetime | None], size: int = 10, **about: Any) -> LogWitnesses:
    told = [
        {"vkey": one.witness.key.vkey, "url": f"{one.entity_id}/v1/witness", "size": least, "cosigned_at": at} for one, least, at in keys
    ]
    given = {"log": "alder.example/log/2026", "size": size, "has_policy": bool(keys), "witnesses": told, "is_witness": True}
    return LogWitnesses.model_validate({**given, "trust_list": TrustListStanding(), **about})


@pytest.mark.parametrize(
    ("size", "at", "said"),
    [
        (0, None, "none-yet"),
        (10, NOW - timedelta(days=9), "all"),
        (9, NOW - COSIGNED_LATELY + timedelta(seconds=1), "behind"),
        (9, NOW - COSIGNED_LATELY, "late"),
    ],
)
def test_a_witness_is_as_good_as_what_it_has_cosigned_and_how_long_ago(size: int, at: datetime | None, said: str) -> None:
    assert witness_of(BIRCH.member(), witnesses((BIRCH, size, at)), NOW) == said


def test_of_two_keys_of_a_witness_the_one_that_did_less_counts() -> None:
    both = BIRCH.member().model_copy(update={"witness_keys": (BIRCH.witness.key.vkey, CEDAR.witness.key.vkey)})
    assert witness_of(both, witnesses((BIRCH, 10, NOW), (CEDAR, 9, NOW)), NOW) == "behind"
    assert witness_of(both, witnesses((BIRCH, 10, NOW), (CEDAR, 0, None)), NOW) == "none-yet"


def test_who_is_not_named_is_no_witness_and_a_finding_weighs_more_than_any_cosignature() -> None:
    assert witness_of(BIRCH.member(), None, NOW) == "unknown"
    assert witness_of(BIRCH.member(), witnesses((CEDAR, 10, NOW)), NOW) == "could"
    assert witness_of(member(BIRCH.entity_id), witnesses((CEDAR, 10, NOW)), NOW) == "no"
    for about in (BIRCH.log.origin, f"{BIRCH.entity_id}/v1/witness"):
        finding = {"kind": "witness-refuses", "about": about, "first_at": NOW, "last_at": NOW, "count": 1}
        assert witness_of(BIRCH.member(), witnesses((BIRCH, 10, NOW), findings=[finding]), NOW) == "wrong"
        assert witness_of(CEDAR.member(), witnesses((BIRCH, 10, NOW), findings=[finding]), NOW) == "could"


def test_of_what_this_node_has_cosigned_only_the_members_own_logs_are_told() -> None:
    both = [{"origin": one.log.origin, "size": 5, "cosigned_at": NOW} for one in (BIRCH, CEDAR)]
    assert [one.origin for one in cosigned_logs(BIRCH.member(), witnesses(witnessed=both))] == [BIRCH.log.origin]


def test_days_stand_in_their_order_and_what_needs_somebody_is_the_highest() -> None:
    last = date(2026, 10, 19)
    ended = {last: "due", date(2026, 10, 17): "differs", date(2026, 10, 16): "agreed", date(2026, 10, 1): "lapsed"}
    row = day_row(ended, last=last, count=4)
    assert [(one.day.day, one.how) for one in row.marks] == [(16, "agreed"), (17, "differs"), (18, "none"), (19, "due")]
    assert [one.x for one in row.marks] == sorted(one.x for one in row.marks)
    assert max(row.marks, key=lambda one: one.height).how == "differs"
    assert all(one.y + one.height == pytest.approx(row.height) and one.x + one.width <= row.width for one in row.marks)
    assert len({one.height for one in row.marks}) == 4, "never by colour alone"
