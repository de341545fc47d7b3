"""Bundles of log entries, as in C2SP tlog-tiles: 2 bytes of length, big-endian, then the entry, one after the other."""

from collections.abc import Iterable
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


def entries_of(bundle: bytes) -> list[bytes]:
    """The entries of a bundle, in order. Raises BundleMalformed if it cannot be read to its end."""
    entries = entries_until_damage(bundle)
    if 2 * len(entries) + sum(map(len, entries)) != len(bundle):
        raise BundleMalformed
    return entries


def entries_until_damage(bundle: bytes) -> list[bytes]:
    """The entries of a bundle up to where it cannot be read on; the caller knows how many there should be."""
    if (step := _length_of_each(bundle)) is not None:
        return [bundle[at + 2 : at + step] for at in range(0, len(bundle), step)]
    entries, position, length = list[bytes](), 0, len(bundle)
    while position + 2 <= length:
        end = position + 2 + (bundle[position] << 8 | bundle[position + 1])
        if end > length:
            break
        entries.append(bundle[position + 2 : end])
        position = end
    return entries


def _length_of_each(bundle: bytes) -> int | None:
    """How far it is from one entry to the next, where all say that they are as long as the first; else None.

    Neighbours in a log often are, and to see it takes a tenth of what it takes to walk from one to the next.
    """
    step = 2 + int.from_bytes(bundle[:2], "big")
    count = len(bundle) // step  # of a bundle that has a rest, a step more leads into it
    if bundle[::step] != bundle[:1] * count or bundle[1::step] != bundle[1:2] * count:
        return None
    return step
