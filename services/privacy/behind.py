"""Behind-entries: what privacy tells the audit log of, in the transaction that made it so. Codes and ids only (shared.contracts.audit)."""

from uuid import UUID

from shared.actors import actor_of
from shared.caller import Caller
from shared.contracts.audit import Context, Event, PrivacyClass


def event_of(
    class_: PrivacyClass,
    key: str,
    caller: Caller,
    context: Context,
    *,
    students: tuple[UUID, ...] = (),
    custodians: tuple[UUID, ...] = (),
    acting_for: UUID | None = None,
) -> Event:
    """One thing that a client did."""
    actor = actor_of(caller.principal, acting_for=acting_for)
    return Event.model_validate(
        {"class": class_, "key": key, "subjects": students, "custodians": custodians, "actor": actor, "context": context}
    )
