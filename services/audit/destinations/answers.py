"""What became of an attempt, and when the next one is: Standard Webhooks, "Deliverability and reliability". Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

Fault = Literal["address-refused", "no-connection", "certificate", "timed-out", "refused", "not-confirmed"]
"""refused: an answer that is none of 200 to 299. not-confirmed: a syslog receiver that did not close the connection as RFC 5425 asks."""

FIRST_PAUSE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 3600.0
LONGEST_RETRY_AFTER_SECONDS: Final = 86_400.0
JITTER: Final = 0.2
FAILING_FOR: Final = timedelta(days=5)
"""After that it is disabled."""
GONE: Final = 410

DisabledBecause = Literal["gone", "failing"]


@dataclass(frozen=True)
class Attempt:
    """What became of one."""

    status: int | None = None
    fault: Fault | None = None
    retry_after_seconds: float | None = None

    @property
    def delivered(self) -> bool:
        """The receiver has it."""
        return self.fault is None


def attempt_of(status: int, retry_after: str | None, *, now: datetime) -> Attempt:
    """Of an answer to a webhook. `retry_after`: seconds, or an instant (RFC 9110 section 10.2.3); anything else says nothing."""
    if 200 <= status < 300:
        return Attempt(status)
    return Attempt(status, "refused", _seconds(retry_after, now))


def next_attempt_at(attempt: Attempt, *, failures: int, now: datetime, chance: float) -> datetime:
    """When to try again after `failures` that followed one another: 5 s, 10 s, 20 s ... an hour, or as the receiver asked.

    chance  in [0, 1), of each attempt: receivers of many nodes are not called by all of them at one instant
    """
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 20), LONGEST_PAUSE_SECONDS)
    pause *= 1 - JITTER + 2 * JITTER * chance
    asked = min(attempt.retry_after_seconds or 0.0, LONGEST_RETRY_AFTER_SECONDS)
    return now + timedelta(seconds=max(pause, asked))


def disabled_because(attempt: Attempt, *, failing_since: datetime, now: datetime) -> DisabledBecause | None:
    """Why nothing more is sent after this failure, if so."""
    if attempt.status == GONE:
        return "gone"
    return "failing" if now - failing_since >= FAILING_FOR else None


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        return (parsedate_to_datetime(retry_after) - now).total_seconds()
    except (ValueError, TypeError):  # of no form, or without a zone
        return None
