"""The Idempotency-Key of a request, and what it made: kept in the transaction of the effect (shared.idempotency)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from services.records.tables import IdempotencyRow
from shared.caller import Caller
from shared.idempotency import IdempotencyKey, earlier_effect, keep_effect, request_digest


class Once:
    """One request's key and digest."""

    def __init__(self, key: IdempotencyKey, digest: Annotated[str, Depends(request_digest)]) -> None:
        self._key, self._digest = key, digest

    async def earlier(self, tx: AsyncSession, caller: Caller, operation: str) -> UUID | None:
        """What the same request of this client made before. Raises IdempotencyKeyReused if it was another request."""
        return await earlier_effect(tx, IdempotencyRow, client_id=caller.client_id, operation=operation, key=self._key, digest=self._digest)

    async def keep(self, tx: AsyncSession, caller: Caller, operation: str, effect_id: UUID, now: datetime) -> None:
        """Remember what it made."""
        await keep_effect(
            tx,
            IdempotencyRow,
            client_id=caller.client_id,
            operation=operation,
            key=self._key,
            digest=self._digest,
            effect_id=effect_id,
            now=now,
        )
