"""What the log is told of a request: sent, received, and about whom it is. Pure. Keys are as in `events`."""

from uuid import UUID

from safepassage.canonical import digest_of
from safepassage.request import Selector
from services.records.exchange.events import peer_of, recipient_of
from shared.contracts.audit import Actor, Context, Digests, Event
from shared.contracts.privacy import Decision

FINDING = "finding"
"""What is said of requests that name nobody, in place of `exchange-request`; and of whom they are about, `finding-match`."""
REQUEST = "exchange-request"
EDUCATORS = "educator-request"
"""What is said of requests for an educator's credentials; and of whom they are about, `educator-match`."""
MATCHES = {REQUEST: "exchange-match", FINDING: "finding-match", EDUCATORS: "educator-match"}


def operation_of(selector: Selector) -> str:
    """What the log calls the request."""
    return EDUCATORS if selector.educator is not None else FINDING if selector.sought is not None else REQUEST


def asked(
    *,
    actor: Actor,
    exchange_id: UUID,
    holder: str,
    organisation_id: UUID,
    basis: str,
    request_digest: str,
    decision: Decision,
    purpose: str = "enrollment",
    operation: str = REQUEST,
) -> Event:
    """We ask another node. The child may be unknown here: the entry is the receiving organisation's to open."""
    return Event(
        class_="request",
        key=f"{exchange_id}:request",
        custodians=(organisation_id,),
        actor=actor,
        context=Context(
            operation=operation,
            outcome="sent",
            purpose=purpose,
            basis=basis,
            recipient_organisation=str(organisation_id),
            recipient_node=holder,
            exchange_id=exchange_id,
            decision_id=decision.id,
            policies=decision.policies,
            citations=decision.citations,
            request_digest=request_digest,
        ),
        digests=Digests(ct=request_digest),
        decision_token=decision.token,
    )


def was_asked(*, requester: str, exchange_id: UUID, request_digest: str, selector: Selector) -> Event:
    """Another node asks us; whether the child is known here is not looked at yet."""
    return Event(
        class_="request",
        key=f"{digest_of(requester.encode())[:16]}:{exchange_id}:asked",
        actor=peer_of(requester),
        context=Context(
            operation=operation_of(selector),
            outcome="received",
            purpose=selector.purpose,
            basis=selector.basis,
            recipient_organisation=recipient_of(requester, selector.evidence.receiving_organisation.id),
            recipient_name=selector.evidence.receiving_organisation.name,
            recipient_node=requester,
            exchange_id=exchange_id,
            request_digest=request_digest,
        ),
        digests=Digests(ct=request_digest),
    )


def matched(
    *,
    request_id: UUID,
    exchange_id: UUID,
    requester: str,
    selector: Selector,
    student_id: UUID,
    custodian_id: UUID,
    outcome: str,
    is_nobody: bool = False,
) -> Event:
    """The request is about this student: from here on it is in the accounting of requests for the student's record (34 CFR 99.32(a)(1)).

    selector   what was asked, for whom and with what interest, which the record has of each request too (99.32(a)(3)(ii))
    is_nobody  it is about no student who is known here; another one may be found later. The actor is who asked: of one peer's requests
               the log tells how many found nobody (the alert `enumeration`).
    """
    return Event(
        class_="match",
        key=f"{request_id}:match-none" if is_nobody else f"{request_id}:match",
        subjects=(student_id,),
        custodians=(custodian_id,),
        actor=peer_of(requester),
        context=Context(
            operation=MATCHES[operation_of(selector)],
            outcome=outcome,
            purpose=selector.purpose,
            basis=selector.basis,
            exchange_id=exchange_id,
            recipient_name=selector.evidence.receiving_organisation.name,
            recipient_node=requester,
        ),
    )
