"""The only place that asks what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present instant, aware, UTC."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""From which instants are counted, in columns and in messages."""


def system_clock() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)  # noqa: TID251 the one place
