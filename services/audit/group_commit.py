"""One group of events becomes entries in one transaction: lock, look for duplicates, seal, grow the tree, write, compare and set."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from safepassage.problems.log import EventKeyReused
from services.audit.checkpoints import CheckpointSigner, held_checkpoint, keep_checkpoint, signed
from services.audit.drafts import KINDS, Draft, Outline
from services.audit.driver import Change, Driver, insertion
from services.audit.entries import Entry, entries_of
from services.audit.heads import Head
from services.audit.school_years import key_epoch, log_year
from services.audit.sealed_ahead import PostedAhead, SealedAhead, fitting_time
from services.audit.subject_keys import Minted, SubjectKeys
from services.audit.tables import (
    AppendedRow,
    RedisclosureRow,
    SealedRow,
    SegmentRow,
    SubjectEntryRow,
    TileRow,
)
from services.audit.tiles import NewTiles, tiles_after
from services.audit.tree import Growth

ENTRIES_OF_A_SEGMENT = 64
"""At the most: who looks for one entry reads a whole segment, and walks half of it."""
ROWS_OF_A_BLOCK = 8_192
"""Index rows that lie together (SubjectEntryRow.block)."""
ROWS_TOGETHER = 16
"""Up to so many segments, those of a whole group, and so many tiles are written in one statement with the rest of the tree."""
_EDGE: Final = "INSERT INTO edge_tile (log, level, hashes) VALUES (?, ?, ?) ON CONFLICT (log, level) DO UPDATE SET hashes = excluded.hashes"


class HeadIsStale(Exception):
    """Another process has appended to, sealed or frozen the log: the head in memory is to be loaded again."""


class YearIsOver(Exception):
    """The log's year is over, or the log is sealed already: the next entry belongs to the next log."""

    def __init__(self, year: int) -> None:
        super().__init__()
        self.year = year


class Place(NamedTuple):
    """Where an event is."""

    log: int
    at: int
    """Its index."""
    duplicate: bool


@dataclass(slots=True)
class Submission:
    """Events that one request wants appended, in order."""

    outlines: Sequence[Outline]
    drafts: Callable[[], Sequence[Draft]]
    """Asked where they are to be sealed in their turn."""
    first: int = 0
    """Which of the request's events the first of them is."""
    sealed: SealedAhead | None = None
    places: list[Place] | None = None
    fresh: list[int] = field(default_factory=list)
    """Which of them become entries."""
    posted: PostedAhead | None = None
    """What these add to the index, where they were taken as they were sealed before."""
    refused: EventKeyReused | None = None

    @classmethod
    def of(cls, drafts: Sequence[Draft], first: int = 0) -> "Submission":
        """Of events that are to be sealed in their turn."""
        return cls([draft.outline for draft in drafts], lambda: drafts, first)

    def fits(self, head: Head, t: int) -> bool:
        """Whether what was sealed before is of this log and this time."""
        return self.sealed is not None and (self.sealed.origin, self.sealed.t) == (head.origin, t)


@dataclass(frozen=True)
class Committed:
    """What a committed group leaves in memory."""

    head: Head
    growth: Growth | None
    minted: Minted | None
    entries: Sequence[Entry] = ()
    """The new ones, from the size of the head before on."""
    note: str | None = None
    """The checkpoint of `head`, where it was stored with them."""


def lock_head(driver: Driver, head: Head) -> None:
    """Take the writer's lock on a log. Raises HeadIsStale unless it is just as `head` has it, and not sealed or frozen meanwhile."""
    # both rows are locked, so that of both is seen what the last writer did
    query = "SELECT t.size, t.root, l.state FROM tree_state t JOIN log l ON l.year = t.log WHERE t.log = ?"
    if driver.locked(query, head.year) != [(head.size, head.root, "active")]:
        raise HeadIsStale


class Signing(NamedTuple):
    """What signs the checkpoint that is written with a tree, and when."""

    signer: CheckpointSigner
    now: datetime


