"""What each service may tell the log of its own keys, beside the classes that it writes: that they are others now."""

from typing import Final

from shared.contracts.audit import Event

KEYS_CHANGED: Final = "service-keys-changed"


def about_keys(service: str, ring: str) -> str:
    """Whose keys, and of which kind."""
    return f"keys:{service}:{ring}"


def tells_of_own_keys(event: Event, service: str) -> bool:
    """True for the one act of administration that every service may tell, of itself alone (docs/decisions/0074)."""
    context = event.context
    return (
        event.class_ == "administration"
        and context.operation == KEYS_CHANGED
        and (context.about or "").startswith(about_keys(service, ""))
        and event.actor.kind == "system"
        and not event.subjects
    )
