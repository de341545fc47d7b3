"""The tree against an independent, naive one, and against the published vectors."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.proofs import verify_consistency, verify_inclusion
from services.audit.tree import EMPTY_ROOT, Frontier, Growth, Node, complete_nodes, consistency_ranges, inclusion_ranges, path_of
from tests.audit import naive_tree

LEAVES = [naive_tree.leaf_hash(b"entry %d" % n) for n in range(1200)]
VECTORS = Path(__file__).parent.parent / "vectors"

steps = st.lists(st.integers(1, 90), min_size=1, max_size=8)


def node_hash(node: Node) -> bytes:
    return naive_tree.tree_head(LEAVES[node.n << node.level : (node.n + 1) << node.level])


def grown(counts: list[int]) -> list[Growth]:
    growths, frontier = [], Frontier()
    for count in counts:
        growth = frontier.grow(LEAVES[frontier.size : frontier.size + count])
        growths.append(growth)
        frontier = growth.after
    return growths


def test_the_published_vectors_hold() -> None:
    vectors = json.loads((VECTORS / "tree.json").read_text())
    hashes = [naive_tree.leaf_hash(bytes.fromhex(entry)) for entry in vectors["entries"]]
    frontier = Frontier()
    assert frontier.root == EMPTY_ROOT == sha256(b"").digest()
    for digest, root in zip(hashes, vectors["roots"], strict=True):
        frontier = frontier.grow([digest]).after
        assert frontier.root.hex() == root


def test_a_published_inclusion_and_a_consistency_path_are_made_alike() -> None:
    for vector in json.loads((VECTORS / "inclusion.json").read_text())["vectors"]:
        assert len(inclusion_ranges(vector["index"], vector["size"])) == len(vector["path"])
    for vector in json.loads((VECTORS / "consistency.json").read_text())["vectors"]:
        assert len(consistency_ranges(vector["old_size"], vector["new_size"])) == len(vector["path"])


@given(steps)
@settings(max_examples=40, deadline=None)
def test_growing_in_any_steps_gives_the_same_root(counts: list[int]) -> None:
    for growth in grown(counts):
        assert growth.after.root == naive_tree.tree_head(LEAVES[: growth.after.size])


@given(steps, st.data())
@settings(max_examples=40, deadline=None)
def test_paths_are_those_of_the_standard(counts: list[int], data: st.DataObject) -> None:
    growth = data.draw(st.sampled_from(grown(counts)))
    size, hashes = growth.after.size, LEAVES[: growth.after.size]
    index = data.draw(st.integers(growth.before.size, size - 1))
    path = growth.inclusion_path(index)
    assert list(path) == naive_tree.path(index, hashes)
    assert path_of(inclusion_ranges(index, size), node_hash) == path
    verify_inclusion(leaf_hash=hashes[index], index=index, size=size, path=path, root=growth.after.root)


@given(st.integers(1, 600), st.integers(0, 600))
@settings(max_examples=40, deadline=None)
def test_consistency_paths_are_those_of_the_standard(old: int, more: int) -> None:
    new = old + more
    path = path_of(consistency_ranges(old, new), node_hash)
    assert list(path) == naive_tree.proof(old, LEAVES[:new])
    old_root, new_root = naive_tree.tree_head(LEAVES[:old]), naive_tree.tree_head(LEAVES[:new])
    verify_consistency(old_size=old, new_size=new, old_root=old_root, new_root=new_root, path=path)


@given(st.integers(0, 2**40))
def test_a_row_of_complete_subtrees_covers_the_leaves_once(size: int) -> None:
    at = 0
    for level, n in complete_nodes(0, size):
        assert n << level == at
        at += 1 << level
    assert at == size


@given(steps)
@settings(max_examples=30, deadline=None)
def test_each_node_is_completed_once(counts: list[int]) -> None:
    growths = grown(counts)
    for level in range(10):
        completed = [pair for growth in growths for pair in growth.completed(level)]
        assert [n for n, _ in completed] == list(range(growths[-1].after.size >> level))
        assert all(digest == node_hash(Node(level, n)) for n, digest in completed)


def test_what_lies_outside_the_tree_has_no_path() -> None:
    for index, size in ((-1, 4), (4, 4), (0, 0)):
        with pytest.raises(ValueError, match="outside"):
            inclusion_ranges(index, size)
    for old, new in ((0, 4), (5, 4), (-1, 2)):
        with pytest.raises(ValueError, match="starts from"):
            consistency_ranges(old, new)
    with pytest.raises(KeyError):
        Frontier().grow(LEAVES[:3]).hash_of(5, 0)
