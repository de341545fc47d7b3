"""A request of ours as it is to be signed: its selector sealed to the holder, and what privacy is asked before it is."""

import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from safepassage.canonical import from_base64url, to_base64url
from safepassage.finding import Sought
from safepassage.ids import uuid7
from safepassage.node_statement import NodeStatement, key_to_seal_to
from safepassage.problems.exchanges import RequestNotPermitted
from safepassage.recipient_key import RecipientKey
from safepassage.request import Request, SealedSelector, Selector, selector_info
from safepassage.wire_exchange import NewExchangeRequest
from safepassage.wire_licensure import BASIS, PURPOSE, SECTIONS, LicensureEvidence, NewCredentialRequest
from services.records.exchange.seals import seal
from shared.contracts.privacy import Decision, DecisionRequest, LicensureClaim, Recipient, TransferFacts

New = NewExchangeRequest | NewCredentialRequest

Seek = Callable[[UUID, str], Sought]
"""What is sought in a request with this id and subject salt."""


def request_to_sign(
    new: New,
    *,
    issuer: str,
    statement: NodeStatement,
    suites: Collection[str],
    pinned_size: int,
    lasts: timedelta,
    now: datetime,
    answer_key: RecipientKey | None = None,
    seek: Seek | None = None,
) -> tuple[Request, Selector]:
    """The request to sign, its selector sealed to the holder in the first of its suites that is among ours, `suites`.

    answer_key  the receiving organisation's, to which answers are sealed
    seek        it names nobody: this in place of the person

    Raises SuiteNotSupported, EncryptionKeyUnknown.
    """
    exchange_id, salt = uuid7(now), to_base64url(secrets.token_bytes(32))
    selector = Selector(
        iss=issuer,
        aud=new.holder,
        exchange_id=exchange_id,
        evidence=new.evidence,
        **_wanted(new, None if seek is None else seek(exchange_id, salt)),
        answer_key=answer_key,
        subject_salt=salt,
        pinned_size=pinned_size,
    )
    suite, key = key_to_seal_to(statement, supported=suites, now=now)
    info = selector_info(iss=issuer, aud=new.holder, exchange_id=exchange_id, suite=suite.name, enc_kid=key.kid)
    ciphertext = seal(selector.plaintext(), public_key=from_base64url(key.public_key), suite=suite, info=info)
    issued = int(now.timestamp())
    sealed = SealedSelector(suite=suite.name, enc_kid=key.kid, ciphertext=to_base64url(ciphertext))
    expires = issued + int(lasts.total_seconds())
    return Request(iss=issuer, aud=new.holder, jti=exchange_id, iat=issued, exp=expires, selector=sealed), selector


def _wanted(new: New, sought: Sought | None) -> dict[str, Any]:
    """What a selector says of whom and what is asked for, and on which basis."""
    if isinstance(new, NewCredentialRequest):
        on_application: dict[str, Any] = {"purpose": PURPOSE, "basis": BASIS, "consent_id": new.application_id}
        return {**on_application, "educator": new.educator, "sections": SECTIONS}
    return {
        "purpose": new.purpose,
        "basis": new.basis,
        "consent_id": new.consent_id,
        "person": new.person if sought is None else None,
        "sought": sought,
        "sections": new.sections,
        "attachments": True if new.attachments else None,
    }


def question(selector: Selector, *, request_digest: str, duty_ids: Sequence[UUID] = (), in_place_of: UUID | None = None) -> DecisionRequest:
    """What privacy is asked: may we ask the other node, and for which duties, or for those of which earlier exchange."""
    organisation = selector.evidence.receiving_organisation
    if isinstance(selector.evidence, LicensureEvidence):
        claim = LicensureClaim(evidence=selector.evidence, request_digest=request_digest, asserted_by=organisation.id)
        return DecisionRequest(
            action="seek-credentials",
            subjects=(),
            recipient=Recipient(kind=organisation.kind, id=organisation.id),
            basis=selector.basis,
            purpose=selector.purpose,
            elements=selector.elements,
            evidence_ids=() if selector.consent_id is None else (selector.consent_id,),
            licensure=claim,
            exchange_id=selector.exchange_id,
        )
    return DecisionRequest(
        action="request",
        subjects=(),
        recipient=Recipient(kind=organisation.kind, id=organisation.id),
        basis=selector.basis,
        purpose=selector.purpose,
        elements=selector.elements,
        consent_id=selector.consent_id,
        transfer=TransferFacts(evidence=selector.enrollment, request_digest=request_digest, asserted_by=organisation.id),
        exchange_id=selector.exchange_id,
        duty_ids=tuple(duty_ids),
        in_place_of=in_place_of,
    )


def require_permitted(decision: Decision) -> None:
    """Raises RequestNotPermitted with the reason and its citation."""
    if decision.outcome == "deny" or decision.token is None:
        withheld = next((each for outcome in decision.subjects for each in outcome.withheld), None)
        raise RequestNotPermitted(
            None if withheld is None else f"{withheld.reason} ({withheld.citation or withheld.policy or 'no citation'})"
        )
