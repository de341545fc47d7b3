"""Where a destination stands, for those who keep it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.webhooks import PRIVATE, public_text
from safepassage.wire_destinations import LogDestination, LogReplay, WebhookReceiver
from services.audit.destinations.configuration import Configuration
from services.audit.destinations.reading import onward, published_sizes
from services.audit.openings import Place
from services.audit.tables import LogDestinationRow, LogRow, SegmentRow

_AS_STORED = (
    "id", "made_at", "state", "disabled_because", "attempted_at", "delivered_at", "last_status", "last_fault", "failing_since", "failures",
)  # fmt: skip


async def shown(tx: AsyncSession, row: LogDestinationRow, configuration: Configuration | None, *, now: datetime) -> LogDestination:
    """The destination without what could be used against it: no secret, no path of its URL."""
    sizes = await published_sizes(tx)
    origins: dict[int, str] = {one.year: one.origin for one in await tx.scalars(select(LogRow))}
    at = onward(Place(row.log, row.at), sizes)
    behind = sum(size for year, size in sizes.items() if year >= at.log) - at.at
    members: dict[str, Any] = {name: getattr(row, name) for name in _AS_STORED}
    return LogDestination(
        **members,
        **({"is_altered": True} if configuration is None else _configured(configuration, now)),
        log=origins[at.log],
        index=at.at,
        behind=max(behind, 0),
        behind_seconds=await _age(tx, at, now) if behind > 0 else 0,
        next_attempt_at=row.due_at if row.failures and row.state == "active" else None,
        replay=_replay(row, origins),
    )


def _configured(configuration: Configuration, now: datetime) -> dict[str, Any]:
    receiver = configuration.receiver
    keys = configuration.signing_keys(now)
    untils = [key.until for key in configuration.keys if key.until is not None and now < key.until]
    return {
        "name": configuration.name,
        "kind": receiver.kind,
        "address": configuration.address,
        "signature": receiver.signature if isinstance(receiver, WebhookReceiver) else None,
        "public_keys": tuple(public_text(key) for key in keys if key.startswith(PRIVATE)),
        "former_key_until": max(untils, default=None),
        "classes": configuration.classes,
        "batch_entries": configuration.batch_entries,
        "purpose": configuration.purpose,
    }


def _replay(row: LogDestinationRow, origins: dict[int, str]) -> LogReplay | None:
    if row.replay_id is None or row.replay_log is None or row.replay_end_log is None:
        return None
    return LogReplay.model_validate(
        {
            "id": row.replay_id,
            "asked_at": row.replay_asked_at,
            "log": origins[row.replay_log],
            "index": row.replay_at,
            "until_log": origins[row.replay_end_log],
            "until_index": row.replay_end_at,
        }
    )


async def _age(tx: AsyncSession, at: Place, now: datetime) -> int:
    """Seconds since an entry was logged."""
    query = select(SegmentRow.t).where(SegmentRow.log == at.log, SegmentRow.start <= at.at).order_by(SegmentRow.start.desc()).limit(1)
    logged_at = await tx.scalar(query)
    return 0 if logged_at is None else max(int(now.timestamp()) - logged_at, 0)
