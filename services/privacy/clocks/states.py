"""Where a duty stands at an instant. Pure."""

from datetime import datetime
from typing import Literal

DutyState = Literal["open", "due", "overdue", "done", "undelayed", "waived"]


def state_of(
    *, due_from: datetime | None, overdue_at: datetime | None, done_at: datetime | None, waived_at: datetime | None = None, now: datetime
) -> DutyState:
    """open: there is time. due: the last days. overdue: too late, and not done. done: with evidence, in time or late.

    undelayed: its law names no number, so that there never is time, nor an instant from which it is too late. waived: it does not bind.
    """
    if done_at is not None:
        return "done"
    if waived_at is not None:
        return "waived"
    if due_from is None or overdue_at is None:
        return "undelayed"
    if now >= overdue_at:
        return "overdue"
    return "due" if now >= due_from else "open"
