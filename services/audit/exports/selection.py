"""The entries of an export: where the index says, judged by what they say themselves, and no more than the caller may see."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from safepassage.problems.exports import IndexBehind
from safepassage.wire_exports import ExportedRange
from safepassage.wire_log import EntrySearch
from services.audit.driver import Driver
from services.audit.exports.plan import Piece
from services.audit.index.lookup import Clause, Stretch, find, has, query_of
from services.audit.index.terms import term_keys
from services.audit.known_nodes import known_nodes
from services.audit.openings import OpenedEntry, Place, Sight, open_entries
from services.audit.own_entries import own_entries_about
from services.audit.sealed_parts import counted
from services.audit.search_clauses import clauses_of, narrowed
from services.audit.searching import facts_in, stretches_in, window_of
from services.audit.subject_index import Window

OPENED_AT_ONCE = 50
"""Entries; each may be about a thousand students, and is looked at in one go once it is open."""
LOOKED_AT: Final = 256
"""Entries by which it is told about how many students those of an export are."""


async def stretches_of(tx: AsyncSession, search: EntrySearch) -> list[Stretch]:
    """Where the search looks, oldest first."""
    return (await stretches_in(tx, await window_of(tx, search, None)))[::-1]


async def parts_of_entries(tx: AsyncSession, ranges: Sequence[ExportedRange]) -> float:
    """How many sealed parts an entry of these ranges has on the average, by some of them: one, and one for each student of it."""
    length = sum(one.end - one.start for one in ranges)
    step = max(1, length // LOOKED_AT)

    def look(session: Session) -> list[int]:
        driver = Driver(session.connection())
        return [parts for one in ranges for _, parts in counted(driver, one.year, range(one.start, one.end, step))]

    found = await tx.run_sync(look)
    return sum(found) / len(found) if found else 1.0


async def selected(tx: AsyncSession, state: Any, search: EntrySearch, sight: Sight, piece: Piece) -> list[OpenedEntry]:
    """The entries of a piece that the search finds, oldest first, as `sight` covers them.

    Raises IndexBehind where the index has not come that far: a part is complete, or is not given out.
    """
    clauses = clauses_of(search, nodes_of=(await known_nodes(tx, state.settings.entity_id)).of_state)
    stretch = Stretch(piece.range.year, piece.start, piece.end)
    tags = None
    if search.student_id is not None:
        tags = await state.keys.tags(tx, str(search.student_id))
        window = Window(Place(stretch.year, stretch.end), Place(stretch.year, stretch.start))
        places = await own_entries_about(tx, state.keys, tags, window, sight, limit=stretch.end - stretch.start)
    else:
        places = await _indexed(tx, state, narrowed(clauses, sight), stretch)
    found: list[OpenedEntry] = []
    places = places[::-1]
    for start in range(0, len(places), OPENED_AT_ONCE):
        for entry in await open_entries(tx, state.keys, places[start : start + OPENED_AT_ONCE], tags=tags):
            seen = entry.seen_by(sight) if has(facts_in(entry), clauses) else None
            if seen is not None:
                found.append(seen)
        await asyncio.sleep(0)  # others get their turn
    return found


async def _indexed(tx: AsyncSession, state: Any, clauses: list[Clause], stretch: Stretch) -> list[Place]:
    if not clauses:
        return [Place(stretch.year, at) for at in range(stretch.end - 1, stretch.start - 1, -1)]

    def look(session: Session) -> tuple[list[Place], int]:
        driver = Driver(session.connection())
        found = find(driver, state.keys, query_of(clauses, term_keys(driver, state.keys)), [stretch], limit=stretch.end - stretch.start)
        return found.places, found.not_looked_at

    places, unseen = await tx.run_sync(look)
    if unseen:
        raise IndexBehind
    return places
