"""The rows of an outbox: their columns, how one is made, and how its body is sealed while it waits."""

from datetime import datetime
from typing import Any, Protocol

from pydantic import BaseModel
from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from shared.columns import Milliseconds
from shared.contracts.audit import Event
from shared.who_may_call import ServiceName

AUDIT_LANE = "audit"
"""Of what is told to the log."""


class OutboxColumns:
    """A service's OutboxRow has these columns."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    lane: Mapped[str] = mapped_column(index=True)
    """Rows of a lane go in order; a lane that fails does not stop the others."""
    sibling: Mapped[str]
    method: Mapped[str]
    path: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(Milliseconds)
    refused_as: Mapped[str | None]
    """Problem code with which the sibling refused it for good; an operator looks at these (`safepassage-node doctor`)."""


class Sealing(Protocol):
    """Seals bodies while they wait, for a service whose tellings hold facts of students (records)."""

    def seal_text(self, text: str) -> str:
        """What is stored instead of `text`."""
        ...

    def open_text(self, sealed: str) -> str:
        """The text again."""
        ...


def row_of_event(event: Event, *, sealing: Sealing | None, now: datetime) -> dict[str, Any]:
    """The row of a behind-entry, for a job that works on the store beside the service: the service's outbox sends it."""
    return row_that_tells("audit", "POST", "/internal/entries", event, lane=AUDIT_LANE, sealing=sealing, now=now)


def row_that_tells(
    sibling: ServiceName, method: str, path: str, body: BaseModel, *, lane: str, sealing: Sealing | None, now: datetime
) -> dict[str, Any]:
    """The row that tells `sibling`, for a job as `row_of_event` is."""
    text = body.model_dump_json(by_alias=True, exclude_none=True)
    sealed = text if sealing is None else sealing.seal_text(text)
    columns = {"lane": lane, "sibling": sibling, "method": method, "path": path, "body": sealed}
    return columns | {"attempts": 0, "next_attempt_at": now, "refused_as": None}