class Written(NamedTuple):
    """A tree that was written, not committed yet."""

    head: Head
    growth: Growth
    note: str | None
    """Its checkpoint, where that was written with it."""


def append_group(
    driver: Driver, head: Head, submissions: Sequence[Submission], *, now: int, keys: SubjectKeys, signing: Signing | None = None
) -> Committed:
    """Append the submissions' new events to the log of `head`, in a transaction that has its lock, and commits afterwards.

    now      whole seconds; an entry is never older than the one before it
    signing  for the checkpoint that is written with them

    Raises YearIsOver.
    """
    t = max(fitting_time([one.sealed for one in submissions if one.sealed is not None], now=now), head.last_t)
    if log_year(t) > head.year:  # a log that was begun before its year, since the one before it was lost, is written already
        raise YearIsOver(head.year)
    if not _place(driver, head, submissions):
        return Committed(head, None, None, note=None if signing is None else keep_checkpoint(driver, signing.signer, head, signing.now))
    minted, entries = _entries(driver, head, submissions, t, keys)
    written = write_entries(driver, head, entries, t, signing=signing)
    return Committed(written.head, written.growth, minted, entries, written.note)


def _entries(driver: Driver, head: Head, submissions: Sequence[Submission], t: int, keys: SubjectKeys) -> tuple[Minted | None, list[Entry]]:
    """The new entries in their order: those that were sealed before as they are, where that fits; the others are sealed now."""
    drafts: list[Draft] = []
    for one in submissions:
        if one.fresh and not one.fits(head, t):
            theirs = one.drafts()
            drafts += [theirs[at] for at in one.fresh]
    minted: Minted | None = None
    made: Iterator[Entry] = iter(())
    if drafts:
        epoch = key_epoch(t)
        minted = keys.for_students(driver, epoch, {student for draft in drafts for student in draft.outline.subjects})
        made = iter(entries_of(drafts, origin=head.origin, t=t, epoch=epoch, node_key=minted.node_key, keys=minted.keys))
    entries: list[Entry] = []
    for one in submissions:
        if one.sealed is not None and one.fits(head, t):
            entries += [one.sealed.entries[at] for at in one.fresh]
            one.posted = one.sealed.posted
        else:
            entries += islice(made, len(one.fresh))
    return minted, entries


def write_entries(driver: Driver, head: Head, entries: Sequence[Entry], t: int, *, signing: Signing | None = None) -> Written:
    """Write entries behind those of `head`, with their tiles and their places in the indexes."""
    index_rows, beside = _write_rows(driver, head, entries, t)
    leaves, hashes = [entry.leaf for entry in entries], [entry.leaf_hash for entry in entries]
    return write_leaves(driver, head, leaves, hashes, t, index_rows=index_rows, signing=signing, beside=beside)


def write_leaves(
    driver: Driver,
    head: Head,
    leaves: Sequence[bytes],
    hashes: list[bytes],
    t: int,
    *,
    index_rows: int = 0,
    signing: Signing | None = None,
    beside: Sequence[Change] = (),
) -> Written:
    """The tree's part of it: segment, tiles, root, checkpoint, and compare-and-set.

    hashes      of the leaves (`safepassage.proofs.leaf_hashes`)
    index_rows  that are written beside
    beside      rows that are written by the same statement
    """
    growth = head.frontier.grow(hashes)
    segments = []
    for at in range(0, len(leaves), ENTRIES_OF_A_SEGMENT):
        some, theirs = leaves[at : at + ENTRIES_OF_A_SEGMENT], b"".join(hashes[at : at + ENTRIES_OF_A_SEGMENT])
        data = b"".join([len(leaf).to_bytes(2, "big") + leaf for leaf in some])
        segments.append((head.year, head.size + at, len(some), t, theirs, data))
    tiles = tiles_after(head.edges, growth)
    after = replace(head, last_t=t, index_rows=head.index_rows + index_rows, frontier=growth.after, edges=tiles.edges)
    return Written(after, growth, _write_tree(driver, head, after, segments, tiles, signing, beside))


