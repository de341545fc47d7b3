"""Behind-entries: what privacy tells the audit log of, in the transaction that made it so. Codes and ids only (shared.contracts.audit)."""

from uuid import UUID

from shared.caller import Caller
from shared.contracts.audit import Actor, Context, Event, PrivacyClass
from shared.internal_token import Principal


def actor_of(principal: Principal, *, acting_for: UUID | None = None) -> Actor:
    """Who did it: the client that the gateway proved, or a job of the node itself."""
    caller = principal.caller
    if caller is None:
        return Actor(kind="system", job=principal.job)
    kind = "peer" if caller.organisation_kind == "peer" else "client"
    return Actor(
        kind=kind,
        client_id=caller.client_id,
        organisation_id=caller.organisation_id,
        role=caller.role or None,
        acting_for=acting_for,
        key=caller.key,
    )


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
