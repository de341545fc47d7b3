"""Tiles: their names, their widths, and that they are cut from the very tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.tiles import HASH_BYTES, WIDTH, Tile, hashes_under, node_hash_from, parse_tile_path, path_of_tile, tiles_after, width_at
from services.audit.tree import Frontier, Node
from tests.audit import naive_tree

LEAVES = [naive_tree.leaf_hash(b"entry %d" % n) for n in range(70_000)]


def test_names_are_those_of_the_standard() -> None:
    named = {
        Tile(0, 0, 256): "0/000",
        Tile(1, 1_234_067, 256): "1/x001/x234/067",
        Tile(0, 273, 112): "0/273.p/112",
        Tile(63, 5, 1): "63/005.p/1",
        Tile(None, 12_345, 256): "entries/x012/345",
        Tile(None, 0, 17): "entries/000.p/17",
    }
    for tile, path in named.items():
        assert path_of_tile(tile) == path
        assert parse_tile_path(path) == tile


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 2**40), st.integers(1, 256))
def test_a_name_is_read_back(level: int | None, n: int, width: int) -> None:
    assert parse_tile_path(path_of_tile(Tile(level, n, width))) == Tile(level, n, width)


@pytest.mark.parametrize(
    "path",
    ["", "0", "0/1", "0/0001", "00/001", "64/000", "0/x000/001", "0/000.p/0", "0/000.p/256", "0/000.p/01", "8/0/000", "0/000/", "entries/1",
     "0/../000", "0/٠٠٠", "0/" + "x001/" * 20 + "001", "0/001.p/1/x"],
)  # fmt: skip
def test_any_other_text_is_no_name(path: str) -> None:
    with pytest.raises(ValueError, match="not the path"):
        parse_tile_path(path)


def test_seventy_thousand_entries_have_the_widths_of_the_standards_example() -> None:
    size = 70_000
    assert [width_at(0, n, size) for n in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [width_at(1, n, size) for n in (0, 1, 2)] == [256, 17, 0]
    assert [width_at(2, n, size) for n in (0, 1)] == [1, 0]


@pytest.mark.requirement("LOG-I6")
def test_tiles_of_a_grown_tree_are_those_of_its_leaves() -> None:
    stored: dict[tuple[int, int], bytes] = {}
    edges: tuple[tuple[bytes, ...], ...] = ()
    frontier = Frontier()
    for count in (1, 254, 1, 1, 700, 65_536, 3, 3504):
        growth = frontier.grow(LEAVES[frontier.size : frontier.size + count])
        tiles = tiles_after(edges, growth)
        for level, n, hashes in tiles.full:
            assert (level, n) not in stored
            stored[level, n] = hashes
        edges, frontier = tiles.edges, growth.after
    assert frontier.size == 70_000
    assert {key for key in stored if key[0]} == {(1, 0)}
    assert len(stored) == 274
    for n in (0, 100, 272):
        assert stored[0, n] == b"".join(LEAVES[n * WIDTH : (n + 1) * WIDTH])
    for n in (0, 255):
        whole = naive_tree.tree_head(LEAVES[n * 256 : (n + 1) * 256])
        assert stored[1, 0][n * HASH_BYTES : (n + 1) * HASH_BYTES] == whole
    assert [len(edge) for edge in edges] == [112, 17, 1]
    assert edges[2][0] == naive_tree.tree_head(LEAVES[:65_536])


@given(st.integers(0, 20), st.integers(0, 2**30))
def test_a_nodes_hashes_lie_in_one_tile(level: int, n: int) -> None:
    place = hashes_under(Node(level, n))
    assert place.end - place.offset == 1 << level % 8
    assert 0 <= place.offset < place.end <= WIDTH
    leaves = 256**place.level
    assert (place.n * WIDTH + place.offset) * leaves == n << level


def test_the_hash_of_a_node_follows_from_its_tile() -> None:
    tiles = {(0, n): LEAVES[n * WIDTH : (n + 1) * WIDTH] for n in range(8)}
    tiles[1, 0] = [naive_tree.tree_head(LEAVES[n * WIDTH : (n + 1) * WIDTH]) for n in range(8)]
    node_hash = node_hash_from(lambda level, n: b"".join(tiles[level, n]))
    for level in range(12):
        for n in {0, (2048 >> level) - 1, (2048 >> level) // 3}:
            assert node_hash(Node(level, n)) == naive_tree.tree_head(LEAVES[n << level : (n + 1) << level])


def test_nodes_that_are_dear_are_made_once_and_are_the_same_and_of_a_tile_few_are_kept() -> None:
    tile, read, known = b"".join(LEAVES[:WIDTH]), list[tuple[int, int]](), dict[Node, bytes]()

    def tile_of(level: int, n: int) -> bytes:
        read.append((level, n))
        return tile

    nodes = [Node(level, n) for level in range(8) for n in range(WIDTH >> level)]
    plain, keeping = node_hash_from(tile_of), node_hash_from(tile_of, known)
    hashes = [plain(node) for node in nodes]
    assert [keeping(node) for node in nodes] == hashes
    assert {node.level for node in known} == {4, 5, 6, 7}
    assert len(known) == 30
    read.clear()
    assert [keeping(node) for node in nodes] == hashes
    assert len(read) == len(nodes) - len(known)