def _place(driver: Driver, head: Head, submissions: Sequence[Submission]) -> int:
    """Give each event its index: that of the entry it already is, or the next one. Gives how many become entries.

    A submission that has an event whose key belongs to another event is refused as a whole, and nothing of it is appended.
    """
    event_keys = [one.event_key for submission in submissions for one in submission.outlines]
    held = {bytes(row[0]): (bytes(row[1]), row[2], row[3]) for row in driver.lookup_near(AppendedRow, "event_key", event_keys)}
    size = head.size
    for submission in submissions:
        places: list[Place] = []
        fresh: list[int] = []
        for position, outline in enumerate(submission.outlines):
            known = held.get(outline.event_key)
            if known is None:
                index = size + len(fresh)
                held[outline.event_key] = (outline.event_digest, head.year, index)
                places.append(Place(head.year, index, False))
                fresh.append(position)
            elif known[0] == outline.event_digest:
                places.append(Place(known[1], known[2], True))
            else:
                submission.refused = EventKeyReused(field=f"events.{submission.first + position}.key")
                for taken_back in fresh:
                    del held[submission.outlines[taken_back].event_key]
                fresh = []
                break
        else:
            submission.places = places
        submission.fresh = fresh
        size += len(fresh)
    return size - head.size


def _write_rows(driver: Driver, head: Head, entries: Sequence[Entry], t: int) -> tuple[int, list[Change]]:
    """Write a row for each key, part, subject and further disclosure; of a single entry they are given, to be written with the tree.

    Gives the number of index rows too.
    """
    year, block = head.year, head.index_rows // ROWS_OF_A_BLOCK
    placed = list(enumerate(entries, head.size))
    appended = [(entry.outline.event_key, entry.outline.event_digest, year, idx) for idx, entry in placed]
    sealed = [(year, idx, part, one.key_id, one.groups) for idx, entry in placed for part, one in enumerate(entry.sealed)]
    index = [
        (block, one.key_id, year, idx, KINDS[entry.outline.class_], entry.outline.partition)
        for idx, entry in placed
        for one in (entry.sealed if len(entry.outline.subjects) == 1 else entry.sealed[1:])
    ]
    redisclosed = [(year, idx, of.bytes, t, None) for idx, entry in placed if (of := entry.outline.on_behalf_of) is not None]
    index.sort()
    tables = ((AppendedRow, appended), (SealedRow, sealed), (SubjectEntryRow, index), (RedisclosureRow, redisclosed))
    if len(entries) == 1:
        return len(index), [insertion(row, rows) for row, rows in tables if rows]
    for row, rows in tables:
        driver.insert(row, rows)
    return len(index), []


def _write_tree(
    driver: Driver,
    before: Head,
    after: Head,
    segments: Sequence[tuple[Any, ...]],
    tiles: NewTiles,
    signing: Signing | None,
    beside: Sequence[Change],
) -> str | None:
    """# INVARIANT: a log grows only from the size that its writer saw. Raises HeadIsStale."""
    changes: list[Change] = [_grown(before, after)]
    note = None
    if signing is not None:
        note, checkpoint = signed(signing.signer, after, signing.now)
        changes.append(checkpoint)
    for row, rows in ((SegmentRow, segments), (TileRow, [(before.year, level, index, hashes) for level, index, hashes in tiles.full])):
        if len(rows) > ROWS_TOGETHER:
            driver.insert(row, rows)
        elif rows:
            changes.append(insertion(row, rows))
    changes += [(_EDGE, (before.year, level, b"".join(tiles.edges[level]))) for level in tiles.changed]
    concerned = driver.together([*changes, *beside])
    if concerned[0] != 1:
        raise HeadIsStale
    return note if note is None or concerned[1] else held_checkpoint(driver, after)


def _grown(before: Head, after: Head) -> Change:
    statement = "UPDATE tree_state SET size = ?, root = ?, last_t = ?, index_rows = ? WHERE log = ? AND size = ? AND root = ?"
    return statement, (after.size, after.root, after.last_t, after.index_rows, before.year, before.size, before.root)
