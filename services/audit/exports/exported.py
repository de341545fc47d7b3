"""An entry as an export tells it: what the caller may see, flat enough for a table. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from safepassage.leaf import ABSENT
from services.audit.openings import OpenedEntry
from shared.contracts.audit import Actor, Context

ACTOR: Final = tuple(Actor.model_fields)
CONTEXT: Final = tuple(Context.model_fields)
MANY: Final = frozenset({"citations", "elements", "policies"})
"""Members of a context that hold several values."""
NUMBERS: Final = frozenset({"count", "peer_index", "trust_serial"})
COLUMNS: Final = (
    "log", "index", "entry_id", "class", "logged_at", "destroyed", "student_ids", "policy_hash",
    *(f"actor_{name}" for name in ACTOR),
    *CONTEXT,
)  # fmt: skip
"""Of every table; a member that is not known in an entry is empty."""


@dataclass(frozen=True)
class ExportedEntry:
    """An entry as far as the caller may see it."""

    log: str
    index: int
    entry_id: str
    class_: str
    logged_at: datetime
    student_ids: tuple[str, ...]
    policy_hash: str | None
    actor: Mapping[str, Any] | None
    context: Mapping[str, Any] | None

    @property
    def destroyed(self) -> bool:
        """What was sealed of it was destroyed; that it happened stays provable."""
        return self.context is None

    def cells(self) -> dict[str, Any]:
        """The values of COLUMNS."""
        actor, context = self.actor or {}, self.context or {}
        return {
            "log": self.log,
            "index": self.index,
            "entry_id": self.entry_id,
            "class": self.class_,
            "logged_at": self.logged_at,
            "destroyed": self.destroyed,
            "student_ids": self.student_ids,
            "policy_hash": self.policy_hash,
            **{f"actor_{name}": actor.get(name) for name in ACTOR},
            **{name: context.get(name) for name in CONTEXT},
        }


def exported(entry: OpenedEntry) -> ExportedEntry:
    """The entry, narrowed to what the caller may see before (`OpenedEntry.seen_by`)."""
    return ExportedEntry(
        log=entry.origin,
        index=entry.place.at,
        entry_id=str(entry.leaf.id),
        class_=entry.leaf.class_,
        logged_at=entry.logged_at,
        student_ids=tuple(str(part.student) for part in entry.subjects if part.student is not None),
        policy_hash=None if entry.leaf.policy_hash == ABSENT else entry.leaf.policy_hash,
        actor=None if entry.actor is None else entry.actor.payload,
        context=None if entry.context is None else entry.context.payload,
    )
