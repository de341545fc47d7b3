"""The only place that asks what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

Clock = Callable[[], datetime]
"""Gives the present instant, aware, UTC."""


def system_clock() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)  # noqa: TID251 the one place


async def _now(request: Request) -> datetime:
    instant: datetime = request.app.state.clock()
    return instant


Now = Annotated[datetime, Depends(_now)]
