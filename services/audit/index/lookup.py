"""Finding the newest entries that have the terms of a query: by bits, and what the index has not yet by looking at it.

A query is clauses, of each of which an entry has one term at least. Level 1 says in which blocks every clause has one; only there are the
bits of the entries read and joined, so that a search costs by what is found, not by how long the log is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

from services.audit.driver import Driver
from services.audit.index.bitmaps import ALL, BLOCK, ascending, between, loaded, positions
from services.audit.index.postings import BLOCKS_LEVEL, ENTRIES_LEVEL
from services.audit.index.reading import read_piece
from services.audit.index.terms import Facts, Kind, TermKeys, term_keys, term_of, terms_of, values_of
from services.audit.openings import Place
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import PostingRow

FIRST_BLOCKS, MOST_BLOCKS = 8, 256
"""Blocks of one read: few at first, where a page is often full soon, then ever more."""
LOOKED_AT: Final = 2_048
"""Entries that the index has not yet, and that a search looks at by itself."""

Clause = frozenset[tuple[Kind, str]]
"""Kinds and values, of which an entry has one."""
Terms = frozenset[bytes]
"""What stands for them in the index."""


class Query(NamedTuple):
    """Clauses, and the terms of each in every epoch."""

    clauses: tuple[Clause, ...]
    terms: tuple[Terms, ...]


class Stretch(NamedTuple):
    """Entries [start, end) of one log."""

    year: int
    start: int
    end: int


class Found(NamedTuple):
    """Places, newest first, or oldest first."""

    places: list[Place]
    not_looked_at: int
    """Entries that are newer than the index and that nobody looked at."""


def query_of(clauses: Iterable[Clause], keys: TermKeys) -> Query:
    """The query of clauses: who is a person is looked for by the tags of every epoch."""
    kept = tuple(clauses)
    epochs = (0, *keys.tags)  # what is no person has one term, in whatever epoch
    terms = ({term_of(*one, keys, epoch) for one in clause for epoch in epochs} for clause in kept)
    return Query(kept, tuple(frozenset(term for term in some if term is not None) for some in terms))


def has(facts: Facts, clauses: Collection[Clause]) -> bool:
    """Whether an entry is what a query looks for."""
    values = set(values_of(facts, {kind for clause in clauses for kind, _ in clause}))
    return all(not values.isdisjoint(clause) for clause in clauses)


def find(driver: Driver, keys: SubjectKeys, query: Query, stretches: Sequence[Stretch], *, limit: int, oldest_first: bool = False) -> Found:
    """The newest places of `stretches` (newest first) that have the query's terms, or the oldest, at most `limit`."""
    cursors = dict(driver.rows("SELECT log, at FROM index_cursor"))
    of_terms = term_keys(driver, keys)
    found, unseen = list[Place](), 0
    for stretch in stretches[::-1] if oldest_first else stretches:
        indexed = min(max(cursors.get(stretch.year, 0), stretch.start), stretch.end)
        if oldest_first:
            found += _joined(driver, query, stretch._replace(end=indexed), limit - len(found), oldest_first=True)
            if len(found) >= limit:
                break
        if stretch.end - indexed > LOOKED_AT:
            unseen += stretch.end - indexed
        elif indexed < stretch.end:
            newest = _look(driver, keys, of_terms, query, stretch._replace(start=indexed))
            found += newest[::-1] if oldest_first else newest
        if len(found) < limit and not oldest_first:
            found += _joined(driver, query, stretch._replace(end=indexed), limit - len(found))
        if len(found) >= limit:
            break
    return Found(found[:limit], unseen)


def _look(driver: Driver, keys: SubjectKeys, of_terms: TermKeys, query: Query, stretch: Stretch) -> list[Place]:
    found: list[Place] = []
    at = stretch.start
    while at < stretch.end:
        entries = read_piece(driver, keys, year=stretch.year, start=at, end=stretch.end)
        for entry in entries:
            terms = terms_of(entry.facts, of_terms, entry.epoch)
            if all(not clause.isdisjoint(terms) for clause in query.terms):
                found.append(Place(stretch.year, entry.at))
        at = entries[-1].at + 1
    return found[::-1]


def _joined(driver: Driver, query: Query, stretch: Stretch, limit: int, *, oldest_first: bool = False) -> list[Place]:
    places, order = list[Place](), None
    for blocks in candidates(driver, query, stretch, most=MOST_BLOCKS, oldest_first=oldest_first):
        order = order or _learned(driver, query.terms, stretch.year, blocks)
        for block, bits in sorted(bits_in(driver, query, stretch, blocks, order=order).items(), reverse=not oldest_first):
            for position in ascending(bits) if oldest_first else positions(bits):
                places.append(Place(stretch.year, block * BLOCK + position))
                if len(places) == limit:
                    return places
    return places


