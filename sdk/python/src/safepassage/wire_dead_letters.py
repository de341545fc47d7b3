"""What did not arrive, for the operators of a node: why, and what can be done; sent again by a new decision, given up, recalled."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from safepassage.wire import Code, Instant, Wire
from safepassage.wire_policy_sets import ActingOfficial

LetterKind = Literal["request", "answer", "notice", "refused-here"]
"""request: one of ours that came to nothing. answer: one of ours to another node's request. refused-here: a message of another node that
is in quarantine."""

LetterState = Literal["open", "requeued", "given-up", "settled"]
"""open: somebody is to look at it. settled: what was missing has come after all."""

DeadLetterOrder = Literal["since", "-since"]
"""Of a list: with a minus the newest first."""

LetterAct = Literal["requeue", "give-up"]

LetterReason = Literal[
    "fault-corrected", "other-agency-asked", "wrong-recipient", "record-in-error", "no-longer-wanted", "sent-otherwise", "looked-into"
]
"""Why an operator acts. A closed list: free text would sooner or later name a child."""


class DeadLetter(Wire):
    """A message that ended without doing what it was for."""

    id: UUID
    """Of a request the exchange's id, of an answer the envelope's."""
    kind: LetterKind
    state: LetterState
    peer: str
    """Entity id of the other node."""
    exchange_id: UUID | None = None
    code: Code
    """Why: the code of a problem, or `expired`, `unanswered`, `recalled`, `receipt-overdue`."""
    remedy: str | None = None
    since: Instant
    expires_at: Instant | None = None
    """Until when the request that it belongs to can be answered."""
    can: tuple[LetterAct, ...]
    """What can be done with it now."""
    arrived: bool = False
    """Of an answer: the other node has acknowledged it all the same."""
    acted_at: Instant | None = None
    official: Code | None = None
    """Pairwise id of the official who acted."""
    role: Code | None = None
    reason: LetterReason | None = None
    requeued_as: UUID | None = None
    """The exchange that a request goes on as. An answer goes on in its own exchange, in an envelope with another id."""


class DeadLetterPage(Wire):
    """`GET /v1/dead-letters`: the oldest first."""

    letters: tuple[DeadLetter, ...]


class OperatorAct(Wire):
    """Why an operator sends again, gives up or recalls, and for which official."""

    reason: LetterReason
    acting_official: ActingOfficial


class WaitingAnswer(Wire):
    """An answer of ours that the other node has not acknowledged. Whether a record is in it, the log says to who may know."""

    id: UUID
    """The envelope's."""
    exchange_id: UUID
    peer: str
    state: Literal["sealed", "queued", "in-flight"]
    leaves_at: Instant
    attempts: Annotated[int, Field(ge=0)]
    """How often it was tried in vain."""
    next_attempt_at: Instant | None = None
    expires_at: Instant


class WaitingAnswerPage(Wire):
    """`GET /v1/waiting-answers`: the oldest first."""

    answers: tuple[WaitingAnswer, ...]
