"""Where a duty stands at an instant. Pure."""

from datetime import datetime
from typing import Literal

DutyState = Literal["open", "due", "overdue", "done"]


def state_of(*, due_from: datetime, overdue_at: datetime, done_at: datetime | None, now: datetime) -> DutyState:
    """open: there is time. due: the last days. overdue: too late, and not done. done: with evidence, in time or late."""
    if done_at is not None:
        return "done"
    if now >= overdue_at:
        return "overdue"
    return "due" if now >= due_from else "open"
