"""That what is missing of the log's sealed content was destroyed by two officials' word, and not by somebody with the disk."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of
from safepassage.leaf import parse_leaf
from safepassage.problems.stored_log import LogAltered
from services.audit.openings import OpenedEntry
from services.audit.retention.carrying_out import parts_digest
from services.audit.retention.certificate import instant_of, key_digest
from services.audit.stored_tree import HashesMissing, StoredTree
from services.audit.tables import DestroyedKeyRow, DestroyedPartRow, DestructionApprovalRow, DestructionRow, SubjectKeyRow


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


async def verify_marks(tx: AsyncSession) -> None:
    """Whatever is marked as destroyed was so by a destruction that was approved. Raises LogAltered."""
    rows = await _destructions(tx)
    taking = {row.id for row in rows if row.certificate is not None or row.state == "destroying"}
    for marked in (DestroyedPartRow.destruction_id, DestroyedKeyRow.destruction_id):
        if set(await tx.scalars(select(marked).distinct())) - taking:
            raise LogAltered("a destruction that nobody approved has taken something", index=0)


async def verify_destructions(tx: AsyncSession) -> None:
    """Each destruction took what its certificate says, and the certificate is what the log holds the digest of. Raises LogAltered."""
    for row in await _destructions(tx):
        if row.certificate is not None:
            await _verify_certificate(tx, row, row.certificate)


async def _destructions(tx: AsyncSession) -> Sequence[DestructionRow]:
    try:
        return (await tx.scalars(select(DestructionRow).order_by(DestructionRow.id))).all()
    except (ValueError, SQLAlchemyError) as error:
        raise LogAltered("the row of a destruction cannot be read as one", index=0) from error


async def _verify_certificate(tx: AsyncSession, row: DestructionRow, certificate: str) -> None:
    index, said = row.entry_idx or 0, json.loads(certificate)
    if str(await parts_digest(tx, row.id)) != said["sealed_parts_digest"]:
        raise LogAltered("a destruction has taken other parts than its certificate says", index=index)
    keys = [bytes(key) for key in await tx.scalars(select(DestroyedKeyRow.key_id).where(DestroyedKeyRow.destruction_id == row.id))]
    if sorted(map(key_digest, keys)) != sorted(year["key"] for year in said["destroyed"]):
        raise LogAltered("a destruction has taken other keys than its certificate says", index=index)
    if row.entry_log is None or row.entry_idx is None:
        return  # it is just being carried out
    try:
        (entry,) = (await StoredTree(tx, row.entry_log).entries_at([row.entry_idx])).values()
    except HashesMissing:
        raise LogAltered("the entry of a destruction is not there", index=index) from None
    leaf = parse_leaf(entry)
    if (leaf.class_, leaf.digests.ct) != ("destruction", digest_of(certificate.encode())):
        raise LogAltered("the certificate of a destruction is not the one that the log pins", index=index)
    await _verify_told(tx, row, said, index)


async def _verify_told(tx: AsyncSession, row: DestructionRow, said: dict[str, Any], index: int) -> None:
    """What is told of the destruction beside its certificate is what the certificate says. Raises LogAltered."""
    told = {
        "destruction": str(row.id),
        "of": "student" if row.of_student else "node",
        "basis": row.basis,
        "reference": row.reference,
        "asked_by": row.asked_by,
        "asked_at": instant_of(row.asked_at),
        "approved_at": None if row.approved_at is None else instant_of(row.approved_at),
        "destroyed_at": None if row.destroyed_at is None else instant_of(row.destroyed_at),
        "records_ended_on": None if row.records_ended_on is None else row.records_ended_on.isoformat(),
    }
    if any(said.get(member) != value for member, value in told.items()):
        raise LogAltered("a destruction is told otherwise than its certificate says", index=index)
    if row.state not in ("destroyed", "done"):
        raise LogAltered("a destruction that was carried out is told as one that was not", index=index)
    officials = await tx.scalars(select(DestructionApprovalRow.official).where(DestructionApprovalRow.destruction_id == row.id))
    if sorted(officials) != sorted(said["approved_by"]):
        raise LogAltered("a destruction was approved by others than its certificate says", index=index)
    taken = select(DestroyedKeyRow.key_id, DestroyedKeyRow.epoch).where(DestroyedKeyRow.destruction_id == row.id)
    years = sorted((key_digest(bytes(key)), epoch) for key, epoch in await tx.execute(taken))
    if years != sorted((year["key"], year["school_year"]) for year in said["destroyed"]):
        raise LogAltered("a destruction has taken keys of other years than its certificate says", index=index)
