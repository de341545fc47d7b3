"""Who looked into the log is in the log: one entry for each search, opening or accounting, before it is answered."""

from datetime import datetime
from uuid import UUID

from safepassage.ids import uuid7
from services.audit.drafts import draft_of
from services.audit.sequencer import Sequencer
from shared.actors import client_actor
from shared.caller import Caller
from shared.contracts.audit import Context, Event


async def record_search(
    sequencer: Sequencer,
    caller: Caller,
    *,
    operation: str,
    student_id: UUID | None,
    count: int,
    now: datetime,
    about: str | None = None,
) -> None:
    """Append the entry of a search that found `count` entries. Raises LogFrozen, LogUnavailable: then nothing is shown."""
    event = Event(
        class_="search",
        key=f"search:{uuid7(now)}",
        subjects=() if student_id is None else (student_id,),
        custodians=(caller.organisation_id,),
        actor=client_actor(caller.claims),
        context=Context(operation=operation, outcome="answered", purpose=caller.purpose, count=count, about=about),
    )
    await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])
