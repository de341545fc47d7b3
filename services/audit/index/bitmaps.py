"""Sets of entries as bits: bit n of a block is the entry n behind its first. Pure.

A set is an int while it is worked with. Stored, a small one is its positions (2 bytes each, big-endian, ascending), a larger one its
bits (512 bytes, little-endian): of each set there is one form, so that an index made again has the same rows.
"""

from collections.abc import Iterable, Iterator
from typing import Final

BLOCK: Final = 4_096
"""Entries of a block; blocks of a group."""
DENSE_BYTES: Final = BLOCK // 8
MOST_SPARSE: Final = 64
"""So many positions at the most are stored as such. Their 128 bytes cannot be taken for a set's bits, which are 512."""
ALL: Final = (1 << BLOCK) - 1


def stored(bits: int) -> bytes:
    """A set, 0 < bits < 2 ** BLOCK, as it is stored."""
    if bits.bit_count() > MOST_SPARSE:
        return bits.to_bytes(DENSE_BYTES, "little")
    return b"".join(position.to_bytes(2, "big") for position in reversed(list(positions(bits))))


def loaded(data: bytes) -> int:
    """The set that `stored` was given."""
    if len(data) == DENSE_BYTES:
        return int.from_bytes(data, "little")
    bits = 0
    for at in range(0, len(data), 2):
        bits |= 1 << (data[at] << 8 | data[at + 1])
    return bits


def positions(bits: int) -> Iterator[int]:
    """The positions in a set, the last one first."""
    while bits:
        position = bits.bit_length() - 1
        yield position
        bits ^= 1 << position


def set_of(places: Iterable[int]) -> int:
    """The set of these positions."""
    bits = 0
    for place in places:
        bits |= 1 << place
    return bits


def between(start: int, end: int) -> int:
    """The positions [start, end), each bound by the block."""
    low, high = max(start, 0), min(end, BLOCK)
    return (1 << high) - (1 << low) if low < high else 0
