"""What the log hears of people: that somebody signed in, out, again; by what the node calls them, never by name."""

from datetime import datetime
from uuid import UUID

from safepassage.ids import uuid7
from services.gateway.people.person import Person
from services.gateway.people.roles import Role
from shared.contracts.audit import Actor, Context, Event


def signed_in(person: str, organisation_id: UUID, role: Role, address: str | None, now: datetime, *, operation: str = "signed-in") -> Event:
    """A session has begun. `operation`: `signed-in`, `stepped-up`, `signed-in-by-link`."""
    actor = Actor(kind="person", person=person, organisation_id=organisation_id, role=role, address=address)
    return _event(operation, "done", actor, now)


def signed_out(person: Person, address: str | None, now: datetime) -> Event:
    """A person ended their session."""
    return _event("signed-out", "done", person.actor(address), now)


def signed_out_by_provider(person: str, organisation_id: UUID, role: str, now: datetime) -> Event:
    """The provider ended a session (Back-Channel Logout)."""
    return _event("signed-out-by-provider", "done", Actor(kind="person", person=person, organisation_id=organisation_id, role=role), now)


def not_let_in(person: str, reason: str, address: str | None, now: datetime) -> Event:
    """The provider knows a person to whom this node gives no role."""
    actor = Actor(kind="person", person=person, address=address)
    context = Context(operation="sign-in", outcome="refused", reason=reason)
    return Event(class_="refusal", key=f"people:{uuid7(now)}", actor=actor, context=context)


def link_made(now: datetime) -> Event:
    """The operator at the command line made a one-time link."""
    context = Context(operation="console-link-made", outcome="done")
    return Event(class_="administration", key=f"console-link:{uuid7(now)}", actor=Actor(kind="operator"), context=context)


def _event(operation: str, outcome: str, actor: Actor, now: datetime) -> Event:
    context = Context(operation=operation, outcome=outcome)
    return Event(class_="authentication", key=f"people:{uuid7(now)}", actor=actor, context=context)
