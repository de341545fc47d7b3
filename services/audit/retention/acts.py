"""Who acts on what is kept, and the entry of the log that says so before it takes effect."""

from datetime import datetime
from uuid import UUID

from safepassage.problems.requests import InvalidRequest, NotPermitted
from safepassage.wire_policy_sets import ActingOfficial
from services.audit.drafts import draft_of
from services.audit.sequencer import Sequencer
from services.audit.waiting import Receipt
from shared.actors import client_actor
from shared.caller import Caller
from shared.contracts.audit import Actor, Context, Digests, Event
from shared.database import Database
from shared.idempotency import Once
from shared.officials import require_themselves


def actor_for(caller: Caller, official: ActingOfficial, now: datetime) -> Actor:
    """The client that names an official. Raises NotPermitted for any organisation but the state agency or any official but themselves,
    InvalidRequest."""
    if caller.kind != "sea":
        raise NotPermitted("the state agency keeps and destroys what its log seals")
    require_themselves(caller.claims.person, official.pairwise_id)
    if official.authenticated_at > now:
        raise InvalidRequest("the official was authenticated before", field="acting_official.authenticated_at")
    return client_actor(caller.claims, role=official.role)


async def earlier_act(database: Database, once: Once, caller: Caller, operation: str) -> UUID | None:
    """What the same request of this client made before: an act is an act once. Raises IdempotencyKeyReused."""
    async with database.reading() as tx:
        return await once.earlier(tx, caller, operation)


async def record_act(
    sequencer: Sequencer,
    actor: Actor,
    *,
    key: str,
    operation: str,
    about: str,
    student: UUID | None,
    reason: str | None = None,
    outcome: str | None = None,
    count: int | None = None,
    digests: Digests | None = None,
) -> Receipt:
    """Append an entry of class `destruction`; the same key again is the same entry. Raises LogFrozen, LogUnavailable.

    An entry about a student is opened for the state alone: a hold may be nobody else's business.
    """
    context = Context(operation=operation, outcome=outcome, reason=reason, about=about, count=count)
    event = Event(
        class_="destruction",
        key=key,
        subjects=() if student is None else (student,),
        custodians=() if actor.organisation_id is None else (actor.organisation_id,),
        actor=actor,
        context=context,
        digests=digests or Digests(),
    )
    return await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])
