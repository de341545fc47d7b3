"""What a log and a witness say to one another, C2SP tlog-witness: the request add-checkpoint and its answers. Nothing here is verified."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from safepassage.canonical import from_base64
from safepassage.checkpoints import MAX_SIZE
from safepassage.notes import SignatureLine, parse_signature_lines
from safepassage.problems.proofs import NoteMalformed
from safepassage.problems.witnessing import WitnessRequestMalformed

ADD_CHECKPOINT: Final = "/add-checkpoint"
"""Under a witness's submission prefix."""
SIZE_TYPE: Final = "text/x.tlog.size"
"""Media type of the 409 that names the size which the witness knows."""
MAX_PATH: Final = 63
MAX_BYTES: Final = 64 * 1024
"""Of a request: room for the path and 16 signatures of ML-DSA-44."""
MAX_ANSWER_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class AddCheckpoint:
    """An add-checkpoint request."""

    old_size: int
    """What the log believes the witness to have cosigned last; 0 for nothing."""
    path: tuple[bytes, ...]
    """The consistency path from there, 32 bytes each; empty from 0."""
    note: str
    """The checkpoint, signed by the log."""

    def body(self) -> bytes:
        """The request's body."""
        path = "".join(base64.b64encode(digest).decode() + "\n" for digest in self.path)
        return f"old {self.old_size}\n{path}\n{self.note}".encode()


def parse_add_checkpoint(body: bytes) -> AddCheckpoint:
    """Read a request. Raises WitnessRequestMalformed; whether the note is one is for who reads it."""
    if len(body) > MAX_BYTES:
        raise WitnessRequestMalformed("it is too long")
    try:
        head, blank, note = body.decode().partition("\n\n")
        word, *lines = head.split("\n")
        old_size = _size(word.removeprefix("old ")) if word.startswith("old ") else None
        path = tuple(from_base64(line) for line in lines)
    except ValueError:
        raise WitnessRequestMalformed from None
    if old_size is None or not blank or not note or len(path) > MAX_PATH or any(len(digest) != 32 for digest in path):
        raise WitnessRequestMalformed
    return AddCheckpoint(old_size, path, note)


def parse_cosignatures(answer: bytes) -> tuple[SignatureLine, ...]:
    """The signature lines that a witness answered, at least one; keys that nobody knows among them. Raises NoteMalformed."""
    try:
        lines = answer.decode()
    except UnicodeDecodeError:
        raise NoteMalformed from None
    if len(answer) > MAX_ANSWER_BYTES:
        raise NoteMalformed
    return parse_signature_lines(lines)


def size_answer(size: int) -> bytes:
    """The body of the 409."""
    return f"{size}\n".encode()


def parse_size_answer(answer: bytes) -> int:
    """The size in the body of a 409. Raises NoteMalformed."""
    text, line, rest = answer.partition(b"\n")
    if not line or rest:
        raise NoteMalformed
    try:
        return _size(text.decode("ascii"))
    except ValueError:
        raise NoteMalformed from None


def origin_digest(origin: str) -> str:
    """Under which name a witness shows what it knows of a log: SHA-256 of the origin, lower case hexadecimal."""
    return hashlib.sha256(origin.encode()).hexdigest()


def _size(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or str(int(text)) != text or int(text) > MAX_SIZE:
        raise ValueError("not a size")
    return int(text)