def candidates(driver: Driver, query: Query, stretch: Stretch, *, most: int = 16, oldest_first: bool = False) -> Iterable[list[int]]:
    """The blocks of a stretch in which every clause has a term, newest first or oldest first, some at a time."""
    if stretch.start >= stretch.end:
        return
    first, last = stretch.start // BLOCK, (stretch.end - 1) // BLOCK
    groups = range(first // BLOCK, last // BLOCK + 1)
    for group in groups if oldest_first else reversed(groups):
        held = _held(driver, _rare_first(query.terms), stretch.year, BLOCKS_LEVEL, [group]).get(group, 0)
        held &= between(first - group * BLOCK, last + 1 - group * BLOCK)
        if not held and group == last // BLOCK:
            held = 1 << last % BLOCK  # INVARIANT: the newest block is read where nothing is to be found too, and takes as long
        blocks, size = list[int](), FIRST_BLOCKS
        for position in ascending(held) if oldest_first else positions(held):
            blocks.append(group * BLOCK + position)
            if len(blocks) == size:
                yield blocks
                blocks, size = [], min(2 * size, most)
        if blocks:
            yield blocks


def bits_in(
    driver: Driver, query: Query, stretch: Stretch, blocks: Sequence[int], *, order: Sequence[Terms] | None = None
) -> dict[int, int]:
    """Of each block the entries of the stretch that have a term of every clause; blocks without one are left out.

    order  in which the clauses' terms are read, where something is known of it
    """
    held = _held(driver, order or _rare_first(query.terms), stretch.year, ENTRIES_LEVEL, blocks)
    bound = {block: bits & between(stretch.start - block * BLOCK, stretch.end - block * BLOCK) for block, bits in held.items()}
    return {block: bits for block, bits in bound.items() if bits}


def _learned(driver: Driver, terms: Sequence[Terms], year: int, blocks: Sequence[int]) -> list[Terms]:
    """The order that would have spared most in these blocks: what is common by itself may exclude each other."""
    clauses = _rare_first(terms)
    return least_together({clause: _either(driver, clause, year, ENTRIES_LEVEL, blocks) for clause in clauses}) if clauses[2:] else clauses


def least_together(bits: Mapping[Terms, Mapping[int, int]]) -> list[Terms]:
    """Clauses, of which each has so many bits in some blocks, in the order in which the fewest blocks are left after each. Pure."""

    def left(held: Mapping[int, int], clause: Terms) -> dict[int, int]:
        return {block: both for block, had in held.items() if (both := had & bits[clause].get(block, 0))}

    def still_there(first: Terms, second: Terms) -> tuple[int, int]:
        held = left(bits[first], second)
        return len(held), sum(map(int.bit_count, held.values()))

    order = list(min(combinations(bits, 2), key=lambda pair: still_there(*pair)))
    held = left(bits[order[0]], order[1])
    while rest := [clause for clause in bits if clause not in order]:
        order.append(min(rest, key=lambda clause: len(left(held, clause))))
        held = left(held, order[-1])
    return order


def _held(driver: Driver, clauses: Sequence[Terms], year: int, level: int, blocks: Sequence[int]) -> dict[int, int]:
    """Of each block the positions that have a term of every clause. What the first ones rule out is not read of the others."""
    if not clauses:
        return _every(year, level, blocks)
    left: dict[int, int] | None = None
    for clause in clauses:
        # INVARIANT: every clause is looked up, if only in one block: that a term is nowhere is no look-up less.
        where = list(blocks) if left is None else list(left) or blocks[:1]
        either = _either(driver, clause, year, level, where)
        left = either if left is None else {block: both for block, had in left.items() if (both := had & either.get(block, 0))}
    return left or {}


def _rare_first(terms: Sequence[Terms]) -> list[Terms]:
    return sorted(terms, key=_how_common)


def _how_common(clause: Terms) -> tuple[int, int]:
    """Few terms before many, and what is tagged (clients, persons, recipients: the highest kinds) before the words of a vocabulary."""
    return len(clause), -max((term[0] for term in clause), default=0)


def _every(year: int, level: int, blocks: Sequence[int]) -> dict[int, int]:
    return dict.fromkeys(blocks, ALL)


def _either(driver: Driver, terms: Terms, year: int, level: int, blocks: Sequence[int]) -> dict[int, int]:
    """Of each block the positions that have one of `terms`."""
    bits: dict[int, int] = {}
    for _, _, block, _, data in driver.lookup(PostingRow, {"block": blocks, "term": sorted(terms)}, log=year, level=level):
        bits[block] = bits.get(block, 0) | loaded(bytes(data))
    return bits
