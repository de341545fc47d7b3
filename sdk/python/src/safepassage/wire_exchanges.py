"""What a node exchanges with others, one by one: who asked whom, how far it is, which answers went and what was acknowledged. No names."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from safepassage.wire import Code, Instant, Wire
from safepassage.wire_policy import ElementId

ExchangeDirection = Literal["out", "in"]
"""out: this node asked another. in: another node asked this one."""

ExchangeOrder = Literal["requested_at", "-requested_at", "expires_at", "-expires_at", "state", "-state"]
"""Of a list: by when it was asked, by when it can be answered no longer, or by the word of its state, of one state the newest first; with
a minus from the end."""

ExchangeAbout = Literal["record", "credentials", "whereabouts"]
"""What is asked for: a child's record, an educator's credentials, or whether a child may be there (nobody is named)."""

ExchangeStanding = Literal[
    "requested", "accepted", "received", "applied", "refused", "not-provided", "rejected", "expired", "waiting", "answered", "closed"
]
"""Of a request of ours as `ExchangeState` has it. Of a peer's: accepted (nobody has looked yet), waiting (answered with not-provided; a
person or new facts may change that), answered (a record was made ready), closed."""


class Exchange(Wire):
    """One request and what became of it."""

    id: UUID
    """This node's own: of a request of ours the exchange's id, which the other node has too."""
    exchange_id: UUID
    direction: ExchangeDirection
    about: ExchangeAbout
    purpose: Code
    peer: str
    """Entity id of the other node."""
    state: ExchangeStanding
    requested_at: Instant
    """When it was made here, or taken in."""
    expires_at: Instant
    """Until when it can be answered."""
    problem_code: Code | None = None


class ExchangePage(Wire):
    """`GET /v1/exchanges`: the newest first."""

    exchanges: Annotated[tuple[Exchange, ...], Field(max_length=1000)]


class ExchangeAnswerStep(Wire):
    """An envelope: what was answered, and which receipts came for it."""

    id: UUID
    kind: Literal["package", "perhaps", "credentials", "not-provided"]
    state: Code
    """Of one of ours: sealed, queued, in-flight, received, processed, rejected, withdrawn, expired. Of a peer's: stored, received,
    matching, applied, rejected."""
    made_at: Instant
    """As its signed claims say."""
    stored_at: Instant | None = None
    """When the receiver had stored it: of a peer's, here; of one of ours, by its receipt R1."""
    filed_at: Instant | None = None
    """When the receiver's last receipt, R2, was signed."""
    rejected_because: Code | None = None
    attempts: Annotated[int, Field(ge=0)]
    """Made in vain since the last step."""
    next_attempt_at: Instant | None = None
    log_index: Annotated[int, Field(ge=0)] | None = None
    """Of its entry in this node's log."""


class ExchangeTimeline(Exchange):
    """`GET /v1/exchanges/{id}`: the exchange step by step."""

    accepted_at: Instant | None = None
    """When the holder put the request on its record, by its signed receipt."""
    attempts: Annotated[int, Field(ge=0)]
    next_attempt_at: Instant | None = None
    held_back_at: Instant | None = None
    """Since when, by an operator's recall, no record is provided."""
    match_id: UUID | None = None
    """The match that a person is asked about, while it waits."""
    requeued_as: UUID | None = None
    read_in_part: bool = False
    """The record came from a node of a later version, and this one does not know all of it: what it does not know is kept beside it."""
    unread_by_peer: Annotated[tuple[ElementId, ...], Field(max_length=200)] = ()
    """Of a peer's request: elements of the record that went, by name, which the peer's version keeps unread, as it told last."""
    answers: tuple[ExchangeAnswerStep, ...]
    """The oldest first."""
