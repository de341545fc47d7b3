"""docs/breach-clocks.md: until when whom has to be told of a breach, by state, from the data."""

from collections.abc import Iterator
from typing import Final

from shared.breach_clocks import BREACH_CLOCKS, NOT_FOUND, BreachClock

BINDS: Final = {"agency": "agencies", "contractor": "businesses", "both": "both", "unclear": "unclear"}


INTRODUCTION: Final = """# Clocks of a breach

Made from `shared/breach_clocks.json` (`make documents`); a test compares. Beside [a blast radius](audit.md#blast-radius) the rows of the
states that it touched are shown.

**Nothing here is legal advice.** Laws change, have exceptions (encryption, no likely harm, a delay that police ask for), and speak of kinds
of data that a breach may not have touched: before a row is relied on, counsel compares it with the law of the day, and says which of them
bind the agency.

Of {rows} rows {compared} were compared with the words of the law itself, as of the date that stands there ("undated": the copy names
none). The others are at second hand: from a page of a public body, a bill, or others' chart of the states' laws. Of {unknown} a text
was looked for and none found: a law firm's summary of 2018 says that the Northern Marianas and American Samoa have no such law, collections
of 2020 and 2026 have one of every other state and territory, and here nothing is said. Where a law names no number of hours or days that
can be counted, its words stand in place of one, and no date is made up.

- *to*: who is told; "from 501": where so many people or more are affected.
- *binds*: public agencies (so districts), businesses (so contractors), or both; unclear: what was read does not say.
- Days are counted from what starts them. The date beside a blast radius is that of a clock that starts at the discovery: the earliest that
  it can be too late.
- Each row is a duty (`code`) that `POST /v1/duties` opens ([rights-and-clocks.md](rights-and-clocks.md)), and that the page of a blast
  radius opens for an officer. One whose law names no number has no date: it is "without unreasonable delay", and stands until it is done,
  or waived with a reason. A threshold is compared with the students who live in that state, once they were counted so (with those of whom
  it is not known: [decision 79](decisions/0079-counted-where-they-live.md)), and until then with those of whom a node of it was told; the
  page, the form and the file say which. Below it the row is not chosen on the form, and may be. What counts from when the people were told
  begins when that duty is done; what counts from a contractor's notice is opened on a form of its own
  (`/console/duties/contractor-notice`), from the instant at which the notice came. A row that binds businesses alone is not
  chosen on the form.
"""


def breach_clocks_page() -> str:
    """The page as it is pinned in docs/."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    compared = sum(clock.compared for clock in BREACH_CLOCKS)
    unknown = sum(clock.source == "none" for clock in BREACH_CLOCKS)
    yield INTRODUCTION.format(rows=len(BREACH_CLOCKS), compared=compared, unknown=unknown)
    yield "| state | to | until | from when | binds | citation | read in |"
    yield "|---|---|---|---|---|---|---|"
    for clock in BREACH_CLOCKS:
        yield f"| {' | '.join(_cells(clock))} |"


def _cells(clock: BreachClock) -> Iterator[str]:
    yield clock.state or "any"
    told = ", ".join(one.replace("-", " ") for one in clock.to)
    told += f", from {clock.from_people}" if clock.from_people is not None and clock.from_people > 1 else ""
    yield f"{told} (`{clock.duty}`)"
    yield _until(clock)
    yield clock.starts or "-"
    yield BINDS[clock.applies]
    yield clock.citation or "-"
    yield _read(clock)


def _until(clock: BreachClock) -> str:
    if clock.source == "none":
        return NOT_FOUND
    said = f"“{clock.wording}”" if clock.wording else "until when was not read" if clock.hours is None else ""
    if clock.hours is None:
        return said
    term = f"{clock.hours} hours" if clock.hours <= 72 else f"{clock.hours // 24} days"
    return f"{term}: {said}" if said else term


def _read(clock: BreachClock) -> str:
    if clock.source == "none":
        return "-"
    read = ", ".join(filter(None, (clock.source.replace("-", " "), clock.read_of)))
    return f"{read}, compared" if clock.compared else read
