"""Sets of entries as bits: bit n of a block is the entry n behind its first. Pure.

A set is an int while it is worked with. Stored, a small one is its positions (2 bytes each, big-endian, ascending), a larger one its
bits (960 bytes, little-endian): of each set there is one form, so that an index made again has the same rows.

While sets are gathered, one of a single position is held as `~position`, which is below zero: most terms of a block are one entry's own,
and an int with that bit would be a thousand bytes long.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final

BLOCK: Final = 7_680
"""Entries of a block; blocks of a group. SQLite keeps a row with 960 bytes of bits whole in a page of its tree; of one over 1,000 it would
read another page for each comparison."""
DENSE_BYTES: Final = BLOCK // 8
MOST_SPARSE: Final = 96
"""So many positions at the most are stored as such. Their 192 bytes cannot be taken for a set's bits, which are 960."""
_FEW: Final = 16
"""So many are put together one by one: an int is as long as its last position."""
ALL: Final = (1 << BLOCK) - 1


def stored(bits: int) -> bytes:
    """A set, 0 < bits < 2 ** BLOCK or gathered, as it is stored."""
    if bits < 0:
        return (~bits).to_bytes(2, "big")
    count = bits.bit_count()
    if count == 1:
        return (bits.bit_length() - 1).to_bytes(2, "big")
    if count > MOST_SPARSE:
        return bits.to_bytes(DENSE_BYTES, "little")
    found = list(positions(bits))  # from the last one down an int gets shorter each time
    return struct.pack(f">{count}H", *reversed(found))


def loaded(data: bytes) -> int:
    """The set that `stored` was given."""
    if len(data) == DENSE_BYTES:
        return int.from_bytes(data, "little")
    return set_of(struct.unpack(f">{len(data) // 2}H", data))


def positions(bits: int) -> Iterator[int]:
    """The positions in a set, the last one first."""
    while bits:
        position = bits.bit_length() - 1
        yield position
        bits ^= 1 << position


def ascending(bits: int) -> Iterator[int]:
    """The positions in a set, the first one first: who wants a few of them does not pay for all."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def set_of(places: Sequence[int]) -> int:
    """The set of these positions, ascending, none of them twice."""
    if len(places) <= _FEW:
        return sum([1 << place for place in places])
    first, last = places[0], places[-1]
    if last - first == len(places) - 1:  # all from the first to the last one: where a whole request says the same of each
        return (1 << last + 1) - (1 << first)
    data = bytearray(DENSE_BYTES)
    for place in places:
        data[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(data, "little")


def gathered(places: Sequence[int]) -> int:
    """The set of these positions, ascending, none of them twice, as it is held while sets are gathered."""
    return ~places[0] if len(places) == 1 else set_of(places)


def bits_of(gathered: int) -> int:
    """A gathered set as bits."""
    return gathered if gathered >= 0 else 1 << ~gathered


def either(one: int, other: int) -> int:
    """What is in one of two gathered sets or in both."""
    return one if one == other else bits_of(one) | bits_of(other)


def moved(gathered: int, by: int) -> int:
    """A gathered set with `by`, 0 or more, added to each of its positions."""
    return gathered - by if gathered < 0 else gathered << by


def divided(gathered: int) -> tuple[int, int]:
    """What of a gathered set lies in a block, and what in the next one, there counted from its start. 0: nothing."""
    if gathered < 0:
        return (gathered, 0) if ~gathered < BLOCK else (0, gathered + BLOCK)
    return gathered & ALL, gathered >> BLOCK


def between(start: int, end: int) -> int:
    """The positions [start, end), each bound by the block."""
    low, high = max(start, 0), min(end, BLOCK)
    return (1 << high) - (1 << low) if low < high else 0
