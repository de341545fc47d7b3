import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from safepassage.checkpoints import Checkpoint, checkpoint_body, parse_checkpoint, verify_checkpoint
from safepassage.notes import (
    ED25519,
    SignatureLine,
    VerifierKey,
    note_with,
    parse_note,
    parse_vkey,
    signature_line,
    verified_signers,
)
from safepassage.problems.proofs import (
    CheckpointNotSigned,
    CheckpointSignatureInvalid,
    ForeignLog,
    NoteMalformed,
    VerifierKeyMalformed,
)
from tests.sdk.vectors import vectors

ORIGIN = "alder.example/log/2026"
ROOT = bytes(range(32))
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
KEY = VerifierKey(ORIGIN, ED25519, PRIVATE.public_key().public_bytes_raw())
BODY = checkpoint_body(ORIGIN, 42, ROOT)
LINE = signature_line(KEY, PRIVATE.sign(BODY))
NOTE = note_with(BODY, [LINE])


def test_published_notes_verify_under_their_published_keys() -> None:
    for vector in vectors("notes")["published"]:
        key = parse_vkey(vector["vkey"])
        assert key.vkey == vector["vkey"]
        assert verified_signers(parse_note(vector["note"]), keys=[key]) == {key}


def test_our_checkpoint_vector_is_built_and_verified() -> None:
    vector = vectors("notes")["checkpoint"]
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["seed"]))
    key = VerifierKey(vector["origin"], ED25519, private.public_key().public_bytes_raw())
    body = checkpoint_body(vector["origin"], vector["size"], bytes.fromhex(vector["root"]))
    assert key.vkey == vector["vkey"]
    assert body == vector["body"].encode()
    assert note_with(body, [signature_line(key, private.sign(body))]) == vector["note"]
    assert verify_checkpoint(vector["note"], origin=vector["origin"], keys=[parse_vkey(vector["vkey"])]) == Checkpoint(
        vector["origin"], vector["size"], bytes.fromhex(vector["root"])
    )


def test_every_single_bit_change_of_a_note_is_refused() -> None:
    data = NOTE.encode()
    for position in range(len(data) * 8):
        changed = bytearray(data)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises((NoteMalformed, ForeignLog, CheckpointNotSigned, CheckpointSignatureInvalid)):
            verify_checkpoint(bytes(changed), origin=ORIGIN, keys=[KEY])


def test_a_checkpoint_of_another_log_is_refused_even_under_the_same_key() -> None:
    with pytest.raises(ForeignLog):
        verify_checkpoint(NOTE, origin="birch.example/log/2026", keys=[KEY])


def test_a_checkpoint_that_no_known_key_signed_is_refused() -> None:
    stranger = Ed25519PrivateKey.from_private_bytes(b"\2" * 32).public_key().public_bytes_raw()
    for keys in ([], [VerifierKey(ORIGIN, ED25519, stranger)]):
        with pytest.raises(CheckpointNotSigned):
            verify_checkpoint(NOTE, origin=ORIGIN, keys=keys)


def test_a_witness_does_not_speak_for_the_log() -> None:
    witness = Ed25519PrivateKey.from_private_bytes(b"\3" * 32)
    key = VerifierKey("witness.example", ED25519, witness.public_key().public_bytes_raw())
    note = note_with(BODY, [signature_line(key, witness.sign(BODY))])
    with pytest.raises(CheckpointNotSigned):
        verify_checkpoint(note, origin=ORIGIN, keys=[KEY, key])


def test_a_known_key_that_fails_refuses_the_whole_note() -> None:
    witness = Ed25519PrivateKey.from_private_bytes(b"\3" * 32)
    known = VerifierKey("witness.example", ED25519, witness.public_key().public_bytes_raw())
    note = note_with(BODY, [LINE, signature_line(known, witness.sign(b"something else"))])
    verify_checkpoint(note, origin=ORIGIN, keys=[KEY])
    with pytest.raises(CheckpointSignatureInvalid):
        verify_checkpoint(note, origin=ORIGIN, keys=[KEY, known])
    with pytest.raises(CheckpointSignatureInvalid):
        verify_checkpoint(note_with(BODY, [LINE, SignatureLine(ORIGIN, KEY.key_id, b"\0" * 64)]), origin=ORIGIN, keys=[KEY])


