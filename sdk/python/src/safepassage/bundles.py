"""Bundles of log entries, as in C2SP tlog-tiles: 2 bytes of length, big-endian, then the entry, one after the other."""

from collections.abc import Iterable, Iterator
from typing import Final

from safepassage.problems.proofs import BundleMalformed

MAX_ENTRY_BYTES: Final = 65_535


def bundle_of(entries: Iterable[bytes]) -> bytes:
    """The bundle that holds `entries`. Raises BundleMalformed for an entry over 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise BundleMalformed("an entry has more than 65,535 bytes")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def entries_of(bundle: bytes) -> Iterator[bytes]:
    """The entries of a bundle, in order. Raises BundleMalformed at the point where it cannot be read on."""
    position = 0
    while position < len(bundle):
        start = position + 2
        end = start + int.from_bytes(bundle[position:start], "big")
        if start > len(bundle) or end > len(bundle):
            raise BundleMalformed
        yield bundle[start:end]
        position = end
