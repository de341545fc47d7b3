"""Who changed or looked at where the log goes is in the log, before it is done."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from safepassage.ids import uuid7
from safepassage.problems.requests import NotPermitted
from services.audit.drafts import draft_of
from services.audit.group_commit import Place
from services.audit.sequencer import Sequencer
from shared.actors import client_actor
from shared.caller import Caller
from shared.contracts.audit import Context, Event

Change = Literal["made", "deleted", "paused", "resumed", "secret-rotated", "pinged", "replay-asked"]


def require_state(caller: Caller) -> None:
    """Whoever keeps destinations sends the log of all districts away: the state agency alone. Raises NotPermitted."""
    if caller.kind != "sea":
        raise NotPermitted("only the state agency keeps destinations of the log")


async def record_change(
    sequencer: Sequencer,
    caller: Caller,
    destination_id: UUID,
    change: Change,
    *,
    now: datetime,
    purpose: str | None = None,
    address: str | None = None,
    count: int | None = None,
) -> Place:
    """Append the entry. Raises LogFrozen, LogUnavailable: then nothing is changed. Gives where it is."""
    event = Event(
        class_="export",
        key=f"log-destination:{destination_id}:{change}:{uuid7(now)}",
        custodians=(caller.organisation_id,),
        actor=client_actor(caller.claims),
        context=Context(
            about=f"log-destination:{destination_id}",
            operation=f"log-destination-{change}",
            outcome=change,
            purpose=purpose,
            recipient_node=None if address is None else address[:200],
            count=count,
        ),
    )
    receipt = await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])
    return receipt.places[0]
