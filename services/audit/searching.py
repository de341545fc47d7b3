"""How a search is answered: where the index says, narrowed to what the caller may see, judged by what the entries say, and logged.

# INVARIANT: one entry for each search, before it is answered; and nothing is shown for what the index says of it.
"""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from safepassage.canonical import digest_of_json
from safepassage.tlog_policy import Policy
from safepassage.wire_log import EntrySearch, FoundEntries, FoundEntry, LogOrder
from services.audit.drafts import KINDS
from services.audit.driver import Driver
from services.audit.index.lookup import Clause, Found, Stretch, find, has, query_of
from services.audit.index.members import actor_in, context_in
from services.audit.index.terms import Facts, facts_of, term_keys
from services.audit.known_nodes import known_nodes
from services.audit.openings import OpenedEntry, Place, Sight, open_entries, sight_of
from services.audit.own_entries import own_entries_about
from services.audit.published import published_log
from services.audit.retention.destroyed import destroyed_years, destructions_at
from services.audit.search_clauses import clauses_of, narrowed
from services.audit.search_log import record_search
from services.audit.subject_index import Window
from services.audit.subject_keys import SubjectKeys
from services.audit.witnessing.cosignatures import largest_witnessed
from shared.caller import Caller
from shared.cursors import Cursors, next_link
from shared.database import Database
from shared.keyset import is_down

SCANNED_OF_A_PAGE = 2_000
"""Entries of a student that a search looks at for one page."""
OPENED_AT_ONCE = 200
MAX_YEAR = 9999
NO_KIND = 0
"""No class has this number: a search for classes that do not exist finds nothing."""


async def answer_search(
    search: EntrySearch,
    request: Request,
    response: Response,
    caller: Caller,
    now: datetime,
    *,
    sort: LogOrder,
    limit: int,
    cursor: str | None,
    path: str,
) -> FoundEntries:
    """A page of a search, after it was logged; `path` is where the next page is asked for."""
    state = request.app.state
    database: Database = state.database
    cursors: Cursors = state.cursors
    bound_to = f"search:{caller.client_id}:{sort}:{digest_of_json(search.model_dump(mode='json'))}"
    position = cursors.read(cursor, bound_to=bound_to)
    async with database.reading() as tx:
        clauses = clauses_of(search, nodes_of=(await known_nodes(tx, state.settings.entity_id)).of_state)
        sight = await sight_of(tx, caller)
        window = await window_of(tx, search, position, oldest_first=not is_down(sort))
        if search.student_id is not None:
            tags = await state.keys.tags(tx, str(search.student_id))
            found, last, unseen = *await _about_student(tx, state.keys, tags, clauses, window, sight, limit), 0
        else:
            found, last, unseen = await found_by_index(tx, state.keys, narrowed(clauses, sight), window, limit)
        seen = [entry for entry in (one.seen_by(sight) for one in found) if entry is not None]
        page = await _page(tx, seen, unseen, state.publisher.policy)
        if search.student_id is not None:
            page = page.model_copy(update={"destroyed": await destroyed_years(tx, tags, sight)})
    await record_search(state.sequencer, caller, operation="search-log", student_id=search.student_id, count=len(page.entries), now=now)
    if last is not None:
        signed = cursors.sign({"log": last.log, "at": last.at}, bound_to=bound_to)
        response.headers["link"] = next_link(path, {"limit": limit, "sort": sort, "cursor": signed})
    return page


async def _about_student(
    tx: AsyncSession, keys: SubjectKeys, tags: Sequence[bytes], clauses: Sequence[Clause], window: Window, sight: Sight, limit: int
) -> tuple[list[OpenedEntry], Place | None]:
    """A page ends when it is full, or when enough was looked at: it may be short, or empty, and still have a next one."""
    places = await own_entries_about(tx, keys, tags, window, sight, limit=(SCANNED_OF_A_PAGE if clauses else limit) + 1)
    found: list[OpenedEntry] = []
    for start in range(0, min(len(places), SCANNED_OF_A_PAGE), OPENED_AT_ONCE):
        for entry in await open_entries(tx, keys, places[start : min(start + OPENED_AT_ONCE, len(places))], tags=tags):
            if len(found) == limit:
                return found, found[-1].place
            if has(facts_in(entry), clauses):
                found.append(entry)
    return found, places[SCANNED_OF_A_PAGE - 1] if len(places) > SCANNED_OF_A_PAGE else None


