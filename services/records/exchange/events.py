"""What the log is told of an exchange once it is asked for, one entry a student, and where. Pure.

The key of each makes telling it twice the same as once.
"""

from collections.abc import Sequence
from uuid import UUID

from safepassage.envelope import Envelope
from safepassage.problems.exchanges import MessageIdReused
from safepassage.receipt import Receipt
from safepassage.wire_licensure import PURPOSE
from services.records.exchange.own_log import JOB
from shared.contracts.audit import Actor, Context, Digests, Event
from shared.contracts.privacy import Decision

SYSTEM = Actor(kind="system", job=JOB)
OPERATION = "exchange"


def recipient_of(node: str, organisation: str) -> str:
    """An organisation behind a peer, as decisions and entries name it."""
    return f"{node}#{organisation}"


def peer_of(node: str) -> Actor:
    return Actor(kind="peer", client_id=node)


def _about(message: Envelope, *, outcome: str) -> Context:
    return Context(
        operation=OPERATION,
        outcome=outcome,
        purpose=PURPOSE if message.kind == "credentials" else "enrollment",
        recipient_organisation=recipient_of(message.aud, message.recipient_organisation),
        recipient_node=message.aud,
        exchange_id=message.exchange_id,
        envelope_id=message.envelope_id,
        request_digest=message.request_digest,
    )


def disclosed(
    message: Envelope,
    *,
    recipient: str,
    student_id: UUID,
    custodian_id: UUID,
    originating: UUID | None,
    basis: str,
    consent_id: UUID | None,
    decision: Decision,
    elements: Sequence[str],
) -> Event:
    """A record is about to leave, in this ciphertext, under this decision, to whom its request calls `recipient`."""
    about = {
        "recipient_name": recipient,
        "basis": basis,
        "consent_id": consent_id,
        "originating_organisation": originating,
        "decision_id": decision.id,
        "elements": tuple(elements),
        "policies": decision.policies,
        "citations": decision.citations,
    }
    return Event(
        class_="disclosure",
        key=str(message.envelope_id),
        subjects=(student_id,),
        custodians=(custodian_id,),
        actor=SYSTEM,
        context=_about(message, outcome=decision.outcome).model_copy(update=about),
        digests=Digests(ct=message.ct_digest, pt_commit=message.pt_commit),
        policy_hash=decision.policy_hash,
        decision_token=decision.token,
    )


def not_provided(
    message: Envelope,
    *,
    recipient: str,
    student_id: UUID | None,
    custodian_id: UUID | None,
    reason: str,
    decision_id: UUID | None,
    purpose: str = "enrollment",
) -> Event:
    """No record is about to be provided; why is said here, in the sealed part, and to nobody outside."""
    return Event(
        class_="request",
        key=str(message.envelope_id),
        subjects=() if student_id is None else (student_id,),
        custodians=() if custodian_id is None else (custodian_id,),
        actor=SYSTEM,
        context=_about(message, outcome="not-provided").model_copy(
            update={"recipient_name": recipient, "reason": reason, "decision_id": decision_id, "purpose": purpose}
        ),
        digests=Digests(ct=message.ct_digest, pt_commit=message.pt_commit),
    )


def withdrawn(
    message: Envelope, *, student_id: UUID, custodian_id: UUID | None, decision_id: UUID | None, reason: str, never_sent: bool
) -> Event:
    """A disclosure that was logged does not take place, or not any more. `never_sent` is said only where that is known."""
    outcome = "never-sent" if never_sent else "unconfirmed"
    return Event(
        class_="disclosure-withdrawn",
        key=f"{message.envelope_id}:withdrawn",
        subjects=(student_id,),
        custodians=() if custodian_id is None else (custodian_id,),
        actor=SYSTEM,
        context=_about(message, outcome=outcome).model_copy(update={"reason": reason, "decision_id": decision_id}),
        digests=Digests(ct=message.ct_digest),
    )


def received(message: Envelope, *, organisation_id: UUID) -> Event:
    """An answer is stored here. It pins the sender's checkpoint in our log."""
    return Event(
        class_="received",
        key=f"{message.envelope_id}:received",
        custodians=(organisation_id,),
        actor=peer_of(message.iss),
        context=_about(message, outcome=message.kind).model_copy(
            update={"recipient_organisation": str(organisation_id), "peer_checkpoint": message.checkpoint, "peer_index": message.index}
        ),
        digests=Digests(ct=message.ct_digest, pt_commit=message.pt_commit),
    )


