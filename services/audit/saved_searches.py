"""`/v1/log/saved-searches`: what an organisation looks for again and again. A saved search finds what whoever runs it may see, no more.

# INVARIANT: what is saved is sealed, bound to its id and organisation: no student, person or client is in it in clear.
"""

import hmac
import secrets
from typing import Annotated, Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.log import LogFrozen, NoSuchSavedSearch, PurposeMissing, SavedSearchesFull
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.wire_log import EntrySearch, FoundEntries, LogOrder
from safepassage.wire_log_saved import NewSavedSearch, SavedSearch, SavedSearches, SavedSearchRun
from services.audit.driver import Driver
from services.audit.openings import sight_of
from services.audit.search_log import record_search
from services.audit.searching import answer_search
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import SavedSearchRow
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Limit
from shared.database import Database
from shared.inserts import insert_into
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/log/saved-searches", tags=["log"])

MOST: Final = 200
"""Of one organisation."""
NONCE_BYTES: Final = 12

Searcher = Annotated[Caller, caller_with("audit:search")]
_ERRORS = responses(NotPermitted, PurposeMissing, LogFrozen, LogUnavailable)


@router.put("/{saved_search_id}", responses=_ERRORS | responses(SavedSearchesFull))
async def save_search(saved_search_id: UUID, new: NewSavedSearch, request: Request, caller: Searcher, now: Now) -> SavedSearch:
    """Keep a search under an id of your choice (a UUID, best version 7); again, it is replaced."""
    state = request.app.state
    database: Database = state.database
    await _require_reader(database, caller)
    await record_search(state.sequencer, caller, operation="search-saved", student_id=new.search.student_id, count=1, now=now)
    async with database.transaction() as tx:
        cipher = await _cipher(tx, state.keys)
        name = (caller.organisation_id, saved_search_id)
        row = await tx.get(SavedSearchRow, name, with_for_update=True)
        if row is None:
            count = select(func.count()).select_from(SavedSearchRow).where(SavedSearchRow.organisation_id == caller.organisation_id)
            if (await tx.scalar(count) or 0) >= MOST:
                raise SavedSearchesFull
            empty = {"organisation_id": caller.organisation_id, "id": saved_search_id, "saved_at": now, "sealed": b""}
            await tx.execute(insert_into(tx, SavedSearchRow).values(**empty).on_conflict_do_nothing())
            row = await tx.get_one(SavedSearchRow, name, with_for_update=True)  # another request's, if that was faster
        row.saved_at, row.sealed = now, _sealed(cipher, row, new)
    return _shown(cipher, row)


@router.get("", responses=_ERRORS)
async def list_saved_searches(request: Request, caller: Searcher, now: Now) -> SavedSearches:
    """The searches that the caller's organisation keeps, the newest first. Where one names somebody, it is logged who read that."""
    state = request.app.state
    await _require_reader(state.database, caller)
    async with state.database.reading() as tx:
        cipher = await _cipher(tx, state.keys)
        query = select(SavedSearchRow).where(SavedSearchRow.organisation_id == caller.organisation_id)
        rows = await tx.scalars(query.order_by(SavedSearchRow.saved_at.desc(), SavedSearchRow.id))
        shown = tuple(_shown(cipher, row) for row in rows)
    if any(_names_somebody(one.search) for one in shown):
        await record_search(state.sequencer, caller, operation="saved-searches-listed", student_id=None, count=len(shown), now=now)
    return SavedSearches(saved_searches=shown)


@router.post("/{saved_search_id}/runs", responses=_ERRORS | responses(NoSuchSavedSearch))
async def run_saved_search(
    saved_search_id: UUID,
    run: SavedSearchRun,
    request: Request,
    response: Response,
    caller: Searcher,
    now: Now,
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: Annotated[LogOrder, Query(description="With a minus the newest first.")] = "-logged_at",
) -> FoundEntries:
    """A page of what a saved search finds now, logged as any search."""
    state = request.app.state
    async with state.database.reading() as tx:
        saved = _shown(await _cipher(tx, state.keys), await _own(tx, caller, saved_search_id))
    times = run.model_dump(exclude_none=True)
    path = f"/v1/log/saved-searches/{saved_search_id}/runs"
    search = saved.search.model_copy(update=times)
    return await answer_search(search, request, response, caller, now, sort=sort, limit=limit, cursor=cursor, path=path)


@router.delete("/{saved_search_id}", responses=_ERRORS | responses(NoSuchSavedSearch))
async def delete_saved_search(saved_search_id: UUID, request: Request, caller: Searcher, now: Now) -> SavedSearch:
    """Keep a search no longer; it is shown a last time."""
    state = request.app.state
    await _require_reader(state.database, caller)
    await record_search(state.sequencer, caller, operation="saved-search-deleted", student_id=None, count=1, now=now)
    async with state.database.transaction() as tx:
        row = await _own(tx, caller, saved_search_id)
        shown = _shown(await _cipher(tx, state.keys), row)
        await tx.delete(row)
    return shown


async def forget_searches_for(tx: AsyncSession, keys: SubjectKeys, student: UUID) -> None:
    """Delete every search that looks for a student of whom nothing can be found any more, whosever it is."""
    rows = (await tx.scalars(select(SavedSearchRow))).all()
    if not rows:
        return
    cipher = await _cipher(tx, keys)
    for row in rows:
        if _shown(cipher, row).search.student_id == student:
            await tx.delete(row)


def _names_somebody(search: EntrySearch) -> bool:
    """A student, a parent, or somebody who works here."""
    return search.student_id is not None or bool(search.acting_for or search.signed_in)


async def _require_reader(database: Database, caller: Caller) -> None:
    """Whoever may not search keeps no searches. Raises NotPermitted, PurposeMissing."""
    async with database.reading() as tx:
        await sight_of(tx, caller)


async def _own(tx: AsyncSession, caller: Caller, saved_search_id: UUID) -> SavedSearchRow:
    """Raises NoSuchSavedSearch for another organisation's, too."""
    query = select(SavedSearchRow).where(SavedSearchRow.id == saved_search_id, SavedSearchRow.organisation_id == caller.organisation_id)
    row: SavedSearchRow | None = await tx.scalar(query)
    if row is None:
        raise NoSuchSavedSearch
    return row


async def _cipher(tx: AsyncSession, keys: SubjectKeys) -> AESGCM:
    key: bytes = await tx.run_sync(lambda session: keys.index_key(Driver(session.connection())))
    return AESGCM(hmac.digest(key, b"saved-searches", "sha256"))


def _bound_to(row: SavedSearchRow) -> bytes:
    return b"saved-search\0" + row.id.bytes + row.organisation_id.bytes


def _sealed(cipher: AESGCM, row: SavedSearchRow, new: NewSavedSearch) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, new.model_dump_json(exclude_defaults=True).encode(), _bound_to(row))


def _shown(cipher: AESGCM, row: SavedSearchRow) -> SavedSearch:
    plain = cipher.decrypt(row.sealed[:NONCE_BYTES], row.sealed[NONCE_BYTES:], _bound_to(row))
    saved, saved_at = NewSavedSearch.model_validate_json(plain), row.saved_at
    return SavedSearch(id=row.id, saved_at=saved_at, name=saved.name, search=saved.search)
