"""How far two nodes' clocks may be apart, and for how long a message counts: to the second, on both sides of each bound."""

from datetime import UTC, datetime

import pytest

from safepassage.claims import require_lifetime
from safepassage.problems.messages import MessageExpired, MessageNotYetValid

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


@pytest.mark.requirement("EX-8")
@pytest.mark.parametrize("ahead", [-86_400, 0, 300])
def test_a_message_of_a_clock_that_is_five_minutes_ahead_is_taken(ahead: int) -> None:
    require_lifetime(iat=SECONDS + ahead, exp=SECONDS + 1000, now=NOW)


@pytest.mark.requirement("EX-8")
def test_one_of_a_clock_that_is_further_ahead_is_not_taken_yet() -> None:
    with pytest.raises(MessageNotYetValid):
        require_lifetime(iat=SECONDS + 301, exp=SECONDS + 1000, now=NOW)


@pytest.mark.requirement("EX-8")
def test_a_message_counts_until_the_second_before_it_expires_whatever_clocks_say() -> None:
    require_lifetime(iat=SECONDS - 10, exp=SECONDS + 1, now=NOW)
    with pytest.raises(MessageExpired):
        require_lifetime(iat=SECONDS - 10, exp=SECONDS, now=NOW)


@pytest.mark.requirement("EX-8")
def test_nobody_makes_a_message_count_for_longer_than_its_kind_may() -> None:
    require_lifetime(iat=SECONDS, exp=SECONDS + 60, now=NOW, longest_seconds=60)
    with pytest.raises(MessageNotYetValid):
        require_lifetime(iat=SECONDS, exp=SECONDS + 61, now=NOW, longest_seconds=60)
