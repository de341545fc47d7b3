"""Who acts, as the log has it."""

from shared.caller import Caller
from shared.contracts.audit import Actor


def actor_of(caller: Caller, *, role: str | None = None) -> Actor:
    """The client that calls, with the key that its token is bound to; in a role of its own, or in the one of the official that it names."""
    return Actor(
        kind="client",
        client_id=caller.client_id,
        organisation_id=caller.organisation_id,
        role=caller.claims.role if role is None else role,
        key=caller.claims.key,
    )
