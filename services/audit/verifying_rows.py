"""That the rows beside a log's entries are what the entries make them: times, tiles, checkpoints' places, and who an entry is about.

None of it is signed by itself. An altered one could hide an entry from a search or an accounting, or show it at another time.
"""

from collections import defaultdict
from collections.abc import Container, Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.checkpoints import parse_checkpoint, parse_note
from safepassage.notes import VerifierKey
from safepassage.problems.stored_log import LogAltered
from services.audit.drafts import KINDS, OPEN_PARTITION, SEALED_BY_COURT, SEALED_PARTITION
from services.audit.openings import OpenedEntry
from services.audit.tables import (
    AppendedRow,
    CheckpointRow,
    DestroyedPartRow,
    EdgeTileRow,
    LogRow,
    RedisclosureRow,
    SealedRow,
    SegmentRow,
    SubjectEntryRow,
    SubjectKeyRow,
    TileRow,
    TreeStateRow,
)

STATES: Final = frozenset({"active", "sealed", "frozen", "ended"})
_OF_THE_LOG: Final = (TreeStateRow, SegmentRow, TileRow, EdgeTileRow, CheckpointRow, AppendedRow)
_OF_ENTRIES: Final = (SealedRow, SubjectEntryRow, RedisclosureRow, DestroyedPartRow)


async def verify_rows_of(tx: AsyncSession, log: LogRow, *, size: int, signers: Sequence[VerifierKey], is_newest: bool) -> None:
    """The log's own row, the time of its state, its full tiles, and the sizes of its checkpoints. Raises LogAltered."""
    if log.vkey not in {key.vkey for key in signers}:
        raise LogAltered("the log's key is none of those that sign for it", index=size)
    if log.state not in STATES or (log.state == "active" and not is_newest):
        raise LogAltered("the log's state is none that it can have", index=size)
    last = await tx.scalar(select(SegmentRow.t).where(SegmentRow.log == log.year).order_by(SegmentRow.start.desc()).limit(1))
    state = await tx.get_one(TreeStateRow, log.year)
    if last is not None and state.last_t != last:
        raise LogAltered("the time of the log's state is not that of its last entry", index=size - 1)
    found = {(level, n) async for level, n in await tx.stream(select(TileRow.level, TileRow.n).where(TileRow.log == log.year))}
    for level in range(8):
        for n in range(size >> 8 * (level + 1)):
            if (level, n) not in found:
                raise LogAltered("a full tile is not there", index=n << 8 * (level + 1))
            found.remove((level, n))
    if found:
        raise LogAltered("there is a tile that the log has not come to", index=size)
    async for stored, note in await tx.stream(select(CheckpointRow.size, CheckpointRow.note).where(CheckpointRow.log == log.year)):
        if parse_checkpoint(parse_note(note).text).size != stored:
            raise LogAltered("a checkpoint is stored as one of another size", index=min(stored, size))


async def verify_no_other_log(tx: AsyncSession) -> None:
    """No row is of a log that there is not, where nobody would look at it. Raises LogAltered."""
    years = list(await tx.scalars(select(LogRow.year)))
    for row in (*_OF_THE_LOG, *_OF_ENTRIES):
        column: Any = row.log
        if await tx.scalar(select(column).where(column.not_in(years)).limit(1)) is not None:
            raise LogAltered(f"a row of the table {row.__tablename__} is of no log", index=0)


async def verify_times(tx: AsyncSession, year: int, entries: Sequence[OpenedEntry]) -> None:
    """A segment's time, by which entries are found, is that of each of its entries. `entries` follow one another. Raises LogAltered."""
    if not entries:
        return
    first, last = entries[0].place.at, entries[-1].place.at
    row = SegmentRow
    query = select(row.start, row.count, row.t).where(row.log == year, row.start <= last, row.start + row.count > first)
    times = {index: t for start, count, t in await tx.execute(query) for index in range(start, start + count)}
    for entry in entries:
        if times.get(entry.place.at) != entry.leaf.t:
            raise LogAltered("the entry's time is not the one by which it is found", index=entry.place.at)


