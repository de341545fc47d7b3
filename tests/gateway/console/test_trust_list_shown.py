"""The trust list's own state is said in a sentence: what is in force, what grows old, what was refused, and by whom it is held."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from safepassage.canonical import digest_of
from safepassage.trust_members import Member
from safepassage.wire_peers import HeldTrustList, PeerStandings, TrustListStanding
from services.gateway.console.states_known import StatesKnown
from services.gateway.console.trust_list_shown import list_said
from services.gateway.console.viewing import Viewing
from tests.audit.peer_log import member

ISSUED = datetime(2026, 10, 1, 12, tzinfo=UTC)


def held(serial: int = 5, **about: Any) -> HeldTrustList:
    given: dict[str, Any] = {
        "network": "Test",
        "serial": serial,
        "digest": digest_of(b"list"),
        "issued_at": ISSUED,
        "expires_at": ISSUED + timedelta(days=30),
        "accepted_at": ISSUED,
        "roots": 5,
        "threshold": 3,
        "signatures": 3,
    }
    return HeldTrustList(**(given | about))


def known(list_held: HeldTrustList | None, *, own: Member | None = None, **refused: Any) -> StatesKnown:
    return StatesKnown(own or member("https://alder.example"), [], TrustListStanding(held=list_held, **refused), None, None)


def said(of: StatesKnown, after: timedelta) -> list[tuple[str, str]]:
    """Tone and sentence."""
    return [(one.tone, one.says) for one in list_said(of, Viewing("en", "auto", "UTC", ISSUED + after), str)]


@pytest.mark.parametrize(
    ("after", "tone", "says"),
    [
        (timedelta(minutes=-6), "danger", "The trust list is of a time that has not come."),
        (timedelta(minutes=-5), "good", "The trust list is in force."),
        (timedelta(days=5), "good", "The trust list is in force."),
        (timedelta(days=5, seconds=1), "warn", "The trust list grows old."),
        (timedelta(days=7), "danger", "The trust list is older than seven days."),
        (timedelta(days=30, seconds=-1), "danger", "The trust list is older than seven days."),
        (timedelta(days=30), "danger", "The trust list has expired."),
    ],
)
def test_a_list_is_in_force_grows_old_lets_only_receipts_out_and_expires_as_the_nodes_rules_have_it(
    after: timedelta, tone: str, says: str
) -> None:
    assert said(known(held()), after) == [(tone, says)]


def test_without_a_list_nothing_is_exchanged_and_what_was_refused_is_said_too() -> None:
    assert said(known(None), timedelta()) == [("danger", "This node holds no trust list.")]
    both = said(known(None, refused="trust-list-digest-differs", shown_serial=1), timedelta())
    assert both[1] == ("warn", "A list was shown to this node that it did not take.")


@pytest.mark.parametrize(
    ("shown", "tone", "says"),
    [
        (7, "warn", "This node is behind: a list between its own and the newest is missing."),
        (5, "danger", "An older list than the one held was shown to this node, or another of its serial. It was refused."),
        (4, "danger", "An older list than the one held was shown to this node, or another of its serial. It was refused."),
    ],
)
def test_a_newer_list_that_does_not_follow_means_behind_and_an_older_one_means_rolled_back(shown: int, tone: str, says: str) -> None:
    assert said(known(held(), refused="trust-list-rolled-back", shown_serial=shown), timedelta())[1:] == [(tone, says)]


def test_a_list_that_was_refused_for_another_reason_is_said_with_that_reason() -> None:
    of = known(held(), refused="trust-list-not-signed", shown_serial=6)
    [_, refused] = list_said(of, Viewing("en", "auto", "UTC", ISSUED), str)
    assert (refused.tone, refused.more) == ("warn", "Trust list is not signed by enough roots.")


def test_services_that_hold_different_lists_and_a_node_that_is_not_on_it_are_said() -> None:
    records = PeerStandings(trust_list=TrustListStanding(held=held(4)), suites=(), own_keys=(), peers=())
    assert said(replace(known(held()), peers=records), timedelta())[1:] == [
        ("warn", "The services of this node do not hold the same list.")
    ]
    agreeing = PeerStandings(trust_list=TrustListStanding(held=held()), suites=(), own_keys=(), peers=())
    assert said(replace(known(held()), peers=agreeing), timedelta())[1:] == []
    assert said(replace(known(held()), own=None), timedelta())[1:] == [("warn", "This node itself is not on the list.")]
    out = member("https://alder.example", status="suspended")
    assert said(known(held(), own=out), timedelta())[1:] == [("danger", "This node itself is suspended or expelled.")]
