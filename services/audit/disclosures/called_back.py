"""Which disclosures of a copy were called back: the entry that says so is found by the key of its event, whatever the index has yet."""

from collections.abc import Collection
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from services.audit.drafts import event_key
from services.audit.driver import Driver
from services.audit.openings import Place, open_entries
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import AppendedRow

PRODUCER: Final = "records"


async def called_back(tx: AsyncSession, keys: SubjectKeys, envelopes: Collection[str]) -> dict[str, str]:
    """Of the envelopes that were called back what became of each: `never-sent`, or `unconfirmed` where nobody knows whether it came."""
    wanted = {event_key(PRODUCER, f"{envelope}:withdrawn"): envelope for envelope in envelopes}
    places = await tx.run_sync(partial(_places, list(wanted)))
    found = {}
    for entry in await open_entries(tx, keys, list(places)):
        outcome = None if entry.context is None else entry.context.payload.get("outcome")
        if outcome is not None:
            found[wanted[places[entry.place]]] = str(outcome)
    return found


def _places(keys: list[bytes], session: Session) -> dict[Place, bytes]:
    rows = Driver(session.connection()).lookup(AppendedRow, {"event_key": keys})
    return {Place(log, idx): bytes(key) for key, _, log, idx in rows}