def test_unknown_signatures_of_every_type_are_ignored_and_sixteen_and_more_are_read() -> None:
    post_quantum = SignatureLine("witness.example", b"\6\6\6\6", bytes(8 + 2420))
    cosignature = SignatureLine("witness.example", b"\4\4\4\4", bytes(72))
    same_name = SignatureLine(ORIGIN, b"\0\0\0\0", bytes(64))
    same_id = SignatureLine("elsewhere.example", KEY.key_id, bytes(64))
    note = note_with(BODY, [post_quantum, cosignature, same_name, same_id] * 8 + [LINE])
    assert len(parse_note(note).signatures) == 33
    assert verify_checkpoint(note, origin=ORIGIN, keys=[KEY]).size == 42


def test_a_key_of_a_type_that_is_not_verified_counts_for_nothing() -> None:
    cosigner = VerifierKey(ORIGIN, 0x04, KEY.public_key)
    assert parse_vkey(cosigner.vkey) == cosigner
    line = SignatureLine(ORIGIN, cosigner.key_id, bytes(72))
    with pytest.raises(CheckpointNotSigned):
        verify_checkpoint(note_with(BODY, [line]), origin=ORIGIN, keys=[cosigner])
    verify_checkpoint(note_with(BODY, [line, LINE]), origin=ORIGIN, keys=[cosigner, KEY])


def test_extension_lines_are_read_and_signed() -> None:
    body = BODY + b"extension\n"
    note = note_with(body, [signature_line(KEY, PRIVATE.sign(body))])
    assert verify_checkpoint(note, origin=ORIGIN, keys=[KEY]).extensions == ("extension",)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "origin\n",
        "origin\n1\n",
        f"origin\n01\n{base64.b64encode(ROOT).decode()}\n",
        f"origin\n-1\n{base64.b64encode(ROOT).decode()}\n",
        f"origin\n+1\n{base64.b64encode(ROOT).decode()}\n",
        f"origin\n9223372036854775808\n{base64.b64encode(ROOT).decode()}\n",
        f"origin\n\u0661\n{base64.b64encode(ROOT).decode()}\n",
        f"\n1\n{base64.b64encode(ROOT).decode()}\n",
        f"two words\n1\n{base64.b64encode(ROOT).decode()}\n",
        f"a+b\n1\n{base64.b64encode(ROOT).decode()}\n",
        f"origin\n1\n{base64.b64encode(ROOT[:31]).decode()}\n",
        f"origin\n1\n{base64.b64encode(ROOT).decode()}",
        f"origin\n1\n{base64.b64encode(ROOT).decode().rstrip('=')}\n",
        f"origin\n1\n{base64.b64encode(ROOT).decode()}\n\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(body: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_checkpoint(body.encode())


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name\n",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n— name AAAAAA==\n",
        "text\n\n— na+me AAAAAAAA\n",
        "text\n\n— name AAAAAAAA",
        "text\n\n— name AAAAAAAA \n",
        "text\n\n— name AAAAAAAB=\n",
        "te\txt\n\n— name AAAAAAAA\n",
        "text\r\n\n— name AAAAAAAA\n",
        "text\n\n" + "— name AAAAAAAA\n" * 101,
        "text" * 2**17 + "\n\n— name AAAAAAAA\n",
    ],
)
def test_what_is_not_a_note_is_refused(note: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_note(note)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000+AQ==",
        KEY.vkey.replace("+", "+0", 1),
        KEY.vkey[:-4],
        "x" + KEY.vkey,
        KEY.vkey.upper(),
        "name+00000000+" + base64.b64encode(b"\xff" + bytes(32)).decode(),
    ],
)
def test_what_is_not_a_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(VerifierKeyMalformed):
        parse_vkey(vkey)


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_input_is_read_as_a_note_or_refused(data: bytes | str) -> None:
    try:
        note = parse_note(data)
    except NoteMalformed:
        return
    assert parse_note(note_with(note.text, note.signatures)) == note


@given(st.text(max_size=120))
def test_any_text_is_a_vkey_or_refused(text: str) -> None:
    with pytest.raises(VerifierKeyMalformed):
        parse_vkey(text)


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_back_as_it_was_written(size: int, root: bytes) -> None:
    assert parse_checkpoint(checkpoint_body(ORIGIN, size, root)) == Checkpoint(ORIGIN, size, root)
