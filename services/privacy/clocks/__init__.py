"""The law's clocks: terms, the duties that they are for, and the conditions of a hearing. Pure: no FastAPI, no SQLAlchemy, no clock."""

from services.privacy.clocks.duty_rule import DutyRule
from services.privacy.clocks.duty_rules import DUTY_RULES
from services.privacy.clocks.hearing_conditions import hearing_shortcomings
from services.privacy.clocks.notice_rules import NOTICE_RULES
from services.privacy.clocks.request_states import events_that_end, state_after
from services.privacy.clocks.states import DutyState, state_of
from services.privacy.clocks.terms import (
    CalendarDays,
    Hours,
    SameDay,
    Undelayed,
    Until,
    WorkingDays,
    Yearly,
    begins,
    overdue_from,
    warned_from,
)

__all__ = [
    "DUTY_RULES",
    "NOTICE_RULES",
    "CalendarDays",
    "DutyRule",
    "DutyState",
    "Hours",
    "SameDay",
    "Undelayed",
    "Until",
    "WorkingDays",
    "Yearly",
    "begins",
    "events_that_end",
    "hearing_shortcomings",
    "overdue_from",
    "state_after",
    "state_of",
    "warned_from",
]
