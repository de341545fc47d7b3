"""Since when a node is on the list as it is, by the lists that this node has taken: each was verified before it was stored."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from safepassage.canonical import from_base64url
from services.gateway.tables import TrustListRow
from shared.database import Database

LOOKED_AT: Final = 260
"""Lists, the newest: a list a week for five years."""


@dataclass(frozen=True)
class OnListSince:
    """When this node took the first of the lists, without one between that says otherwise."""

    listed_at: datetime
    """That name it."""
    status_at: datetime
    """That say its status of now."""
    is_all: bool
    """Every list that was looked at names it: it may have been a member before."""


async def on_list_since(database: Database, entity_id: str) -> OnListSince | None:
    """None for a node that the newest list does not name."""
    async with database.reading() as tx:
        query = select(TrustListRow.document, TrustListRow.accepted_at).order_by(TrustListRow.serial.desc()).limit(LOOKED_AT)
        rows = [(row.document, row.accepted_at) for row in await tx.execute(query)]
    listed_at = status_at = None
    status, is_all = "", True
    for document, accepted_at in rows:
        said = _status_in(document, entity_id)
        if said is None:
            is_all = False
            break
        if listed_at is None:
            status = said
        if said == status and status_at in (None, listed_at):
            status_at = accepted_at
        listed_at = accepted_at
    return None if listed_at is None or status_at is None else OnListSince(listed_at, status_at, is_all)


def _status_in(document: str, entity_id: str) -> str | None:
    content: dict[str, Any] = json.loads(from_base64url(json.loads(document)["payload"]))
    return next((str(one.get("status", "active")) for one in content["members"] if one["entity_id"] == entity_id), None)
