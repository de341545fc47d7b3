"""An operator's act twice has its effect once: its key, kept in the act's own transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import Connection

from services.records.tables import IdempotencyRow
from shared.caller import Caller, caller_from
from shared.idempotency import IdempotencyKey, effect_at, keep_at, request_digest

SCOPE = "exchange:operate"


@dataclass(frozen=True)
class OnceAtOperation:
    """One request's key at one operation."""

    about: dict[str, Any]

    def earlier(self, connection: Connection) -> UUID | None:
        """What the same request of this client made before. Raises IdempotencyKeyReused if it was another request."""
        return effect_at(connection, IdempotencyRow, **self.about)

    def keep(self, connection: Connection, effect_id: UUID, now: datetime) -> None:
        """Remember what it made."""
        keep_at(connection, IdempotencyRow, **self.about, effect_id=effect_id, now=now)


async def _once(request: Request, key: IdempotencyKey) -> OnceAtOperation:
    caller: Caller = caller_from(request, SCOPE)
    operation = request.scope["route"].name
    return OnceAtOperation({"client_id": caller.client_id, "operation": operation, "key": key, "digest": await request_digest(request)})


Once = Annotated[OnceAtOperation, Depends(_once)]
