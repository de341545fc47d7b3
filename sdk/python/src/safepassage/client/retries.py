"""Whether a failed attempt is made again, and after how long. A pure rule."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from safepassage.problems import Retry

ATTEMPTS: Final = 4
LONGEST_PAUSE_SECONDS: Final = 30.0
FIRST_PAUSE_SECONDS: Final = 0.25


@dataclass(frozen=True)
class Failure:
    """An attempt that did not succeed."""

    retry: Retry | None
    """What the node's problem says; None where there was no answer, or one that is no problem of ours (a proxy's 502)."""
    retry_after_seconds: float | None = None


def pause_before_next(failure: Failure, *, attempt: int, may_repeat: bool, random: Callable[[], float]) -> float | None:
    """Seconds to wait before the next attempt, or None to give up.

    attempt     the attempt that failed, counted from 1
    may_repeat  the call does no harm when it arrives twice
    random      in [0, 1)

    `after` says that nothing was done (as nothing was where no connection came about), so any call may come again; `same-key` and silence
    leave that open, so only one that may be repeated does. The server's Retry-After is kept to; beyond 30 s the caller decides, not this
    loop. Otherwise the pause doubles, with jitter, so that many clients do not come back together.
    """
    if attempt >= ATTEMPTS or failure.retry == "never":
        return None
    if failure.retry != "after" and not may_repeat:
        return None
    backoff: float = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1)) * (0.5 + random() / 2)
    if failure.retry_after_seconds is None:
        return backoff
    if failure.retry_after_seconds > LONGEST_PAUSE_SECONDS:
        return None
    return failure.retry_after_seconds + backoff


def seconds_of(retry_after: str | None, *, now: datetime) -> float | None:
    """The Retry-After header, seconds or HTTP date (RFC 9110 section 10.2.3), in seconds from now. None for none, or nonsense."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - now).total_seconds())
    except (ValueError, TypeError):
        return None
