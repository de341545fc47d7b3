import hashlib
import json
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.canonical import from_base64url
from safepassage.problems.envelopes import PlaintextNotCommitted
from safepassage.problems.messages import PaddingMalformed, SuiteNotSupported
from safepassage.sealing import (
    KIB,
    MIB,
    encryption_kid,
    hpke_info,
    is_size_class,
    padded,
    pt_commit,
    unpadded,
    verify_pt_commit,
)
from safepassage.suites import MLKEM768_X25519, SUITES, first_supported, suite_named
from tests.sdk.exchange import HPKE
from tests.sdk.test_xwing_vectors import expanded, public_bytes
from tests.sdk.vectors import vectors

VECTORS = vectors("sealing")


def info_of(context: dict[str, Any]) -> bytes:
    arguments = {name: value for name, value in context.items() if name != "v"}
    ids = {name: UUID(context[name]) for name in ("exchange_id", "envelope_id")}
    return hpke_info(**{**arguments, **ids})


@pytest.mark.parametrize("vector", VECTORS["info"])
def test_the_context_of_the_encryption_is_the_one_in_the_vectors(vector: dict[str, Any]) -> None:
    text = json.dumps(vector["context"], sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(b"safepassage/exchange/1\0" + text).hexdigest() == vector["info"] == info_of(vector["context"]).hex()


def test_the_sealed_vector_opens_to_the_committed_plaintext() -> None:
    vector = VECTORS["sealed"]
    seed = bytes.fromhex(vector["recipient_seed"])
    assert encryption_kid(public_bytes(seed)) == vector["enc_kid"]
    private = MLKEM768X25519PrivateKey(*expanded(seed))
    plaintext = HPKE.decrypt(from_base64url(vector["ciphertext"]), private, info=bytes.fromhex(vector["info"]))
    assert json.loads(unpadded(plaintext)) == vector["content"]
    assert padded(vector["content"]) == plaintext
    assert len(plaintext) == 16 * KIB
    verify_pt_commit(committed=vector["pt_commit"], salt=vector["content"]["pt_salt"], plaintext=plaintext)
    with pytest.raises(PlaintextNotCommitted):
        verify_pt_commit(committed=vector["pt_commit"], salt=vector["content"]["pt_salt"], plaintext=plaintext[:-1] + b"\1")


def test_every_argument_changes_the_context() -> None:
    context = VECTORS["info"][0]["context"]
    seen = {info_of(context)}
    for name, value in context.items():
        if name == "v":
            continue
        other = (
            str(UUID(int=5)) if name.endswith("_id") and "organisation" not in name else "not-provided" if name == "kind" else f"{value}x"
        )
        seen.add(info_of({**context, name: other}))
    assert len(seen) == len(context)


@settings(max_examples=30)
@given(st.dictionaries(st.text("abé", max_size=4), st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=6))
def test_padding_comes_off_and_hides_all_but_the_size_class(content: dict[str, str]) -> None:
    plaintext = padded(content)
    assert len(plaintext) == 16 * KIB
    assert json.loads(unpadded(plaintext)) == content


@pytest.mark.parametrize(
    ("length", "size"),
    [
        (0, 16 * KIB),
        (16 * KIB - 12, 16 * KIB),
        (16 * KIB - 11, 64 * KIB),
        (64 * KIB, 256 * KIB),
        (256 * KIB, MIB),
        (MIB, 2 * MIB),
        (2 * MIB - 12, 2 * MIB),
        (2 * MIB, 3 * MIB),
    ],
)
def test_sizes_are_the_classes(length: int, size: int) -> None:
    plaintext = padded({"a": "x" * length})
    assert len(plaintext) == size
    assert is_size_class(size)
    assert json.loads(unpadded(plaintext)) == {"a": "x" * length}


def test_what_is_no_padded_frame_is_refused() -> None:
    good = padded({"a": 1})
    for bad in (b"", good[:-1], good + b"\0", good[:-1] + b"\1", b"\xff" + good[1:], b"\0\0\0\x03" + good[4:], bytes(17 * KIB)):
        with pytest.raises(PaddingMalformed):
            unpadded(bad)
    with pytest.raises(PaddingMalformed):
        padded({"a": "x" * (16 * MIB)})


def test_the_sender_takes_the_recipient_s_first_suite_that_it_supports() -> None:
    name = MLKEM768_X25519.name
    assert first_supported(["unheard-of", name], supported=SUITES) is MLKEM768_X25519
    for listed, supported in (([], SUITES), (["unheard-of"], {"unheard-of"}), ([name], [])):
        with pytest.raises(SuiteNotSupported):
            first_supported(listed, supported=supported)
    assert suite_named(name) is MLKEM768_X25519
    with pytest.raises(SuiteNotSupported):
        suite_named("x25519.hkdf-sha256.aes-256-gcm.ed25519")


def test_no_registered_suite_is_classical_only() -> None:
    assert all(suite.kem_id in {0x647A, 0x0051} for suite in SUITES.values())


def test_a_commitment_needs_a_salt_of_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        pt_commit(salt=bytes(16), plaintext=b"")
