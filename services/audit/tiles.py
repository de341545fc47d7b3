"""Tiles, C2SP tlog-tiles: the tree cut into pieces of 256 hashes, and the names under which they and bundles of entries are served. Pure.

Tile `n` of `level` holds the roots of 256 subtrees of 256 ** level leaves each. At the right end it is partial; a partial tile has no
parent yet. The heights are fixed, so the path has none (the Go checksum database's has).
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from services.audit.tree import Growth, Node, subtree_root

WIDTH: Final = 256
HASH_BYTES: Final = 32
DEAR: Final = 16
"""So many hashes of a tile, or more, make a node that is worth keeping."""
MAX_LEVEL: Final = 63
_N = r"(?P<n>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
_TILE = re.compile(rf"(?P<level>0|[1-9][0-9]?)/{_N}", re.ASCII)
_BUNDLE = re.compile(rf"entries/{_N}", re.ASCII)


class Tile(NamedTuple):
    """A tile of hashes, or at `level` None a bundle of entries."""

    level: int | None
    n: int
    width: int
    """1 to 256; under 256 it is partial."""


class HashesInTile(NamedTuple):
    """Where the hashes under a node are: those from `offset` to `end` in tile `n` of `level`; a power of two of them."""

    level: int
    n: int
    offset: int
    end: int


def path_of_tile(tile: Tile) -> str:
    """`<level>/<n>[.p/<width>]`, the part of the URL behind `tile/`; for a bundle `entries/<n>[.p/<width>]`."""
    groups = f"{tile.n % 1000:03d}"
    rest = tile.n // 1000
    while rest:
        groups, rest = f"x{rest % 1000:03d}/{groups}", rest // 1000
    partial = f".p/{tile.width}" if tile.width < WIDTH else ""
    return f"{'entries' if tile.level is None else tile.level}/{groups}{partial}"


def parse_tile_path(path: str) -> Tile:
    """The tile that `path_of_tile` gives `path` for. Raises ValueError for any other text: a tile has one name."""
    match = _TILE.fullmatch(path) or _BUNDLE.fullmatch(path)
    if match is None or len(path) > 64:
        raise ValueError("not the path of a tile")
    level = match.groupdict().get("level")
    n = int(match["n"].replace("x", "").replace("/", ""))
    tile = Tile(None if level is None else int(level), n, int(match["width"] or WIDTH))
    if (tile.level or 0) > MAX_LEVEL or path_of_tile(tile) != path:
        raise ValueError("not the path of a tile")
    return tile


def width_at(level: int, n: int, size: int) -> int:
    """How many hashes tile `n` of `level` has in a tree of `size` leaves: 0 where there is no such tile, at most 256."""
    return max(0, min(WIDTH, (size >> 8 * level) - n * WIDTH))


def hashes_under(node: Node) -> HashesInTile:
    """The hashes in a tile from which the hash of `node` follows."""
    level, height = divmod(node.level, 8)
    n, offset = divmod(node.n << height, WIDTH)
    return HashesInTile(level, n, offset, offset + (1 << height))


def hashes_of(data: bytes) -> list[bytes]:
    """A tile's bytes as its hashes."""
    return [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]


def node_hash_from(tile_of: Callable[[int, int], bytes], known: dict[Node, bytes] | None = None) -> Callable[[Node], bytes]:
    """Hashes of complete nodes, given `tile_of(level, n)`: the bytes of a tile, at least as wide as the node needs.

    known  of one log: keeps the nodes that are dear to make, 30 of a tile at the most; a complete node's hash never changes
    """

    def node_hash(node: Node) -> bytes:
        if known is not None and (digest := known.get(node)) is not None:
            return digest
        place = hashes_under(node)
        data = tile_of(place.level, place.n)[place.offset * HASH_BYTES : place.end * HASH_BYTES]
        digest = subtree_root(hashes_of(data))
        if known is not None and place.end - place.offset >= DEAR:
            known[node] = digest
        return digest

    return node_hash


class NewTiles(NamedTuple):
    """What a step of growth does to the tiles."""

    full: list[tuple[int, int, bytes]]
    """(level, n, 256 hashes) of each tile that became full."""
    edges: tuple[tuple[bytes, ...], ...]
    """By level, the hashes of the incomplete tile at the right end."""
    changed: list[int]
    """Levels above 0 whose incomplete tile is another one now."""


def tiles_after(edges: tuple[tuple[bytes, ...], ...], growth: Growth) -> NewTiles:
    """The tiles after `growth`, given the incomplete ones before it."""
    full: list[tuple[int, int, bytes]] = []
    after: list[tuple[bytes, ...]] = []
    changed = []
    for level in range(MAX_LEVEL):
        new = [digest for _, digest in growth.completed(8 * level)]
        held = edges[level] if level < len(edges) else ()
        if not new:
            after += edges[level:]
            break
        n = growth.before.size >> 8 * (level + 1)
        hashes = (*held, *new)
        for start in range(0, len(hashes) - len(hashes) % WIDTH, WIDTH):
            full.append((level, n, b"".join(hashes[start : start + WIDTH])))
            n += 1
        after.append(hashes[len(hashes) - len(hashes) % WIDTH :])
        if level:
            changed.append(level)
    return NewTiles(full, tuple(after), changed)
