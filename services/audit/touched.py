"""Counting what clauses find between two places of the log, in steps that keep nobody waiting."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from services.audit.driver import Driver
from services.audit.index.bitmaps import BLOCK
from services.audit.index.lookup import Clause, Query, Stretch, candidates, query_of
from services.audit.index.radius import Touched, node_tags, of_kind, students_of, touched_in, words_of
from services.audit.index.terms import FIRST_TAGGED, Kind, TermKeys, term_keys
from services.audit.openings import Place, Sight
from services.audit.subject_keys import SubjectKeys
from shared.database import Database

ENTRIES_AT_ONCE: Final = 512

LookedAt = Callable[[int, int], None]
"""Hears how many entries were looked past, of how many."""


def unheard(looked_at: int, of: int) -> None:
    """Nobody asks how far it is."""


@dataclass
class Counted:
    """What was found, counted."""

    entries: int = 0
    terms: Counter[bytes] = field(default_factory=Counter)
    words: dict[bytes, str] = field(default_factory=dict)
    found: dict[bytes | None, set[UUID]] = field(default_factory=dict)
    """Students, by the term of the node that was told of them; None: no other one was."""
    told_of: dict[bytes, Place] = field(default_factory=dict)
    """By the term of each recipient, an entry that names it."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    not_looked_at: int = 0
    """Entries that the index has not yet."""

    def of(self, kind: Kind) -> dict[str, int]:
        """Entries by each value of a kind, the most first."""
        return of_kind(kind, self.terms, self.words)

    @property
    def whom(self) -> set[UUID]:
        """Different students."""
        return set().union(*self.found.values())

    def students_at(self, nodes: Collection[str]) -> int:
        """Different ones that some nodes were told of."""
        return len(set().union(*(found for node, found in self.found.items() if node is not None and self.words.get(node) in nodes)))


async def count_touched(
    database: Database,
    keys: SubjectKeys,
    clauses: Sequence[Clause],
    stretches: Sequence[Stretch],
    sight: Sight,
    *,
    told: LookedAt = unheard,
) -> Counted:
    """Count what meets `clauses`. Students count as `sight` covers them. `told` hears how far it is, the newest entries first."""
    of_terms = await database.read(lambda connection: term_keys(Driver(connection), keys))
    query, counted = query_of(clauses, of_terms), Counted()
    about_nobody, known = node_tags(of_terms), dict[bytes | None, set[bytes]]()
    custodians = None if sight.whole_state else {str(organisation) for organisation in sight.organisations}
    of, before = sum(stretch.end - stretch.start for stretch in stretches), 0
    for stretch in stretches:
        indexed = await database.read(partial(_indexed, stretch))
        counted.not_looked_at += stretch.end - indexed.end
        for blocks in await database.read(partial(_blocks, query, indexed)):
            touched = await database.read(partial(_touched, query, indexed, blocks))
            told(before + stretch.end - max(min(blocks) * BLOCK, stretch.start), of)
            counted.entries += len(touched.indices)
            counted.terms.update(touched.terms)
            counted.told_of |= {term: Place(stretch.year, at) for term, at in touched.recipients.items()}
            for node, indices in touched.by_node.items():
                # INVARIANT: by node anew: whose a student is may differ from entry to entry, and a district is told of its own alone.
                seen, found = known.setdefault(node, set(about_nobody)), counted.found.setdefault(node, set())
                for start in range(0, len(indices), ENTRIES_AT_ONCE):
                    some = indices[start : start + ENTRIES_AT_ONCE]
                    found |= await database.read(partial(_students, keys, stretch.year, some, seen, custodians))
                    await asyncio.sleep(0)
            if touched.indices:
                await database.read(partial(_note_times, counted, touched))
        before += stretch.end - stretch.start
    counted.words = await database.read(partial(_words, of_terms, [term for term in counted.terms if term[0] < FIRST_TAGGED]))
    return counted


def _indexed(stretch: Stretch, connection: Connection) -> Stretch:
    """As much of a stretch as the index has."""
    rows = Driver(connection).rows("SELECT at FROM index_cursor WHERE log = ?", stretch.year)
    return stretch._replace(end=min(max(rows[0][0] if rows else 0, stretch.start), stretch.end))


def _blocks(query: Query, stretch: Stretch, connection: Connection) -> list[list[int]]:
    return list(candidates(Driver(connection), query, stretch))


def _touched(query: Query, stretch: Stretch, blocks: list[int], connection: Connection) -> Touched:
    return touched_in(Driver(connection), query, stretch, blocks)


def _students(
    keys: SubjectKeys, year: int, indices: list[int], known: set[bytes], custodians: set[str] | None, connection: Connection
) -> set[UUID]:
    return students_of(Driver(connection), keys, year=year, indices=indices, known=known, custodians=custodians)


def _words(keys: TermKeys, terms: list[bytes], connection: Connection) -> dict[bytes, str]:
    return words_of(Driver(connection), keys, terms)


def _note_times(counted: Counted, touched: Touched, connection: Connection) -> None:
    """Stretches and blocks come newest first."""
    first, last = (_instant(Driver(connection), touched.year, at) for at in (touched.indices[0], touched.indices[-1]))
    counted.first_at = first if counted.first_at is None else min(first, counted.first_at)
    counted.last_at = last if counted.last_at is None else max(last, counted.last_at)


def _instant(driver: Driver, year: int, at: int) -> datetime:
    ((t,),) = driver.rows("SELECT t FROM segment WHERE log = ? AND start <= ? ORDER BY start DESC LIMIT 1", year, at)
    return datetime.fromtimestamp(t, UTC)
