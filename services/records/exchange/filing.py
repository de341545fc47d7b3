"""Filing what was opened: the record is a student's, once; or it is rejected. The ciphertext goes, and the receipt says which (R2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from safepassage.compact import split
from safepassage.envelope import Envelope
from safepassage.ids import uuid7
from safepassage.package import Content, Package
from safepassage.receipt import Receipt
from safepassage.request import Selector
from safepassage.unread import Unread
from services.records.child_arriving import EnrolledSince, child_arriving
from services.records.educators.filing import Genuine, file_credentials
from services.records.exchange import events
from services.records.exchange.dead_letters import lay_request_aside
from services.records.exchange.exchange import Exchange
from services.records.exchange.own_requests import left_of
from services.records.exchange.received_documents import file_documents
from services.records.exchange.states import Asked, Incoming, TransitionRefused
from services.records.exchange.stored_rows import change, changing
from services.records.exchange.storing import Received
from services.records.exchange.told_milestones import milestone
from services.records.match_reviews import open_review
from services.records.matching import Certain, Match, NeedsPerson
from services.records.received_storing import ReceivedEnrollment, store_received
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow, OrganisationRow
from services.records.transfers.notices import tell
from services.records.transfers.unread_notices import read_in_part
from shared import prepared
from shared.asked_once import rows_once
from shared.group_commit import Writing


@dataclass(frozen=True)
class Opened:
    """An envelope with what was in it."""

    row: IncomingEnvelopeRow
    asked: ExchangeRequestRow
    message: Envelope
    selector: Selector | None
    """None of a request that names nobody: what was sought is of no use any more."""
    content: Content
    unread: Unread | None = None


async def file_opened(exchange: Exchange, opened: Opened, genuine: Sequence[Genuine]) -> dict[str, Any] | None:
    """One transaction: the record filed, the ciphertext deleted, R2 made. INVARIANT: applied once, since the state is checked in it.

    Gives what was set in the row if R2 may go now.
    """
    row, now = opened.row, exchange.clock()
    applied = await processed(exchange, row, Incoming.APPLIED, None)
    outcome: Match | None = None
    person = None if opened.selector is None else opened.selector.person
    if isinstance(opened.content, Package) and person is not None and row.match_id is None:
        enrolled = _enrolled_since(opened)
        outcome = await exchange.read(lambda connection: child_arriving(connection, exchange.vault, person, enrolled=enrolled))

    def file(tx: Writing) -> dict[str, Any] | None:
        held = prepared.row(tx.connection, _HELD, {"issuer": row.issuer, "id_": row.id})
        if held is None or held.state != Incoming.RECEIVED:
            return None
        if isinstance(outcome, NeedsPerson):
            _ask_person(tx.connection, opened, outcome, now)
            return None
        student_id = held.student_id
        if isinstance(opened.content, Package) and opened.selector is not None:
            found = outcome.student_id if isinstance(outcome, Certain) else held.student_id
            student_id = _apply(tx, exchange, opened, opened.content, opened.selector, found, now)
        if opened.selector is not None and opened.selector.educator is not None:
            file_credentials(tx, exchange, opened.message, opened.asked, opened.selector.educator, genuine, now)
        done = {**applied, "student_id": student_id}
        _keep(tx, opened, done)
        if isinstance(opened.content, Package):
            tx.tell(milestone(exchange.outbox, row.exchange_id, "filed", peer=row.issuer, receipt=done["r2"], at=now))
        return done

    return await exchange.write(file)


def _enrolled_since(opened: Opened) -> EnrolledSince | None:
    """What the evidence says that this node showed; None where the child only sought to enrol."""
    evidence = None if opened.selector is None else opened.selector.enrollment
    if evidence is None or evidence.kind != "enrolled":
        return None
    return EnrolledSince(opened.asked.receiving_organisation_id, evidence.entry_date)


_HELD = (
    select(IncomingEnvelopeRow.state, IncomingEnvelopeRow.student_id)
    .where(IncomingEnvelopeRow.issuer == bindparam("issuer"), IncomingEnvelopeRow.id == bindparam("id_"))
    .with_for_update()
)


def _apply(
    tx: Writing, exchange: Exchange, opened: Opened, package: Package, selector: Selector, student_id: UUID | None, now: datetime
) -> UUID:
    """File the record as the student's, or a new one's, whose id is given."""
    organisation_id = opened.asked.receiving_organisation_id
    district = _district_of(tx.connection, organisation_id)
    stored = store_received(
        tx,
        exchange.vault,
        exchange.outbox,
        package.record,
        unread=opened.unread,
        from_node=opened.message.iss,
        exchange_id=opened.message.exchange_id,
        student_id=student_id,
        custodian_id=district,
        enrollment=ReceivedEnrollment(organisation_id, selector.enrollment.entry_date),
        jurisdiction=exchange.settings.jurisdiction,
        now=now,
    )
    message, exchange_id = opened.message, opened.message.exchange_id
    if package.attachments:
        tx.make_expected()  # a document is filed with a student who is there
    file_documents(tx.connection, exchange.vault, message, package, student_id=stored.student_id, exchange_id=exchange_id, now=now)
    tx.afterwards(exchange.outbox.wake)
    elements, custodian_id = package.manifest.elements, stored.custodian_id
    tx.record(events.filed(message=opened.message, student_id=stored.student_id, custodian_id=custodian_id, elements=elements))
    unread = () if opened.unread is None else opened.unread.not_known
    if unread:
        tell(tx, exchange, read_in_part(exchange, opened.asked, student_id=stored.student_id, unread=unread, now=now))
    return stored.student_id


def _keep(tx: Writing, opened: Opened, done: dict[str, Any]) -> None:
    """The steps of the envelope and of the request that it answers."""
    row = opened.row
    refused = TransitionRefused("the request has not received it")
    tx.expect(changing(IncomingEnvelopeRow, row.issuer, row.id, when=(Incoming.RECEIVED,), **done), refused)
    applied = {"state": Asked.APPLIED, "student_id": done["student_id"], "next_attempt_at": None, **left_of(opened.asked)}
    if row.kind != "not-provided":
        tx.expect(changing(ExchangeRequestRow, row.exchange_id, when=(Asked.RECEIVED,), **applied), refused)


def _district_of(connection: Connection, organisation_id: UUID) -> UUID:
    """Who answers for the record here: the receiving school's district, or the district itself."""
    organisation = rows_once(connection, _ORGANISATION, {"id_": organisation_id})[0]
    return organisation.parent_id if organisation.kind == "school" and organisation.parent_id is not None else organisation_id


