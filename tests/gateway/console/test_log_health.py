"""How the log stands, on Today: its size, when it was last witnessed, and by whom; each rule at its edges."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from safepassage.wire_log_witnesses import LogWitnesses
from services.gateway.console.log_health import LogHealth, health_of
from services.gateway.console.states_shown import COSIGNED_LATELY
from services.gateway.console.viewing import Viewing
from tests.gateway.console.test_states_shown import BIRCH, CEDAR, NOW, witnesses

VIEWING = Viewing("en", "auto", "America/New_York", NOW)
NAMES = {BIRCH.witness.key.vkey: "Birch"}
AN_HOUR_AGO = NOW - timedelta(hours=1)


def health(told: LogWitnesses) -> LogHealth:
    return health_of(told, NAMES, VIEWING, str)


@pytest.mark.requirement("CON-log")
@pytest.mark.parametrize(
    ("at", "witnessed", "tone", "says", "more"),
    [
        (AN_HOUR_AGO, 10, "good", "The log is witnessed.", ""),
        (NOW - timedelta(days=9), 10, "good", "The log is witnessed.", ""),
        (AN_HOUR_AGO, 9, "good", "The log is witnessed.", " 1 entry waits for it."),
        (NOW - COSIGNED_LATELY + timedelta(seconds=1), 8, "good", "The log is witnessed.", " 2 entries wait for it."),
        (NOW - COSIGNED_LATELY, 8, "warn", "The newest entries are not witnessed.", " 2 entries wait for it."),
    ],
)
def test_it_says_how_large_the_log_is_when_it_was_last_witnessed_and_by_whom(
    at: datetime, witnessed: int, tone: str, says: str, more: str
) -> None:
    found = health(witnesses((BIRCH, witnessed, at), witnessed_size=witnessed))
    assert (found.tone, found.says) == (tone, says)
    assert found.more == f"10 entries. Last witnessed {VIEWING.instant(at)}, by Birch.{more}"


def test_who_has_not_cosigned_as_much_as_the_quorum_is_not_named_and_the_latest_of_the_others_counts() -> None:
    told = witnesses((BIRCH, 10, NOW - timedelta(hours=2)), (CEDAR, 9, AN_HOUR_AGO), witnessed_size=10)
    assert health(told).more == f"10 entries. Last witnessed {VIEWING.instant(NOW - timedelta(hours=2))}, by Birch."
    both = witnesses((BIRCH, 9, NOW - timedelta(hours=2)), (CEDAR, 10, AN_HOUR_AGO), witnessed_size=9)
    name = CEDAR.witness.key.vkey.partition("+")[0]
    assert f"Last witnessed {VIEWING.instant(AN_HOUR_AGO)}, by Birch, {name}." in health(both).more, (
        "one that is not on the list, by its own name"
    )


@pytest.mark.parametrize("told", [witnesses(), witnesses((BIRCH, 0, None)), witnesses((BIRCH, 4, NOW), witnessed_size=0)])
def test_what_no_quorum_has_cosigned_is_not_witnessed(told: LogWitnesses) -> None:
    assert health(told) == LogHealth("warn", "No other node has witnessed this log yet.", "10 entries.")
    assert health(told.model_copy(update={"size": 1})).more == "1 entry."


def test_a_finding_is_said_first() -> None:
    finding: dict[str, Any] = {"kind": "witness-refuses", "about": BIRCH.log.origin, "first_at": NOW, "last_at": NOW, "count": 1}
    found = health(witnesses((BIRCH, 10, AN_HOUR_AGO), witnessed_size=10, findings=[finding]))
    assert (found.tone, found.says.startswith("A witness, or a log")) == ("warn", True)
    assert "by Birch." in found.more
