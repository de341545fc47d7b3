import hashlib
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.canonical import from_base64url, to_base64url
from safepassage.leaf import (
    ABSENT,
    commitment,
    leaf_bytes,
    parse_leaf,
    subject_commitment,
    subject_leaf,
    verify_commitment,
)
from safepassage.problems.messages import CommitmentNotOpened, LeafMalformed
from safepassage.problems.requests import UnsupportedVersion
from safepassage.proofs import leaf_hash
from tests.sdk import rfc9162
from tests.sdk.vectors import vectors

VECTOR = vectors("leaf")
ENTRY = VECTOR["entry"].encode()


def test_the_leaf_vector_is_built_and_read() -> None:
    made = VECTOR["members"]
    digests = {name: from_base64url(value) for name, value in made["digests"].items() if value != ABSENT}
    commitments = {name: from_base64url(value) for name, value in made["commitments"].items()}
    built = leaf_bytes(
        class_=made["class"], t=made["t"], id=UUID(made["id"]), key_epoch=made["key_epoch"], policy_hash=None, **commitments, **digests
    )
    assert built == ENTRY == json.dumps(made, sort_keys=True, separators=(",", ":")).encode()
    assert leaf_hash(ENTRY).hex() == VECTOR["leaf_hash"]
    assert parse_leaf(ENTRY).digests.decision == made["digests"]["decision"]


def test_the_commitment_vectors_open() -> None:
    for vector in VECTOR["commitments"]:
        salt = bytes.fromhex(vector["salt"])
        canonical = json.dumps(vector["payload"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert commitment(salt=salt, payload=vector["payload"]) == hashlib.sha256(salt + canonical).digest()
        verify_commitment(committed=vector["commitment"], salt=salt, payload=vector["payload"])
        with pytest.raises(CommitmentNotOpened):
            verify_commitment(committed=vector["commitment"], salt=salt, payload={**vector["payload"], "other": 1})
        with pytest.raises(CommitmentNotOpened):
            verify_commitment(committed=vector["commitment"], salt=bytes(32), payload=vector["payload"])


def test_a_subject_of_many_is_shown_without_the_others() -> None:
    salts = [bytes([number]) * 32 for number in range(5)]
    payloads = [{"student": str(UUID(int=number))} for number in range(5)]
    leaves = [subject_leaf(salt=salt, payload=payload) for salt, payload in zip(salts, payloads, strict=True)]
    texts = [salt + json.dumps(payload, separators=(",", ":")).encode() for salt, payload in zip(salts, payloads, strict=True)]
    assert subject_commitment(leaves) == rfc9162.mth(texts)
    assert leaves[3] == leaf_hash(texts[3])


def test_leaves_of_one_class_have_one_size() -> None:
    common = {"actor": bytes(32), "context": bytes(32), "subject": bytes(32), "key_epoch": 2027, "id": UUID(int=7 << 76)}
    sizes = {
        len(leaf_bytes(class_="read", t=1_800_000_000, **common)),
        len(leaf_bytes(class_="read", t=1_900_000_000, **common, ct=b"\1" * 32, decision=b"\2" * 32, policy_hash=b"\3" * 32)),
    }
    assert len(sizes) == 1


@pytest.mark.parametrize(
    "change",
    [
        (b'"v":1', b'"v":1 '),
        (b'"t":', b'"t":0'),
        (b'"class":"disclosure"', b'"class":"Disclosure"'),
        (b'"class":"disclosure",', b""),
        (b'"key_epoch":2027', b'"key_epoch":"2027"'),
        (b'"key_epoch":2027', b'"key_epoch":2027.0'),
        (b'"key_epoch":2027', b'"key_epoch":2027,"name":"Ana"'),
        (b'"key_epoch":2027', b'"key_epoch":2027,"key_epoch":2027'),
        (b'"actor":"', b'"actor":"A'),
        (b"{", b"["),
    ],
)
def test_anything_but_the_one_canonical_form_is_refused(change: tuple[bytes, bytes]) -> None:
    changed = ENTRY.replace(*change, 1)
    assert changed != ENTRY
    with pytest.raises(LeafMalformed):
        parse_leaf(changed)


def test_another_version_is_named_as_such() -> None:
    for version in (b'"v":2', b'"v":true', b'"v":"1"'):
        with pytest.raises(UnsupportedVersion):
            parse_leaf(ENTRY.replace(b'"v":1', version))


@given(st.integers(0, len(ENTRY) - 1), st.binary(max_size=2), st.integers(0, 2))
def test_what_is_read_as_a_leaf_is_its_canonical_form(at: int, put: bytes, taken: int) -> None:
    changed = ENTRY[:at] + put + ENTRY[at + taken :]
    try:
        leaf = parse_leaf(changed)
    except (LeafMalformed, UnsupportedVersion):
        return
    assert leaf.canonical() == changed


@given(
    st.from_regex(r"[a-z0-9][a-z0-9._:-]{0,63}", fullmatch=True),
    st.integers(0, 2**40 - 1),
    st.uuids(),
    st.integers(0, 9999),
    st.binary(min_size=32, max_size=32),
)
def test_every_leaf_is_read_as_it_was_written(class_: str, t: int, id: UUID, key_epoch: int, digest: bytes) -> None:  # noqa: A002 the member
    entry = leaf_bytes(
        class_=class_, t=t, id=id, actor=digest, context=digest[::-1], subject=digest, ct=digest, policy_hash=digest, key_epoch=key_epoch
    )
    assert parse_leaf(entry).canonical() == entry


@given(st.binary(max_size=200))
def test_any_bytes_are_a_leaf_or_refused(data: bytes) -> None:
    with pytest.raises((LeafMalformed, UnsupportedVersion)):
        parse_leaf(data)


def test_a_salt_has_32_bytes() -> None:
    for salt in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueError, match="32 bytes"):
            commitment(salt=salt, payload={})
    assert to_base64url(bytes(32)) == ABSENT
