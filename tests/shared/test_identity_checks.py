"""A check of who somebody is is good for so many days, to the millisecond."""

from datetime import UTC, datetime, timedelta

import pytest

from safepassage.problems.rights import IdentityCheckTooOld
from shared.identity_checks import USUAL_DAYS, require_checked_lately

AT = datetime(2026, 10, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("days", [1, USUAL_DAYS, 366])
def test_a_check_is_good_for_its_days_and_no_longer(days: int) -> None:
    oldest = AT - timedelta(days=days)
    require_checked_lately(oldest, at=AT, days=days)
    require_checked_lately(AT + timedelta(hours=1), at=AT, days=days)
    with pytest.raises(IdentityCheckTooOld) as refused:
        require_checked_lately(oldest - timedelta(milliseconds=1), at=AT, days=days)
    assert (refused.value.field, refused.value.status) == ("acting_for.authenticated_at", 422)
    assert "Identify the person again" in refused.value.remedy


def test_the_field_is_where_the_check_was_sent() -> None:
    with pytest.raises(IdentityCheckTooOld) as refused:
        require_checked_lately(AT - timedelta(days=31), at=AT, days=30, within="recipient.identified")
    assert refused.value.field == "recipient.identified.authenticated_at"
