"""`/v1/students/{id}/hand-carry-copies`: an unofficial copy for a parent to carry: decided, logged, sealed."""

import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, select

from safepassage.canonical import to_base64url
from safepassage.elements import SECTIONS, elements_of
from safepassage.hand_carry import HandCarryCopy, NewHandCarryCopy, SignedHandCarry, seal_of, verify_hand_carry
from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import UnknownSection
from safepassage.problems.privacy import FactsBehind
from safepassage.problems.records import NoSuchStudent, NothingToRelease, StatementOfDisagreementMissing
from safepassage.problems.requests import LogUnavailable, TemporarilyUnavailable
from safepassage.problems.signatures import BadSignature
from safepassage.problems.transfers import HandCarryAltered, NotForThisPerson
from safepassage.public_keys import by_kid
from safepassage.wire_organisations import Organisation
from services.records.exchange.exchange import Exchange
from services.records.reading import HeldDocument, document_at
from services.records.record_sources import record_of
from services.records.release import document_to_release
from services.records.tables import OrganisationRow, StudentRow
from services.records.transfers.hand_carry_document import hand_carry_document
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context, Event
from shared.contracts.privacy import Decision, DecisionRequest, Recipient, RecipientProof, SubjectVersion
from shared.problems import responses
from shared.tenancy import within

router = APIRouter(tags=["transfers"])

Staff = Annotated[Caller, caller_with("rights:act")]

BASIS = "rights-holder"
LEFT_OUT = ("identity.ssn", "programmes.meal_status")
"""In no copy: a receiving school needs neither, and papers are lost."""
PDF = "application/pdf"


@router.post(
    "/v1/students/{student_id}/hand-carry-copies",
    responses=responses(
        NoSuchStudent,
        NotForThisPerson,
        UnknownSection,
        NothingToRelease,
        StatementOfDisagreementMissing,
        LogUnavailable,
        TemporarilyUnavailable,
    ),
)
async def make_hand_carry_copy(student_id: UUID, new: NewHandCarryCopy, caller: Staff, request: Request, now: Now) -> SignedHandCarry:
    """An unofficial copy of the record for a parent or eligible student, 34 CFR 99.31(a)(12), sealed by this node. Each is a disclosure."""
    exchange: Exchange = request.app.state.exchange
    sections = new.sections or SECTIONS
    if not set(sections) <= set(SECTIONS):
        raise UnknownSection(field="sections")
    held, custodian = await exchange.read(lambda connection: held_by_caller(connection, exchange, caller, student_id, tuple(sections)))
    decision = await _decided(exchange, caller, new, held.student, tuple(sections))
    [outcome] = decision.subjects
    if decision.token is None or not outcome.permitted:
        withheld = outcome.withheld[0] if outcome.withheld else None
        raise NotForThisPerson(None if withheld is None else f"{withheld.reason} ({withheld.citation or 'no citation'})")
    permitted = [element for element in outcome.permitted if element not in LEFT_OUT]
    owed = [one for of in decision.statements for one in of.statements]
    record = record_of(document_to_release(held.document, permitted, owed=owed))
    copy = HandCarryCopy(
        copy_id=uuid7(now),
        issuer=exchange.entity_id,
        custodian=custodian.name,
        custodian_nces_id=custodian.nces_id,
        issued_at=now,
        record=record,
        salt=to_base64url(secrets.token_bytes(32)),
    )
    event = Event(
        class_="disclosure",
        key=f"{copy.copy_id}:hand-carry",
        subjects=(student_id,),
        custodians=(held.student.custodian_id,),
        actor=client_actor(caller.claims, acting_for=new.acting_for.person_id),
        context=Context(
            operation="hand-carry-copy",
            outcome="unofficial",
            purpose="records-access",
            basis=BASIS,
            recipient_organisation=str(new.acting_for.person_id),
            decision_id=decision.id,
            elements=record.elements(),
            policies=decision.policies,
            citations=decision.citations,
        ),
        policy_hash=decision.policy_hash,
        decision_token=decision.token,
    )
    # INVARIANT: the disclosure is in the log before the parent has the copy.
    await exchange.own_log.append(event, by=caller.principal)
    seal = seal_of(copy)
    return SignedHandCarry(copy_=copy, seal=exchange.signing.sign_compact(typ=seal.TYPE, payload=seal.claims()))


@router.post(
    "/v1/hand-carry-documents",
    responses={
        **responses(HandCarryAltered, BadSignature),
        200: {"description": "A page to print, with the copy as an attached file.", "content": {PDF: {}}},
    },
    response_class=Response,
)
async def print_hand_carry_copy(signed: SignedHandCarry, caller: Staff, request: Request) -> Response:
    """A copy that this node has sealed, as a PDF for the parent: readable, with the seal as a QR code and the copy as an attached file."""
    exchange: Exchange = request.app.state.exchange
    own = by_kid(exchange.signing.public_keys())
    copy = verify_hand_carry(signed, signing_keys=lambda issuer: own if issuer == exchange.entity_id else {})
    return Response(hand_carry_document(copy, signed), media_type=PDF, headers={"cache-control": "no-store"})


def held_by_caller(
    connection: Connection, exchange: Exchange, caller: Caller, student_id: UUID, sections: tuple[str, ...]
) -> tuple[HeldDocument, Organisation]:
    """The record, of a student whose record the caller's organisation or one below it keeps. Raises NoSuchStudent."""
    mine = StudentRow.custodian_id.in_(within(OrganisationRow, caller.organisation_id))
    query = (
        select(OrganisationRow.whole)
        .join(StudentRow, StudentRow.custodian_id == OrganisationRow.id)
        .where(StudentRow.id == student_id, mine, StudentRow.facts_version > 0)
    )
    custodian = connection.execute(query).scalar_one_or_none()
    if custodian is None:
        raise NoSuchStudent
    return document_at(connection, exchange.vault, student_id, sections=sections), Organisation.model_validate_json(custodian)


async def _decided(exchange: Exchange, caller: Caller, new: NewHandCarryCopy, student: StudentRow, sections: tuple[str, ...]) -> Decision:
    """privacy's decision. Where it has older facts they are pushed, and it is asked once more."""
    acting = new.acting_for
    asked = DecisionRequest(
        action="disclose",
        subjects=(SubjectVersion(student_id=student.id, facts_version=student.facts_version),),
        recipient=Recipient(kind="person", id=str(acting.person_id)),
        basis=BASIS,
        purpose="records-access",
        elements=tuple(element for element in elements_of(sections) if element not in LEFT_OUT),
        recipient_proof=RecipientProof(**acting.model_dump(exclude={"person_id"})),
    )
    [decision] = await exchange.privacy.decisions_for(caller.principal, [asked])
    if isinstance(decision, FactsBehind):
        await exchange.outbox.drain()
        [decision] = await exchange.privacy.decisions_for(caller.principal, [asked])
    if isinstance(decision, SuiteError):
        raise decision
    return decision
