"""`GET /v1/exchange-requests/{id}/record`: the receiving school or district reads what came: our model, Ed-Fi, PESC or SIF."""

import json
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from safepassage.ids import uuid7
from safepassage.problems.exchanges import NoSuchExchange, NothingReceived, ReceivedRecordDestroyed
from safepassage.problems.records import NoSuchStudent, SealBroken
from safepassage.problems.requests import InvalidRequest, LogUnavailable
from safepassage.record import StudentRecord
from safepassage.unread_elements import FIELD as UNREAD
from safepassage.unread_elements import said
from services.records.exchange import events
from services.records.exchange.collecting import note_collection
from services.records.exchange.exchange import Exchange
from services.records.exchange.requests import VisibleRequest
from services.records.exchange.states import Asked
from services.records.formats.edfi_json import edfi_resources
from services.records.formats.edfi_six import document_in_six
from services.records.formats.pesc import Party, write_transcript
from services.records.formats.xsre import write_xsre
from services.records.reading import HeldRecord, read_received
from services.records.tables import ExchangeRequestRow
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.problems import responses
from shared.telemetry import request_id_of

router = APIRouter(prefix="/v1/exchange-requests", tags=["exchange"])

EDFI = "application/vnd.ed-fi+json"
OWN = "application/json"
XML = "application/xml"

Reader = Annotated[Caller, caller_with("records:read")]


def _form(request: Request, format_: Annotated[Literal["own", "edfi", "pesc", "sif"] | None, Query(alias="format")] = None) -> str:
    """`?format=` or the Accept header."""
    accepted = EDFI in request.headers.get("accept", "")
    return format_ or ("edfi" if accepted else "own")


DataStandard = Literal["5.2", "6.0", "6.1"]
"""Versions in which Ed-Fi JSON is given out. What is made of a record is the same in 6.1 as in 6.0."""


def _standard(form: Annotated[str, Depends(_form)], data_standard: DataStandard | None = None) -> DataStandard:
    """`?data_standard=`, which is a version of Ed-Fi's alone."""
    if data_standard is not None and form != "edfi":
        raise InvalidRequest("only Ed-Fi JSON has versions of the data standard", field="data_standard")
    return data_standard or "5.2"


Standard = Annotated[DataStandard, Depends(_standard)]


@router.get(
    "/{exchange_id}/record",
    response_model=StudentRecord,
    responses={
        **responses(InvalidRequest, NoSuchExchange, NothingReceived, ReceivedRecordDestroyed, SealBroken, LogUnavailable),
        200: {"description": "The record as it came with this exchange.", "content": {EDFI: {"schema": {"type": "object"}}, XML: {}}},
    },
)
async def read_received_record(
    request: Request, caller: Reader, row: VisibleRequest, form: Annotated[str, Depends(_form)], standard: Standard
) -> Response:
    """The record that came with this exchange, Ed-Fi JSON in `data_standard` (5.2). Each read is in the log before anything is shown."""
    exchange: Exchange = request.app.state.exchange
    held = await what_came(request, row)
    # INVARIANT: nothing is shown before the log has the read.
    await log_read(request, row, caller, held, form=form, elements=held.record.elements())
    # what this version cannot give has not been collected, and would go with the rest; what the sender had in part has come as it was
    if held.unread is None or not held.unread.not_known:
        await note_collection(exchange, row, caller, exchange.clock())
    headers = _PRIVATE if held.unread is None else {**_PRIVATE, UNREAD: said(held.unread.named)}
    if form == "edfi":
        resources = edfi_resources(held.record, student_unique_id=held.student.id.hex)
        resources = resources if standard == "5.2" else document_in_six(resources)
        resources["not_expressed"] = with_unread(resources["not_expressed"], held)
        return Response(json.dumps(resources), media_type=EDFI, headers=headers)
    if form == "pesc":
        return Response(_transcript(held.record, exchange, caller), media_type=XML, headers=headers)
    if form == "sif":
        document = write_xsre(held.record, held.record.statements, ref_id=held.student.id)
        return Response(document, media_type=XML, headers=headers)
    return Response(json.dumps(held.record.document()), media_type=OWN, headers=headers)


def with_unread(not_expressed: Sequence[str], held: HeldRecord) -> list[str]:
    """The elements that a form does not say, with those that this version does not know, or not wholly."""
    return list(dict.fromkeys([*not_expressed, *(() if held.unread is None else held.unread.named)]))


async def what_came(request: Request, row: ExchangeRequestRow) -> HeldRecord:
    """The record as it came with a request, alone. Raises NothingReceived, ReceivedRecordDestroyed, SealBroken."""
    exchange: Exchange = request.app.state.exchange
    if row.state != Asked.APPLIED or row.student_id is None:
        raise NothingReceived
    async with exchange.database.reading() as tx:
        try:
            return await read_received(tx, exchange.vault, row.student_id, row.id)
        except NoSuchStudent as error:
            raise ReceivedRecordDestroyed from error


async def log_read(
    request: Request, row: ExchangeRequestRow, caller: Caller, held: HeldRecord, *, form: str, elements: Sequence[str]
) -> None:
    """Append the read of what came to the log, before anything of it is shown. Raises LogUnavailable."""
    exchange: Exchange = request.app.state.exchange
    event = events.read(
        key=f"{row.id}:read:{request_id_of(request.scope)}",
        actor=client_actor(caller.claims),
        exchange_id=row.id,
        student_id=held.student.id,
        custodian_id=held.student.custodian_id,
        form=form,
        elements=elements,
    )
    await exchange.own_log.append(event, by=caller.principal)


def _transcript(record: StudentRecord, exchange: Exchange, caller: Caller) -> bytes:
    """The record as a transcript, from the agency that made it."""
    agency = next(iter(record.provenance.values())).originating_agency
    now, reader = exchange.clock(), str(caller.organisation_id)
    parties = {"source": Party(agency, agency), "destination": Party(reader, reader)}
    return write_transcript(record, record.statements, document_id=uuid7(now), created_at=now, **parties).document


_PRIVATE = {"cache-control": "no-store"}