def filed(*, message: Envelope, student_id: UUID, custodian_id: UUID, elements: Sequence[str]) -> Event:
    """What was received is this student's, and filed."""
    return Event(
        class_="load",
        key=f"{message.envelope_id}:filed",
        subjects=(student_id,),
        custodians=(custodian_id,),
        actor=SYSTEM,
        context=Context(
            operation="exchange-file",
            exchange_id=message.exchange_id,
            envelope_id=message.envelope_id,
            recipient_node=message.iss,
            elements=tuple(elements),
        ),
        digests=Digests(ct=message.ct_digest, pt_commit=message.pt_commit),
    )


def acknowledged(receipt: Receipt, *, digest: str, student_id: UUID | None, custodian_id: UUID | None) -> Event:
    """A receipt for what we sent was verified. It pins the receiver's checkpoint in our log."""
    step = "r1" if receipt.outcome == "received" else "r2"
    return Event(
        class_="receipt",
        key=f"{receipt.envelope_id}:{step}",
        subjects=() if student_id is None else (student_id,),
        custodians=() if custodian_id is None else (custodian_id,),
        actor=peer_of(receipt.iss),
        context=Context(
            operation="exchange-receipt",
            outcome=receipt.outcome,
            reason=receipt.reason,
            recipient_organisation=recipient_of(receipt.iss, receipt.recipient_organisation),
            recipient_node=receipt.iss,
            exchange_id=receipt.exchange_id,
            envelope_id=receipt.envelope_id,
            request_digest=receipt.request_digest,
            peer_checkpoint=receipt.checkpoint,
            peer_index=receipt.index,
        ),
        digests=Digests(ct=digest),
    )


def was_refused(message: Envelope, *, code: str, student_id: UUID | None, custodian_id: UUID | None) -> Event:
    """The receiver refuses what was sent: the ciphertext is with it, and unopened by its own word."""
    return Event(
        class_="receipt",
        key=f"{message.envelope_id}:refused",
        subjects=() if student_id is None else (student_id,),
        custodians=() if custodian_id is None else (custodian_id,),
        actor=peer_of(message.aud),
        context=_about(message, outcome="refused").model_copy(update={"reason": code}),
        digests=Digests(ct=message.ct_digest),
    )


def overdue(message: Envelope, *, student_id: UUID | None, custodian_id: UUID | None) -> Event:
    """It was received, and whether it was filed was never told."""
    return Event(
        class_="receipt",
        key=f"{message.envelope_id}:r2-overdue",
        subjects=() if student_id is None else (student_id,),
        custodians=() if custodian_id is None else (custodian_id,),
        actor=SYSTEM,
        context=_about(message, outcome="overdue"),
        digests=Digests(ct=message.ct_digest),
    )


def refused(*, peer: str, message_digest: str, code: str) -> Event:
    """A peer's message was refused and is in quarantine. Another one under an id that is taken says so: audit makes an alert of it."""
    outcome = "id-reused" if code == MessageIdReused.code else "quarantined"
    return Event(
        class_="trust",
        key=f"{message_digest}:refused",
        actor=peer_of(peer),
        context=Context(operation="exchange-refuse", outcome=outcome, reason=code, recipient_node=peer),
        digests=Digests(ct=message_digest),
    )


def trusted(*, serial: int, digest: str) -> Event:
    """A trust list was accepted."""
    return Event(
        class_="trust",
        key=f"trust-list:{serial}",
        actor=SYSTEM,
        context=Context(operation="trust-list", outcome="accepted", trust_serial=serial),
        digests=Digests(ct=digest),
    )


def read(*, key: str, actor: Actor, exchange_id: UUID, student_id: UUID, custodian_id: UUID, form: str, elements: Sequence[str]) -> Event:
    """The receiving organisation reads what came: a read inside the agency, which needs no decision."""
    return Event(
        class_="read",
        key=key,
        subjects=(student_id,),
        custodians=(custodian_id,),
        actor=actor,
        context=Context(operation="exchange-read", outcome=form, purpose="enrollment", exchange_id=exchange_id, elements=tuple(elements)),
    )
