"""Until when whom has to be told of a breach, by state: what an agency reads beside what was touched. None of this is legal advice.

The duties themselves, with their clocks, are privacy's (services/privacy/clocks/duty_rules.py); a test compares term and citation. None was
compared with the text of its law yet.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class BreachClock:
    """A notice that is due."""

    state: str | None
    """Two letters; None: wherever an agreement says so."""
    kind: str
    """The duty that an agency opens for it: `POST /v1/duties`."""
    starts: str
    hours: int
    citation: str


BREACH_CLOCKS: Final = (
    BreachClock("NY", "breach-contractor-tells-agency-ny", "the contractor discovered it", 7 * 24, "N.Y. Educ. Law 2-d; 8 NYCRR 121.10"),
    BreachClock(
        "NY",
        "breach-agency-tells-state-ny",
        "the breach was discovered, or the contractor's notice came",
        10 * 24,
        "N.Y. Educ. Law 2-d; 8 NYCRR 121.10",
    ),
    BreachClock(
        "NY",
        "breach-families-told-ny",
        "the breach was discovered, or the contractor's notice came",
        60 * 24,
        "N.Y. Educ. Law 2-d; 8 NYCRR 121.10",
    ),
    BreachClock("IL", "breach-operator-tells-school-il", "the operator determined that there was a breach", 30 * 24, "105 ILCS 85/15"),
    BreachClock("IL", "breach-families-told-il", "the operator's notice came, or the breach was determined", 30 * 24, "105 ILCS 85/27"),
    BreachClock(None, "breach-provider-tells-agency", "the party confirmed the breach", 72, "the agreement"),
)


def clocks_of(state: str) -> tuple[BreachClock, ...]:
    """The clocks of a state, and those of agreements."""
    return tuple(clock for clock in BREACH_CLOCKS if clock.state in (state, None))
