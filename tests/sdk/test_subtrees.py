"""Proofs that a piece is part of a log's tree, against the definition written down as it stands, for every piece of every small tree."""

from collections.abc import Sequence

import pytest

from safepassage.problems.proofs import ConsistencyNotProven
from safepassage.subtrees import is_subtree, verify_subtree
from services.audit.tree import complete_nodes, fold, subtree_ranges, subtree_root
from tests.sdk import rfc9162

ENTRIES = [f"entry {n}".encode() for n in range(40)]


def subtree_path(start: int, end: int, entries: Sequence[bytes], *, known: bool = True) -> list[bytes]:
    """SUBTREE_SUBPROOF of draft-ietf-plants-merkle-tree-certs, section 4.4.1."""
    if (start, end) == (0, len(entries)):
        return [] if known else [rfc9162.mth(entries)]
    k = rfc9162.split(len(entries))
    if end <= k:
        return [*subtree_path(start, end, entries[:k], known=known), rfc9162.mth(entries[k:])]
    if start >= k:
        return [*subtree_path(start - k, end - k, entries[k:], known=known), rfc9162.mth(entries[:k])]
    return [*subtree_path(0, end - k, entries[k:], known=False), rfc9162.mth(entries[:k])]


PIECES = [(start, end, size) for size in range(1, 24) for end in range(1, size + 1) for start in range(end) if is_subtree(start, end)]


def verify(start: int, end: int, size: int, path: Sequence[bytes], **other: bytes) -> None:
    hashes = {"subtree_root": rfc9162.mth(ENTRIES[start:end]), "root": rfc9162.mth(ENTRIES[:size])} | other
    verify_subtree(start=start, end=end, size=size, path=path, **hashes)


def test_every_piece_of_every_small_tree_is_proven() -> None:
    for start, end, size in PIECES:
        verify(start, end, size, subtree_path(start, end, ENTRIES[:size]))


def test_the_log_s_own_paths_are_those_of_the_definition() -> None:
    def node_hash(level: int, n: int) -> bytes:
        return subtree_root([rfc9162.mth([one]) for one in ENTRIES[n << level : (n + 1) << level]])

    for start, end, size in PIECES:
        made = [fold([node_hash(*node) for node in complete_nodes(*leaves)]) for leaves in subtree_ranges(start, end, size)]
        assert made == subtree_path(start, end, ENTRIES[:size])


def test_any_other_path_or_hash_is_refused() -> None:
    for start, end, size in PIECES[::3]:
        path = subtree_path(start, end, ENTRIES[:size])
        others: list[list[bytes]] = [[*path, bytes(32)], [bytes(31), *path]]
        others += [[*path[:at], *path[at + 1 :]] for at in range(len(path))]
        others += [[*path[:at], bytes(32), *path[at + 1 :]] for at in range(len(path))]
        for other in others:
            with pytest.raises(ConsistencyNotProven):
                verify(start, end, size, other)
        for other_hash in ({"subtree_root": bytes(32)}, {"root": bytes(32)}):
            with pytest.raises(ConsistencyNotProven):
                verify(start, end, size, path, **other_hash)


@pytest.mark.parametrize(("start", "end", "size"), [(1, 3, 4), (0, 5, 4), (2, 2, 4), (3, 2, 4), (-4, 0, 4), (4, 9, 16)])
def test_what_is_no_subtree_is_refused(start: int, end: int, size: int) -> None:
    with pytest.raises(ConsistencyNotProven):
        verify_subtree(start=start, end=end, size=size, subtree_root=bytes(32), root=bytes(32), path=[bytes(32)])
    with pytest.raises(ValueError, match="subtree"):
        subtree_ranges(start, end, size)
