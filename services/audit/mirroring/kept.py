"""What is kept of a mirrored log, package by package: each is verified against a checkpoint of the log before it is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from safepassage.bundles import bundle_of, entries_of
from safepassage.checkpoints import Checkpoint
from safepassage.problems.log import NoSuchTile
from safepassage.problems.mirroring import EntriesNotOfTheLog, MirrorFull
from safepassage.problems.proofs import ConsistencyNotProven
from safepassage.proofs import leaf_hash, root_of
from safepassage.subtrees import verify_subtree
from services.audit.driver import Driver
from services.audit.tiles import WIDTH, Tile, width_at
from services.audit.tree import subtree_root


@dataclass(frozen=True)
class Kept:
    """The row of a mirrored log."""

    size: int
    note: str
    t: int
    next_entry: int


class Package(NamedTuple):
    """Some entries, from `start` on, within one bundle; and the path of the subtree that they end."""

    start: int
    entries: Sequence[bytes]
    path: Sequence[bytes]


def kept(driver: Driver, digest: str, *, lock: bool = False) -> Kept:
    """How much of a log is kept; nothing of one that is not mirrored."""
    ask = driver.locked if lock else driver.rows
    rows = ask("SELECT size, note, t, next_entry FROM mirrored_log WHERE origin_digest = ?", digest)
    return Kept(*rows[0]) if rows else Kept(0, "", 0, 0)


def begin(driver: Driver, digest: str, origin: str) -> None:
    """Make the row of a log, if there is none."""
    driver.change(
        "INSERT INTO mirrored_log (origin_digest, origin, size, note, t, next_entry, bytes) VALUES (?, ?, 0, '', 0, 0, 0) "
        "ON CONFLICT DO NOTHING",
        digest,
        origin,
    )


def put(driver: Driver, digest: str, package: Package, *, checkpoint: Checkpoint, room: int) -> int:
    """Verify a package and keep what of it is new, in a writing transaction. Gives the next entry.

    checkpoint  of the log, verified; the package was made for its tree
    room        bytes that may be kept of all logs together

    Raises EntriesNotOfTheLog, MirrorFull. # INVARIANT: nothing is kept that was not shown to be part of a signed tree.
    """
    here = kept(driver, digest, lock=True)
    n, offset = divmod(package.start, WIDTH)
    held = list(entries_of(_bundle(driver, digest, n)))
    if len(held) < offset:
        raise EntriesNotOfTheLog("entries in front of them are not here")
    entries = [*held[:offset], *package.entries]
    end, hashes = n * WIDTH + len(entries), list(map(leaf_hash, entries))
    root = root_of(hashes)
    try:
        verify_subtree(start=n * WIDTH, end=end, size=checkpoint.size, subtree_root=root, root=checkpoint.root, path=package.path)
    except ConsistencyNotProven:
        raise EntriesNotOfTheLog from None
    if len(entries) <= len(held):
        return here.next_entry
    more = sum(2 + len(entry) for entry in entries[len(held) :])
    ((used,),) = driver.rows("SELECT coalesce(sum(bytes), 0) FROM mirrored_log")
    if int(used) + more > room:
        raise MirrorFull
    driver.change(
        "INSERT INTO mirrored_bundle (origin_digest, n, count, root, data) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (origin_digest, n) DO UPDATE SET count = excluded.count, root = excluded.root, data = excluded.data",
        digest,
        n,
        len(entries),
        root if len(entries) == WIDTH else None,
        bundle_of(entries),
    )
    driver.change("UPDATE mirrored_log SET next_entry = ?, bytes = bytes + ? WHERE origin_digest = ?", end, more, digest)
    return end


def tile_of(driver: Driver, digest: str, tile: Tile) -> bytes:
    """A tile of hashes or a bundle of entries, as far as the mirror's checkpoint reaches. Raises NoSuchTile."""
    here = kept(driver, digest)
    if tile.width > width_at(tile.level or 0, tile.n, here.size):
        raise NoSuchTile
    if not tile.level:
        entries = list(entries_of(_bundle(driver, digest, tile.n)))[: tile.width]
        return bundle_of(entries) if tile.level is None else b"".join(map(leaf_hash, entries))
    # Each hash of a level above the leaves is the root over as many full bundles.
    span = WIDTH ** (tile.level - 1)
    first = tile.n * WIDTH * span
    query = "SELECT root FROM mirrored_bundle WHERE origin_digest = ? AND n >= ? AND n < ? ORDER BY n"
    roots = [bytes(root) for (root,) in driver.rows(query, digest, first, first + tile.width * span)]
    return b"".join(subtree_root(roots[at : at + span]) for at in range(0, len(roots), span))


def _bundle(driver: Driver, digest: str, n: int) -> bytes:
    rows = driver.rows("SELECT data FROM mirrored_bundle WHERE origin_digest = ? AND n = ?", digest, n)
    return bytes(rows[0][0]) if rows else b""
