"""The students of a counted blast radius by the state where they live: what notices of a breach are counted by."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from safepassage.wire import Instant, Wire
from safepassage.wire_log_radius import BreachNotice, Count


class ResidenceCountRequest(Wire):
    """`POST /v1/residence-counts`: of which blast radius."""

    count_id: UUID
    """The id under which the same client had it counted (`PUT /v1/log/blast-radius/counts/{id}`), in the last hour."""
    discovered_at: Instant | None = None
    """When the breach was discovered: with it, the answer says until when notices are due."""


class ResidentState(Wire):
    """A state where students live whose data was touched."""

    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    students: Count
    notices: tuple[BreachNotice, ...]
    """`owed` also where so many are affected only if everybody lives there of whom it is not known."""


class Residents(Wire):
    """Where the students of a blast radius live. Nobody's state is told, but of one who is counted alone."""

    students: Count
    """All of them: those of `states`, `elsewhere` and `unknown` together. One of several records counts once, where they were united."""
    united: Count = 0
    """Records more than students: of those who were counted with another record of theirs."""
    states: tuple[ResidentState, ...]
    """The most students first."""
    elsewhere: Count
    """Outside the states, the District and the territories."""
    unknown: Count
    """The record is not here, or not the caller's to see any more, or names no state now, or more than one, or the address is protected."""
    staff: Count = 0
    """Of `unknown`: educators whose credentials were touched. The node keeps no address of them, and laws on breaches count them, too."""


class ResidenceCount(Wire):
    """How far a counting is, and what it found once it is through."""

    as_of: date
    """The day on which the addresses hold that count."""
    looked_at: Count
    """Records of students, of `of`."""
    of: Count
    goes_on: str
    """`cursor` of the next call. Of a counting that is through it tells the same again, without looking at any record."""
    found: Residents | None = None
