"""Whom the Interstate Compact on Educational Opportunity for Military Children covers: Article III, as a test on a day. Pure.

The days of "one year after" are those of every term here: the day of the discharge or death does not count, the last day counts in full.
"""

from datetime import date
from typing import Final, Literal, NamedTuple

from services.privacy.clocks.terms import Yearly
from shared.contracts.privacy import MilitaryService

LOCAL_AGENCIES: Final = frozenset({"lea", "school"})
"""Art. III(B): what the compact means by a local education agency is in its Article II, which is not at hand."""


class Coverage(NamedTuple):
    """`not-known` starts a clock, too: a clock that should not run is ended by staff, one that is missing is seen by nobody."""

    answer: Literal["covered", "not-covered", "not-known"]
    paragraph: str


UNKNOWN: Final = Coverage("not-known", "Art. III")

_BY_STATUS: Final = {
    "guard-or-reserve-inactive": Coverage("not-covered", "Art. III(C)(1)"),
    "retired": Coverage("not-covered", "Art. III(C)(2)"),
    "veteran": Coverage("not-covered", "Art. III(C)(3)"),
    "civilian": Coverage("not-covered", "Art. III(C)(4)"),
}


def coverage(service: MilitaryService | None, *, agency_kind: str, on: date) -> Coverage:
    """Whether the compact covers a child of who serves or served so, at an agency of this kind, on a day."""
    if service is None or agency_kind not in LOCAL_AGENCIES:
        return UNKNOWN
    if service.status == "medically-discharged-or-retired":
        return _for_a_year(service.since, on, "Art. III(A)(2)", "Art. III(C)(2)-(3)")
    if service.status == "died":
        return _for_a_year(service.since, on, "Art. III(A)(3)", "Art. III(A)(3)")
    if service.status in ("active-duty", "guard-or-reserve-on-orders"):
        # what followed on a service that has ended, discharge, retirement or death, is a status of its own
        ended = service.until is not None and service.until < on
        return UNKNOWN if ended else Coverage("covered", "Art. III(A)(1)")
    return _BY_STATUS.get(service.status, UNKNOWN)


def _for_a_year(since: date | None, on: date, covered: str, otherwise: str) -> Coverage:
    if since is None:
        return UNKNOWN
    return Coverage("covered", covered) if on <= Yearly().last_day(since) else Coverage("not-covered", otherwise)