async def found_by_index(
    tx: AsyncSession, keys: SubjectKeys, clauses: Sequence[Clause], window: Window, limit: int
) -> tuple[list[OpenedEntry], Place | None, int]:
    """A page of what meets `clauses`, in the window's order; where the next one begins, if there is one; entries that nobody looked at."""
    stretches = await stretches_in(tx, window)

    def look(session: Session) -> Found:
        driver = Driver(session.connection())
        query = query_of(clauses, term_keys(driver, keys))
        return find(driver, keys, query, stretches, limit=limit + 1, oldest_first=window.oldest_first)

    places, unseen = await tx.run_sync(look)
    # INVARIANT: the index only says where to look: an entry is shown for what it says itself.
    found = [entry for entry in await open_entries(tx, keys, places[:limit]) if has(facts_in(entry), clauses)]
    return found, places[limit - 1] if len(places) > limit else None, unseen


def facts_in(entry: OpenedEntry) -> Facts:
    """What an opened entry says of itself."""
    return facts_of(
        entry.leaf.class_,
        entry.leaf.policy_hash,
        actor=None if entry.actor is None else actor_in(entry.actor.payload),
        context=None if entry.context is None else context_in(entry.context.payload),
        custodians=[str(part.custodian) for part in entry.subjects if part.custodian is not None],
    )


async def stretches_in(tx: AsyncSession, window: Window) -> list[Stretch]:
    """The window as stretches of the logs, newest first."""
    sizes = await tx.run_sync(lambda session: Driver(session.connection()).rows("SELECT log, size FROM tree_state ORDER BY log DESC"))
    stretches: list[Stretch] = []
    for log, size in sizes:
        end, start = size, 0
        if window.before is not None:
            end = min(size, window.before.at) if log == window.before.log else size if log < window.before.log else 0
        if window.since is not None:
            start = window.since.at if log == window.since.log else 0 if log > window.since.log else size
        if start < end:
            stretches.append(Stretch(log, start, end))
    return stretches


async def window_of(tx: AsyncSession, search: EntrySearch, position: dict[str, int] | None, *, oldest_first: bool = False) -> Window:
    """Where to look, times turned into places: entries lie in the order of their time. `position`: of the last one that was told."""
    before = None
    if search.logged_until is not None:
        before = await _first_from(tx, ceil(search.logged_until.timestamp()))
    since = None
    if search.logged_from is not None:
        since = await _first_from(tx, int(search.logged_from.timestamp())) or Place(MAX_YEAR, 0)
    kinds = [KINDS[name] for name in search.classes if name in KINDS] or [NO_KIND] * bool(search.classes)
    window = Window(before, since, kinds, oldest_first=oldest_first)
    return window if position is None else window.after(Place(position["log"], position["at"]))


async def _first_from(tx: AsyncSession, seconds: int) -> Place | None:
    """The first entry that was logged at `seconds` or later."""
    query = "SELECT start FROM segment WHERE log = ? AND t >= ? ORDER BY t, start LIMIT 1"

    def look(driver: Driver) -> Place | None:
        for (year,) in driver.rows("SELECT year FROM log ORDER BY year"):
            for (start,) in driver.rows(query, year, seconds):
                return Place(year, start)
        return None

    return await tx.run_sync(lambda session: look(Driver(session.connection())))


async def _page(tx: AsyncSession, entries: Sequence[OpenedEntry], unseen: int, policy: Policy | None) -> FoundEntries:
    published, witnessed = await published_log(tx), dict[int, int]()
    for year in {entry.place.log for entry in entries}:
        largest = None if policy is None else await largest_witnessed(tx, year, policy)
        witnessed[year] = 0 if largest is None else largest.size
    destructions = await destructions_at(tx, [entry.place for entry in entries if entry.context is None])

    def found(entry: OpenedEntry) -> FoundEntry:
        return FoundEntry(
            log=entry.origin,
            index=entry.place.at,
            class_=entry.leaf.class_,
            logged_at=entry.logged_at,
            entry_id=entry.leaf.id,
            proof="published" if entry.place < (published.log.year, published.size) else "pending",
            witnessed=entry.place.at < witnessed.get(entry.place.log, 0),
            student_ids=tuple(part.student for part in entry.subjects if part.student is not None),
            actor=None if entry.actor is None else entry.actor.payload,
            context=None if entry.context is None else entry.context.payload,
            destroyed=entry.context is None,
            destroyed_at=destruction.destroyed_at if (destruction := destructions.get(entry.place)) else None,
            destruction_id=destruction.id if destruction else None,
        )

    return FoundEntries(entries=tuple(found(entry) for entry in entries), checkpoint=published.note, not_looked_at=unseen)
