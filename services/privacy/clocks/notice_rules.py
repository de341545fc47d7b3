"""The notices of the general laws on breaches as duties, made of the rows that an agency reads (shared/breach_clocks.json). Pure.

Which of them bind an agency is for its counsel to say: each can be waived with a reason. A law that names a number of hours or days gives a
date; one without has none, and its duty stands until it is done or waived.
"""

from collections.abc import Mapping
from typing import Final

from services.privacy.clocks.duty_rule import DutyRule
from services.privacy.clocks.terms import CalendarDays, Hours, Term, Undelayed, WorkingDays
from shared.breach_clocks import BREACH_CLOCKS, GENERAL, NOT_FOUND, PEOPLE_WERE_TOLD, BreachClock

WARNED_AT_MOST: Final = 15

_SAID: Final = {
    "breach-people-told": "Tell the people affected by a breach",
    "breach-authority-told": "Tell the authorities of a breach",
    "breach-contractor-tells-agency": "Be told of a breach by the contractor",
}


def _term(clock: BreachClock) -> Term:
    if clock.working_days is not None:
        return WorkingDays(clock.working_days)
    if clock.hours is None:
        return Undelayed()
    return Hours(clock.hours) if clock.days is None else CalendarDays(clock.days)


def _warn_days(clock: BreachClock) -> int:
    days = clock.working_days or (clock.hours or 24) // 24
    return max(1, min(WARNED_AT_MOST, days // 3))


def _meet(told: BreachClock, then: BreachClock) -> bool:
    """Who told the people is bound by what follows, as far as is known."""
    return told.state == then.state and {told.applies, then.applies} != {"agency", "contractor"}


def _follows(clock: BreachClock) -> tuple[str, ...]:
    if clock.kind != "breach-people-told":
        return ()
    return tuple(one.duty for one in BREACH_CLOCKS if one.starts == PEOPLE_WERE_TOLD and _meet(clock, one))


def _rule(clock: BreachClock) -> DutyRule:
    return DutyRule(
        kind=clock.duty,
        what=f"{_SAID[clock.kind]} ({clock.state})",
        starts=clock.starts or "the breach was discovered",
        term=_term(clock),
        citation=clock.citation or NOT_FOUND,
        figure="law",
        checked=clock.compared,
        warn_days=_warn_days(clock),
        opened_by="staff",
        wording=clock.wording,
        family=clock.kind,
        waivable=True,
        follows=_follows(clock),
    )


NOTICE_RULES: Final[Mapping[str, DutyRule]] = {clock.duty: _rule(clock) for clock in BREACH_CLOCKS if clock.kind in GENERAL}
"""By kind, in the order of the rows."""
