"""`POST /v1/exchange-requests/{id}/ed-fi-push`: the receiving school or district has what came put into its own Ed-Fi system."""

from typing import Annotated

from fastapi import APIRouter, Request

from safepassage.elements import BY_ID
from safepassage.problems.ed_fi import NoSuchEdFiSystem
from safepassage.problems.exchanges import NoSuchExchange, NothingReceived, ReceivedRecordDestroyed
from safepassage.problems.records import SealBroken
from safepassage.problems.requests import LogUnavailable
from safepassage.record import Sections
from safepassage.wire_ed_fi import EdFiOutcome, PushedStudent, ReceivedPush
from services.records.ed_fi.contested import without_contested
from services.records.ed_fi.noting import note_push
from services.records.ed_fi.sending import SENDING, send_student
from services.records.ed_fi.student_resources import FIRST
from services.records.exchange.collecting import note_collection
from services.records.exchange.delivered import log_read, what_came, with_unread
from services.records.exchange.requests import VisibleRequest
from services.records.formats.edfi_json import edfi_resources
from shared.caller import Caller, caller_with
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/exchange-requests", tags=["ed-fi"])

Reader = Annotated[Caller, caller_with("records:read")]

TAKEN = ("created", "updated")
"""By the system. It has the record once it has taken all of it."""


@router.post(
    "/{exchange_id}/ed-fi-push",
    responses=responses(NoSuchExchange, NothingReceived, ReceivedRecordDestroyed, NoSuchEdFiSystem, SealBroken, LogUnavailable),
)
async def push_received_record(push: ReceivedPush, request: Request, caller: Reader, row: VisibleRequest, now: Now) -> PushedStudent:
    """Put the record that came with this exchange into an Ed-Fi system of the caller's organisation. In the log before the first byte."""
    api = request.app.state.ed_fi.of(push.system, caller.organisation_id)
    held = await what_came(request, row)
    document, contested = without_contested(held.record.document())
    sections = Sections.model_validate(document)
    made = edfi_resources(sections, student_unique_id=push.student_unique_id)
    missing = {*with_unread(made["not_expressed"], held), *contested}
    left = {*made["not_expressed"], *contested, *(() if held.unread is None else held.unread.not_known)}
    sent = FIRST in made["resources"]
    if sent:
        # INVARIANT: nothing leaves unless the log has it.
        await log_read(request, row, caller, held, form="edfi-push", elements=sections.elements())
    outcomes: tuple[EdFiOutcome, ...] = ()
    if sent:
        state = request.app.state
        told = await send_student(api, made["resources"], clock=state.clock, until=now + SENDING)
        await note_push(state.database, api, [told], now=state.clock())
        outcomes = told.outcomes
    if outcomes and all(one.outcome in TAKEN for one in outcomes) and not left:
        await note_collection(request.app.state.exchange, row, caller, now)
    return PushedStudent(
        student=held.student.id,
        outcomes=outcomes,
        not_expressed=(*(element for element in BY_ID if element in missing), *sorted(missing - BY_ID.keys())),
    )
