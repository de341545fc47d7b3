"""Proof files, C2SP tlog-proof: an entry's index, its path and the checkpoint in one text, `.tlog-proof`."""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from safepassage.canonical import from_base64
from safepassage.checkpoints import Checkpoint, verify_checkpoint
from safepassage.notes import VerifierKey
from safepassage.problems.proofs import ProofFileMalformed
from safepassage.proofs import leaf_hash, verify_inclusion

FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
MAX_BYTES: Final = 2**20


@dataclass(frozen=True)
class ProofFile:
    """A parsed proof file; nothing of it is verified."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None
    """Our logs put the entry's bytes here, so that the file is enough. It proves nothing by itself."""

    def text(self) -> str:
        """The file."""
        extra = "" if self.extra is None else f"extra {base64.b64encode(self.extra).decode()}\n"
        path = "".join(base64.b64encode(digest).decode() + "\n" for digest in self.path)
        return f"{FIRST_LINE}\n{extra}index {self.index}\n{path}\n{self.checkpoint}"


def parse_proof_file(text: str | bytes) -> ProofFile:
    """Raises ProofFileMalformed."""
    try:
        content = text.decode() if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise ProofFileMalformed from error
    head, blank, checkpoint = content.partition("\n\n")
    lines = head.split("\n")
    if len(content) > MAX_BYTES or not blank or not checkpoint or lines.pop(0) != FIRST_LINE:
        raise ProofFileMalformed
    try:
        extra = from_base64(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
        index = _index(lines)
        path = tuple(from_base64(line) for line in lines)
    except ValueError as error:
        raise ProofFileMalformed from error
    if any(len(digest) != 32 for digest in path):
        raise ProofFileMalformed
    return ProofFile(index, path, checkpoint, extra)


def proof_file(*, entry: bytes, index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """The proof file of an entry, the entry in it."""
    return ProofFile(index, tuple(path), checkpoint, entry).text()


def verify_proof_file(proof: ProofFile, *, entry: bytes, origin: str, keys: Collection[VerifierKey]) -> Checkpoint:
    """Check that `entry` is in the log `origin`, and give the checkpoint that says so.

    Raises what `verify_checkpoint` and `verify_inclusion` raise.
    """
    checkpoint = verify_checkpoint(proof.checkpoint, origin=origin, keys=keys)
    verify_inclusion(leaf_hash=leaf_hash(entry), index=proof.index, size=checkpoint.size, path=proof.path, root=checkpoint.root)
    return checkpoint


def _index(lines: list[str]) -> int:
    name, _, number = lines.pop(0).partition(" ") if lines else ("", "", "")
    if name != "index" or not (number.isascii() and number.isdecimal()) or len(number) > 19 or str(int(number)) != number:
        raise ValueError("no index")
    return int(number)
