"""Answering another node that asks for an educator's credentials: find the educator, have it decided, give what is kept. Or nothing.

What the peer hears of an educator who is not here, of one whose application does not support it, and of one without any is the same.
"""

from safepassage.wire_licensure import EducatorSelector, EducatorSubject, LicensureEvidence
from services.records.educators.kept import kept_of_id, some_kept
from services.records.exchange import events, nobody
from services.records.exchange.answers import Asked, Nothing, Subject, Vouched
from services.records.exchange.dead_letters import RECALLED
from services.records.exchange.exchange import Exchange
from shared.contracts.privacy import Decision, DecisionRequest, LicensureClaim, Recipient


async def credentials_for(exchange: Exchange, asked: Asked, educator: EducatorSelector, *, recalled: bool) -> Vouched | Nothing:
    """Find the educator by all that the request says, and have it decided whether the credentials may leave.

    recalled  an operator has taken the answer back: nothing is given for this request any more

    INVARIANT: for an educator who is not here the same is done on another one's credentials, and privacy is asked about nobody.
    Raises TemporarilyUnavailable, SealBroken: the answer is put off.
    """
    known = educator.identifier
    found = exchange.vault.tags.educator(educator.authority, known.system, known.value, educator.name, educator.birth_date)
    kept = await exchange.read(lambda connection: kept_of_id(connection, exchange.vault, found))
    if not kept:
        await exchange.read(lambda connection: some_kept(connection, exchange.vault))
    is_here = bool(kept) and not recalled
    subject = EducatorSubject(educator_id=found, custodian_id=educator.authority) if is_here else _nobody(exchange)
    decision = await _decide(exchange, asked, subject)
    [outcome] = decision.subjects
    about = Subject(subject.educator_id, subject.custodian_id, exchange.entity_id, is_nobody=subject.is_nobody)
    if subject.is_nobody:
        return Nothing(RECALLED if recalled else "no-candidate", about, decision.id)
    if decision.token is None or not set(asked.selector.elements) <= set(outcome.permitted):
        return Nothing(outcome.withheld[0].reason if outcome.withheld else "denied", about, decision.id)
    return Vouched(about, decision, tuple(content.credential for _, content in kept))


def _nobody(exchange: Exchange) -> EducatorSubject:
    """As for a child: one id for the whole life of a node, whose entries the node's own agency can read."""
    facts = nobody.facts_of(exchange.settings.node_organisation_id, jurisdiction=exchange.settings.jurisdiction, now=exchange.clock())
    return EducatorSubject(educator_id=facts.student_id, custodian_id=facts.custodian_id, is_nobody=True)


async def _decide(exchange: Exchange, asked: Asked, educator: EducatorSubject) -> Decision:
    selector = asked.selector
    organisation = selector.evidence.receiving_organisation
    if not isinstance(selector.evidence, LicensureEvidence):
        raise TypeError("the request is not about an educator")
    body = DecisionRequest(
        action="send-credentials",
        subjects=(),
        recipient=Recipient(kind=organisation.kind, id=events.recipient_of(asked.requester, organisation.id), node=asked.requester),
        basis=selector.basis,
        purpose=selector.purpose,
        elements=selector.elements,
        evidence_ids=() if selector.consent_id is None else (selector.consent_id,),
        educator=educator,
        licensure=LicensureClaim(evidence=selector.evidence, request_digest=asked.request_digest, asserted_by=asked.requester),
        exchange_id=asked.exchange_id,
        valid_for_seconds=max(1, int((asked.expires_at - exchange.clock()).total_seconds())),
    )
    return await exchange.privacy.decision(body)
