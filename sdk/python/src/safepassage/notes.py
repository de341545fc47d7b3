"""Signed notes and their keys, as in C2SP signed-note: a text, a blank line, and a line for each signature.

A note is read whatever the types of its signatures are; Ed25519 (0x01) is what is verified here, those of witnesses in
`safepassage.cosignatures`. A *known* key whose signature fails refuses the whole note; signatures of unknown keys, and of types that this
version does not verify, count for nothing.
"""

import base64
import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.canonical import from_base64
from safepassage.problems.proofs import CheckpointSignatureInvalid, NoteMalformed, VerifierKeyMalformed

ED25519: Final = 0x01
"""Ed25519 over the note's text. Other types seen in notes: 0x02 ECDSA, 0x05 RFC 6962 tree heads; and those of witnesses, which follow."""
ED25519_COSIGNATURE: Final = 0x04
"""Ed25519 over a time and the note's text (safepassage.cosignatures)."""
ML_DSA_44_COSIGNATURE: Final = 0x06
"""ML-DSA-44 (FIPS 204) over a time, the cosigner's name and the tree: holds against quantum computers too (safepassage.cosignatures)."""
KEY_BYTES: Final = {ED25519: 32, ED25519_COSIGNATURE: 32, ML_DSA_44_COSIGNATURE: 1312}
"""Length of the public key, by the type of its signatures."""
MAX_NOTE_BYTES: Final = 2**18
MAX_SIGNATURES: Final = 100
_KEY_ID_BYTES: Final = 4
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
"""Every control character under 0x20 but the line feed."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key by the name of who signs with it."""

    name: str
    type: int
    """Signature type, one byte."""
    public_key: bytes
    """As the type defines it: KEY_BYTES."""

    def __post_init__(self) -> None:
        if not _is_name(self.name) or not 0 < self.type < 0xFF or not self.public_key:
            raise VerifierKeyMalformed
        if len(self.public_key) != KEY_BYTES.get(self.type, len(self.public_key)):
            raise VerifierKeyMalformed

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ type ‖ public key), the first 4 bytes; of ECDSA (0x02) the first 4 of SHA-256(public key)."""
        if self.type == 0x02:
            return hashlib.sha256(self.public_key).digest()[:_KEY_ID_BYTES]
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key).digest()[:_KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """`name+hex(key id)+base64(type ‖ public key)`, as published."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.type]) + self.public_key).decode()}"


@lru_cache(maxsize=1024)  # the keys of a log are wanted with each of its proofs
def parse_vkey(vkey: str) -> VerifierKey:
    """Read a vkey. Raises VerifierKeyMalformed, also where the key id is not that of the key."""
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        material = from_base64(encoded)
    except ValueError:
        raise VerifierKeyMalformed from None
    if len(material) < 2:
        raise VerifierKeyMalformed
    key = VerifierKey(name, material[0], material[1:])
    if key.key_id.hex() != key_id:
        raise VerifierKeyMalformed
    return key


@dataclass(frozen=True)
class SignatureLine:
    """One signature under a note; which type it has only the key tells."""

    name: str
    key_id: bytes
    """4 bytes; a hint, not a proof."""
    signature: bytes

    def __str__(self) -> str:
        return f"\u2014 {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A parsed note; `text` ends with a line feed and is what was signed."""

    text: bytes
    signatures: tuple[SignatureLine, ...]


def signature_line(key: VerifierKey, signature: bytes) -> SignatureLine:
    """The line for a `signature` that the private half of `key` made over the note's text."""
    return SignatureLine(key.name, key.key_id, signature)


def note_with(body: bytes, signatures: Sequence[SignatureLine]) -> str:
    """The note of `body`, the exact bytes that were signed, and its signatures. Raises NoteMalformed."""
    if not signatures or len(signatures) > MAX_SIGNATURES or not body.endswith(b"\n"):
        raise NoteMalformed
    return body.decode() + "\n" + "".join(map(str, signatures))


@lru_cache(maxsize=256)
def parse_note(note: str | bytes) -> Note:
    """Read a note without believing any of it. Raises NoteMalformed.

    The same note is read by each who looks at it, and comes with every message of its moment: what it says is remembered, for it follows
    from its text alone.
    """
    try:
        data = note.encode() if isinstance(note, str) else note
        content = data.decode()
    except UnicodeError:
        raise NoteMalformed from None
    # INVARIANT: what splits lines here is the line feed alone; other control characters could show one text and sign another.
    if len(data) > MAX_NOTE_BYTES or _CONTROL.search(content) is not None:
        raise NoteMalformed
    text, blank, signatures = content.rpartition("\n\n")
    if not blank or not text or not signatures.endswith("\n"):
        raise NoteMalformed
    return Note((text + "\n").encode(), parse_signature_lines(signatures))


def parse_signature_lines(lines: str) -> tuple[SignatureLine, ...]:
    """Signature lines as they stand under a note, each ended by a line feed; at least one. Raises NoteMalformed."""
    if not lines.endswith("\n") or lines.count("\n") > MAX_SIGNATURES:
        raise NoteMalformed
    return tuple(map(_parse_signature_line, lines[:-1].split("\n")))


def verified_signers(note: Note, *, keys: Collection[VerifierKey]) -> frozenset[VerifierKey]:
    """The Ed25519 keys among `keys` that signed the note; empty where none did.

    Raises CheckpointSignatureInvalid when a signature that names one of `keys` does not verify.
    """
    signers = set()
    for line in note.signatures:
        candidates = [key for key in keys if key.type == ED25519 and (key.name, key.key_id) == (line.name, line.key_id)]
        if not candidates:
            continue
        # Two known keys of one name and key id (a collision of 4 bytes): which one signed cannot be told, so nothing is verified.
        if len(set(candidates)) > 1:
            raise CheckpointSignatureInvalid
        try:
            _verify(candidates[0].public_key, line.signature, note.text)
        except (InvalidSignature, ValueError):
            raise CheckpointSignatureInvalid from None
        signers.add(candidates[0])
    return frozenset(signers)


@lru_cache(maxsize=256)
def _verify(public_key: bytes, signature: bytes, text: bytes) -> None:
    """Raises InvalidSignature, ValueError. That these bytes are signed by this key stays true: it is remembered; a failure is not."""
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text)


def _parse_signature_line(line: str) -> SignatureLine:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "\u2014" or not _is_name(name):
        raise NoteMalformed
    try:
        material = from_base64(encoded)
    except ValueError:
        raise NoteMalformed from None
    if len(material) <= _KEY_ID_BYTES:
        raise NoteMalformed
    return SignatureLine(name, material[:_KEY_ID_BYTES], material[_KEY_ID_BYTES:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() or ord(character) < 0x20 for character in name)
