"""Cosignatures of both types: what is signed, byte by byte, and that nothing else verifies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.canonical import from_base64
from safepassage.checkpoints import checkpoint_body
from safepassage.cosignatures import cosigned_message, verified_cosignatures, verify_cosignature
from safepassage.notes import (
    ED25519,
    ED25519_COSIGNATURE,
    ML_DSA_44_COSIGNATURE,
    Note,
    SignatureLine,
    VerifierKey,
    note_with,
    parse_note,
    parse_signature_lines,
    parse_vkey,
    signature_line,
    verified_signers,
)
from safepassage.problems.proofs import NoteMalformed, VerifierKeyMalformed
from safepassage.problems.witnessing import CosignatureInvalid
from tests.sdk.cosigners import ORIGIN, Cosigner, T, log_key
from tests.sdk.vectors import vectors

TEXT = checkpoint_body(ORIGIN, 42, bytes(range(32)))
TYPES = [ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE]
WITNESSES = {kind: Cosigner("birch.example/witness", bytes([kind]) * 32, kind) for kind in TYPES}


@pytest.mark.parametrize("vector", vectors("cosignatures")["cosignatures"], ids=lambda vector: str(vector["type"]))
def test_the_vectors_are_what_is_signed_and_verify_under_their_keys(vector: dict[str, str]) -> None:
    whole = vectors("cosignatures")
    text, timestamp = whole["text"].encode(), whole["timestamp"]
    key = parse_vkey(vector["vkey"])
    assert key == Cosigner(key.name, bytes.fromhex(vector["seed"]), int(vector["type"])).key
    assert key.vkey == vector["vkey"]
    assert cosigned_message(key, text=text, timestamp=timestamp).hex() == vector["message"]
    (line,) = parse_signature_lines(vector["line"])
    found = verify_cosignature(line, key=key, text=text)
    assert (found.timestamp, found.key) == (timestamp, key)
    if key.type == ED25519_COSIGNATURE:
        assert str(Cosigner(key.name, bytes.fromhex(vector["seed"])).line(text, timestamp)) == vector["line"]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    "altered",
    [
        TEXT.replace(b"\n42\n", b"\n43\n"),
        TEXT.replace(b"alder", b"birch"),
        checkpoint_body(ORIGIN, 42, bytes(32)),
    ],
)
def test_no_other_checkpoint_is_covered(kind: int, altered: bytes) -> None:
    witness = WITNESSES[kind]
    with pytest.raises(CosignatureInvalid):
        verify_cosignature(witness.line(TEXT), key=witness.key, text=altered)


@pytest.mark.parametrize("kind", TYPES)
def test_another_time_is_not_covered(kind: int) -> None:
    witness = WITNESSES[kind]
    line = witness.line(TEXT)
    later = SignatureLine(line.name, line.key_id, (T + 1).to_bytes(8, "big") + line.signature[8:])
    with pytest.raises(CosignatureInvalid):
        verify_cosignature(later, key=witness.key, text=TEXT)


@pytest.mark.parametrize("kind", TYPES)
def test_any_changed_byte_of_a_cosignature_refuses_the_note(kind: int) -> None:
    line = WITNESSES[kind].line(TEXT)
    for position in {0, 7, 8, 40, len(line.signature) - 1}:
        signature = bytearray(line.signature)
        signature[position] ^= 1
        note = Note(TEXT, (SignatureLine(line.name, line.key_id, bytes(signature)),))
        with pytest.raises(CosignatureInvalid):
            verified_cosignatures(note, keys=[WITNESSES[kind].key])
    for signature_of_wrong_length in (line.signature[:-1], line.signature + b"\0", line.signature[:7]):
        with pytest.raises(CosignatureInvalid):
            verify_cosignature(SignatureLine(line.name, line.key_id, signature_of_wrong_length), key=WITNESSES[kind].key, text=TEXT)


def test_a_log_s_signature_and_those_of_two_witness_keys_are_told_apart_in_one_note() -> None:
    log = log_key()
    lines = [signature_line(log.key, log.sign(TEXT)), *(witness.line(TEXT) for witness in WITNESSES.values())]
    note = parse_note(note_with(TEXT, lines))
    keys = [log.key, *(witness.key for witness in WITNESSES.values())]
    assert verified_signers(note, keys=keys) == {log.key}
    assert [found.key.type for found in verified_cosignatures(note, keys=keys)] == TYPES
    assert verified_cosignatures(note, keys=[log.key]) == ()


def test_a_cosignature_under_another_name_counts_for_nothing_and_under_another_key_id_too() -> None:
    witness = WITNESSES[ML_DSA_44_COSIGNATURE]
    other = VerifierKey("cedar.example/witness", witness.key.type, witness.key.public_key)
    note = Note(TEXT, (witness.line(TEXT),))
    assert verified_cosignatures(note, keys=[other]) == ()
    renamed = SignatureLine(other.name, other.key_id, witness.line(TEXT).signature)
    with pytest.raises(CosignatureInvalid):  # ML-DSA-44 signs the cosigner's name
        verified_cosignatures(Note(TEXT, (renamed,)), keys=[other])
    # Ed25519 signs no name: the line's has to be the key's
    plain = WITNESSES[ED25519_COSIGNATURE]
    other = VerifierKey("cedar.example/witness", plain.key.type, plain.key.public_key)
    with pytest.raises(CosignatureInvalid):
        verify_cosignature(plain.line(TEXT), key=other, text=TEXT)


def test_two_known_keys_of_one_name_and_id_verify_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VerifierKey, "key_id", property(lambda _: b"same"))
    twins = [Cosigner("birch.example/witness", bytes([n]) * 32) for n in (1, 2)]
    with pytest.raises(CosignatureInvalid):
        verified_cosignatures(Note(TEXT, (twins[0].line(TEXT),)), keys=[twin.key for twin in twins])


def test_extension_lines_are_signed_by_ed25519_and_refused_for_ml_dsa_which_would_leave_them_unsigned() -> None:
    extended = TEXT + b"a line more\n"
    ed25519, ml_dsa = WITNESSES[ED25519_COSIGNATURE], WITNESSES[ML_DSA_44_COSIGNATURE]
    verify_cosignature(ed25519.line(extended), key=ed25519.key, text=extended)
    with pytest.raises(CosignatureInvalid):
        verify_cosignature(ed25519.line(extended), key=ed25519.key, text=TEXT)
    with pytest.raises(NoteMalformed):
        ml_dsa.line(extended)
    with pytest.raises(NoteMalformed):
        verify_cosignature(ml_dsa.line(TEXT), key=ml_dsa.key, text=extended)


def test_names_longer_than_255_bytes_are_not_cosigned() -> None:
    long = Cosigner("w" * 256, b"\6" * 32, ML_DSA_44_COSIGNATURE)
    with pytest.raises(NoteMalformed):
        long.line(TEXT)
    with pytest.raises(NoteMalformed):
        WITNESSES[ML_DSA_44_COSIGNATURE].line(checkpoint_body("o" * 256, 1, bytes(32)))
    Cosigner("w" * 255, b"\6" * 32, ML_DSA_44_COSIGNATURE).line(checkpoint_body("o" * 255, 1, bytes(32)))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("timestamp", [-1, 2**63])
def test_a_time_out_of_range_is_neither_signed_nor_verified(kind: int, timestamp: int) -> None:
    with pytest.raises(CosignatureInvalid):
        WITNESSES[kind].line(TEXT, timestamp)
    line = WITNESSES[kind].line(TEXT)
    if timestamp > 0:
        with pytest.raises(CosignatureInvalid):
            verify_cosignature(
                SignatureLine(line.name, line.key_id, timestamp.to_bytes(8, "big") + line.signature[8:]),
                key=WITNESSES[kind].key,
                text=TEXT,
            )


def test_a_log_s_own_type_does_not_cosign() -> None:
    log = log_key()
    with pytest.raises(CosignatureInvalid):
        cosigned_message(log.key, text=TEXT, timestamp=T)
    with pytest.raises(CosignatureInvalid):
        verify_cosignature(signature_line(log.key, log.sign(TEXT)), key=log.key, text=TEXT)


@pytest.mark.parametrize(("kind", "length"), [(ED25519, 31), (ED25519_COSIGNATURE, 33), (ML_DSA_44_COSIGNATURE, 32)])
def test_a_key_of_the_wrong_length_for_its_type_is_refused(kind: int, length: int) -> None:
    with pytest.raises(VerifierKeyMalformed):
        VerifierKey("birch.example/witness", kind, bytes(length))


@given(st.binary(max_size=200), st.sampled_from(TYPES))
def test_whatever_stands_in_a_line_is_refused_with_a_known_error(signature: bytes, kind: int) -> None:
    key = WITNESSES[kind].key
    with pytest.raises(CosignatureInvalid):
        verify_cosignature(SignatureLine(key.name, key.key_id, signature or b"\0"), key=key, text=TEXT)


def test_lines_of_types_that_nobody_here_verifies_are_read_and_left_alone() -> None:
    line = parse_signature_lines("— arche.example zTM8sQAAAZ5W0WdjBAMARg==\n")[0]
    assert line.signature == from_base64("zTM8sQAAAZ5W0WdjBAMARg==")[4:]
    assert verified_cosignatures(Note(TEXT, (line,)), keys=[WITNESSES[ED25519_COSIGNATURE].key]) == ()
