"""Checkpoints: what a log says of itself, signed (C2SP tlog-checkpoint): its origin, how many entries, the root over them."""

import base64
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from safepassage.canonical import from_base64
from safepassage.notes import (
    ED25519,
    Note,
    SignatureLine,
    VerifierKey,
    note_with,
    parse_note,
    parse_vkey,
    signature_line,
    verified_signers,
)
from safepassage.problems.proofs import CheckpointNotSigned, ForeignLog, NoteMalformed

__all__ = [
    "ED25519",
    "Checkpoint",
    "Note",
    "SignatureLine",
    "VerifierKey",
    "checkpoint_body",
    "note_with",
    "parse_checkpoint",
    "parse_note",
    "parse_vkey",
    "signature_line",
    "verified_signers",
    "verify_checkpoint",
]

MAX_SIZE: Final = 2**63 - 1


@dataclass(frozen=True)
class Checkpoint:
    """A tree head."""

    origin: str
    """The log's name: a URL without scheme, such as `alder.example/log/2026`."""
    size: int
    root: bytes
    """32 bytes."""
    extensions: tuple[str, ...] = ()
    """Further lines. Our logs write none, since later cosignature types do not sign them."""


def checkpoint_body(origin: str, size: int, root: bytes) -> bytes:
    """The exact bytes that a log signs: origin, decimal size, base64 root, a line each."""
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    parse_checkpoint(body)
    return body


@lru_cache(maxsize=256)
def parse_checkpoint(body: bytes) -> Checkpoint:
    """Read the text of a note as a checkpoint, without any signature being checked. Raises NoteMalformed."""
    try:
        lines = body.decode().split("\n")
    except UnicodeDecodeError:
        raise NoteMalformed from None
    if len(lines) < 4 or lines.pop() != "":
        raise NoteMalformed
    origin, size, root, *extensions = lines
    if not origin or "+" in origin or any(character.isspace() or ord(character) < 0x20 for character in origin):
        raise NoteMalformed
    if not (size.isascii() and size.isdecimal()) or (size != "0" and size.startswith("0")) or len(size) > 19 or int(size) > MAX_SIZE:
        raise NoteMalformed
    try:
        digest = from_base64(root)
    except ValueError:
        raise NoteMalformed from None
    if len(digest) != 32 or not all(extensions):
        raise NoteMalformed
    return Checkpoint(origin, int(size), digest, tuple(extensions))


def verify_checkpoint(note: str | bytes, *, origin: str, keys: Collection[VerifierKey]) -> Checkpoint:
    """The checkpoint in `note`, once it is shown to be of the log `origin` and signed by a key of that log.

    keys  the log's keys, and those of witnesses if there are any. Only a key whose name is `origin` speaks for the log; but any known
          key whose signature fails refuses the note.

    Raises NoteMalformed, ForeignLog, CheckpointSignatureInvalid, CheckpointNotSigned.
    """
    parsed = parse_note(note)
    checkpoint = parse_checkpoint(parsed.text)
    if checkpoint.origin != origin:
        raise ForeignLog
    if not any(key.name == origin for key in verified_signers(parsed, keys=keys)):
        raise CheckpointNotSigned
    return checkpoint
