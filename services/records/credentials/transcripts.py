"""`/v1/students/{id}/transcripts`: a learner record for the student, a parent, or whom they consent to. Each is a disclosure."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Request

from safepassage.credentials.achievements import Profile
from safepassage.credentials.status_list import StatusEntry
from safepassage.elements import BY_ID
from safepassage.ids import uuid7
from safepassage.problems.credentials import CredentialNotPermitted, NoCredentialKey
from safepassage.problems.ed_fi import RecordNotAtSource, RecordSourceAway
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
from safepassage.record import StudentRecord
from safepassage.wire_credentials import IssuedCredential, NewTranscript
from services.records.answered_once import KeyOfRequest, Leaving, answer_once
from services.records.credentials.issuer import Issuer, profile_of_agency
from services.records.credentials.places import take_place
from services.records.exchange.exchange import Exchange
from services.records.formats.clr import ELEMENTS, Heading, transcript
from services.records.record_sources import record_of
from services.records.release import document_to_release
from services.records.single_release import decided, held_by_caller, subject_of, to_rights_holder, whole_document, why_not
from services.records.supplied_reads import under_new_facts
from services.records.tables import IssuedCredentialRow, StudentRow
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context, Event
from shared.contracts.privacy import Decision, DecisionRequest, Recipient, RecipientProof
from shared.idempotency import Once
from shared.identity_checks import require_checked_lately
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(tags=["credentials"])

Staff = Annotated[Caller, caller_with("rights:act")]
SECTIONS = tuple(dict.fromkeys(BY_ID[element].section for element in ELEMENTS))


@router.post(
    "/v1/students/{student_id}/transcripts",
    status_code=201,
    responses=responses(
        NoSuchStudent,
        RecordSourceAway,
        RecordNotAtSource,
        NotPermitted,
        CredentialNotPermitted,
        NothingToRelease,
        StatementOfDisagreementMissing,
        NoCredentialKey,
        NotFound,
        IdentityCheckTooOld,
        LogUnavailable,
        TemporarilyUnavailable,
        IdempotencyKeyMissing,
        IdempotencyKeyReused,
    ),
)
async def issue_transcript(
    student_id: UUID, new: NewTranscript, caller: Staff, request: Request, now: Now, once: Annotated[Once, Depends()]
) -> IssuedCredential:
    """A transcript as a Comprehensive Learner Record 2.0, for a rights holder (34 CFR 99.31(a)(12)) or by written consent (99.30)."""
    exchange: Exchange = request.app.state.exchange
    key = KeyOfRequest(exchange, caller, once, "issue_transcript", student_id, now.replace(microsecond=0))
    return await answer_once(key, IssuedCredential, partial(under_new_facts, partial(_issued, key, Issuer.of(exchange), new)))


async def _issued(key: KeyOfRequest, issuer: Issuer, new: NewTranscript) -> Leaving[IssuedCredential]:
    exchange, caller, student_id = key.exchange, key.caller, key.student_id
    held, custodian = await exchange.read(lambda connection: held_by_caller(connection, exchange.vault, caller, student_id, SECTIONS))
    agency = await exchange.read(lambda connection: profile_of_agency(connection, issuer))
    _require_checked_lately(new, now=key.now, days=exchange.settings.identity_check_days)
    asked = _asked(new, held.student)
    decision = await decided(exchange, caller, asked)
    [outcome] = decision.subjects
    if decision.token is None or not outcome.permitted:
        raise CredentialNotPermitted(why_not(decision))
    owed = [one for of in decision.statements for one in of.statements]
    record = record_of(document_to_release(await whole_document(exchange, held), outcome.permitted, owed=owed))
    place = await _place(key, issuer, held.student)
    await exchange.milestones.reached("document after_place")
    heading = Heading(
        credential_id=place.id,
        issuer=agency,
        custodian=Profile(id=UUID(int=custodian.id.int).urn, name=custodian.name),
        status=StatusEntry(issuer.list_url(place.list_number), place.place),
        issued_at=place.issued_at,
    )
    # what the district's own system says now is whole
    in_part = tuple(element for element in outcome.permitted if held.left is None and element in held.in_part)
    signed = await to_thread.run_sync(lambda: _signed(issuer, record, heading, new, in_part))
    credential = IssuedCredential(
        id=place.id,
        issued_at=place.issued_at,
        form=new.form,
        document=signed if isinstance(signed, dict) else None,
        jwt=signed if isinstance(signed, str) else None,
        status_list=issuer.list_url(place.list_number),
    )
    return Leaving(place.id, held.student, _event(caller, new, asked, decision, held.student, record, place.id), credential)


async def _place(key: KeyOfRequest, issuer: Issuer, student: StudentRow) -> IssuedCredentialRow:
    """The one that the same request has taken already, if it was cut short then."""
    async with key.exchange.database.transaction() as tx:
        await issuer.keep_key(tx, key.now)
        credential_id = await key.earlier(tx)
        if credential_id is None:
            credential_id = uuid7(key.now)
            await take_place(tx, credential_id, kind="transcript", student_id=student.id, organisation_id=student.custodian_id, now=key.now)
            await key.keep(tx, credential_id)
        return await tx.get_one(IssuedCredentialRow, credential_id)


def _signed(issuer: Issuer, record: StudentRecord, heading: Heading, new: NewTranscript, in_part: tuple[str, ...]) -> dict[str, Any] | str:
    """Some hundredths of a second for each course: not in the loop."""
    now = heading.issued_at
    whole = transcript(record, heading, in_part=in_part, secure=lambda part: issuer.with_proof(part, now=now))
    return issuer.secured(whole, form=new.form, now=now)


def _require_checked_lately(new: NewTranscript, *, now: datetime, days: int) -> None:
    """Raises IdentityCheckTooOld."""
    if new.acting_for is not None:
        require_checked_lately(new.acting_for.authenticated_at, at=now, days=days)
    if new.recipient is not None:
        require_checked_lately(new.recipient.identified.authenticated_at, at=now, days=days, within="recipient.identified")


def _asked(new: NewTranscript, student: StudentRow) -> DecisionRequest:
    if new.acting_for is not None:
        return to_rights_holder(student, new.acting_for, ELEMENTS)
    if new.recipient is None:
        raise TypeError("a transcript is for somebody")
    return DecisionRequest(
        action="disclose",
        subjects=subject_of(student),
        recipient=Recipient(kind=new.recipient.kind, id=str(new.recipient.id)),
        basis="consent",
        purpose=new.recipient.purpose,
        elements=ELEMENTS,
        consent_id=new.recipient.consent_id,
        recipient_proof=RecipientProof(**new.recipient.identified.model_dump()),
    )


def _event(
    caller: Caller,
    new: NewTranscript,
    asked: DecisionRequest,
    decision: Decision,
    student: StudentRow,
    record: StudentRecord,
    credential_id: UUID,
) -> Event:
    return Event(
        class_="disclosure",
        key=f"{credential_id}:transcript",
        subjects=(student.id,),
        custodians=(student.custodian_id,),
        actor=client_actor(caller.claims, acting_for=None if new.acting_for is None else new.acting_for.person_id),
        context=Context(
            operation="transcript",
            outcome=new.form,
            purpose=asked.purpose,
            basis=asked.basis,
            consent_id=asked.consent_id,
            about=f"credential:{credential_id}",
            recipient_organisation=asked.recipient.id,
            decision_id=decision.id,
            elements=record.elements(),
            policies=decision.policies,
            citations=decision.citations,
        ),
        policy_hash=decision.policy_hash,
        decision_token=decision.token,
    )
