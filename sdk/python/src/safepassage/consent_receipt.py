"""sp-consent-receipt+jws: what a person keeps of a consent that they gave, in the shape of ISO/IEC TS 27560:2023, signed by the node.

It stands alone: with the node's receipt keys (`GET /v1/receipt-keys`, open to everybody) it is verified by this module and nothing else.
Members and their names follow the specification's sections header, processing, parties and events; what it leaves to profiles, this
profile fixes.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from safepassage.canonical import from_base64url, to_base64url
from safepassage.claims import EntityId, Message, NumericDate, Verified, require_lifetime, verify_message
from safepassage.compact import PublicKeys, public_key_of
from safepassage.leaf import commitment, verify_commitment
from safepassage.problems.messages import WrongIssuer
from safepassage.wire import Code, Digest, Instant, Wire
from safepassage.wire_policy import ElementId
from safepassage.wire_rights import PublicSigningKey, ReceiptKeys, SignedConsentReceipt

SCHEMA_VERSION = "safepassage/consent-receipt/1"
LAWFUL_BASIS = "34 CFR 99.30"


class Purpose(Wire):
    """What may be disclosed for which purpose."""

    purpose: Code
    lawful_basis: Literal["34 CFR 99.30"] = "34 CFR 99.30"
    pii_information: Annotated[tuple[ElementId, ...], Field(min_length=1, max_length=200)]
    """The records that may be disclosed, 99.30(b)(1)."""
    recipient_third_parties: Annotated[tuple[str, ...], Field(min_length=1, max_length=1)]
    """The party to whom, 99.30(b)(3)."""
    collection_method: Literal["paper", "electronic"]
    withdrawal_method: str = "Ask the agency that keeps the record; it works at once, for what waits to be sent too."


class ProcessingParty(Wire):
    """Who has a part in it."""

    party_id: str
    party_role: Literal["pii-controller", "recipient"]


class ReceiptEvent(Wire):
    """What happened to the consent."""

    event_time: Instant
    event_type: Literal["granted", "narrowed", "withdrawn"]
    event_state: Literal["in-force", "withdrawn"]
    entity_id: Literal["parent", "student"]
    """Who acted, by role: no id of a person leaves the node."""


class ConsentReceipt(Message):
    """The receipt: the consent as it stands when the receipt is made, and how it came to that."""

    TYPE: ClassVar[str] = "sp-consent-receipt+jws"

    iss: EntityId
    iat: NumericDate
    schema_version: Literal["safepassage/consent-receipt/1"] = "safepassage/consent-receipt/1"
    record_id: UUID
    """The consent's id; a request from another state's school quotes it."""
    pii_principal_id: Digest
    """A commitment to consent and student, opened by `verify_principal`: the node's ids of children are not spread."""
    document: Digest
    """Of what was signed."""
    signed_on: date
    expires_at: Instant | None = None
    purposes: Annotated[tuple[Purpose, ...], Field(min_length=1, max_length=20)]
    party_identification: Annotated[tuple[ProcessingParty, ...], Field(min_length=2, max_length=2)]
    event: Annotated[tuple[ReceiptEvent, ...], Field(min_length=1, max_length=1000)]

    @property
    def in_force_when_made(self) -> bool:
        """Whether it was neither withdrawn nor expired when the receipt was made."""
        live = self.expires_at is None or self.iat < self.expires_at.timestamp()
        return live and self.event[-1].event_state == "in-force"


def receipt_keys(keys: tuple[PublicSigningKey, ...]) -> PublicKeys:
    """Keys of `GET /v1/receipt-keys` by their thumbprints. Raises MalformedToken."""
    return {one.kid: public_key_of(one.model_dump()) for one in keys}


def principal_commitment(*, salt: bytes, consent_id: UUID, student_id: UUID) -> Digest:
    """`pii_principal_id`; the salt has 32 random bytes."""
    return to_base64url(commitment(salt=salt, payload=_principal(consent_id, student_id)))


def verify_principal(receipt: ConsentReceipt, *, salt: str, student_id: UUID) -> None:
    """Check that the receipt is for the student. Raises CommitmentNotOpened."""
    payload = _principal(receipt.record_id, student_id)
    verify_commitment(committed=receipt.pii_principal_id, salt=from_base64url(salt), payload=payload)


def verify_consent_receipt(token: str, *, issuer: str, keys: PublicKeys, now: datetime) -> Verified[ConsentReceipt]:
    """The receipt in `token`, signed by one of `keys` of the node `issuer`. It never expires: it says what was so when it was made.

    Raises what `verify_message` raises, WrongIssuer, MessageNotYetValid.
    """
    verified = verify_message(token, kind=ConsentReceipt, keys=keys)
    if verified.message.iss != issuer:
        raise WrongIssuer
    require_lifetime(iat=verified.message.iat, exp=None, now=now)
    return verified


def verify_signed_receipt(
    signed: SignedConsentReceipt, *, issuer: str, published: ReceiptKeys, now: datetime, student_id: UUID | None = None
) -> Verified[ConsentReceipt]:
    """The receipt as its holder has it, with the keys that the node publishes: no account with the node, and no connection, is needed.

    issuer      the node that the holder knows by another way than from the receipt
    published   the answer of `GET /v1/receipt-keys` of that node, kept or read over https
    student_id  to check for whom it is, too

    Raises WrongIssuer where the keys are another node's, CommitmentNotOpened, and what `verify_consent_receipt` raises.
    """
    if published.issuer != issuer:
        raise WrongIssuer
    verified = verify_consent_receipt(signed.receipt, issuer=issuer, keys=receipt_keys(published.keys), now=now)
    if student_id is not None:
        verify_principal(verified.message, salt=signed.principal_salt, student_id=student_id)
    return verified


def _principal(consent_id: UUID, student_id: UUID) -> dict[str, str]:
    return {"consent": str(consent_id), "student": str(student_id)}
