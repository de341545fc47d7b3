"""A log as it lies somewhere, before anything of it is believed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Chunk:
    """Some entries, in order."""

    start: int
    """Index of the first."""
    entries: Sequence[bytes]
    hashes: bytes | None = None
    """The leaf hashes that lie beside them, 32 bytes each."""


class StoredLog(Protocol):
    """What a verifier reads of a log."""

    origin: str
    """What the store says that the log is called; believed only where a key of that name signed."""

    def notes(self) -> list[str]:
        """Every checkpoint that is there, in any order."""

    def chunks(self) -> Iterator[Chunk]:
        """Every entry, in order. Raises EntriesMissing with the index from which on it cannot be read, after what can be."""

    def tile(self, level: int, n: int) -> bytes | None:
        """A stored tile of 256 hashes; None where the store has none."""
