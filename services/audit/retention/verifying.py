"""That what is missing of the log's sealed content was destroyed by two officials' word, and not by somebody with the disk."""

import json
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of
from safepassage.leaf import parse_leaf
from safepassage.problems.stored_log import LogAltered
from services.audit.openings import OpenedEntry
from services.audit.retention.carrying_out import parts_digest
from services.audit.retention.certificate import key_digest
from services.audit.stored_tree import StoredTree
from services.audit.tables import DestroyedKeyRow, DestroyedPartRow, DestructionRow, SubjectKeyRow


async def destroyed_parts(tx: AsyncSession, log: int, start: int, end: int) -> dict[int, set[int]]:
    """By index, the parts of entries from `start` up to, not including, `end` in whose place a destruction stands."""
    row = DestroyedPartRow
    found: dict[int, set[int]] = defaultdict(set)
    for idx, part in await tx.execute(select(row.idx, row.part).where(row.log == log, row.idx >= start, row.idx < end)):
        found[idx].add(part)
    return found


def verify_parts(entry: OpenedEntry, destroyed: set[int]) -> None:
    """Every part of an entry is there, or a destruction stands in its place. Raises LogAltered.

    A part behind the last one is not missed here: of an entry of which nothing was destroyed its commitment tells.
    """
    parts = sorted([*entry.held, *destroyed])
    if not parts or parts != list(range(len(parts))):
        raise LogAltered("what is sealed of the entry is not there, and no destruction took it", index=entry.place.at)


async def verify_closed(tx: AsyncSession, entry: OpenedEntry) -> None:
    """What is there and does not open has its key, wrapped by a version that is not here: an older copy of the store. Raises LogAltered."""
    wanted = set(entry.closed.values())
    held = {bytes(key_id) for key_id in await tx.scalars(select(SubjectKeyRow.key_id).where(SubjectKeyRow.key_id.in_(wanted)))}
    if held != wanted:
        raise LogAltered("the key of what is sealed is not there, and no destruction took it", index=entry.place.at)


async def verify_destructions(tx: AsyncSession) -> None:
    """Each destruction took what its certificate says, and the certificate is what the log holds the digest of. Raises LogAltered."""
    rows: Sequence[DestructionRow] = (await tx.scalars(select(DestructionRow).order_by(DestructionRow.id))).all()
    taking = {row.id for row in rows if row.certificate is not None or row.state == "destroying"}
    for marked in (DestroyedPartRow.destruction_id, DestroyedKeyRow.destruction_id):
        if set(await tx.scalars(select(marked).distinct())) - taking:
            raise LogAltered("a destruction that nobody approved has taken something", index=0)
    for row in rows:
        if row.certificate is not None:
            await _verify_certificate(tx, row, row.certificate)


async def _verify_certificate(tx: AsyncSession, row: DestructionRow, certificate: str) -> None:
    index, said = row.entry_idx or 0, json.loads(certificate)
    if str(await parts_digest(tx, row.id)) != said["sealed_parts_digest"]:
        raise LogAltered("a destruction has taken other parts than its certificate says", index=index)
    keys = [bytes(key) for key in await tx.scalars(select(DestroyedKeyRow.key_id).where(DestroyedKeyRow.destruction_id == row.id))]
    if sorted(map(key_digest, keys)) != sorted(year["key"] for year in said["destroyed"]):
        raise LogAltered("a destruction has taken other keys than its certificate says", index=index)
    if row.entry_log is None or row.entry_idx is None:
        return  # it is just being carried out
    (entry,) = (await StoredTree(tx, row.entry_log).entries_at([row.entry_idx])).values()
    leaf = parse_leaf(entry)
    if (leaf.class_, leaf.digests.ct) != ("destruction", digest_of(certificate.encode())):
        raise LogAltered("the certificate of a destruction is not the one that the log pins", index=index)
