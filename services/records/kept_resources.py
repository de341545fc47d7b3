"""`GET /v1/students/{id}/kept-resources`: what a source said that the record has no place for, told to whoever keeps the record."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from safepassage.ids import uuid7
from safepassage.problems.records import NoSuchStudent, SealBroken
from safepassage.problems.requests import LogUnavailable
from safepassage.record.loads import KeptResources
from services.records.formats.oneroster_left import left_of
from services.records.kept_beside import kept_in
from services.records.logged import log_ahead, read_event
from services.records.reading import opened, unread_of
from services.records.record_sources import KEPT
from services.records.roster_keeping import kept_of_student
from services.records.tables import OWN, SectionRow, StudentRow
from services.records.visibility import require_kept
from shared.caller import Caller, caller_with
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/students", tags=["students"])

Loader = Annotated[Caller, caller_with("records:load")]


@router.get("/{student_id}/kept-resources", responses=responses(NoSuchStudent, SealBroken, LogUnavailable))
async def read_kept_resources(student_id: UUID, caller: Loader, request: Request, now: Now) -> KeptResources:
    """What stands beside a student's record, as its source said it. It is no part of the record, and leaves no other way. Logged.

    Elements that came from a node of a later version, and that this one does not know, or not wholly, are among it by their ids.
    """
    state = request.app.state
    async with state.database.transaction() as tx:
        student: StudentRow = await require_kept(tx, caller, student_id)
        custodian_id = student.custodian_id
        row, key = await tx.get(SectionRow, (student_id, KEPT, OWN)), state.vault.data_key(student_id, student.wrapped_key)
        resources = kept_in([] if row is None else opened(key, [row]), OWN)
        for source in await kept_of_student(tx, state.vault, student_id, key):
            for name, rows in left_of(source.identifier, source.rows, source.frame).items():
                resources[name] = [*resources.get(name, ()), *rows]
        for element, said in await unread_of(tx, key, student_id):
            resources[element] = [*resources.get(element, ()), said]
    event = read_event(caller, key=f"read:{uuid7(now)}", operation="kept-resources-read", students=[(student_id, custodian_id)])
    await log_ahead(request.app, caller, event, request.scope)
    return KeptResources(resources=resources)
