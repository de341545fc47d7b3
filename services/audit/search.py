"""Searching the log by student and by time, and opening an entry: narrowed to what the caller may see, and logged before it is answered."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from safepassage.problems.log import LogFrozen, NoSuchEntry, NoSuchLog, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.wire_log import EntrySearch, FoundEntries, LogEntry, LogOrder
from services.audit.log_routes import Reader, Year
from services.audit.openings import OpenedEntry, Place, open_entries, sight_of
from services.audit.published import proven_entry, published_log
from services.audit.retention.destroyed import destructions_at
from services.audit.search_log import record_search
from services.audit.searching import answer_search
from services.audit.shown_entry import GroupName, shown_entry
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Limit
from shared.database import Database
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(tags=["log"])

Searcher = Annotated[Caller, caller_with("audit:search")]
Groups = Annotated[tuple[GroupName, ...], Query(alias="open", max_length=3, description="Groups to open.")]


@router.post(
    "/v1/log/searches",
    responses=responses(NotPermitted, PurposeMissing, LogFrozen, LogUnavailable),
)
async def search_log(
    search: EntrySearch,
    request: Request,
    response: Response,
    caller: Searcher,
    now: Now,
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: Annotated[LogOrder, Query(description="With a minus the newest first.")] = "-logged_at",
) -> FoundEntries:
    """Find entries by student, time, who did it, to whom, why and what; newest or oldest first. Every member narrows the search.

    Students and clients are found in every school year. A district finds what is about its own students; the state agency, with a purpose
    in its token, all. The next page is the same body sent to the address in the Link header.
    """
    return await answer_search(search, request, response, caller, now, sort=sort, limit=limit, cursor=cursor, path="/v1/log/searches")


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
        _, path = await proven_entry(published, index)
        (opened,) = await open_entries(tx, state.keys, [Place(published.log.year, index)])
        destruction = (await destructions_at(tx, [opened.place])).get(opened.place) if opened.context is None else None
        seen = None
        if groups:
            caller.require("audit:search")
            seen = opened.seen_by(await sight_of(tx, caller))
    if groups:
        await record_search(state.sequencer, caller, operation="open-entry", student_id=None, count=int(seen is not None), now=now)
    shown = seen if seen is not None else OpenedEntry(opened.origin, opened.place, opened.entry, opened.leaf)
    answer = shown_entry(shown, groups, path=path, note=published.note)
    if destruction is None:
        return answer
    return answer.model_copy(update={"destroyed_at": destruction.destroyed_at, "destruction_id": destruction.id})
