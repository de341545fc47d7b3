"""The only place in the SDK that asks what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present instant, aware, UTC."""


def system_clock() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)  # noqa: TID251 the one place
