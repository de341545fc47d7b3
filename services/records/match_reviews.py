"""Matches that wait for a person."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from services.records.tables import MatchReviewRow


async def open_review(
    session: AsyncSession,
    *,
    request_id: UUID,
    student_ids: Sequence[UUID],
    reasons: Sequence[str],
    expires_at: datetime,
    now: datetime,
) -> None:
    """Let a person say who the child of `request_id` is. A review that is open for it already stays as it is."""
    if (await session.execute(select(MatchReviewRow.id).where(MatchReviewRow.request_id == request_id))).first() is not None:
        return
    session.add(
        MatchReviewRow(
            id=uuid7(now),
            request_id=request_id,
            candidates=json.dumps([str(identifier) for identifier in student_ids]),
            reasons=json.dumps(list(reasons)),
            opened_at=now,
            expires_at=expires_at,
        )
    )
