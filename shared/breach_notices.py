"""A notice of a breach as it is answered, where so many people are affected in its state. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from safepassage.wire_log_radius import BreachNotice
from shared.breach_clocks import BreachClock


def notice_of(clock: BreachClock, discovered_at: datetime | None, *, zone: ZoneInfo, students: int) -> BreachNotice:
    """Of one clock.

    discovered_at  the clock's date is counted from it; None: it has none
    zone           the state agency's, in whose calendar days end
    students       as many as may be affected in the state: those of whom nobody knows where they live count with them
    """
    return BreachNotice(
        **clock.model_dump(exclude={"state"}),
        owed=clock.owed_for(students),
        due_at=None if discovered_at is None else clock.due_at(discovered_at, zone),
    )
