"""What the index reads of an entry's actor and context: a few members, read past all others by msgspec, in a third of the time. Pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

NOTHING: Final = ""
"""A member that is not there."""


class ActorMembers(msgspec.Struct, frozen=True, gc=False):
    """Of who did it (shared.contracts.audit.Actor)."""

    acting_for: str = NOTHING
    address: str = NOTHING
    client_id: str | None = None
    for_client: str | None = None
    job: str | None = None
    key: str = NOTHING
    organisation_id: str = NOTHING
    person: str = NOTHING


class ContextMembers(msgspec.Struct, frozen=True, gc=False):
    """Of what was done and why (shared.contracts.audit.Context)."""

    basis: str = NOTHING
    decision_id: str = NOTHING
    elements: tuple[str, ...] = ()
    exchange_id: str = NOTHING
    operation: str = NOTHING
    outcome: str = NOTHING
    purpose: str = NOTHING
    reason: str = NOTHING
    recipient_node: str = NOTHING
    recipient_organisation: str = NOTHING


_actor: Final = msgspec.json.Decoder(ActorMembers).decode
_context: Final = msgspec.json.Decoder(ContextMembers).decode


@lru_cache(maxsize=2_048)
def actor_members(payload: bytes) -> ActorMembers:
    """Of the JSON that was sealed. Few do much: what one did last is often the same text again. Raises ValueError."""
    try:
        return _actor(payload)
    except msgspec.MsgspecError as error:
        raise ValueError("not an actor") from error


def context_members(payload: bytes) -> ContextMembers:
    """Of the JSON that was sealed. Raises ValueError."""
    try:
        return _context(payload)
    except msgspec.MsgspecError as error:
        raise ValueError("not a context") from error


def actor_in(opened: Mapping[str, Any]) -> ActorMembers:
    """Of an entry that was opened as a whole."""
    return msgspec.convert(opened, ActorMembers)


def context_in(opened: Mapping[str, Any]) -> ContextMembers:
    """Of an entry that was opened as a whole."""
    return msgspec.convert(opened, ContextMembers)
