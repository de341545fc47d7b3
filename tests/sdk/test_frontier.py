"""The right edge of a growing tree, beside the root that is folded from all leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.offline.frontier import TILE, Frontier
from safepassage.proofs import leaf_hashes, root_of

HASHES = leaf_hashes(n.to_bytes(2, "big") for n in range(3 * TILE + 70))
pieces = st.lists(st.integers(1, TILE), max_size=12)


def _grown(widths: list[int]) -> tuple[Frontier, list[bytes]]:
    """A frontier to which pieces of these widths were added, as far as they lie in one tile; and the subtrees that it said are complete."""
    frontier, completed = Frontier(), list[bytes]()
    for width in widths:
        start = frontier.size
        completed += frontier.append(HASHES[start : min(start + width, start - start % TILE + TILE)])
    return frontier, completed


@given(pieces)
def test_in_whatever_pieces_it_grows_its_root_is_that_of_all_leaves(widths: list[int]) -> None:
    frontier, completed = _grown(widths)
    assert frontier.root() == root_of(HASHES[: frontier.size])
    assert completed == [root_of(HASHES[n * TILE : (n + 1) * TILE]) for n in range(frontier.size // TILE)]


def test_every_size_has_its_root() -> None:
    frontier = Frontier()
    for size, digest in enumerate(HASHES[:70], 1):
        frontier.append([digest])
        assert (frontier.size, frontier.root()) == (size, root_of(HASHES[:size]))


def test_a_tile_of_tiles_is_said_to_be_complete_with_its_last_leaf() -> None:
    tile, frontier = HASHES[:TILE], Frontier()
    said = [frontier.append(tile) for _ in range(TILE)]
    above = root_of(tile)
    assert said[:-1] == [[above]] * (TILE - 1)
    assert said[-1] == [above, root_of([above] * TILE)]


def test_leaves_of_two_tiles_are_no_piece() -> None:
    frontier = Frontier()
    frontier.append(HASHES[:200])
    with pytest.raises(ValueError, match="one tile"):
        frontier.append(HASHES[200 : TILE + 1])
