"""sp-receipt+jws: what the receiver did with an answer. R1 `received`: stored durably and logged. R2: `applied` or `rejected`.

A receipt stands alone: with the signer's keys and log key from a trust list it is verified without the envelope. Together with the request
and the opening of `subject_commit` it shows for which child it is. R1 says received, not enrolled.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import model_validator

from safepassage.also import Also
from safepassage.canonical import from_base64url
from safepassage.checkpoints import Checkpoint
from safepassage.claims import EntityId, NumericDate, OrganisationId, Verified, require_lifetime, require_parties, verify_message
from safepassage.compact import PublicKeys
from safepassage.leaf import ABSENT, parse_leaf
from safepassage.logged import Logged, LoggedMessage, LogIdentity, verify_logged
from safepassage.problems.envelopes import NoticeNotAcknowledged, ReceiptOfAnotherEnvelope, WrongLeaf
from safepassage.wire import Code, Digest


class Receipt(LoggedMessage):
    """The receipt."""

    TYPE: ClassVar[str] = "sp-receipt+jws"
    BATCHED: ClassVar[bool] = True

    iss: EntityId
    """The requester, who received."""
    aud: EntityId
    """The holder, who sent."""
    exchange_id: UUID
    envelope_id: UUID
    envelope_digest: Digest
    """SHA-256 of the envelope's compact JWS."""
    request_digest: Digest
    subject_commit: Digest
    """The commitment to the person, under the salt of the request's selector."""
    recipient_organisation: OrganisationId
    outcome: Literal["received", "applied", "rejected"]
    reason: Code | None = None
    """Why it was rejected: a problem's code."""
    redisclosure_notice_digest: Digest | None
    """Acknowledges the notice; null where no record was provided."""
    stored_at: NumericDate
    iat: NumericDate
    also: Also = None

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if (self.reason is not None) != (self.outcome == "rejected"):
            raise ValueError("a rejection says why, and nothing else does")
        return self


def require_one_arrival(receipt: Receipt, other: Receipt) -> None:
    """Check that two verified receipts of one envelope name one entry of its arrival: what was logged as received twice came twice.

    An outcome may have an entry of its own, of class `receipt`. Raises WrongLeaf.
    """
    one, another = (_arrival(each) for each in (receipt, other))
    if one is not None and another is not None and one != another:
        raise WrongLeaf("two entries say that it was received")


def _arrival(receipt: Receipt) -> tuple[str, int | None, str] | None:
    """Log, place and bytes of the entry that says that the envelope was received; None where the receipt names none."""
    entry, note = receipt.entry or "", receipt.checkpoint or ""
    return (note.partition("\n")[0], receipt.index, entry) if parse_leaf(from_base64url(entry)).class_ == "received" else None


@dataclass(frozen=True)
class SentEnvelope:
    """What the sender sent, from its own row."""

    exchange_id: UUID
    envelope_id: UUID
    envelope_digest: Digest
    request_digest: Digest
    subject_commit: Digest
    recipient_organisation: str
    ct_digest: Digest
    pt_commit: Digest
    redisclosure_notice_digest: Digest | None


def verify_receipt(
    token: str,
    *,
    issuer: str,
    audience: str,
    keys: PublicKeys,
    logs: Collection[LogIdentity],
    pinned: Mapping[str, Checkpoint],
    consistency: Sequence[bytes] | None = None,
) -> tuple[Verified[Receipt], Logged]:
    """The receipt in `token`, standing alone: signed by `issuer` for `audience`, logged by the issuer.

    Raises what `verify_message` and `verify_logged` raise, WrongIssuer, WrongAudience, WrongLeaf.
    """
    receipt = verify_message(token, kind=Receipt, keys=keys)
    message = receipt.message
    require_parties(iss=message.iss, aud=message.aud, issuer=issuer, audience=audience)
    logged = verify_logged(message, logs=logs, pinned=pinned, consistency=consistency)
    if logged.leaf.class_ not in (("received",) if message.outcome == "received" else ("received", "receipt")):
        raise WrongLeaf
    return receipt, logged


def require_receipt_for(receipt: Receipt, logged: Logged, *, sent: SentEnvelope, now: datetime) -> None:
    """Check that a verified receipt is for what was sent.

    Raises ReceiptOfAnotherEnvelope, NoticeNotAcknowledged, MessageNotYetValid.
    """
    require_lifetime(iat=receipt.iat, exp=None, now=now)
    names = ("exchange_id", "envelope_id", "envelope_digest", "request_digest", "subject_commit", "recipient_organisation")
    digests = logged.leaf.digests
    if any(getattr(receipt, name) != getattr(sent, name) for name in names) or digests.ct != sent.ct_digest:
        raise ReceiptOfAnotherEnvelope
    if digests.pt_commit not in (sent.pt_commit, ABSENT):
        raise ReceiptOfAnotherEnvelope
    if receipt.redisclosure_notice_digest != sent.redisclosure_notice_digest:
        raise NoticeNotAcknowledged
