"""Students: loaded by their own agency's information system, read by whoever may see them, each read on the log before it is answered."""

from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.elements import BY_ID
from safepassage.ids import uuid7
from safepassage.problems.ed_fi import RecordNotAtSource, RecordSourceAway
from safepassage.problems.records import NoSuchStudent, NothingToRelease, PurposeMissing, StudentChanged
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted, TemporarilyUnavailable
from safepassage.record.loads import ChangedStudent, LoadedStudent, NewStudent, Student, Unresolved
from safepassage.unread_elements import FIELD as UNREAD
from safepassage.unread_elements import said
from services.records.agency_days import Today
from services.records.disclosure import within_token
from services.records.loading import Loading, Stored
from services.records.loading_places import Places
from services.records.loading_received import received_before
from services.records.loading_students import Placed, known_by_source, placed, tagged
from services.records.logged import load_events, log_ahead, read_event
from services.records.reading import read_record
from services.records.record_sources import record_of
from services.records.record_text import json_of
from services.records.release import part_of
from services.records.supplied_reads import supplied_document, under_new_facts
from services.records.tables import SourceIdRow, StudentRow
from services.records.unions import same_child
from services.records.vault import Vault
from services.records.visibility import require_kept, require_visible
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.database import Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/students", tags=["students"])

Loader = Annotated[Caller, caller_with("records:load")]
Reader = Annotated[Caller, caller_with("records:read", "records:read:state")]

Elements = Annotated[str | None, Query(max_length=4000, description="Elements to read, separated by commas; all of them if left out.")]