_ORGANISATION = select(OrganisationRow.kind, OrganisationRow.parent_id).where(OrganisationRow.id == bindparam("id_"))


def _ask_person(connection: Connection, opened: Opened, outcome: NeedsPerson, now: datetime) -> None:
    """A person says whether one of our students is this child. Until then it stays sealed."""
    row, match_id = opened.row, uuid7(now)
    waits = {"state": Incoming.MATCHING, "match_id": match_id, "next_attempt_at": opened.asked.expires_at}
    change(connection, IncomingEnvelopeRow, row.issuer, row.id, when=(Incoming.RECEIVED,), **waits)
    open_review(
        connection,
        request_id=match_id,
        student_ids=outcome.student_ids,
        reasons=outcome.reasons,
        expires_at=opened.asked.expires_at,
        now=now,
    )


def reject(connection: Connection, stored: Received, code: str, done: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    row, asked = stored.row, stored.asked
    if not change(connection, IncomingEnvelopeRow, row.issuer, row.id, when=(Incoming(row.state),), **done):
        return None
    rejected = {"state": Asked.REJECTED, "problem_code": code, "next_attempt_at": None, **left_of(asked)}
    if row.kind != "not-provided" and not change(connection, ExchangeRequestRow, row.exchange_id, when=(Asked.RECEIVED,), **rejected):
        raise TransitionRefused("the request has not received it")
    lay_request_aside(connection, asked, code=code, now=now)
    return done


async def processed(exchange: Exchange, row: IncomingEnvelopeRow, state: Incoming, code: str | None) -> dict[str, Any]:
    """What is to be set in the row: the ciphertext goes, R2 is there to be sent. Its proof is that of R1: the entry that it was received.

    R2 is signed before the transaction that makes it true, with others of its moment. Without that transaction nobody ever sees it.
    """
    now = exchange.clock()
    outcome = {"outcome": "applied" if state == Incoming.APPLIED else "rejected", "reason": code, "iat": int(now.timestamp())}
    receipt = Receipt.model_validate({**split(row.r1 or "")[1], **outcome, "consistency": None})
    r2 = await exchange.sign(receipt, answers=row.r1)
    return {"state": state, "r2": r2, "ciphertext": None, "attempts": 0, "next_attempt_at": now, "student_id": None}
