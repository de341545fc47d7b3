"""What a vendor reads: of students in reach of its agreement exactly the scheduled elements that are permitted, under its own pseudonyms.

A page is one decision for all of its students and one entry on the log, which is there before the page leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection, select, type_coerce
from sqlalchemy.types import NullType

from safepassage.elements import BY_ID
from safepassage.ids import uuid7
from safepassage.problems.privacy import FactsBehind, NoSuchAgreement
from safepassage.problems.records import NothingToRelease, PurposeMissing
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted, TemporarilyUnavailable
from safepassage.record.loads import RosterPage
from safepassage.wire_policy import Agreement
from services.records.logged import log_ahead
from services.records.pseudonyms import pseudonyms_of
from services.records.reading import opened
from services.records.record_sources import STATEMENTS, merged, pieces_of
from services.records.release import carrying_statements, members_of, released_document
from services.records.tables import EnrollmentRow, OrganisationRow, SectionRow, StudentRow
from services.records.vault import Vault
from services.records.visibility import enrolled_on
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context, Event
from shared.contracts.privacy import Decision, DecisionRequest, PlacedStatement, Recipient, SubjectVersion
from shared.cursors import Cursor, Limit, next_link
from shared.problems import responses
from shared.tenancy import within_any

router = APIRouter(prefix="/v1/roster-entries", tags=["roster entries"])

Vendor = Annotated[Caller, caller_with("records:read")]

PATH = "/v1/roster-entries"
AgreementId = Annotated[UUID, Query(description="The agreement under which to read.")]
Elements = Annotated[str | None, Query(max_length=4000, description="Elements, separated by commas; the whole schedule if left out.")]


@dataclass(frozen=True)
class SealedStudent:
    """One student of the page as stored, read in one snapshot: what is decided on is what is released."""

    student_id: UUID
    custodian_id: UUID
    facts_version: int
    wrapped_key: bytes
    rows: Sequence[Any]


@router.get(
    "",
    response_model=RosterPage,
    responses=responses(NoSuchAgreement, NotPermitted, PurposeMissing, InvalidRequest, LogUnavailable, TemporarilyUnavailable),
)
async def read_roster_entries(
    caller: Vendor,
    request: Request,
    now: Now,
    agreement_id: AgreementId,
    elements: Elements = None,
    limit: Limit = 1000,
    cursor: Cursor = None,
) -> Response:
    """A page of students in reach of an agreement, with what it schedules of them, policy by policy and student by student."""
    if caller.kind not in ("vendor", "agency"):
        raise NotPermitted("roster entries are for parties to an agreement; read your own students with GET /v1/students/{id}")
    if caller.purpose is None:
        raise PurposeMissing
    state = request.app.state
    agreement: Agreement = await state.siblings.call(
        "privacy", "GET", f"/internal/agreements/{agreement_id}", answer=Agreement, by=caller.principal, scope=request.scope
    )
    asked = _asked(elements, agreement)
    wanted = [element for element in asked if element in agreement.elements]
    bound_to = f"roster-entries:{caller.client_id}:{agreement_id}:{elements or ''}"
    after = _position(request, cursor, bound_to)
    students = await state.database.read(
        lambda connection: students_in_reach(connection, agreement.district_ids, wanted, now.date(), after=after, limit=limit + 1)
    )
    page, links = students[:limit], {}
    if len(students) > limit:
        # The position is a student's own id, which never leaves: it is sealed inside the signed cursor.
        sealed = state.vault.seal_text(str(page[-1].student_id))
        query: dict[str, str | int] = {"agreement_id": str(agreement_id), "limit": limit}
        query |= {"elements": elements} if elements else {}
        links = {"link": next_link(PATH, query | {"cursor": state.cursors.sign({"after": sealed}, bound_to=bound_to)})}
    decision = await _decide(request, caller, agreement, wanted, page) if page and wanted else None
    entries = [] if decision is None else await _disclose(request, caller, agreement, decision, page, now)
    head = RosterPage(
        agreement_id=agreement_id,
        decision_id=None if decision is None else decision.id,
        not_scheduled=tuple(element for element in asked if element not in agreement.elements),
        students=(),
    )
    pieces = [head.model_dump_json().encode().removesuffix(b"]}")]
    for entry in entries:
        pieces += pieces_of(entry)
        pieces.append(b",")
    if entries:
        pieces.pop()
    pieces.append(b"]}")
    return Response(b"".join(pieces), media_type="application/json", headers=links)


def _asked(elements: str | None, agreement: Agreement) -> list[str]:
    if elements is None:
        return list(agreement.elements)
    asked = list(dict.fromkeys(part.strip() for part in elements.split(",")))
    if not set(asked) <= set(BY_ID):
        raise InvalidRequest("names something that is not an element", field="elements")
    return asked


def _position(request: Request, cursor: str | None, bound_to: str) -> UUID | None:
    position = request.app.state.cursors.read(cursor, bound_to=bound_to)
    return None if position is None else UUID(request.app.state.vault.open_text(position["after"]))


def students_in_reach(
    connection: Connection, district_ids: Sequence[UUID], wanted: Sequence[str], today: date, *, after: UUID | None, limit: int
) -> list[SealedStudent]:
    """Students enrolled today in the districts, of whom privacy has facts, with the sealed sections that hold what is wanted."""
    reach = EnrollmentRow.organisation_id.in_(within_any(OrganisationRow, district_ids))
    enrolled = select(EnrollmentRow.student_id).where(reach, enrolled_on(today))
    query = select(StudentRow.id, StudentRow.custodian_id, StudentRow.facts_version, StudentRow.wrapped_key)
    query = query.where(StudentRow.id.in_(enrolled), StudentRow.facts_version > 0).order_by(StudentRow.id).limit(limit)
    if after is not None:
        query = query.where(StudentRow.id > after)
    students = connection.execute(query).all()
    sections = {BY_ID[element].section for element in wanted} | {STATEMENTS}
    # The id as the database gives it, and made a UUID once a student: a thousand students have six thousand rows.
    raw_id = type_coerce(SectionRow.student_id, NullType()).label("raw_id")
    sealed = select(raw_id, SectionRow.section, SectionRow.source, SectionRow.version, SectionRow.sealed)
    sealed = sealed.where(SectionRow.student_id.in_([row.id for row in students]), SectionRow.section.in_(sections))
    rows = connection.execute(sealed.order_by(SectionRow.student_id)).all()
    held = {raw if isinstance(raw, UUID) else UUID(raw): list(those) for raw, those in groupby(rows, key=itemgetter(0))}
    return [SealedStudent(row.id, row.custodian_id, row.facts_version, row.wrapped_key, held.get(row.id, ())) for row in students]


async def _decide(request: Request, caller: Caller, agreement: Agreement, wanted: Sequence[str], page: Sequence[SealedStudent]) -> Decision:
    """One decision for the page. Where privacy has older facts they are pushed, and it is asked once more."""
    state = request.app.state
    asked = DecisionRequest(
        action="disclose",
        subjects=tuple(SubjectVersion(student_id=one.student_id, facts_version=one.facts_version) for one in page),
        recipient=Recipient(kind="vendor" if caller.kind == "vendor" else "agency", id=str(caller.organisation_id)),
        basis="contractor",
        purpose=caller.purpose or "",
        elements=tuple(wanted),
        agreement_id=agreement.id,
    )
    for attempt in ("first", "after pushing"):
        try:
            decision: Decision = await state.siblings.call(
                "privacy", "POST", "/internal/decisions", answer=Decision, by=caller.principal, body=asked, scope=request.scope
            )
        except FactsBehind:
            if attempt != "first":
                raise TemporarilyUnavailable("facts are still on their way") from None
            await state.outbox.drain()
        else:
            return decision
    raise AssertionError("unreachable")


async def _disclose(
    request: Request, caller: Caller, agreement: Agreement, decision: Decision, page: Sequence[SealedStudent], now: Now
) -> list[dict[str, Any]]:
    """What is permitted of each student, once the log has the read. Of whom nothing is permitted, or there, is not in the page."""
    state = request.app.state
    released: list[tuple[SealedStudent, dict[str, Any]]] = []
    wanted: dict[tuple[str, ...], dict[str, frozenset[str]]] = {}
    owed = {of.student_id: of.statements for of in decision.statements}
    for one, outcome in zip(page, decision.subjects, strict=True):
        if outcome.student_id != one.student_id:
            raise TemporarilyUnavailable("the decision is about other students")
        if not outcome.permitted:
            continue
        only = wanted.get(outcome.permitted)
        if only is None:
            only = wanted[outcome.permitted] = members_of(outcome.permitted) | {STATEMENTS: frozenset({STATEMENTS})}
        entry = _released(state.vault, one, outcome.permitted, only, owed.get(one.student_id, ()))
        if entry is not None:
            released.append((one, entry))
    if not released:
        return []
    kinds = {(section, *entry[section]) for _, entry in released for section in entry if section != STATEMENTS}
    elements = {f"{section}.{member}" for section, *members in kinds for member in members}
    pseudonyms = await pseudonyms_of(state.database, caller.organisation_id, [one.student_id for one, _ in released])
    event = Event(
        class_="read",
        key=f"read:{uuid7(now)}",
        subjects=tuple(one.student_id for one, _ in released),
        custodians=tuple(one.custodian_id for one, _ in released),
        actor=client_actor(caller.claims),
        context=Context(
            operation="roster-entries-read",
            purpose=caller.purpose,
            basis="contractor",
            recipient_organisation=str(caller.organisation_id),
            agreement_id=agreement.id,
            decision_id=decision.id,
            elements=tuple(element for element in BY_ID if element in elements),
            policies=decision.policies,
            citations=decision.citations,
            count=len(released),
        ),
        policy_hash=decision.policy_hash,
        decision_token=decision.token,
    )
    await log_ahead(request.app, caller, event, request.scope)
    return [{"student": str(pseudonyms[one.student_id]), **entry} for one, entry in released]


def _released(
    vault: Vault, one: SealedStudent, permitted: Sequence[str], only: Mapping[str, frozenset[str]], owed: Sequence[PlacedStatement]
) -> dict[str, Any] | None:
    """The permitted elements that are there, and the statements that belong to them. No provenance: it is not an element."""
    document = merged(opened(vault.data_key(one.student_id, one.wrapped_key), one.rows, only=only))
    try:
        released = released_document(document, carrying_statements(document, permitted, owed) if owed else permitted)
    except NothingToRelease:
        return None
    return {name: part for name, part in released.items() if name not in ("v", "provenance")}
