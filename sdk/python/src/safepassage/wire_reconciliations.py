"""What came of the daily comparisons with other nodes, for the operators of a node."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from safepassage.reconciliation import Day, Stream, StreamCount
from safepassage.wire import Code, Instant, Wire

ReconciliationState = Literal["due", "agreed", "differs", "lapsed"]
"""due: it is tried until it is done. lapsed: the other node did not answer for a week."""

DayOrder = Literal["day", "-day"]
"""Of a list: with a minus the newest first."""

FindingKind = Literal[
    "requests-lacking-here",
    "requests-lacking-there",
    "answers-lacking-here",
    "answers-lacking-there",
    "answers-not-applied-here",
    "answers-not-applied-there",
    "their-log-differs",
    "our-log-differs",
]


class ReconciliationFinding(Wire):
    """What time does not explain."""

    kind: FindingKind
    count: Annotated[int, Field(ge=0)]
    ids: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    """Of messages, the first hundred: of requests the exchange's, of answers the envelope's."""


class DayReconciled(Wire):
    """A day with another node."""

    peer: str
    day: Day
    state: ReconciliationState
    compared_at: Instant | None = None
    problem_code: Code | None = None
    """Why it could not be done the last time."""
    findings: tuple[ReconciliationFinding, ...] = ()


class StreamCompared(Wire):
    """One kind of messages in one direction, as each side has counted it."""

    stream: Stream
    """As this node calls it: what it sent is what the other received."""
    ours: StreamCount
    theirs: StreamCount


class DayCompared(DayReconciled):
    """With what was counted."""

    counts: tuple[StreamCompared, ...] = ()
    """None where the two did not count both, and where the other log is not what it was: then nothing else of it is believed."""


class DayReconciledPage(Wire):
    """`GET /v1/reconciliations`: the newest first."""

    days: tuple[DayCompared, ...]
