"""That a destination gets nothing any more is an entry of the log, and a line that wakes somebody."""

import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from safepassage.problems.log import EventKeyReused, LogFrozen
from safepassage.problems.requests import LogUnavailable
from services.audit.destinations.answers import DisabledBecause
from shared.clock import EPOCH
from shared.contracts.audit import Actor, Context, Event

log = logging.getLogger(__name__)

Append = Callable[[Event], Coroutine[Any, Any, None]]
"""Appends an entry of audit itself. Raises LogFrozen, LogUnavailable, EventKeyReused."""
JOB: Final = Actor(kind="system", job="log-destinations")


async def raise_alarm(append: Append, destination_id: UUID, because: DisabledBecause, *, since: datetime) -> bool:
    """Enter it, once for each time that it began to fail. False if the log takes nothing just now."""
    event = Event(
        class_="alert",
        key=f"log-destination:{destination_id}:disabled:{(since - EPOCH) // timedelta(milliseconds=1)}",
        actor=JOB,
        context=Context(about=f"log-destination:{destination_id}", operation="log-destination-disabled", outcome="alarm", reason=because),
    )
    try:
        with suppress(EventKeyReused):
            await append(event)
    except (LogFrozen, LogUnavailable):
        return False
    log.error("destination of the log disabled", extra={"code": because})
    return True
