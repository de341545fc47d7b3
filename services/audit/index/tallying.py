"""Counting, by bits alone, how many of the entries that a query finds are alike in what they are told apart by. Nothing is opened."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.audit.driver import Driver
from services.audit.index.bitmaps import BLOCK, between, loaded
from services.audit.index.lookup import Query, Stretch, bits_in
from services.audit.index.postings import ENTRIES_LEVEL
from services.audit.index.terms import Kind

Alike = tuple[int, tuple[bytes, ...]]
"""An interval, and a term for each axis: empty where an entry has none of it."""


@dataclass(frozen=True)
class Axis:
    """What entries are told apart by: the terms of a kind, or some terms that are known."""

    kind: Kind
    terms: Mapping[bytes, str] = field(default_factory=dict)
    """Of a tagged kind: the terms that are looked for, and what each is to be called."""

    def bits(self, driver: Driver, year: int, block: int) -> list[tuple[bytes, int]]:
        """The terms of a block, each with its entries."""
        one = "SELECT term, bits FROM posting WHERE log = ? AND level = ? AND block = ? AND term >= ? AND term < ?"
        rows = driver.rows(one, year, ENTRIES_LEVEL, block, bytes((self.kind,)), bytes((self.kind + 1,)))
        return [(bytes(term), loaded(bytes(bits))) for term, bits in rows if not self.terms or bytes(term) in self.terms]


class Spread(NamedTuple):
    """A stretch of a log that lies in one interval."""

    interval: int
    stretch: Stretch


def tallied_in(driver: Driver, query: Query, spreads: Sequence[Spread], blocks: Sequence[int], axes: Sequence[Axis]) -> Counter[Alike]:
    """How many entries of some blocks are alike. `spreads`: of one log, ascending, apart."""
    year, start, end = spreads[0].stretch.year, spreads[0].stretch.start, spreads[-1].stretch.end
    counted: Counter[Alike] = Counter()
    for block, found in bits_in(driver, query, Stretch(year, start, end), blocks).items():
        held = [axis.bits(driver, year, block) for axis in axes]
        for interval, stretch in spreads:
            some = found & between(stretch.start - block * BLOCK, stretch.end - block * BLOCK)
            for terms, count in _alike(some, held):
                counted[interval, terms] += count
    return counted


def _alike(found: int, axes: Sequence[Sequence[tuple[bytes, int]]]) -> Iterable[tuple[tuple[bytes, ...], int]]:
    """The entries of `found` by a term of each axis, as long as there are any."""
    if not found:
        return
    if not axes:
        yield (), found.bit_count()
        return
    left = found
    for term, bits in axes[0]:
        for terms, count in _alike(found & bits, axes[1:]):
            yield (term, *terms), count
        left &= ~bits
    for terms, count in _alike(left, axes[1:]):
        yield (b"", *terms), count
