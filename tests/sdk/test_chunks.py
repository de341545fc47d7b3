"""Large contents in chunks: what was moved, cut, spliced or changed does not open, and is not taken into a body."""

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.body import MAX_MESSAGE_BYTES, Body, ChunksWanted, body_of, chunk_message, paths_of, read_chunk
from safepassage.canonical import from_base64url, to_base64url
from safepassage.chunks import CHUNK_BYTES, ChunkedSeal, chunk_count, header_digest
from safepassage.problems.bodies import ChunkNotOpened, ChunkRefused
from safepassage.proofs import leaf_hash, verify_inclusion
from tests.sdk.vectors import vectors

VECTORS = vectors("chunks")
KEY, HEADER = bytes.fromhex(VECTORS["key"]), bytes.fromhex(VECTORS["header_digest"])
SEAL = ChunkedSeal(KEY, header=HEADER)
SIZE = 2 * CHUNK_BYTES + 5
DIGEST = to_base64url(bytes(32))


def content_of(vector: dict[str, Any]) -> bytes:
    return hashlib.shake_128(vector["seed"].encode()).digest(vector["size"])


def sealed(content: bytes, seal: ChunkedSeal = SEAL) -> list[bytes]:
    count = chunk_count(len(content))
    return [seal.seal(content[number * CHUNK_BYTES :][:CHUNK_BYTES], number=number, last=number == count - 1) for number in range(count)]


@pytest.fixture(scope="module")
def chunks() -> list[bytes]:
    return sealed(bytes(SIZE))


@pytest.mark.parametrize("vector", VECTORS["contents"], ids=lambda vector: vector["seed"])
def test_contents_seal_to_the_chunks_and_the_body_of_the_vectors(vector: dict[str, Any]) -> None:
    assert header_digest(VECTORS["header"]) == HEADER
    content = content_of(vector)
    leaves = [leaf_hash(chunk) for chunk in sealed(content)]
    assert [leaf.hex() for leaf in leaves] == vector["leaf_hashes"]
    body = body_of(leaves, sealed=vector["body"]["sealed"])
    assert body == Body.model_validate(vector["body"])
    assert body.bound_to() == vector["ct_digest"]
    opened = [SEAL.open(chunk, number=number, size=vector["size"]) for number, chunk in enumerate(sealed(content))]
    assert b"".join(opened) == content


def test_chunks_in_another_order_do_not_open_and_the_first_wrong_one_is_named(chunks: list[bytes]) -> None:
    with pytest.raises(ChunkNotOpened, match="chunk 0"):
        SEAL.open(chunks[1], number=0, size=SIZE)
    with pytest.raises(ChunkNotOpened, match="chunk 1"):
        SEAL.open(chunks[0], number=1, size=SIZE)


def test_a_content_that_was_cut_off_or_goes_on_does_not_open(chunks: list[bytes]) -> None:
    SEAL.open(chunks[1], number=1, size=SIZE)
    with pytest.raises(ChunkNotOpened, match="chunk 1"):  # as if it were the last
        SEAL.open(chunks[1], number=1, size=2 * CHUNK_BYTES)
    whole = sealed(bytes(CHUNK_BYTES))
    with pytest.raises(ChunkNotOpened, match="chunk 0"):  # the last one, as if another came
        SEAL.open(whole[0], number=0, size=2 * CHUNK_BYTES)
    with pytest.raises(ChunkNotOpened, match="chunk 3"):
        SEAL.open(chunks[2], number=3, size=SIZE)


def test_chunks_of_another_key_or_another_header_do_not_open(chunks: list[bytes]) -> None:
    for other in (ChunkedSeal(bytes(32), header=HEADER), ChunkedSeal(KEY, header=header_digest({**VECTORS["header"], "first": 1}))):
        with pytest.raises(ChunkNotOpened):
            other.open(chunks[0], number=0, size=SIZE)
    for name in VECTORS["header"]:
        assert header_digest({**VECTORS["header"], name: "x"}) != HEADER


def test_a_content_of_another_size_in_the_same_class_does_not_open_silently() -> None:
    [chunk] = sealed(b"\x01" * 100)
    with pytest.raises(ChunkNotOpened, match="padding"):
        SEAL.open(chunk, number=0, size=99)
    with pytest.raises(ChunkNotOpened):
        SEAL.open(chunk, number=0, size=20_000)


def test_only_the_last_chunk_may_be_short() -> None:
    with pytest.raises(ValueError, match="whole"):
        SEAL.seal(b"short", number=0, last=False)
    with pytest.raises(ValueError, match="whole"):
        SEAL.seal(bytes(CHUNK_BYTES + 1), number=0, last=True)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_one_changed_bit_is_found_wherever_it_is(data: st.DataObject) -> None:
    content = data.draw(st.binary(max_size=20_000))
    [chunk] = sealed(content)
    bit = data.draw(st.integers(0, len(chunk) * 8 - 1))
    changed = bytearray(chunk)
    changed[bit // 8] ^= 1 << bit % 8
    assert SEAL.open(chunk, number=0, size=len(content)) == content
    with pytest.raises(ChunkNotOpened):
        SEAL.open(bytes(changed), number=0, size=len(content))


def small(number: int) -> bytes:
    """A chunk of the smallest length."""
    return number.to_bytes(4, "big") * ((16_384 + 16) // 4)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.data())
def test_a_chunk_is_taken_in_its_own_place_and_in_no_other(count: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(small(number)) for number in range(count)]
    body, paths = body_of(leaves, sealed=DIGEST), paths_of(leaves)
    number, place = data.draw(st.integers(0, count - 1)), data.draw(st.integers(-1, count))
    verify_inclusion(leaf_hash=leaves[number], index=number, size=count, path=paths[number], root=from_base64url(body.root))
    message = chunk_message(small(number), path=paths[number])
    assert len(message) <= MAX_MESSAGE_BYTES
    if place == number:
        assert read_chunk(message, body=body, number=number) == (small(number), leaves[number])
    else:
        with pytest.raises(ChunkRefused, match=f"chunk {place}" if place >= 0 else ""):
            read_chunk(message, body=body, number=place)
    changed = bytearray(message)
    changed[data.draw(st.integers(0, len(message) - 1))] ^= 1
    for other in (bytes(changed), message[:-1], message + b"\0", message[1:], b""):
        with pytest.raises(ChunkRefused):
            read_chunk(other, body=body, number=number)


@given(st.sets(st.integers(0, 300)))
def test_what_is_wanted_is_told_in_runs_and_read_back(numbers: set[int]) -> None:
    wanted = ChunksWanted.of(sorted(numbers))
    assert wanted.numbers() == tuple(sorted(numbers))
    assert all(first < end for first, end in wanted.missing)


def test_every_claim_of_a_body_changes_what_the_log_pins() -> None:
    body = body_of([leaf_hash(small(1)), leaf_hash(small(2))], sealed=DIGEST)
    others = ({"chunks": 3}, {"root": DIGEST}, {"sealed": to_base64url(b"\1" * 32)})
    assert len({body.bound_to(), *(body.model_copy(update=other).bound_to() for other in others)}) == 4
