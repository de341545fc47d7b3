"""`GET /v1/exchange-requests/{id}/record`: the receiving school or district reads what came, as our model or as Ed-Fi JSON."""

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from safepassage.problems.exchanges import NoSuchExchange, NothingReceived
from safepassage.problems.records import SealBroken
from safepassage.problems.requests import LogUnavailable
from safepassage.record import StudentRecord
from services.records.exchange import events
from services.records.exchange.exchange import Exchange
from services.records.exchange.requests import VisibleRequest
from services.records.exchange.states import Asked
from services.records.formats.edfi_json import edfi_resources
from services.records.reading import read_received
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.problems import responses
from shared.telemetry import request_id_of

router = APIRouter(prefix="/v1/exchange-requests", tags=["exchange"])

EDFI = "application/vnd.ed-fi+json"
OWN = "application/json"

Reader = Annotated[Caller, caller_with("records:read")]


def _form(request: Request, format_: Annotated[Literal["own", "edfi"] | None, Query(alias="format")] = None) -> str:
    """`?format=` or the Accept header."""
    accepted = EDFI in request.headers.get("accept", "")
    return format_ or ("edfi" if accepted else "own")


@router.get(
    "/{exchange_id}/record",
    response_model=StudentRecord,
    responses={
        **responses(NoSuchExchange, NothingReceived, SealBroken, LogUnavailable),
        200: {"description": "The record as it came with this exchange.", "content": {EDFI: {"schema": {"type": "object"}}}},
    },
)
async def read_received_record(request: Request, row: VisibleRequest, caller: Reader, form: Annotated[str, Depends(_form)]) -> Response:
    """The record that came with this exchange. Each read is in the log before anything is shown."""
    exchange: Exchange = request.app.state.exchange
    if row.state != Asked.APPLIED or row.student_id is None:
        raise NothingReceived
    async with exchange.database.reading() as tx:
        held = await read_received(tx, exchange.vault, row.student_id, row.id)
    event = events.read(
        key=f"{row.id}:read:{request_id_of(request.scope)}",
        actor=client_actor(caller.claims),
        exchange_id=row.id,
        student_id=held.student.id,
        custodian_id=held.student.custodian_id,
        form=form,
        elements=held.record.elements(),
    )
    # INVARIANT: nothing is shown before the log has the read.
    await exchange.own_log.append(event, by=caller.principal)
    if form == "edfi":
        resources = edfi_resources(held.record, student_unique_id=held.student.id.hex)
        return Response(json.dumps(resources), media_type=EDFI, headers=_PRIVATE)
    return Response(json.dumps(held.record.document()), media_type=OWN, headers=_PRIVATE)


_PRIVATE = {"cache-control": "no-store"}
