"""What the writer of a log keeps in memory: where the tree ends. Read from the store, never believed without the store's own evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.checkpoints import VerifierKey, verify_checkpoint
from safepassage.problems import SuiteError
from services.audit.stored_tree import HashesMissing, StoredTree
from services.audit.tables import CheckpointRow, EdgeTileRow, LogRow, TreeStateRow
from services.audit.tiles import WIDTH, Tile, hashes_of, node_hash_from
from services.audit.tree import Frontier, complete_nodes, subtree_root

MAX_TILE_LEVELS = 8


class LogDamaged(Exception):
    """The stored log does not agree with itself or with its last checkpoint. Nothing is appended; a person has to look.

    The message says which check failed, and holds no stored value.
    """


@dataclass(frozen=True)
class Head:
    """The right end of one log's tree, as committed."""

    year: int
    origin: str
    vkey: str
    last_t: int
    index_rows: int
    frontier: Frontier = field(default_factory=Frontier)
    edges: tuple[tuple[bytes, ...], ...] = ()
    """By tile level, the hashes of the incomplete tile at the right end."""

    @property
    def size(self) -> int:
        """How many entries the log has."""
        return self.frontier.size

    @property
    def root(self) -> bytes:
        """The tree's root."""
        return self.frontier.root


async def newest_log(tx: AsyncSession) -> LogRow | None:
    """The log of the latest year, if there is any."""
    found: LogRow | None = await tx.scalar(select(LogRow).order_by(LogRow.year.desc()).limit(1))
    return found


async def load_head(tx: AsyncSession, log: LogRow, *, keys: Sequence[VerifierKey], thorough: bool = False) -> Head:
    """The head of a log, folded anew from segments and tiles.

    keys      of this log, retired ones too
    thorough  also fold the full tiles below the incomplete ones again: up to 255 of each level, for the start of the process

    Raises LogDamaged unless that fold is the stored root, and the last checkpoint is signed by one of the keys, not ahead, and of its tree.
    """
    state = await tx.get(TreeStateRow, log.year)
    if state is None:
        raise LogDamaged("the log has no state")
    tree = StoredTree(tx, log.year)
    try:
        edges = await _edges(tx, tree, log.year, state.size)
        frontier = Frontier(state.size, _peaks(state.size, edges))
        if frontier.root != state.root:
            raise LogDamaged("the stored root is not that of the stored hashes")
        await _check_last_checkpoint(tx, tree, log, state.size, keys)
        if thorough:
            await _check_edges(tree, state.size, edges)
    except HashesMissing:
        raise LogDamaged("segments or tiles are missing") from None
    return Head(log.year, log.origin, log.vkey, state.last_t, state.index_rows, frontier, edges)


async def _edges(tx: AsyncSession, tree: StoredTree, year: int, size: int) -> tuple[tuple[bytes, ...], ...]:
    levels = [tuple(await tree.leaf_hashes(size - size % WIDTH, size))]
    for level in range(1, MAX_TILE_LEVELS):
        count = size >> 8 * level
        if not count:
            break
        row = await tx.get(EdgeTileRow, (year, level))
        hashes = hashes_of(row.hashes) if row is not None else []
        if len(hashes) != count % WIDTH:
            raise HashesMissing
        levels.append(tuple(hashes))
    return tuple(levels)


def _peaks(size: int, edges: tuple[tuple[bytes, ...], ...]) -> tuple[bytes, ...]:
    """The peaks of a tree: each lies in the incomplete tile of its level."""

    def edge(level: int, n: int) -> bytes:
        assert n == size >> 8 * (level + 1)  # noqa: S101 a peak lies to the right of every full tile of its level
        return b"".join(edges[level])

    node_hash = node_hash_from(edge)
    return tuple(node_hash(node) for node in complete_nodes(0, size))


async def _check_edges(tree: StoredTree, size: int, edges: tuple[tuple[bytes, ...], ...]) -> None:
    for level in range(1, len(edges)):
        first = (size >> 8 * (level + 1)) * WIDTH
        for n, digest in enumerate(edges[level], first):
            if subtree_root(hashes_of(await tree.tile(Tile(level - 1, n, WIDTH)))) != digest:
                raise LogDamaged("a tile is not what the tree above it was made of")


async def _check_last_checkpoint(tx: AsyncSession, tree: StoredTree, log: LogRow, size: int, keys: Sequence[VerifierKey]) -> None:
    newest = select(CheckpointRow).where(CheckpointRow.log == log.year).order_by(CheckpointRow.size.desc()).limit(1)
    row = await tx.scalar(newest)
    if row is None:
        return
    if row.size > size:
        raise LogDamaged("the last checkpoint is ahead of the log: an older copy of the store was restored")
    try:
        checkpoint = verify_checkpoint(row.note, origin=log.origin, keys=keys)
    except SuiteError:
        raise LogDamaged("the last checkpoint is not signed by a key of the log") from None
    if checkpoint.size != row.size or checkpoint.root != await tree.root(row.size):
        raise LogDamaged("the last checkpoint is not of this tree")
