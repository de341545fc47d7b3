"""`GET /v1/students/{student_id}/disclosure-accounting`: the record that a parent or eligible student may inspect, 34 CFR 99.32."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from safepassage.problems.log import LogFrozen, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.wire_log import AccountedEntry, DisclosureAccounting
from services.audit.disclosure_record import ACCOUNTED_KINDS, accounted, phase_of
from services.audit.openings import OpenedEntry, Place, open_entries, sight_of
from services.audit.published import PublishedLog, published_log
from services.audit.search_log import record_search
from services.audit.subject_index import Window, entries_about
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Actor, Context
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import Database
from shared.problems import responses

router = APIRouter(tags=["accounting"])

Accountant = Annotated[Caller, caller_with("audit:accounting")]
RecordableOnly = Annotated[bool, Query(description="Leave out what the law does not ask to be recorded.")]


@router.get(
    "/v1/students/{student_id}/disclosure-accounting",
    responses=responses(NotPermitted, PurposeMissing, LogFrozen, LogUnavailable),
)
async def disclosure_accounting(
    student_id: UUID,
    request: Request,
    response: Response,
    caller: Accountant,
    now: Now,
    recordable_only: RecordableOnly = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> DisclosureAccounting:
    """Each request for access to a student's data and each disclosure of it, newest first; who, why, when, and under which law.

    Of another organisation's student, and of one who does not exist, there is nothing to tell. What a court keeps secret is left out.
    """
    state = request.app.state
    database: Database = state.database
    cursors: Cursors = state.cursors
    bound_to = f"accounting:{caller.client_id}:{student_id}:{recordable_only}"
    position = cursors.read(cursor, bound_to=bound_to)
    before = None if position is None else Place(position["log"], position["at"])
    async with database.reading() as tx:
        sight = await sight_of(tx, caller)
        tags = await state.keys.tags(tx, str(student_id))
        places = await entries_about(tx, tags, Window(before, None, ACCOUNTED_KINDS, sealed_too=False), limit=limit + 1)
        opened = await open_entries(tx, state.keys, places[:limit], tags=tags)
        published = await published_log(tx)
    seen = [entry for entry in (one.seen_by(sight) for one in opened) if entry is not None]
    entries = [entry for entry in (_accounted(one, published) for one in seen) if entry is not None]
    if recordable_only:
        entries = [entry for entry in entries if entry.ferpa_recordable or entry.idea_recordable]
    await record_search(state.sequencer, caller, operation="disclosure-accounting", student_id=student_id, count=len(entries), now=now)
    if len(places) > limit:
        last = places[limit - 1]
        signed = cursors.sign({"log": last.log, "at": last.at}, bound_to=bound_to)
        parameters: dict[str, str | int] = {"recordable_only": str(recordable_only).lower(), "limit": limit, "cursor": signed}
        response.headers["link"] = next_link(request.url.path, parameters)
    return DisclosureAccounting(student_id=student_id, entries=tuple(entries), checkpoint=published.note)


def _accounted(entry: OpenedEntry, published: PublishedLog) -> AccountedEntry | None:
    if entry.actor is None or entry.context is None or not entry.subjects:
        return None
    context = Context.model_validate(entry.context.payload)
    phase = phase_of(entry.leaf.class_, context, entry.subjects[0].custodian)
    if phase is None:
        return None
    return accounted(
        phase,
        Actor.model_validate(entry.actor.payload),
        context,
        logged_at=entry.logged_at,
        log=entry.origin,
        index=entry.place.at,
        published=entry.place < (published.log.year, published.size),
    )
