"""What a node's own log has of an exchange inside the node: the district's load, the decision, who read what came."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire_log import LogEntry
from services.audit.chain_links import head_of
from services.audit.drafts import KINDS
from services.audit.index.lookup import Clause
from services.audit.index.terms import Kind
from services.audit.openings import OpenedEntry, Place, Sight, open_entries
from services.audit.search_clauses import narrowed
from services.audit.searching import found_by_index
from services.audit.shown_entry import shown_entry
from services.audit.subject_index import Window, entries_about
from shared.contracts.chains import NamedEvent

SHOWN: Final = 50
COUNTED: Final = 500
"""Entries that are looked for; beyond these a search by exchange tells."""
_BUT_SEARCHES: Final[Clause] = frozenset((Kind.CLASS, name) for name in KINDS if name != "search")
"""Who looked at the chain is found by a search; in the chain it would grow with each look."""


@dataclass(frozen=True)
class Inside:
    """Entries as the caller may see them, the oldest first."""

    entries: tuple[LogEntry, ...] = ()
    left_out: int = 0
    not_looked_at: int = 0


@dataclass(frozen=True)
class Own:
    """What the index finds of an exchange within a caller's sight, opened."""

    entries: tuple[OpenedEntry, ...]
    not_looked_at: int
    may_be_more: bool
    """The caller may see entries of the exchange: there are some, or the index cannot tell."""


async def own_of_exchange(tx: AsyncSession, state: Any, exchange_id: UUID, sight: Sight) -> Own:
    """Looked for by who keeps the students' records, so that nothing of others' students is opened."""
    clauses = narrowed([frozenset({(Kind.EXCHANGE, str(exchange_id))}), _BUT_SEARCHES], sight)
    opened, _, unseen = await found_by_index(tx, state.keys, clauses, Window(), COUNTED)
    return Own(tuple(opened), unseen, may_be_more=bool(opened) or bool(unseen) or sight.whole_state)


async def inside_of(tx: AsyncSession, state: Any, own: Own, found: Sequence[tuple[NamedEvent, OpenedEntry]], sight: Sight) -> Inside:
    """The entries of the exchange that `sight` covers, with the load by which the district had given what was disclosed."""
    opened = [*own.entries, *await _given(tx, state.keys, found)]
    by_place = {entry.place: entry for entry in opened}
    seen = [one for place in sorted(by_place) if (one := by_place[place].seen_by(sight)) is not None]
    entries = []
    heads = {}
    for entry in seen[-SHOWN:]:
        year = entry.place.log
        if year not in heads:
            reach = max(one.place.at + 1 for one in seen if one.place.log == year)
            heads[year] = await head_of(tx, state.publisher.policy, year, reach=reach)
        head = heads[year]
        if entry.place.at < head.size:
            path = await head.tree.inclusion_path(entry.place.at, head.size)
            entries.append(shown_entry(entry, ("subject", "actor", "context"), path=path, note=head.note))
    return Inside(tuple(entries), max(len(seen) - SHOWN, 0), own.not_looked_at)


async def _given(tx: AsyncSession, keys: Any, found: Sequence[tuple[NamedEvent, OpenedEntry]]) -> list[OpenedEntry]:
    """Of each disclosure the last load before it that was about the student: district → state."""
    given: list[OpenedEntry] = []
    for event, entry in found:
        student = entry.subjects[0].student if event.act == "disclosed" and entry.subjects else None
        if student is None:
            continue
        tags = await keys.tags(tx, str(student))
        before = Window(before=Place(*entry.place), kinds=[KINDS["load"]])
        places = await entries_about(tx, tags, before, limit=1)
        given += await open_entries(tx, keys, places, tags=tags)
    return given
