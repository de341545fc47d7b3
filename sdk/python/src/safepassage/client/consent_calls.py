"""The operations on consents and their receipts, as `safepassage.client.calls`."""

from datetime import datetime
from uuid import UUID

from safepassage.client.call import Call, path_of, reading, writing
from safepassage.wire_policy import Consent, ConsentWithdrawal, NewConsent
from safepassage.wire_rights import ConsentHistory, ConsentNarrowing, ReceiptKeys, SignedConsentReceipt


def record_consent(consent: NewConsent, *, idempotency_key: str | None = None) -> Call[Consent]:
    """Put a signed and dated written consent on record (34 CFR 99.30). Scope rights:act."""
    return writing("POST", "/v1/consents", consent, Consent, idempotency_key=idempotency_key)


def read_consent(consent_id: UUID, *, known_at: datetime | None = None) -> Call[Consent]:
    """A consent as it stands, or as it was known to stand at an instant. Scope rights:act."""
    query = {"known_at": None if known_at is None else known_at.isoformat()}
    return reading(path_of("/v1/consents/{id}", id=consent_id), Consent, query=query)


def withdraw_consent(consent_id: UUID, withdrawal: ConsentWithdrawal, *, idempotency_key: str | None = None) -> Call[Consent]:
    """Take a consent back: nothing more is disclosed under it. Scope rights:act."""
    return writing("POST", path_of("/v1/consents/{id}/withdrawal", id=consent_id), withdrawal, Consent, idempotency_key=idempotency_key)


def narrow_consent(consent_id: UUID, narrowing: ConsentNarrowing, *, idempotency_key: str | None = None) -> Call[Consent]:
    """Leave a part of a consent in force; the rest is taken back at once. Scope rights:act."""
    path = path_of("/v1/consents/{id}/narrowing", id=consent_id)
    return writing("POST", path, narrowing, Consent, idempotency_key=idempotency_key)


def read_consent_history(consent_id: UUID) -> Call[ConsentHistory]:
    """Everything that happened to a consent, and on whose word. Scope rights:act."""
    return reading(path_of("/v1/consents/{id}/history", id=consent_id), ConsentHistory)


def read_consent_receipt(consent_id: UUID) -> Call[SignedConsentReceipt]:
    """A signed receipt for the person who gave it (safepassage.consent_receipt). Scope rights:act."""
    return reading(path_of("/v1/consents/{id}/receipt", id=consent_id), SignedConsentReceipt)


def read_receipt_keys() -> Call[ReceiptKeys]:
    """The keys that receipts are verified with. Open to everybody: a GET without a token is answered alike."""
    return reading("/v1/receipt-keys", ReceiptKeys)
