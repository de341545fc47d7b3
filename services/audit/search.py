"""Searching the log by student and by time, and opening an entry: narrowed to what the caller may see, and logged before it is answered."""

from collections.abc import Sequence
from math import ceil
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of_json, to_base64url
from safepassage.problems.log import LogFrozen, NoSuchEntry, NoSuchLog, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.wire_log import EntrySearch, FoundEntries, FoundEntry, LogEntry, OpenedGroup, OpenedSubject
from services.audit.drafts import KINDS
from services.audit.log_routes import Reader, Year
from services.audit.openings import OpenedEntry, Place, Sight, open_entries, sight_of
from services.audit.published import proven_entry, published_log
from services.audit.sealing import Opened
from services.audit.search_log import record_search
from services.audit.subject_index import Window, entries_about
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import LogRow, SegmentRow, TreeStateRow
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import Database
from shared.problems import responses

router = APIRouter(tags=["log"])

SCANNED_OF_A_PAGE = 2_000
"""Entries that a search without a student looks at for one page."""

Searcher = Annotated[Caller, caller_with("audit:search")]
GroupName = Literal["subject", "actor", "context"]
Groups = Annotated[tuple[GroupName, ...], Query(alias="open", max_length=3, description="Groups to open.")]

OPENED_AT_ONCE = 200
MAX_YEAR = 9999
NO_KIND = 0
"""No class has this number: a search for classes that do not exist finds nothing."""


@router.post(
    "/v1/log/searches",
    responses=responses(NotPermitted, PurposeMissing, LogFrozen, LogUnavailable),
)
async def search_log(
    search: EntrySearch, request: Request, response: Response, caller: Searcher, now: Now, limit: Limit = 100, cursor: Cursor = None
) -> FoundEntries:
    """Find entries by student, by time, or both; newest first.

    A student's entries are found in every school year. A district finds what is about its own students; the state agency, with a purpose in
    its token, all. The next page is the same body sent to the address in the Link header.
    """
    state = request.app.state
    database: Database = state.database
    cursors: Cursors = state.cursors
    bound_to = f"search:{caller.client_id}:{digest_of_json(search.model_dump(mode='json'))}"
    position = cursors.read(cursor, bound_to=bound_to)
    async with database.reading() as tx:
        sight = await sight_of(tx, caller)
        window = await _window(tx, search, position)
        if search.student_id is not None:
            found, last = await _about_student(tx, state.keys, search, window, limit)
        else:
            found, last = await _by_time(tx, state.keys, search, window, sight, limit)
        seen = [entry for entry in (one.seen_by(sight) for one in found) if entry is not None]
        page = await _page(tx, seen)
    await record_search(state.sequencer, caller, operation="search-log", student_id=search.student_id, count=len(page.entries), now=now)
    if last is not None:
        signed = cursors.sign({"log": last.log, "at": last.at}, bound_to=bound_to)
        response.headers["link"] = next_link("/v1/log/searches", {"limit": limit, "cursor": signed})
    return page


async def _about_student(
    tx: AsyncSession, keys: SubjectKeys, search: EntrySearch, window: Window, limit: int
) -> tuple[list[OpenedEntry], Place | None]:
    tags = await keys.tags(tx, str(search.student_id))
    places = await entries_about(tx, tags, window, limit=limit + 1)
    found = await open_entries(tx, keys, places[:limit], tags=tags)
    return found, places[limit - 1] if len(places) > limit else None


async def _by_time(
    tx: AsyncSession, keys: SubjectKeys, search: EntrySearch, window: Window, sight: Sight, limit: int
) -> tuple[list[OpenedEntry], Place | None]:
    """Walk back entry by entry. A page ends when it is full, or when enough was looked at: it may be empty and still have a next one."""
    places = await _places_below(tx, window, SCANNED_OF_A_PAGE + 1)
    scanned = places[:SCANNED_OF_A_PAGE]
    found: list[OpenedEntry] = []
    for start in range(0, len(scanned), OPENED_AT_ONCE):
        for entry in await open_entries(tx, keys, scanned[start : start + OPENED_AT_ONCE], classes=search.classes):
            if entry.seen_by(sight) is not None:
                found.append(entry)
                if len(found) == limit:
                    return found, entry.place
    return found, scanned[-1] if len(places) > SCANNED_OF_A_PAGE else None


