"""What the log hears of links and visits: by ids, never by name; the link itself never."""

from datetime import datetime
from uuid import UUID

from safepassage.ids import uuid7
from services.gateway.family.member import Member
from shared.contracts.audit import Actor, Context, Event


def link_made(link_id: UUID, student_id: UUID, organisation_id: UUID, actor: Actor, now: datetime) -> Event:
    """An agency made a link for a person, after its own check. `actor` has whom it is for in `acting_for`."""
    return _event("administration", "family-link-made", link_id, actor, now, student_id=student_id, organisation_id=organisation_id)


def link_withdrawn(link_id: UUID, actor: Actor, now: datetime) -> Event:
    """The agency took it back."""
    return _event("administration", "family-link-withdrawn", link_id, actor, now)


def link_used(member: Member, address: str | None, now: datetime) -> Event:
    """A visit began."""
    return _of_visit("family-link-used", member, address, now)


def left(member: Member, address: str | None, now: datetime) -> Event:
    """They ended it themselves."""
    return _of_visit("family-visit-left", member, address, now)


def _of_visit(operation: str, member: Member, address: str | None, now: datetime) -> Event:
    about = {"student_id": member.student_id, "organisation_id": member.organisation_id}
    return _event("authentication", operation, member.link_id, member.actor(address), now, **about)


def _event(
    class_: str,
    operation: str,
    link_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    student_id: UUID | None = None,
    organisation_id: UUID | None = None,
) -> Event:
    return Event.model_validate(
        {
            "class": class_,
            "key": f"family:{uuid7(now)}",
            "subjects": () if student_id is None else (student_id,),
            "custodians": () if organisation_id is None else (organisation_id,),
            "actor": actor,
            "context": Context(operation=operation, outcome="done", about=f"family-link:{link_id}"),
        }
    )