@router.post("", status_code=201, responses=responses(InvalidRequest, TemporarilyUnavailable))
async def load_student(
    new: NewStudent, caller: Loader, request: Request, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> LoadedStudent:
    """Load a student with the whole record. The same source id again replaces what was loaded before."""
    vault: Vault = request.app.state.vault
    earlier = await once.earlier(tx, caller, "load_student")
    if earlier is not None:
        return await _loaded_before(tx, earlier)
    places = await Places.of(tx, caller.organisation_id)
    tag = vault.tags.source_id(caller.organisation_id, new.source_system, new.source_id)
    known = (await known_by_source(tx, [tag])).get(tag)
    try:
        arriving = placed(
            new.record,
            places=places,
            source_system=new.source_system,
            as_of=new.as_of,
            today=places.today(now),
            student_id=known.student_id if known else None,
            source_tag=tag,
        )
    except ValidationError as error:
        raise InvalidRequest("statements relate to sections that are there", field="record.statements") from error
    arriving = tagged(arriving, vault.tags, new.record, json_of(new.record))
    found = (await received_before(tx, vault, [arriving.arriving])).get(0)
    if found is not None and found.student_id is not None:
        arriving = replace(arriving, arriving=replace(arriving.arriving, student_id=found.student_id))
    stored = await _store(request, caller, tx, arriving, now)
    await once.keep(tx, caller, "load_student", stored.student_id, now)
    return _loaded(stored, arriving)


@router.put("/{student_id}", responses=responses(NoSuchStudent, StudentChanged, InvalidRequest))
async def change_student(
    student_id: UUID, change: ChangedStudent, caller: Loader, request: Request, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> LoadedStudent:
    """Replace the record of a student that the caller's organisation keeps, at the version that was read."""
    row = await require_kept(tx, caller, student_id)
    if await once.earlier(tx, caller, "change_student") is not None:
        return await _loaded_before(tx, student_id)
    if row.version != change.version:
        raise StudentChanged(field="version")
    places = await Places.of(tx, caller.organisation_id)
    try:
        arriving = placed(
            change.record,
            places=places,
            source_system=change.source_system,
            as_of=change.as_of,
            today=places.today(now),
            student_id=student_id,
        )
    except ValidationError as error:
        raise InvalidRequest("statements relate to sections that are there", field="record.statements") from error
    stored = await _store(request, caller, tx, arriving, now)
    # What a roster loaded last is no longer what is here: the next one is compared anew.
    await tx.execute(update(SourceIdRow).where(SourceIdRow.student_id == student_id).values(content_tag=b""))
    await once.keep(tx, caller, "change_student", student_id, now)
    return _loaded(stored, arriving)


@router.get(
    "/{student_id}",
    responses=responses(NoSuchStudent, NothingToRelease, NotPermitted, PurposeMissing, LogUnavailable, RecordSourceAway, RecordNotAtSource),
)
async def read_student(student_id: UUID, caller: Reader, request: Request, now: Now, today: Today, elements: Elements = None) -> Response:
    """A student's record, or the elements asked for. Who read what, and for which purpose, is on the log before the answer leaves.

    Where the district keeps the record in its own system (`left_with`), it is had from there for this answer; for elements that the node
    keeps nobody is asked.
    """
    wanted = _elements(elements)
    if wanted is not None or "datatypes" in caller.claims.details:
        wanted = frozenset(within_token(caller, sorted(wanted or BY_ID)))
    return await under_new_facts(partial(_read, student_id, caller, request, now, today, wanted))


async def _read(student_id: UUID, caller: Caller, request: Request, now: datetime, today: date, wanted: frozenset[str] | None) -> Response:
    state = request.app.state
    async with state.database.reading() as tx:
        await require_visible(tx, caller, student_id, today)
        held = await read_record(tx, state.vault, student_id)
        same_as = await same_child(tx, caller, student_id, today)
    whole = held.record
    if held.left is not None and (wanted is None or not wanted.isdisjoint(held.left.gone)):
        whole = record_of(await supplied_document(state.exchange, held.student, held.left))
    record = whole if wanted is None else part_of(whole, wanted)
    row = held.student
    event = read_event(
        caller,
        key=f"read:{uuid7(now)}",
        operation="student-read",
        students=[(row.id, row.custodian_id)],
        elements=record.elements(),
    )
    await log_ahead(request.app, caller, event, request.scope)
    student = Student(
        id=row.id,
        version=row.version,
        custodian_id=row.custodian_id,
        originating_agency=row.originating_agency,
        record=record,
        same_as=same_as,
        left_with=None if held.left is None else held.left.system,
    )
    unread = held.in_part if whole is held.record else ()  # the district's own system has said all of it
    in_part = said(element for element in BY_ID if element in unread and (wanted is None or element in wanted))
    headers = {UNREAD: in_part} if in_part else {}
    return Response(student.model_dump_json(exclude_none=True), media_type="application/json", headers=headers)


def _elements(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    wanted = frozenset(part.strip() for part in text.split(","))
    if not wanted <= set(BY_ID):
        raise InvalidRequest("names something that is not an element", field="elements")
    return wanted


async def _store(request: Request, caller: Caller, tx: AsyncSession, one: Placed, now: Now) -> Stored:
    state = request.app.state
    loading = Loading(state.vault, state.outbox, jurisdiction=state.settings.jurisdiction, now=now)
    try:
        [stored] = await loading.store_in(tx, [one.arriving])
    except IntegrityError as error:  # loaded for the first time twice at once: whoever comes second finds it with the next attempt
        raise TemporarilyUnavailable("another load of the same student is under way") from error
    students = [(stored.student_id, one.arriving.custodian_id)]
    state.outbox.record(tx, *load_events(client_actor(caller.claims), load_id=uuid7(now), part=0, format_="json", students=students))
    return stored


def _loaded(stored: Stored, one: Placed) -> LoadedStudent:
    unresolved = (Unresolved(reason="enrollment-not-resolved", position="record.enrollment"),) if one.unresolved else ()
    return LoadedStudent(id=stored.student_id, version=stored.version, created=stored.created, unresolved=unresolved)


async def _loaded_before(tx: AsyncSession, student_id: UUID) -> LoadedStudent:
    """What the same request is told again: the student as it is now."""
    row = (await tx.execute(select(StudentRow).where(StudentRow.id == student_id))).scalar_one()
    return LoadedStudent(id=row.id, version=row.version, created=row.version == 1)
