"""One student of an agreement as a document of the field's: what is scheduled and permitted, decided, and on the log before it leaves."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, Final, Literal, NamedTuple
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select

from safepassage.elements import BY_ID
from safepassage.ids import uuid7
from safepassage.problems.ed_fi import RecordNotAtSource, RecordSourceAway
from safepassage.problems.privacy import NoSuchAgreement
from safepassage.problems.records import NoSuchStudent, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted, TemporarilyUnavailable
from safepassage.record.loads import RosterEntry
from safepassage.unread_elements import FIELD as UNREAD
from safepassage.unread_elements import said
from safepassage.wire_policy import Agreement
from services.records.agency_days import Today
from services.records.disclosure import Released, agreement_of, cut, decide, read_by_party, released, within_token
from services.records.exchange.exchange import Exchange
from services.records.formats import pesc, xsre
from services.records.formats.pesc import Party
from services.records.logged import log_ahead
from services.records.pseudonyms import student_of
from services.records.reach import Reach, SealedStudent, left_of, students_in_reach
from services.records.record_sources import printed
from services.records.supplied_reads import supplied_document, under_new_facts
from services.records.tables import OrganisationRow, StudentRow
from shared.caller import Caller, caller_with
from shared.contracts.privacy import Decision
from shared.database import Database
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/roster-entries", tags=["roster entries"])

XML: Final = "application/xml"
JSON: Final = "application/json"

Reader = Annotated[Caller, caller_with("records:read")]
AgreementId = Annotated[UUID, Query(description="The agreement under which to read.")]
Format = Annotated[
    Literal["pesc", "sif", "entry"],
    Query(alias="format", description="pesc: a PESC High School Transcript 1.5.0; sif: a SIF xSre; entry: as on a page of roster entries."),
]


class Between(NamedTuple):
    """Who gives a document, and who takes it."""

    source: Party
    destination: Party


class Written(NamedTuple):
    """A format: the elements that it is made of, and how it is written."""

    relevant: tuple[str, ...]
    write: Callable[[RosterEntry, Between, datetime], bytes]
    media_type: str = XML


def _transcript(entry: RosterEntry, between: Between, now: datetime) -> bytes:
    made = pesc.write_transcript(
        entry, entry.statements, document_id=uuid7(now), created_at=now, source=between.source, destination=between.destination
    )
    return made.document


def _xsre(entry: RosterEntry, _between: Between, _now: datetime) -> bytes:
    return xsre.write_xsre(entry, entry.statements, ref_id=entry.student)


def _entry(entry: RosterEntry, _between: Between, _now: datetime) -> bytes:
    return entry.model_dump_json(exclude_none=True).encode()


FORMATS: Final[dict[str, Written]] = {
    "pesc": Written(pesc.RELEVANT, _transcript),
    "sif": Written(xsre.RELEVANT, _xsre),
    "entry": Written(tuple(BY_ID), _entry, JSON),
}


@router.get(
    "/{student}/document",
    response_class=Response,
    responses={
        200: {"description": "The document.", "content": {XML: {"schema": {"type": "string", "format": "binary"}}, JSON: {}}},
        **responses(
            NoSuchAgreement,
            NoSuchStudent,
            NotPermitted,
            PurposeMissing,
            LogUnavailable,
            TemporarilyUnavailable,
            RecordSourceAway,
            RecordNotAtSource,
        ),
    },
)
async def read_roster_document(
    student: UUID, caller: Reader, request: Request, now: Now, today: Today, agreement_id: AgreementId, format_: Format
) -> Response:
    """One student under the caller's own pseudonym, as a document. Who is not in reach, or of whom nothing may leave, looks absent.

    Where the district keeps the record in its own system, what is permitted is had from there for this answer.
    """
    if caller.kind not in ("vendor", "agency"):
        raise NotPermitted("documents are for parties to an agreement; read your own students with GET /v1/students/{id}")
    if caller.purpose is None:
        raise PurposeMissing
    state, written = request.app.state, FORMATS[format_]
    agreement = await agreement_of(request, caller, agreement_id)
    wanted = within_token(caller, [element for element in written.relevant if element in agreement.elements])
    student_id = await student_of(state.database, caller.organisation_id, student)
    if student_id is None or not wanted:
        raise NoSuchStudent
    make = partial(_document, student, student_id, caller, request, now, today, agreement, wanted, format_)
    return await under_new_facts(make)


async def _document(
    student: UUID,
    student_id: UUID,
    caller: Caller,
    request: Request,
    now: datetime,
    today: date,
    agreement: Agreement,
    wanted: list[str],
    format_: str,
) -> Response:
    state, written = request.app.state, FORMATS[format_]
    reach = Reach(agreement.district_ids, today, student_ids=[student_id])
    students = await state.database.read(partial(students_in_reach, reach=reach, wanted=wanted, limit=1))
    decision = await decide(request, caller, agreement, wanted, students) if students else None
    leaving = [] if decision is None else await _whole(state.exchange, decision, students)
    if decision is None or not leaving:
        raise NoSuchStudent
    [one] = leaving
    between = await _between(state.database, one.student.custodian_id, caller.organisation_id)
    entry = RosterEntry.model_validate_json(printed({"student": str(student), **one.document}))
    document = await to_thread.run_sync(written.write, entry, between, now)
    # INVARIANT: nothing leaves before the log has the read.
    event = read_by_party(caller, agreement, decision, leaving, operation=f"roster-document-{format_}", now=now)
    await log_ahead(request.app, caller, event, request.scope)
    headers = {"cache-control": "no-store"} | ({UNREAD: said(one.in_part)} if one.in_part else {})
    return Response(document, media_type=written.media_type, headers=headers)


async def _whole(exchange: Exchange, decision: Decision, students: Sequence[SealedStudent]) -> list[Released]:
    """What is permitted of the one student, wherever it is. Raises RecordSourceAway, RecordNotAtSource, KeptAnew."""
    [one], [outcome] = students, decision.subjects
    left = left_of(exchange.vault, one)
    if left is None or left.gone.isdisjoint(outcome.permitted):
        return released(exchange.vault, decision, students)
    read = StudentRow(id=one.student_id, facts_version=one.facts_version)
    owed = [statement for of in decision.statements for statement in of.statements]
    document = cut(await supplied_document(exchange, read, left), outcome.permitted, owed)
    return [] if document is None else [Released(one, document)]


async def _between(database: Database, source_id: UUID, destination_id: UUID) -> Between:
    """The two organisations by their names here, or else by their ids."""
    async with database.reading() as tx:
        query = select(OrganisationRow).where(OrganisationRow.id.in_((source_id, destination_id)))
        names = {row.id: row.organisation.name for row in (await tx.execute(query)).scalars()}
    source, destination = (Party(str(one), names.get(one, str(one))) for one in (source_id, destination_id))
    return Between(source, destination)
