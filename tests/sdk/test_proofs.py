import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.problems.proofs import ConsistencyNotProven, InclusionNotProven, IndexBeyondLog, WrongPathLength
from safepassage.proofs import EMPTY_ROOT, leaf_hash, path_length, root_of, verify_consistency, verify_inclusion
from tests.sdk import rfc9162
from tests.sdk.vectors import vectors

ENTRIES = [b"entry %d" % number for number in range(70)]


def unhex(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def flipped(data: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if position == bit // 8 else 0) for position, byte in enumerate(data))


def test_roots_are_those_that_certificate_transparency_published() -> None:
    tree = vectors("tree")
    entries = unhex(tree["entries"])
    for size, root in enumerate(tree["roots"], 1):
        assert root_of([leaf_hash(entry) for entry in entries[:size]]).hex() == root
    assert root_of([]) == EMPTY_ROOT == rfc9162.mth([])


def test_every_inclusion_vector_verifies_and_is_what_the_rfc_defines() -> None:
    for vector in vectors("inclusion")["vectors"]:
        entry, path = bytes.fromhex(vector["entry"]), unhex(vector["path"])
        verify_inclusion(
            leaf_hash=leaf_hash(entry), index=vector["index"], size=vector["size"], path=path, root=bytes.fromhex(vector["root"])
        )


def test_every_consistency_vector_verifies() -> None:
    for vector in vectors("consistency")["vectors"]:
        roots = {name: bytes.fromhex(vector[name]) for name in ("old_root", "new_root")}
        verify_consistency(old_size=vector["old_size"], new_size=vector["new_size"], path=unhex(vector["path"]), **roots)


@pytest.mark.parametrize("size", range(1, 34))
def test_every_entry_of_every_small_tree_is_proven(size: int) -> None:
    root = rfc9162.mth(ENTRIES[:size])
    for index in range(size):
        path = rfc9162.path(index, ENTRIES[:size])
        assert len(path) == path_length(index, size)
        verify_inclusion(leaf_hash=leaf_hash(ENTRIES[index]), index=index, size=size, path=path, root=root)


@pytest.mark.parametrize("new_size", range(1, 34))
def test_every_pair_of_small_trees_is_consistent(new_size: int) -> None:
    for old_size in range(1, new_size + 1):
        verify_consistency(
            old_size=old_size,
            new_size=new_size,
            old_root=rfc9162.mth(ENTRIES[:old_size]),
            new_root=rfc9162.mth(ENTRIES[:new_size]),
            path=rfc9162.proof(old_size, ENTRIES[:new_size]),
        )


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 7), (6, 7), (3, 8), (64, 70)])
def test_every_single_bit_change_of_an_inclusion_proof_is_refused(index: int, size: int) -> None:
    leaf, root, path = leaf_hash(ENTRIES[index]), rfc9162.mth(ENTRIES[:size]), rfc9162.path(index, ENTRIES[:size])
    for bit in range(256):
        for changed in (
            {"leaf_hash": flipped(leaf, bit)},
            {"root": flipped(root, bit)},
            *({"path": [*path[:step], flipped(path[step], bit), *path[step + 1 :]]} for step in range(len(path))),
        ):
            with pytest.raises(InclusionNotProven):
                verify_inclusion(**{"leaf_hash": leaf, "index": index, "size": size, "path": path, "root": root, **changed})


@pytest.mark.parametrize(("old_size", "new_size"), [(1, 2), (3, 7), (4, 7), (6, 8), (64, 70), (7, 7)])
def test_every_single_bit_change_of_a_consistency_proof_is_refused(old_size: int, new_size: int) -> None:
    old_root, new_root = rfc9162.mth(ENTRIES[:old_size]), rfc9162.mth(ENTRIES[:new_size])
    path = rfc9162.proof(old_size, ENTRIES[:new_size])
    proven = {"old_size": old_size, "new_size": new_size, "old_root": old_root, "new_root": new_root, "path": path}
    for bit in range(256):
        for changed in (
            {"old_root": flipped(old_root, bit)},
            {"new_root": flipped(new_root, bit)},
            *({"path": [*path[:step], flipped(path[step], bit), *path[step + 1 :]]} for step in range(len(path))),
        ):
            with pytest.raises(ConsistencyNotProven):
                verify_consistency(**{**proven, **changed})


@pytest.mark.parametrize(("index", "size"), [(3, 7), (6, 7), (0, 8)])
def test_another_index_or_size_is_refused(index: int, size: int) -> None:
    leaf, root, path = leaf_hash(ENTRIES[index]), rfc9162.mth(ENTRIES[:size]), rfc9162.path(index, ENTRIES[:size])
    for other_index in range(40):
        for other_size in range(40):
            if (other_index, other_size) == (index, size) or _same_way(index, size, other_index, other_size):
                continue
            with pytest.raises(InclusionNotProven):
                verify_inclusion(leaf_hash=leaf, index=other_index, size=other_size, path=path, root=root)


