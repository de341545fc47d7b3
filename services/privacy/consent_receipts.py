"""Receipts of consents: what a person keeps, shaped like ISO/IEC TS 27560, signed by the key of decisions under a type of its own."""

import secrets
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError

from safepassage.canonical import to_base64url
from safepassage.compact import public_key_of
from safepassage.consent_receipt import ConsentReceipt, ProcessingParty, Purpose, ReceiptEvent, principal_commitment
from safepassage.problems import SuiteError
from safepassage.problems.privacy import NoSuchConsent
from safepassage.wire_policy import Consent
from safepassage.wire_rights import ConsentEvent, PublicSigningKey, ReceiptKeys, SignedConsentReceipt
from services.privacy.consent_events import history_of
from services.privacy.consent_records import callers_consent, standing_consent
from services.privacy.evaluation import Judge
from services.privacy.rights import Staff
from services.privacy.sealing import Sealer
from services.privacy.tables import SubjectRow
from shared.database import ReadOnly
from shared.keys import KeyFileUnusable
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1", tags=["consents"])


@router.get("/consents/{consent_id}/receipt", responses=responses(NoSuchConsent))
async def read_consent_receipt(consent_id: UUID, request: Request, caller: Staff, tx: ReadOnly, now: Now) -> SignedConsentReceipt:
    """A receipt of the consent as it stands, for the person who gave it: verified with the SDK and the receipt keys alone."""
    sealer: Sealer = request.app.state.sealer
    judge: Judge = request.app.state.judge
    row = await callers_consent(tx, caller, consent_id)
    consent, events = await standing_consent(tx, sealer, row), await history_of(tx, sealer, row.id)
    subject = await tx.get_one(SubjectRow, consent.student_id)
    salt = secrets.token_bytes(32)
    receipt = receipt_of(consent, events, issuer=judge.issuer, controller=subject.custodian_id, salt=salt, now=now)
    token = judge.key.sign_compact(typ=receipt.TYPE, payload=receipt.claims())
    return SignedConsentReceipt(receipt=token, principal_salt=to_base64url(salt))


@router.get("/receipt-keys")
async def read_receipt_keys(request: Request) -> ReceiptKeys:
    """The public keys of this node's receipts, those of earlier years too, for whoever holds one: a parent's own software, a court."""
    judge: Judge = request.app.state.judge
    keys = (judge.key.jwk, *request.app.state.retired_receipt_keys)
    return ReceiptKeys(issuer=judge.issuer, keys=tuple(PublicSigningKey.model_validate(jwk) for jwk in keys))


def retired_receipt_keys(keys_directory: Path) -> tuple[dict[str, str], ...]:
    """Public keys that signed receipts before: JWKs in `decision-signing-retired/`. They sign nothing any more. Raises KeyFileUnusable."""
    found = []
    for path in sorted((keys_directory / "decision-signing-retired").glob("*.json")):
        try:
            jwk = PublicSigningKey.model_validate_json(path.read_bytes())
            public_key_of(jwk.model_dump())
        except (ValidationError, SuiteError, OSError) as error:
            raise KeyFileUnusable(f"{path.name} is no public key") from error
        found.append(jwk.model_dump())
    return tuple(found)


def receipt_of(
    consent: Consent, events: tuple[ConsentEvent, ...], *, issuer: str, controller: UUID, salt: bytes, now: datetime
) -> ConsentReceipt:
    """The receipt of a consent as it stands."""
    information = tuple(sorted(consent.elements))
    purposes = tuple(
        Purpose(
            purpose=purpose,
            pii_information=information,
            recipient_third_parties=(consent.recipient_id,),
            collection_method=consent.signature,
        )
        for purpose in consent.purposes
    )
    parties = (
        ProcessingParty(party_id=str(controller), party_role="pii-controller"),
        ProcessingParty(party_id=consent.recipient_id, party_role="recipient"),
    )
    return ConsentReceipt(
        iss=issuer,
        iat=int(now.timestamp()),
        record_id=consent.id,
        pii_principal_id=principal_commitment(salt=salt, consent_id=consent.id, student_id=consent.student_id),
        document=consent.document,
        signed_on=consent.signed_on,
        expires_at=consent.expires_at,
        purposes=purposes,
        party_identification=parties,
        event=tuple(_event(event, consent) for event in events),
    )


def _event(event: ConsentEvent, consent: Consent) -> ReceiptEvent:
    who: Literal["parent", "student"] = "student" if event.acting_for.person_id == consent.student_id else "parent"
    state: Literal["in-force", "withdrawn"] = "withdrawn" if event.kind == "withdrawn" else "in-force"
    return ReceiptEvent(event_time=event.at, event_type=event.kind, event_state=state, entity_id=who)
