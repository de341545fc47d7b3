"""The written confirmation that a student transferred: what a district shows to have removed the student from its graduation-rate cohort.

34 CFR 200.34(b)(3), 20 USC 7801(25)(C)(ii)(I): documentation from the receiving school or program in which the student enrolled. It is made
of what the receiving side has signed (the request, the receipts of the record, its notice that the student came) and of what opens it
for the student in question; both nodes' logs prove each piece. Only which school the request named by its name is the holder's word.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from safepassage.canonical import digest_of, digest_of_json, from_base64url
from safepassage.chain_messages import ChainMessages, KeysOf, LogsOf, Token, verified_messages
from safepassage.claims import EntityId, Message, NumericDate, OrganisationId, verify_message
from safepassage.compact import split
from safepassage.leaf import verify_commitment
from safepassage.notice import MAX_LENGTH, NoticeContent, require_content_of, verify_notice, verify_taken
from safepassage.problems.transfers import TransferNotConfirmed
from safepassage.receipt import Receipt
from safepassage.wire import Digest, Instant, Wire
from safepassage.wire_exchange import PersonSelector, ReceivingOrganisation


class ConfirmedNotice(Wire):
    """A notice of the receiving side, opened: what it says of the student's enrolment there."""

    notice: Token
    """sp-notice+jws of the requester."""
    content: NoticeContent
    taken: Token
    """sp-notice-taken+jws of the holder."""


class TransferConfirmation(Wire):
    """`GET /v1/transfer-confirmations/{exchange_id}`: all that is told follows from what is signed, but for `recipient`."""

    v: Literal[1] = 1
    exchange_id: UUID
    sending_node: EntityId
    receiving_node: EntityId
    recipient_organisation: OrganisationId
    recipient: ReceivingOrganisation
    """The receiving school or district as it named itself in the sealed part of its request: the sending node's word."""
    person: PersonSelector
    """The student, as the receiving school named them; every receipt commits to exactly this."""
    subject_salt: Digest
    confirmed: Literal["enrolled", "record-filed"]
    """enrolled: an official of the receiving school says since when. record-filed: it has filed the record as its student's."""
    enrolled_on: date | None = None
    record_filed_at: Instant
    messages: ChainMessages
    """The request, the holder's receipt for it, the package's envelope, and its receipts R1 and R2."""
    notices: Annotated[tuple[ConfirmedNotice, ...], Field(max_length=3)] = ()
    assembled_at: Instant


class ConfirmationSignature(Message):
    """The sending node's word for the whole."""

    TYPE: ClassVar[str] = "sp-transfer-confirmation+jws"

    iss: EntityId
    exchange_id: UUID
    confirmation_digest: Digest
    iat: NumericDate


class SignedConfirmation(Wire):
    """The confirmation with the sending node's signature."""

    confirmation: TransferConfirmation
    signature: Token


@dataclass(frozen=True)
class Told:
    """What follows from the messages and notices."""

    confirmed: Literal["enrolled", "record-filed"]
    enrolled_on: date | None
    filed: Receipt


def confirmation_digest(confirmation: TransferConfirmation) -> str:
    """What is signed of it."""
    return digest_of_json(confirmation.model_dump(mode="json", by_alias=True))


def told_of(filed: Receipt, contents: Collection[NoticeContent]) -> Told:
    """What a receipt R2 and the notices say together. Raises TransferNotConfirmed: rejected, or the student never came."""
    kinds = {content.kind for content in contents}
    if filed.outcome != "applied":
        raise TransferNotConfirmed("the receiving side has rejected the record")
    if "no-show" in kinds:
        raise TransferNotConfirmed("the receiving side says that the student never came")
    came = next((content.effective_on for content in contents if content.kind == "enrolled"), None)
    return Told("record-filed" if came is None else "enrolled", came, filed)


def verify_confirmation(signed: SignedConfirmation, *, signing_keys: KeysOf, logs: LogsOf) -> TransferConfirmation:
    """The confirmation, once each message and notice is shown to be signed and logged by the node that must have made it.

    All have to be of one exchange, and of the student named.

    signing_keys  by entity id, the keys that signed a node's messages then
    logs          by entity id, its logs, from the verified trust list

    Raises TransferNotConfirmed with what does not follow; CommitmentNotOpened where it is another student; otherwise what the
    verification of its messages and proofs raises.
    """
    told = signed.confirmation
    _require_signed(signed, signing_keys)
    said = verified_messages(told.messages, signing_keys=signing_keys, logs=logs)
    if (said.request.message.jti, said.requester, said.holder) != (told.exchange_id, told.receiving_node, told.sending_node):
        raise TransferNotConfirmed("the messages are of another exchange")
    if len(said.answers) != 1 or said.answers[0].r2 is None or said.answers[0].envelope.message.kind != "package":
        raise TransferNotConfirmed("the receipt of the filed record is not there")
    filed = said.answers[0].r2.message
    person = told.person.model_dump(mode="json", exclude_none=True)
    verify_commitment(committed=filed.subject_commit, salt=from_base64url(told.subject_salt), payload=person)
    follows = told_of(filed, [_verified_notice(one, told, signing_keys, logs) for one in told.notices])
    if told.recipient_organisation != filed.recipient_organisation or told.recipient.id != filed.recipient_organisation:
        raise TransferNotConfirmed("another school or district has filed the record")
    filed_at = datetime.fromtimestamp(filed.iat, UTC)
    if (told.confirmed, told.enrolled_on, told.record_filed_at) != (follows.confirmed, follows.enrolled_on, filed_at):
        raise TransferNotConfirmed("what it tells does not follow from what is signed")
    return told


def _verified_notice(one: ConfirmedNotice, told: TransferConfirmation, signing_keys: KeysOf, logs: LogsOf) -> NoticeContent:
    by, to = told.receiving_node, told.sending_node
    issued = datetime.fromtimestamp(int(split(one.notice, max_length=MAX_LENGTH)[1].get("iat", 0)), UTC)  # as of then: it has expired since
    keys = signing_keys(by)
    notice, _ = verify_notice(one.notice, issuer=by, audience=to, keys=keys, logs=logs(by), pinned={}, now=issued)
    require_content_of(one.content, notice=notice.message)
    digest = digest_of(one.notice.encode("ascii"))
    taken_at = datetime.fromtimestamp(int(split(one.taken, max_length=MAX_LENGTH)[1].get("iat", 0)), UTC)
    verify_taken(
        one.taken,
        issuer=to,
        audience=by,
        keys=signing_keys(to),
        notice=notice.message,
        notice_digest=digest,
        logs=logs(to),
        pinned={},
        now=taken_at,
    )
    if one.content.exchange_id != told.exchange_id:
        raise TransferNotConfirmed("a notice is of another exchange")
    return one.content


def _require_signed(signed: SignedConfirmation, signing_keys: KeysOf) -> None:
    told = signed.confirmation
    word = verify_message(signed.signature, kind=ConfirmationSignature, keys=signing_keys(told.sending_node)).message
    if (word.iss, word.exchange_id, word.confirmation_digest) != (told.sending_node, told.exchange_id, confirmation_digest(told)):
        raise TransferNotConfirmed("it is not what the sending node signed")
