"""Proof files as a log and its witnesses make them, by the SDK, and what can be wrong with one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from safepassage.checkpoints import checkpoint_body, note_with
from safepassage.leaf import leaf_bytes
from safepassage.notes import ML_DSA_44_COSIGNATURE, SignatureLine
from safepassage.proofs import leaf_hash, node_hash, path_length, root_along
from safepassage.tlog_proof import proof_file
from tests.sdk.cosigners import ORIGIN, Cosigner, log_key
from tests.sdk.rfc9162 import split

LOG = log_key()
BIRCH = Cosigner("birch.example/witness", b"\2" * 32)
BIRCH_ML_DSA = Cosigner("birch.example/witness", b"\3" * 32, ML_DSA_44_COSIGNATURE)
CEDAR = Cosigner("cedar.example/witness", b"\4" * 32)


def entry_of(number: int) -> bytes:
    """A leaf like no other."""
    hashes = {name: sha256(f"{name} {number}".encode()).digest() for name in ("actor", "context", "subject")}
    return leaf_bytes(class_="disclosure", t=1_790_000_000 + number % 1000, id=UUID(int=number), key_epoch=2027, **hashes)


def path_of(index: int, size: int) -> list[bytes]:
    """Hashes for a path of the right length: to a log that had these, the entry belongs."""
    return [sha256(f"{size} {index} {step}".encode()).digest() for step in range(path_length(index, size))]


@dataclass
class Case:
    """A proof of an entry, each piece of which may be replaced; and what whoever checks it expects."""

    index: int = 5
    size: int = 13
    entry: bytes = b""
    path: Sequence[bytes] = ()
    root: bytes = b""
    origin: str = ORIGIN
    signers: Sequence[Cosigner] = (LOG,)
    witnesses: Sequence[Cosigner] = (BIRCH, CEDAR)
    more_lines: Sequence[SignatureLine] = ()
    trust: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.entry = self.entry or entry_of(self.index)
        self.path = self.path or path_of(self.index, self.size)
        self.root = self.root or root_along(leaf_hash=leaf_hash(self.entry), index=self.index, size=self.size, path=self.path)

    @property
    def note(self) -> str:
        """The checkpoint, signed and cosigned."""
        body = checkpoint_body(self.origin, self.size, self.root)
        lines = [SignatureLine(one.key.name, one.key.key_id, one.sign(body)) for one in self.signers]
        return note_with(body, [*lines, *(one.line(body) for one in self.witnesses), *self.more_lines])

    @property
    def file(self) -> str:
        """The `.tlog-proof`."""
        return proof_file(entry=self.entry, index=self.index, path=self.path, checkpoint=self.note)

    def asked(self, *, file: str | None = None) -> dict[str, Any]:
        """What proof.js is given."""
        keys = {"logKeys": [LOG.key.vkey], "witnessKeys": [one.key.vkey for one in (BIRCH, BIRCH_ML_DSA, CEDAR)]}
        trust = {"index": self.index, "origin": ORIGIN, **keys, **self.trust}
        return {"file": self.file if file is None else file, "trust": trust}


@dataclass(frozen=True)
class GrownLog:
    """A log of any size: what lies whole on one side of `old_size` is a node of its own making, so that 2^40 entries need no entries."""

    old_size: int
    new_size: int

    def root(self, start: int, end: int) -> bytes:
        """The hash over the entries [start, end)."""
        count = end - start
        if count & (count - 1) == 0 and not start < self.old_size < end:
            return sha256(f"{start} {end}".encode()).digest()
        middle = start + split(count)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def path(self) -> list[bytes]:
        """PROOF(old_size, D[new_size]) of RFC 9162 section 2.1.4.1."""
        return self._sub(self.old_size, 0, self.new_size, complete=True)

    def _sub(self, m: int, start: int, end: int, *, complete: bool) -> list[bytes]:
        if m == end - start:
            return [] if complete else [self.root(start, end)]
        k = split(end - start)
        if m <= k:
            return [*self._sub(m, start, start + k, complete=complete), self.root(start + k, end)]
        return [*self._sub(m - k, start + k, end, complete=False), self.root(start, start + k)]

    def asked(self, **changed: Any) -> dict[str, Any]:
        """What merkle.js is given, in hexadecimal."""
        return {
            "oldSize": self.old_size,
            "newSize": self.new_size,
            "oldRoot": self.root(0, self.old_size).hex(),
            "newRoot": self.root(0, self.new_size).hex(),
            "path": [step.hex() for step in self.path()],
        } | changed