async def _places_below(tx: AsyncSession, window: Window, limit: int) -> list[Place]:
    """The newest places of the window, whatever is there."""
    places: list[Place] = []
    for log, size in await tx.execute(select(TreeStateRow.log, TreeStateRow.size).order_by(TreeStateRow.log.desc())):
        end, start = size, 0
        if window.before is not None:
            end = min(size, window.before.at) if log == window.before.log else size if log < window.before.log else 0
        if window.since is not None:
            start = window.since.at if log == window.since.log else 0 if log > window.since.log else size
        places += [Place(log, at) for at in range(end - 1, max(start, end - (limit - len(places))) - 1, -1)]
        if len(places) >= limit:
            break
    return places


async def _window(tx: AsyncSession, search: EntrySearch, position: dict[str, int] | None) -> Window:
    """Where to look, times turned into places: entries lie in the order of their time."""
    before = None if position is None else Place(position["log"], position["at"])
    if search.logged_until is not None:
        end = await _first_from(tx, ceil(search.logged_until.timestamp()))
        before = min(one for one in (before, end) if one is not None) if before or end else None
    since = None
    if search.logged_from is not None:
        since = await _first_from(tx, int(search.logged_from.timestamp())) or Place(MAX_YEAR, 0)
    kinds = [KINDS[name] for name in search.classes if name in KINDS] or [NO_KIND] * bool(search.classes)
    return Window(before, since, kinds)


async def _first_from(tx: AsyncSession, seconds: int) -> Place | None:
    """The first entry that was logged at `seconds` or later."""
    for year in await tx.scalars(select(LogRow.year).order_by(LogRow.year)):
        query = select(SegmentRow.start).where(SegmentRow.log == year, SegmentRow.t >= seconds).order_by(SegmentRow.t, SegmentRow.start)
        start = await tx.scalar(query.limit(1))
        if start is not None:
            return Place(year, start)
    return None


async def _page(tx: AsyncSession, entries: Sequence[OpenedEntry]) -> FoundEntries:
    published = await published_log(tx)

    def found(entry: OpenedEntry) -> FoundEntry:
        return FoundEntry(
            log=entry.origin,
            index=entry.place.at,
            class_=entry.leaf.class_,
            logged_at=entry.logged_at,
            entry_id=entry.leaf.id,
            proof="published" if entry.place < (published.log.year, published.size) else "pending",
            student_ids=tuple(part.student for part in entry.subjects if part.student is not None),
            actor=None if entry.actor is None else entry.actor.payload,
            context=None if entry.context is None else entry.context.payload,
            destroyed=entry.context is None,
        )

    return FoundEntries(entries=tuple(found(entry) for entry in entries), checkpoint=published.note)


@router.get(
    "/v1/log/entries/{index}",
    responses=responses(NotPermitted, PurposeMissing, NoSuchLog, NoSuchEntry, LogFrozen, LogUnavailable),
)
async def read_log_entry(index: int, request: Request, caller: Reader, now: Now, year: Year = None, groups: Groups = ()) -> LogEntry:
    """An entry with its proof. With `open`, groups that the caller may see, each with the salt that shows what the leaf committed to."""
    state = request.app.state
    database: Database = state.database
    async with database.reading() as tx:
        published = await published_log(tx, year)
        entry, path = await proven_entry(published, index)
        (opened,) = await open_entries(tx, state.keys, [Place(published.log.year, index)])
        seen = None
        if groups:
            caller.require("audit:search")
            seen = opened.seen_by(await sight_of(tx, caller))
    if groups:
        await record_search(state.sequencer, caller, operation="open-entry", student_id=None, count=int(seen is not None), now=now)
    return _entry(opened, seen, groups, entry, path, published.note)


def _entry(
    found: OpenedEntry, seen: OpenedEntry | None, groups: Sequence[GroupName], entry: bytes, path: Sequence[bytes], note: str
) -> LogEntry:
    shown = seen if seen is not None else OpenedEntry(found.origin, found.place, found.entry, found.leaf)
    return LogEntry(
        log=found.origin,
        index=found.place.at,
        class_=found.leaf.class_,
        logged_at=found.logged_at,
        entry=to_base64url(entry),
        path=tuple(to_base64url(digest) for digest in path),
        checkpoint=note,
        subjects=tuple(
            OpenedSubject(position=part.position, salt=to_base64url(part.opened.salt), payload=part.opened.payload)
            for part in shown.subjects
            if "subject" in groups
        ),
        actor=_group(shown.actor) if "actor" in groups else None,
        context=_group(shown.context) if "context" in groups and not shown.threat_kept_back else None,
    )


def _group(opened: Opened | None) -> OpenedGroup | None:
    return None if opened is None else OpenedGroup(salt=to_base64url(opened.salt), payload=opened.payload)
