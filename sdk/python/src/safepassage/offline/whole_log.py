"""Verifying a whole log: every entry is hashed, every checkpoint that is known has to be a root on the way.

An altered entry changes the root of every later checkpoint. Which entry it was is shown by the hashes that lie beside the entries: they
are no authority, but whoever alters an entry and not all of them gives the place away. Where all were altered alike, the signed
checkpoints still show between which two sizes it happened.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from safepassage.canonical import digest_of
from safepassage.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint
from safepassage.leaf import Leaf, parse_leaf
from safepassage.notes import VerifierKey, parse_note
from safepassage.offline.frontier import Frontier
from safepassage.offline.stored_log import Chunk, StoredLog
from safepassage.problems import SuiteError
from safepassage.problems.proofs import CheckpointNotSigned
from safepassage.problems.stored_log import EntriesMissing, LogAltered, NothingSigned
from safepassage.proofs import EMPTY_ROOT, leaf_hash, leaf_hashes

WIDTH: Final = 256
HASH_BYTES: Final = 32


@dataclass(frozen=True)
class LogReport:
    """What was verified."""

    origin: str
    size: int
    """Entries that the latest checkpoint covers."""
    root: bytes
    checkpoints: int
    """Signed checkpoints that were compared, pinned ones included."""
    newer: int
    """Entries that are stored and not covered by a checkpoint yet."""


def verify_log(log: StoredLog, *, keys: Collection[VerifierKey], pinned: Sequence[str] = (), leaves: bool = False) -> LogReport:
    """Check a stored log from its first entry to its last.

    keys    the log's keys, got from the trust list or out of band; never from the store
    pinned  checkpoints that others have kept of this log: they show what the store alone cannot, a history cut off or replaced
    leaves  also read every entry as a leaf, whose time never goes back

    Raises LogAltered or EntriesMissing with the first bad index, NothingSigned, LeafMalformed, and what `verify_checkpoint` raises.
    """
    checkpoints = _verified(log, keys, pinned)
    state = _Walk(log, checkpoints, leaves=leaves)
    try:
        for chunk in log.chunks():
            state.take(chunk)
    except EntriesMissing as missing:
        raise state.earlier_than(missing) from None
    return state.finish()


def _verified(log: StoredLog, keys: Collection[VerifierKey], pinned: Sequence[str]) -> list[Checkpoint]:
    if not any(key.name == log.origin for key in keys):
        raise CheckpointNotSigned("no key of this log was named")
    notes = log.notes()
    if not notes:
        raise NothingSigned
    found = [verify_checkpoint(note, origin=log.origin, keys=keys) for note in (*notes, *pinned)]
    by_size: dict[int, Checkpoint] = {}
    for checkpoint in found:
        other = by_size.setdefault(checkpoint.size, checkpoint)
        if other.root != checkpoint.root:
            # Two roots of one size under the log's own key: nobody but the log can make them.
            raise LogAltered("the log signed two different trees of one size", index=0, until=checkpoint.size)
    return [by_size[size] for size in sorted(by_size)]


def latest_note(log: StoredLog) -> str:
    """The largest checkpoint of a log that was verified."""
    return max(log.notes(), key=lambda note: parse_checkpoint(parse_note(note).text).size)


def verify_succession(older: StoredLog, newer: StoredLog) -> None:
    """Check that the first entry of a year's log pins the last checkpoint of the log before it. Both were verified.

    Raises LogAltered, about the newer log.
    """
    first = next((chunk.entries[0] for chunk in newer.chunks() if chunk.entries), None)
    if first is None:
        return
    last = latest_note(older)
    if parse_leaf(first).digests.ct != digest_of(last.encode()):
        raise LogAltered(f"its first entry does not pin the last checkpoint of {older.origin}", index=0)


class _Walk:
    """From the first entry on: the tree so far, the next checkpoint to meet, and what did not fit meanwhile."""

    def __init__(self, log: StoredLog, checkpoints: list[Checkpoint], *, leaves: bool) -> None:
        self._log, self._checkpoints, self._leaves = log, checkpoints, leaves
        self._frontier = Frontier()
        self._tiles: list[list[bytes]] = [[]]
        self._folded = 0
        """How many hashes of the tile of leaves that is being filled are in the frontier: none, unless a checkpoint was met inside it."""
        self._next = 0
        self._good_until = 0
        self._suspect: LogAltered | None = None
        self._last_time = 0
        self._meet_checkpoint()

    def take(self, chunk: Chunk) -> None:
        """The next entries. Raises EntriesMissing."""
        if chunk.start != self._size:
            raise EntriesMissing(index=self._size, until=chunk.start)
        hashes = leaf_hashes(chunk.entries)
        self._compare(chunk.start, hashes, chunk.hashes)
        if self._leaves:
            for offset, entry in enumerate(chunk.entries):
                self._read_leaf(entry, chunk.start + offset)
        at = 0
        while at < len(hashes):
            tile, meets = self._tiles[0], self._next_size()
            step = min(WIDTH - len(tile), len(hashes) - at)
            if meets > self._size:
                step = min(step, meets - self._size)
            tile += hashes[at : at + step]
            at += step
            if len(tile) == WIDTH or self._size == meets:
                self._fold()
            if self._frontier.size == meets:
                self._meet_checkpoint()

    @property
    def _size(self) -> int:
        """Entries so far."""
        return self._frontier.size - self._folded + len(self._tiles[0])

    def _fold(self) -> None:
        """Put what the tile of leaves holds into the frontier."""
        tile = self._tiles[0]
        completed = self._frontier.append(tile[self._folded :])
        self._folded = len(tile) % WIDTH
        for level, root in enumerate(completed, 1):
            self._tile_done(level - 1)
            self._tile_at(level).append(root)

    def _compare(self, start: int, hashes: list[bytes], stored: bytes | None) -> None:
        """The hashes that lie beside the entries with those of the entries."""
        if stored is None or stored == b"".join(hashes):
            return
        if len(stored) != len(hashes) * HASH_BYTES:
            self._suspects("the stored hashes are not as many as the entries", start)
            return
        offset = next(i for i, digest in enumerate(hashes) if stored[i * HASH_BYTES : (i + 1) * HASH_BYTES] != digest)
        self._suspects("the entry has not the hash that is stored beside it", start + offset)

    def earlier_than(self, missing: EntriesMissing) -> LogAltered:
        """What comes first: the entries that are missing, or something in front of them."""
        return self._suspect if self._suspect is not None and self._suspect.index < missing.index else missing

    def finish(self) -> LogReport:
        latest = self._checkpoints[-1]
        if self._next < len(self._checkpoints):
            raise EntriesMissing("the log ends before a checkpoint that it signed", index=self._size, until=latest.size)
        if self._suspect is not None:
            raise self._suspect
        return LogReport(latest.origin, latest.size, latest.root, len(self._checkpoints), self._size - latest.size)

    def _next_size(self) -> int:
        return self._checkpoints[self._next].size if self._next < len(self._checkpoints) else -1

    def _meet_checkpoint(self) -> None:
        while self._next < len(self._checkpoints) and self._checkpoints[self._next].size == self._frontier.size:
            size = self._frontier.size
            if self._checkpoints[self._next].root != (self._frontier.root() if size else EMPTY_ROOT):
                # INVARIANT: entries below the last checkpoint that agreed are as signed, so the fault lies behind it.
                raise self._suspect or self._located(self._good_until, size)
            self._next += 1
            self._good_until = size

    def _located(self, start: int, end: int) -> LogAltered:
        """The first index in the range whose entry disagrees with a stored tile of leaf hashes, else the range."""
        for n in range(start // WIDTH, -(-end // WIDTH)):
            tile = self._log.tile(0, n)
            for index, digest in self._hashes(max(start, n * WIDTH), min(end, (n + 1) * WIDTH)):
                place = index - n * WIDTH
                if tile and tile[place * HASH_BYTES : (place + 1) * HASH_BYTES] != digest:
                    return LogAltered("the entry is not the one that the tile of its hashes has", index=index)
        detail = f"an entry from {start} to {end - 1} is not as signed; all hashes beside it were altered alike"
        return LogAltered(detail, index=start, until=end)

    def _hashes(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        for chunk in self._log.chunks():
            if chunk.start >= end:
                return
            for offset, entry in enumerate(chunk.entries):
                if start <= chunk.start + offset < end:
                    yield chunk.start + offset, leaf_hash(entry)

    def _tile_at(self, level: int) -> list[bytes]:
        while len(self._tiles) <= level:
            self._tiles.append([])
        return self._tiles[level]

    def _tile_done(self, level: int) -> None:
        """Compare a tile that became full with the stored one. The tree does not rest on it; proofs are made from it."""
        hashes, span = self._tiles[level], WIDTH**level
        n = self._frontier.size // (span * WIDTH) - 1
        stored = self._log.tile(level, n)
        if stored is not None and stored != b"".join(hashes):
            place = next((i for i in range(WIDTH) if stored[i * HASH_BYTES : (i + 1) * HASH_BYTES] != hashes[i]), 0)
            first = (n * WIDTH + place) * span
            self._suspects(f"tile {n} of level {level} has not the hash of what is below it", first, until=first + span)
        self._tiles[level] = []

    def _read_leaf(self, entry: bytes, index: int) -> None:
        try:
            leaf: Leaf = parse_leaf(entry)
        except SuiteError as error:
            raise LogAltered("the entry is no leaf", index=index) from error
        if leaf.t < self._last_time:
            raise LogAltered("the entry's time is before that of the entry in front of it", index=index)
        self._last_time = leaf.t

    def _suspects(self, detail: str, index: int, until: int | None = None) -> None:
        if self._suspect is None or index < self._suspect.index:
            self._suspect = LogAltered(detail, index=index, until=until)
