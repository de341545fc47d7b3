"""`/v1/students/{id}/hand-carry-copies`: an unofficial copy for a parent to carry: decided, logged, sealed."""

import secrets
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from safepassage.canonical import to_base64url
from safepassage.elements import SECTIONS, elements_of
from safepassage.hand_carry import HandCarryCopy, NewHandCarryCopy, SignedHandCarry, notice_of, seal_of, verify_hand_carry
from safepassage.ids import uuid7
from safepassage.problems.ed_fi import RecordNotAtSource, RecordSourceAway
from safepassage.problems.exchanges import UnknownSection
from safepassage.problems.records import NoSuchStudent, NothingToRelease, StatementOfDisagreementMissing
from safepassage.problems.requests import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    LogUnavailable,
    NotFound,
    NotPermitted,
    TemporarilyUnavailable,
)
from safepassage.problems.rights import IdentityCheckTooOld
from safepassage.problems.signatures import BadSignature
from safepassage.problems.transfers import HandCarryAltered, NotForThisPerson
from safepassage.public_keys import by_kid
from services.records.answered_once import KeyOfRequest, Leaving, answer_once
from services.records.exchange.exchange import Exchange
from services.records.record_sources import record_of
from services.records.release import document_to_release
from services.records.single_release import decided, held_by_caller, to_rights_holder, whole_document, why_not
from services.records.supplied_reads import under_new_facts
from services.records.transfers.hand_carry_document import hand_carry_document
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context, Event
from shared.idempotency import Once
from shared.identity_checks import require_checked_lately
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(tags=["transfers"])

Staff = Annotated[Caller, caller_with("rights:act")]

LEFT_OUT = ("identity.ssn", "programmes.meal_status", "programmes.neglected_delinquent")
"""In no copy: a receiving school needs none of them, and papers are lost."""
PDF = "application/pdf"


@router.post(
    "/v1/students/{student_id}/hand-carry-copies",
    responses=responses(
        NoSuchStudent,
        RecordSourceAway,
        RecordNotAtSource,
        NotPermitted,
        NotForThisPerson,
        UnknownSection,
        NothingToRelease,
        StatementOfDisagreementMissing,
        NotFound,
        IdentityCheckTooOld,
        LogUnavailable,
        TemporarilyUnavailable,
        IdempotencyKeyMissing,
        IdempotencyKeyReused,
    ),
)
async def make_hand_carry_copy(
    student_id: UUID, new: NewHandCarryCopy, caller: Staff, request: Request, now: Now, once: Annotated[Once, Depends()]
) -> SignedHandCarry:
    """An unofficial copy of the record for a parent or eligible student, 34 CFR 99.31(a)(12), sealed by this node. Each is a disclosure."""
    sections = new.sections or SECTIONS
    if not set(sections) <= set(SECTIONS):
        raise UnknownSection(field="sections")
    key = KeyOfRequest(request.app.state.exchange, caller, once, "make_hand_carry_copy", student_id, now)
    return await answer_once(key, SignedHandCarry, partial(under_new_facts, partial(_made, key, new, sections)))


async def _made(key: KeyOfRequest, new: NewHandCarryCopy, sections: tuple[str, ...]) -> Leaving[SignedHandCarry]:
    exchange, caller, student_id = key.exchange, key.caller, key.student_id
    held, custodian = await exchange.read(lambda connection: held_by_caller(connection, exchange.vault, caller, student_id, sections))
    wanted = tuple(element for element in elements_of(sections) if element not in LEFT_OUT)
    require_checked_lately(new.acting_for.authenticated_at, at=key.now, days=exchange.settings.identity_check_days)
    asked = to_rights_holder(held.student, new.acting_for, wanted)
    decision = await decided(exchange, caller, asked)
    [outcome] = decision.subjects
    if decision.token is None or not outcome.permitted:
        raise NotForThisPerson(why_not(decision))
    permitted = [element for element in outcome.permitted if element not in LEFT_OUT]
    owed = [one for of in decision.statements for one in of.statements]
    record = record_of(document_to_release(await whole_document(exchange, held), permitted, owed=owed))
    copy = HandCarryCopy(
        copy_id=uuid7(key.now),
        issuer=exchange.entity_id,
        custodian=custodian.name,
        custodian_nces_id=custodian.nces_id,
        issued_at=key.now,
        notice=notice_of([element for element in permitted if held.left is None and element in held.in_part]),
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
            purpose=asked.purpose,
            basis=asked.basis,
            recipient_organisation=str(new.acting_for.person_id),
            decision_id=decision.id,
            elements=record.elements(),
            policies=decision.policies,
            citations=decision.citations,
        ),
        policy_hash=decision.policy_hash,
        decision_token=decision.token,
    )
    seal = seal_of(copy)
    signed = SignedHandCarry(copy_=copy, seal=exchange.signing.sign_compact(typ=seal.TYPE, payload=seal.claims()))
    return Leaving(copy.copy_id, held.student, event, signed)


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
