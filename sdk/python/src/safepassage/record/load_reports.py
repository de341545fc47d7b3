"""What a sender is told of the quality of what it sent: the causes of what was not loaded as it was meant, load by load."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.record.loads import NotValid
from safepassage.wire import Code, Instant, Wire

CauseKind = Literal["not-valid", "not-resolved", "not-agreed", "not-read"]
"""not-valid: a value is wrong or missing. not-resolved: a reference leads nowhere. not-agreed: two say different things of one. not-read:
the record has no place for it."""


class LoadCause(Wire):
    """One cause, with how often it came up and where. Positions are file and row or element numbers, never a value."""

    reason: Code
    kind: CauseKind
    title: str
    remedy: str
    count: Annotated[int, Field(ge=1)]
    positions: Annotated[tuple[Annotated[str, StringConstraints(max_length=200)], ...], Field(max_length=100)] = ()
    """The first hundred."""


class LoadQuality(Wire):
    """A load by the causes of what went wrong in it."""

    id: UUID
    format: Code
    loaded_at: Instant
    counts: dict[Code, int]
    causes: tuple[LoadCause, ...]
    not_valid: Annotated[tuple[NotValid, ...], Field(max_length=1000)] = ()
    """What is wrong where the cause is `not-valid`: which member, which rule, how often and where."""


class LoadQualityPage(Wire):
    """`GET /v1/load-reports`: the loads of the caller's organisation, as they were done. A next page is in the Link header."""

    loads: Annotated[tuple[LoadQuality, ...], Field(max_length=1000)]
