"""The entry of an alert pins what was found: whoever alters a member of it afterwards is found out."""

from typing import Any
from uuid import UUID

import pytest

from services.audit.alerts.found import alert_digest, found_event, reopened_event
from services.audit.tables import AlertRow

FOUND: dict[str, Any] = {
    "id": UUID(int=7),
    "rule": "bulk-read",
    "subject": b"a" * 17,
    "day": 20_746,
    "log": 2026,
    "first": 40,
    "last": 90,
    "count": 300,
    "usual": 80,
}


@pytest.mark.parametrize(
    ("member", "other"),
    [
        ("id", UUID(int=8)),
        ("rule", "enumeration"),
        ("subject", b"b" * 17),
        *((n, 1) for n in ("day", "log", "first", "last", "count", "usual")),
    ],
)
def test_every_member_of_what_was_found_is_pinned(member: str, other: Any) -> None:
    assert alert_digest(AlertRow(**FOUND)) == alert_digest(AlertRow(**FOUND, seen_count=900, reopened=2))
    assert alert_digest(AlertRow(**FOUND)) != alert_digest(AlertRow(**FOUND | {member: other}))


def test_an_alert_has_one_entry_and_another_each_time_it_is_open_again() -> None:
    first, second = (AlertRow(**FOUND, reopened=times) for times in (1, 2))
    assert found_event(first) == found_event(second)
    assert len({event.key for event in (found_event(first), reopened_event(first), reopened_event(second))}) == 3
    assert (found_event(first).context.count, reopened_event(first).context.count) == (300, None)
