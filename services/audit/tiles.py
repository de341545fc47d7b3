"""Tiles, C2SP tlog-tiles: the tree cut into pieces of 256 hashes, and the names under which they and the bundles of entries are served. Pure.

Tile `index` of `level` holds the roots of 256 subtrees of 256 ** level leaves each. At the right end it is partial; a partial tile has no
parent yet. The heights are fixed, so the path has none (the Go checksum database's has).
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from services.audit.tree import Node, subtree_root

WIDTH: Final = 256
HASH_BYTES: Final = 32
MAX_LEVEL: Final = 63
_INDEX = r"(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
_TILE = re.compile(rf"(?P<level>0|[1-9][0-9]?)/{_INDEX}", re.ASCII)
_BUNDLE = re.compile(rf"entries/{_INDEX}", re.ASCII)


class Tile(NamedTuple):
    """A tile of hashes, or at `level` None a bundle of entries."""

    level: int | None
    index: int
    width: int
    """1 to 256; under 256 it is partial."""


class HashesInTile(NamedTuple):
    """Where the hashes under a node are: `count` of them, a power of two, from `offset` in the tile."""

    level: int
    index: int
    offset: int
    count: int


def path_of_tile(tile: Tile) -> str:
    """`<level>/<index>[.p/<width>]`, the part of the URL behind `tile/`; for a bundle `entries/<index>[.p/<width>]`."""
    groups = f"{tile.index % 1000:03d}"
    rest = tile.index // 1000
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
    index = int(match["index"].replace("x", "").replace("/", ""))
    tile = Tile(None if level is None else int(level), index, int(match["width"] or WIDTH))
    if (tile.level or 0) > MAX_LEVEL or path_of_tile(tile) != path:
        raise ValueError("not the path of a tile")
    return tile


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes tile `index` of `level` has in a tree of `size` leaves: 0 where there is no such tile, at most 256."""
    return max(0, min(WIDTH, (size >> 8 * level) - index * WIDTH))


def full_tiles(level: int, size: int) -> int:
    """How many full tiles `level` has in a tree of `size` leaves."""
    return size >> 8 * (level + 1)


def hashes_under(node: Node) -> HashesInTile:
    """The hashes in a tile from which the hash of `node` follows."""
    level, height = divmod(node.level, 8)
    index, offset = divmod(node.index << height, WIDTH)
    return HashesInTile(level, index, offset, 1 << height)


def hashes_of(data: bytes) -> list[bytes]:
    """A tile's bytes as its hashes."""
    return [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]


def node_hash_from(tile_of: Callable[[int, int], bytes]) -> Callable[[Node], bytes]:
    """Hashes of complete nodes, given `tile_of(level, index)`: the bytes of a tile, at least as wide as the node needs."""

    def node_hash(node: Node) -> bytes:
        place = hashes_under(node)
        data = tile_of(place.level, place.index)[place.offset * HASH_BYTES : (place.offset + place.count) * HASH_BYTES]
        return subtree_root(hashes_of(data))

    return node_hash
