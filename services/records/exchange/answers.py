"""An answer to a peer: a record as permitted, that there may be one, or that none is provided; padded, sealed, with its event. Pure."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from safepassage.body import body_of
from safepassage.canonical import digest_of, from_base64url, to_base64url
from safepassage.envelope import Envelope
from safepassage.finding import ELEMENT
from safepassage.ids import uuid7
from safepassage.node_statement import EncryptionKey
from safepassage.package import Content, Credentials, Manifest, NotProvided, Package, Perhaps
from safepassage.recipient_key import RecipientKey
from safepassage.record import StudentRecord
from safepassage.request import Selector
from safepassage.sealing import pt_commit
from safepassage.suites import Suite
from safepassage.wire_licensure import ELEMENT as EDUCATORS
from safepassage.wire_transfers import HoldCode
from services.records.attachments.documents import Document
from services.records.exchange import events
from services.records.exchange.packing import Packed
from services.records.exchange.seals import seal
from services.records.transfers.agreement import StandingClaim
from shared.contracts.audit import Event
from shared.contracts.privacy import Decision


@dataclass(frozen=True)
class Subject:
    """Whom an answer is about, by ids of this node."""

    student_id: UUID
    custodian_id: UUID
    originating_agency: str
    is_nobody: bool = False
    """In the place of a student (services.records.exchange.nobody): in the log's sealed part, in no request's row."""


@dataclass(frozen=True)
class Nothing:
    """No record is provided, and why: for the log's sealed part and the custodian, never for the peer."""

    reason: str
    subject: Subject | None = None
    decision_id: UUID | None = None
    denied: bool = False
    """No basis permits it: who a record came from is told that it was asked for."""
    held_for: tuple[HoldCode, ...] = ()
    """Permitted, and held until both sides' evidence agrees or a person releases it."""
    claims: tuple[StandingClaim, ...] = ()
    """Others' claims that it competes with."""
    again_at: datetime | None = None
    """When the record is asked for again that its district's own system did not supply."""


@dataclass(frozen=True)
class Released:
    """What may leave of a student's record, and the decision that says so."""

    subject: Subject
    record: StudentRecord
    decision: Decision
    not_scheduled: tuple[str, ...]
    """Asked for and withheld from everybody: only these are named to the peer."""
    claims: tuple[StandingClaim, ...] = ()
    """Others' claims to the child that were seen, none of which keeps the record."""
    documents: tuple[Document, ...] = ()
    """That go with it."""
    in_part: tuple[str, ...] = ()
    """Elements of which a node of a later version said more than this one could read."""


@dataclass(frozen=True)
class Hinted:
    """The child who is sought may be this student, and the decision by which that may be told."""

    subject: Subject
    decision: Decision


@dataclass(frozen=True)
class Vouched:
    """An educator's credentials, and the decision by which they may leave."""

    subject: Subject
    decision: Decision
    credentials: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """The request that is answered."""

    requester: str
    exchange_id: UUID
    request_digest: str
    recipient_organisation: str
    selector: Selector
    received_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Answer:
    """Sealed, and not yet logged."""

    message: Envelope
    """Without its proof."""
    ciphertext: bytes
    event: Event
    subject: Subject | None
    decision_id: UUID | None
    """The decision that has to stand whenever it is delivered; None where nothing of a student is in it."""


def sealed(
    asked: Asked,
    what: Released | Hinted | Vouched | Nothing,
    *,
    issuer: str,
    suite: Suite,
    key: EncryptionKey | RecipientKey,
    trust_serial: int,
    now: datetime,
    packed: Packed | None = None,
) -> Answer:
    """The answer, sealed to the requester's `key`. Raises EncryptionKeyUnknown, PaddingMalformed (over 16 MiB).

    packed  its documents, whose chunks are sealed and stored already; their keys go into the sealed package

    INVARIANT: what is inside and outside repeats the same ids, the commitment is to the padded plaintext, and both are logged with it.
    """
    salt = secrets.token_bytes(32)
    ids: dict[str, Any] = {
        "iss": issuer,
        "aud": asked.requester,
        "recipient_organisation": asked.recipient_organisation,
        "exchange_id": asked.exchange_id,
        "envelope_id": uuid7(now) if packed is None else packed.envelope_id,
        "request_digest": asked.request_digest,
    }
    content = _content(what, ids, to_base64url(salt), packed)
    in_part = what.in_part if isinstance(what, Released) else ()
    plaintext = content.marked(in_part) if isinstance(content, Package) and in_part else content.plaintext()
    claims: dict[str, Any] = {
        **ids,
        "kind": content.kind,
        "suite": suite.name,
        "enc_kid": key.kid,
        "pt_commit": pt_commit(salt=salt, plaintext=plaintext),
        "iat": int(now.timestamp()),
        "exp": int(asked.expires_at.timestamp()),
        "trust_serial": trust_serial,
    }
    info = Envelope(**claims, ct_digest=claims["pt_commit"]).info()  # info does not cover the ciphertext, which is made with it
    ciphertext = seal(plaintext, public_key=from_base64url(key.public_key), suite=suite, info=info)
    digest = digest_of(ciphertext)
    body = None if packed is None else body_of(packed.leaves, sealed=digest)
    # INVARIANT: what is logged is the digest of all that will leave, the chunks of the documents among it.
    message = Envelope(**claims, ct_digest=digest if body is None else body.bound_to(), body=body)
    decision_id = None if isinstance(what, Nothing) else what.decision.id
    return Answer(message, ciphertext, _event(asked, what, message), what.subject, decision_id)


def _content(what: Released | Hinted | Vouched | Nothing, ids: dict[str, Any], salt: str, packed: Packed | None) -> Content:
    if isinstance(what, Nothing):
        return NotProvided(**ids, pt_salt=salt)
    if isinstance(what, Hinted):
        return Perhaps(**ids, pt_salt=salt)
    if isinstance(what, Vouched):
        return Credentials(**ids, pt_salt=salt, credentials=what.credentials)
    manifest = Manifest(elements=what.record.elements(), not_scheduled=what.not_scheduled)
    return Package(**ids, pt_salt=salt, manifest=manifest, record=what.record, attachments=None if packed is None else packed.attached)


def _event(asked: Asked, what: Released | Hinted | Vouched | Nothing, message: Envelope) -> Event:
    recipient = asked.selector.evidence.receiving_organisation.name
    if isinstance(what, Nothing):
        subject = what.subject
        return events.not_provided(
            message,
            recipient=recipient,
            student_id=None if subject is None else subject.student_id,
            custodian_id=None if subject is None else subject.custodian_id,
            reason=what.reason,
            decision_id=what.decision_id,
            purpose=asked.selector.purpose,
        )
    return events.disclosed(
        message,
        recipient=recipient,
        student_id=what.subject.student_id,
        custodian_id=what.subject.custodian_id,
        originating=_organisation(what.subject.originating_agency),
        basis=asked.selector.basis,
        consent_id=asked.selector.consent_id,
        decision=what.decision,
        elements=_elements(what),
    )


def _elements(what: Released | Hinted | Vouched) -> tuple[str, ...]:
    if isinstance(what, Released):
        return what.record.elements()
    return (ELEMENT,) if isinstance(what, Hinted) else (EDUCATORS,)


def _organisation(agency: str) -> UUID | None:
    """The originating agency as an organisation of this node; None for one behind another node."""
    try:
        return UUID(agency)
    except ValueError:
        return None
