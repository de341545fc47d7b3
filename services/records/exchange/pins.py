"""Keeping the largest checkpoint of each log, so that a log that goes back or forks is found out."""

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import to_base64url
from safepassage.checkpoints import Checkpoint
from services.records.tables import PeerLogRow


async def pin(tx: AsyncSession, checkpoint: Checkpoint, *, node: str, note: str, now: datetime) -> None:
    """Store a verified checkpoint of a log of `node`, unless a larger one is stored."""
    insert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {"size": checkpoint.size, "root": to_base64url(checkpoint.root), "note": note, "seen_at": now}
    statement = insert(PeerLogRow).values(origin=checkpoint.origin, node=node, **values)
    larger = PeerLogRow.size < statement.excluded.size
    await tx.execute(statement.on_conflict_do_update(index_elements=[PeerLogRow.origin], set_=values, where=larger))