def _same_way(index: int, size: int, other_index: int, other_size: int) -> bool:
    """RFC 9162 proves the order of hashing: some pairs (index, size) share it, and only a signed size tells them apart."""
    return _sides(index, size) == _sides(other_index, other_size)


def _sides(index: int, size: int) -> list[str]:
    sides: list[str] = []
    while size > 1 and index < size:
        half = rfc9162.split(size)
        sides.insert(0, "L" if index < half else "R")
        index, size = (index, half) if index < half else (index - half, size - half)
    return sides


def test_what_is_wrong_has_its_own_code() -> None:
    size, index = 7, 3
    leaf, root, path = leaf_hash(ENTRIES[index]), rfc9162.mth(ENTRIES[:size]), rfc9162.path(index, ENTRIES[:size])
    for beyond in (size, size + 1, -1):
        with pytest.raises(IndexBeyondLog):
            verify_inclusion(leaf_hash=leaf, index=beyond, size=size, path=path, root=root)
    for wrong in (path[:-1], [*path, root], []):
        with pytest.raises(WrongPathLength):
            verify_inclusion(leaf_hash=leaf, index=index, size=size, path=wrong, root=root)
    for short in ([*path[:-1], path[-1][:31]], [*path[:-1], path[-1] + b"\0"]):
        with pytest.raises(InclusionNotProven):
            verify_inclusion(leaf_hash=leaf, index=index, size=size, path=short, root=root)


def test_bytes_moved_from_one_hash_to_the_next_are_refused() -> None:
    """Concatenated they are the same; only their lengths tell them apart."""
    leaf, sibling = leaf_hash(ENTRIES[0]), leaf_hash(ENTRIES[1])
    root = rfc9162.mth(ENTRIES[:2])
    verify_inclusion(leaf_hash=leaf, index=0, size=2, path=[sibling], root=root)
    with pytest.raises(InclusionNotProven):
        verify_inclusion(leaf_hash=leaf + sibling[:1], index=0, size=2, path=[sibling[1:]], root=root)
    with pytest.raises(ConsistencyNotProven):
        verify_consistency(old_size=1, new_size=2, old_root=leaf + sibling[:1], new_root=root, path=[sibling[1:]])


def test_a_leaf_is_never_taken_for_a_node() -> None:
    left, right = leaf_hash(ENTRIES[0]), leaf_hash(ENTRIES[1])
    with pytest.raises(InclusionNotProven):
        verify_inclusion(leaf_hash=leaf_hash(left + right), index=0, size=1, path=[], root=rfc9162.mth(ENTRIES[:2]))


def test_nothing_is_consistent_with_a_log_of_size_zero_or_with_a_smaller_one() -> None:
    root = rfc9162.mth(ENTRIES[:7])
    for old_size, new_size, old_root, path in [
        (0, 7, EMPTY_ROOT, []),
        (0, 0, EMPTY_ROOT, []),
        (8, 7, rfc9162.mth(ENTRIES[:8]), []),
        (-1, 7, root, []),
        (7, 7, root, [root]),
        (4, 7, rfc9162.mth(ENTRIES[:4]), []),
    ]:
        with pytest.raises(ConsistencyNotProven):
            verify_consistency(
                old_size=old_size, new_size=new_size, old_root=old_root, new_root=root if new_size else EMPTY_ROOT, path=path
            )


def test_a_rewritten_history_has_no_consistency_path() -> None:
    rewritten = [*ENTRIES[:3], b"another entry", *ENTRIES[4:20]]
    with pytest.raises(ConsistencyNotProven):
        verify_consistency(
            old_size=10,
            new_size=20,
            old_root=rfc9162.mth(ENTRIES[:10]),
            new_root=rfc9162.mth(rewritten),
            path=rfc9162.proof(10, rewritten),
        )


@given(st.integers(1, 200), st.data())
def test_any_entry_of_any_log_is_proven_and_a_neighbour_is_not(size: int, data: st.DataObject) -> None:
    entries = [b"%d" % number for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    root, path = root_of([leaf_hash(entry) for entry in entries]), rfc9162.path(index, entries)
    assert root == rfc9162.mth(entries)
    verify_inclusion(leaf_hash=leaf_hash(entries[index]), index=index, size=size, path=path, root=root)
    with pytest.raises(InclusionNotProven):
        verify_inclusion(leaf_hash=leaf_hash(b"x"), index=index, size=size, path=path, root=root)


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(-2, 40), st.integers(-2, 40), st.binary(max_size=40))
def test_garbage_is_refused_with_a_problem_and_nothing_else(path: list[bytes], first: int, second: int, digest: bytes) -> None:
    with pytest.raises(InclusionNotProven):
        verify_inclusion(leaf_hash=digest, index=first, size=second, path=path, root=b"\0" * 32)
    with pytest.raises(ConsistencyNotProven):
        verify_consistency(old_size=first, new_size=second, old_root=digest, new_root=b"\0" * 32, path=[*path, digest])
