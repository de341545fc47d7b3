"""What privacy says to the release of a record to another node; and of nobody, where there is no student to ask about."""

from dataclasses import replace

from safepassage.problems.privacy import FactsBehind
from services.records.exchange import events, nobody
from services.records.exchange.answers import Asked, Nothing, Subject
from services.records.exchange.exchange import Exchange
from shared.contracts.privacy import Decision, DecisionRequest, Recipient, SubjectFacts, SubjectVersion, TransferFacts


async def decide(exchange: Exchange, asked: Asked, subject: Subject, facts_version: int, *, nobody: SubjectFacts | None = None) -> Decision:
    """privacy's decision. What another agency made is passed on for that agency: `redisclose` (34 CFR 99.33(b)).

    Where privacy has older facts they are pushed, and it is asked once more. Raises FactsBehind, TemporarilyUnavailable.
    """
    own, selector = str(exchange.settings.node_organisation_id), asked.selector
    organisation = selector.evidence.receiving_organisation
    body = DecisionRequest(
        action="disclose" if subject.originating_agency == own else "redisclose",
        subjects=(SubjectVersion(student_id=subject.student_id, facts_version=facts_version),),
        recipient=Recipient(kind=organisation.kind, id=events.recipient_of(asked.requester, organisation.id), node=asked.requester),
        basis=selector.basis,
        purpose=selector.purpose,
        elements=selector.elements,
        consent_id=selector.consent_id,
        transfer=TransferFacts(
            evidence=selector.enrollment, request_digest=asked.request_digest, asserted_by=asked.requester, received_at=asked.received_at
        ),
        exchange_id=asked.exchange_id,
        valid_for_seconds=max(1, int((asked.expires_at - exchange.clock()).total_seconds())),
        finding=selector.sought is not None,
        nobody=nobody,
    )
    try:
        return await exchange.privacy.decision(body)
    except FactsBehind:
        # Asked within a moment of a load. What waits to be told is told now, and who asks with it waits for that alone.
        await exchange.outbox.drain()
        return await exchange.privacy.decision(body)


async def about_nobody(exchange: Exchange, asked: Asked, nothing: Nothing) -> Nothing:
    """INVARIANT: where there is no student to ask privacy about, it is asked about nobody: as much work, and as many entries.

    Raises TemporarilyUnavailable, as it does for a student.
    """
    facts = nobody.facts_of(exchange.settings.node_organisation_id, jurisdiction=exchange.settings.jurisdiction, now=exchange.clock())
    subject = Subject(facts.student_id, facts.custodian_id, facts.originating_agency, is_nobody=True)
    decision = await decide(exchange, asked, subject, facts.facts_version, nobody=facts)
    return replace(nothing, subject=nothing.subject or subject, decision_id=decision.id)
