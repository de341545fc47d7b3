"""Until when whom has to be told of a breach, by state: what an agency reads beside what was touched. None of this is legal advice.

The rows are data: `breach_clocks.json` beside this file, each with its citation, the kind and the date of the text that was read, and
whether the law's own words were compared. A clock whose law names no number of hours or days that can be counted has none here, and no
date. Each is a duty that can be opened: those of the laws on student data have a rule of their own (services/privacy/clocks/duty_rules.py;
a test compares term and citation), the others are made of these rows (notice_rules.py beside it).
"""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

FILE: Final = Path(__file__).parent / "breach_clocks.json"

GENERAL: Final = frozenset({"breach-people-told", "breach-authority-told", "breach-contractor-tells-agency"})
"""Kinds of notice of the general laws on breaches: counsel says which of them bind the agency, and such a duty can be waived."""

IN_HOURS: Final = 72
"""So many hours a law counts from the instant; what is longer it says in days."""

NOT_FOUND: Final = "no text was found: ask counsel"
"""In place of the citation of a law that was not read."""

PEOPLE_WERE_TOLD: Final = "the people affected were told"
LATER: Final = frozenset({PEOPLE_WERE_TOLD, "the contractor's notice came"})
"""What starts a clock at an instant that the discovery does not tell."""

NOTICE_CAME: Final = frozenset(
    {
        "the contractor's notice came",
        "the breach was discovered, or the contractor's notice came",
        "the operator's notice came, or the breach was determined",
        "the breach was discovered, or notice of it came",
    }
)
"""What starts a clock when whoever has the data for an agency tells it of a breach."""


class BreachClock(BaseModel):
    """A notice that is due."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: str | None = Field(pattern=r"^[A-Z]{2}$")
    """Two letters; None: wherever an agreement says so."""
    kind: str = Field(pattern=r"^breach-[a-z-]+$")
    """One of GENERAL, or the same as `duty`."""
    duty: str = Field(pattern=r"^breach-[a-z-]{1,57}$")
    """The duty that is opened for it (`POST /v1/duties`). No other row's, and it stays where what is known of the row changes."""
    to: tuple[str, ...] = Field(min_length=1)
    """Who is told, as codes: people, agency, attorney-general, ..."""
    applies: Literal["agency", "contractor", "both", "unclear"]
    """Whom it binds: a public agency, a business (so a contractor), both; unclear: what was read does not say."""
    starts: str = ""
    hours: int | None = Field(gt=0)
    working_days: int | None = Field(None, gt=0)
    """In place of hours."""
    wording: str = ""
    """The law's own short phrase, where one was read."""
    from_people: int | None = Field(None, ge=1)
    """It is due from so many people on; None: no number is named."""
    citation: str = ""
    source: Literal["statute", "regulation", "bill", "official-page", "chart", "agreement", "none"]
    """What was read; none: nothing, so counsel has to be asked."""
    read_of: str = Field("", pattern=r"^(|undated|\d{4}(-\d{2})?)$")
    """The date of that text, as far as it says one."""
    compared: bool
    """The words of the statute or regulation itself were read; every other source is at second hand."""

    @model_validator(mode="after")
    def _says_where_it_is_from(self) -> Self:
        if self.counted and not (self.citation and self.starts):
            raise ValueError("hours: with a citation, and with what starts them")
        if self.hours is not None and self.working_days is not None:
            raise ValueError("working_days: in place of hours")
        if self.compared and self.source not in ("statute", "regulation"):
            raise ValueError("compared: of the law's own text alone")
        if self.source == "none" and (self.counted or self.wording):
            raise ValueError("source: nothing was read, so nothing is said")
        if (self.source in ("none", "agreement")) == bool(self.read_of):
            raise ValueError("read_of: of every text that was read")
        return self

    @property
    def counted(self) -> bool:
        """Its law names a number."""
        return self.hours is not None or self.working_days is not None

    @property
    def from_discovery(self) -> bool:
        """The discovery starts it, or what comes with it."""
        return self.starts not in LATER

    @property
    def from_contractors_notice(self) -> bool:
        """It binds an agency, as far as is known, and the notice of its contractor starts it."""
        return self.starts in NOTICE_CAME and self.applies != "contractor"

    def owed_for(self, people: int) -> bool:
        """It is due where so many people are affected. Pure."""
        return self.from_people is None or people >= self.from_people

    @property
    def days(self) -> int | None:
        """So many its law says, or None: what it says in hours, or in no number."""
        return None if self.hours is None or self.hours <= IN_HOURS else self.hours // 24

    def due_at(self, discovered_at: datetime, zone: ZoneInfo) -> datetime | None:
        """The earliest instant at which it can be too late; None where that cannot be counted from the discovery.

        zone  in whose calendar days end: so many times 24 hours may be an hour longer than so many days, in which clocks go forward
        """
        if self.hours is None or not self.from_discovery:
            return None
        try:
            counted = discovered_at + timedelta(hours=self.hours)
            if self.days is None:
                return counted
            day_after = discovered_at.astimezone(zone).date() + timedelta(days=self.days + 1)
            return min(counted, datetime.combine(day_after, time(), zone).astimezone(UTC))
        except OverflowError:  # a slip: in a year that no calendar has
            return None


BREACH_CLOCKS: Final = TypeAdapter(tuple[BreachClock, ...]).validate_json(FILE.read_bytes())
"""By state; of one state the duties first, then what binds an agency."""


CLOCK_OF_DUTY: Final = {clock.duty: clock for clock in BREACH_CLOCKS}
"""By the duty that is opened for it."""


def clocks_of(state: str) -> tuple[BreachClock, ...]:
    """The clocks of a state, and those of agreements."""
    return tuple(clock for clock in BREACH_CLOCKS if clock.state in (state, None))
