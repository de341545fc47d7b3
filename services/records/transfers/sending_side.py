"""Reading what the sending side knows of a transfer: the child's enrolments here, how the last one ended, who else claims the child."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from safepassage.claims import read_closed
from safepassage.problems.records import NoSuchStudent
from safepassage.request import Selector
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Request as State
from services.records.reading import HeldDocument, document_at
from services.records.tables import ClaimEndRow, EnrollmentRow, PeerRequestRow, StudentRow
from services.records.transfers.agreement import Membership, SendingSide, StandingClaim
from shared import prepared


@dataclass(frozen=True)
class Found:
    """The child as held here."""

    held: HeldDocument
    side: SendingSide


def found_at(connection: Connection, exchange: Exchange, student_id: UUID, *, sections: Collection[str], request_id: UUID) -> Found | None:
    """What is held of the sections asked for, and what the sending side has on record but for others' claims; None where nothing is held.

    request_id  the request that is answered
    """
    try:
        held = document_at(connection, exchange.vault, student_id, sections={*sections, "enrollment"})
    except NoSuchStudent:
        return None
    rows = prepared.rows(connection, _ENROLLED, {"student_id": student_id})
    enrolled = tuple(Membership(one.entry_date, one.exit_date) for one in rows) or _unresolved(held.document)
    ended = prepared.row(connection, _ENDED, {"request_id": request_id}) is not None
    return Found(held, SendingSide(enrolled, _last_exit(held.document), (), ended))


def claims_now(connection: Connection, student_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """By child, the ids of the requests that claim it at this moment; nobody adds one until the transaction ends.

    A child whose record was destroyed is left out.
    """
    wanted = {"student_ids": sorted(student_ids)}
    claims: dict[UUID, set[UUID]] = {row.id: set() for row in prepared.rows(connection, _LOCK, wanted)}
    for row in prepared.rows(connection, _CLAIMING, wanted):
        if row.student_id in claims:
            claims[row.student_id].add(row.id)
    return {student_id: frozenset(of) for student_id, of in claims.items()}


def claims_at(connection: Connection, exchange: Exchange, student_id: UUID, request_id: UUID) -> tuple[StandingClaim, ...]:
    """Who else claims the child, read from their requests.

    INVARIANT: read where the record may leave, and not before: how many others have asked would show in the time that a refusal takes, and
    for a child who is not here there is nobody to be read.
    """
    rows = prepared.rows(connection, _CLAIMS, {"student_id": student_id, "request_id": request_id})
    return tuple(
        StandingClaim(
            row.id,
            row.requester,
            row.exchange_id,
            read_closed(exchange.open_particulars(row.id, row.particulars), model=Selector).enrollment,
        )
        for row in rows
    )


_ENROLLED = select(EnrollmentRow.organisation_id, EnrollmentRow.entry_date, EnrollmentRow.exit_date).where(
    EnrollmentRow.student_id == bindparam("student_id")
)
_ENDED = select(ClaimEndRow.request_id).where(ClaimEndRow.request_id == bindparam("request_id"))
_LOCK = select(StudentRow.id).where(StudentRow.id.in_(bindparam("student_ids", expanding=True))).order_by(StudentRow.id).with_for_update()
"""In their order, so that two who lock several do not wait for one another."""
_STANDS = (PeerRequestRow.state != State.CLOSED.value, PeerRequestRow.particulars != b"", ClaimEndRow.request_id.is_(None))
_CLAIMS = (
    select(PeerRequestRow.id, PeerRequestRow.requester, PeerRequestRow.exchange_id, PeerRequestRow.particulars)
    .outerjoin(ClaimEndRow, ClaimEndRow.request_id == PeerRequestRow.id)
    .where(PeerRequestRow.student_id == bindparam("student_id"), PeerRequestRow.id != bindparam("request_id"), *_STANDS)
)
_CLAIMING = (
    select(PeerRequestRow.id, PeerRequestRow.student_id)
    .outerjoin(ClaimEndRow, ClaimEndRow.request_id == PeerRequestRow.id)
    .where(PeerRequestRow.student_id.in_(bindparam("student_ids", expanding=True)), *_STANDS)
)


def _unresolved(document: Mapping[str, Any]) -> tuple[Membership, ...]:
    """Enrolments that the own agency's record tells of at schools that it names in a way this node does not know."""
    enrollments = _enrollments(document)
    if not enrollments or "#" in json.loads(document["provenance"]["enrollment"])["originating_agency"]:
        return ()
    return tuple(Membership(date.fromisoformat(one["entry_date"]), _day(one.get("exit_date"))) for one in enrollments)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _enrollments(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    text = document.get("enrollment", {}).get("enrollments")
    found: list[dict[str, Any]] = json.loads(text) if text else []
    return found


def _last_exit(document: Mapping[str, Any]) -> str | None:
    """The code of the exit of the latest enrolment, if it has ended."""
    latest = max(_enrollments(document), key=lambda one: (one["entry_date"], one.get("exit_date") or date.max.isoformat()), default=None)
    if latest is None or latest.get("exit_date") is None or latest.get("exit_type") is None:
        return None
    return str(latest["exit_type"]["code"])