async def verify_found_by(tx: AsyncSession, year: int, entries: Sequence[OpenedEntry], *, whole: Container[int]) -> None:
    """Of entries that follow one another: each is found by the students whom it is about, and by nobody else's tag; a further disclosure
    is in its district's record. Raises LogAltered.

    whole  indices of the entries of which nothing was destroyed
    """
    if not entries:
        return
    places = {"start": entries[0].place.at, "end": entries[-1].place.at}
    tags, epochs = await _sealed(tx, year, **places)
    indexed = await _by_index(tx, year, SubjectEntryRow.tag, SubjectEntryRow.kind, SubjectEntryRow.partition, row=SubjectEntryRow, **places)
    copied = await _by_index(tx, year, RedisclosureRow.organisation, RedisclosureRow.t, row=RedisclosureRow, **places)
    in_use_from = await tx.scalar(select(func.min(RedisclosureRow.idx)).where(RedisclosureRow.log == year))
    for entry in entries:
        at, context = entry.place.at, {} if entry.context is None else entry.context.payload
        sealed = tags.get(at, {})
        if any(epochs[tag] not in (None, entry.leaf.key_epoch) for tag in sealed.values()):
            raise LogAltered("a key of the entry is not of its school year", index=at)
        rows = indexed.pop(at, set())
        due = copied.pop(at, set())
        if due and entry.leaf.class_ != "disclosure":
            raise LogAltered("the entry is in a record of further disclosures, and is none", index=at)
        if at not in whole:
            if not {tag for tag, _, _ in rows} <= set(sealed.values()):
                raise LogAltered("the entry is found by somebody whom it is not about", index=at)
            continue
        partition = SEALED_PARTITION if context.get("basis") in SEALED_BY_COURT else OPEN_PARTITION
        if rows != {(tag, KINDS[entry.leaf.class_], partition) for tag in _about(entry, sealed)}:
            raise LogAltered("the entry is not found by those whom it is about, or not as what it is", index=at)
        district = None if partition or entry.leaf.class_ != "disclosure" else context.get("originating_organisation")
        expected = set() if district is None else {(bytes.fromhex(district.replace("-", "")), entry.leaf.t)}
        if due != expected and (due or (in_use_from is not None and in_use_from < at)):
            raise LogAltered("the entry is not in its district's record of further disclosures as it says", index=at)
    if indexed:
        raise LogAltered("the index names an entry that there is not", index=min(indexed))


def _about(entry: OpenedEntry, sealed: dict[int, bytes]) -> set[bytes]:
    """The tags under which an entry is found: of one student that of its one part, of several those of the parts behind the first."""
    students = [part for part in entry.subjects if part.student is not None]
    if not students:
        return set()
    return set(sealed.values()) if len(entry.subjects) == 1 else {tag for part, tag in sealed.items() if part}


async def _sealed(tx: AsyncSession, year: int, *, start: int, end: int) -> tuple[dict[int, dict[int, bytes]], dict[bytes, int | None]]:
    """By index the key of each part, and of each key its school year; None for one that is not there."""
    row, key = SealedRow, SubjectKeyRow
    query = select(row.idx, row.part, row.key_id, key.epoch).outerjoin(key, key.key_id == row.key_id)
    tags: dict[int, dict[int, bytes]] = defaultdict(dict)
    epochs: dict[bytes, int | None] = {}
    for idx, part, key_id, epoch in await tx.execute(query.where(row.log == year, row.idx >= start, row.idx <= end)):
        tags[idx][part], epochs[key_id] = key_id, epoch
    return tags, epochs


async def _by_index(tx: AsyncSession, year: int, *columns: Any, row: Any, start: int, end: int) -> dict[int, set[tuple[Any, ...]]]:
    found: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
    for idx, *values in await tx.execute(select(row.idx, *columns).where(row.log == year, row.idx >= start, row.idx <= end)):
        found[idx].add(tuple(values))
    return found
