"""Who acts, as the log has it: from what the gateway has proven of a caller."""

from typing import Final
from uuid import UUID

from shared.contracts.audit import Actor
from shared.internal_token import CallerClaims, Principal

CONSOLE: Final = "console"
"""As which client the node's own pages ask, for whoever has signed in."""
FAMILY: Final = "family"
"""As which client the pages behind a one-time link ask, for a parent or student."""


def client_actor(caller: CallerClaims, *, role: str | None = None, acting_for: UUID | None = None) -> Actor:
    """The client, with the key that its token is bound to and the address that it calls from.

    role  another than the client's own: of the official whom it names. INVARIANT: of whoever signed in it is theirs, whatever they name
    """
    return Actor(
        kind="client",
        client_id=caller.client_id,
        organisation_id=caller.organisation_id,
        role=(caller.role if role is None or caller.person is not None else role) or None,
        acting_for=acting_for,
        for_client=caller.for_client,
        profile=caller.profile,
        key=caller.key,
        address=caller.address,
        person=caller.person,
    )


def actor_of(principal: Principal, *, acting_for: UUID | None = None) -> Actor:
    """A client, a peer's client, or a job of the node itself."""
    if principal.caller is None:
        return Actor(kind="system", job=principal.job)
    actor = client_actor(principal.caller, acting_for=acting_for)
    return actor.model_copy(update={"kind": "peer"}) if principal.caller.organisation_kind == "peer" else actor
