"""The parties to a disclosure as the rules read them: the recipient, its agreement, its enrolment evidence, and who asks."""

from datetime import datetime
from uuid import UUID

from safepassage.wire_policy import Agreement
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.policy.policy_input import AgreementFacts, AskerFacts, EnrollmentFacts, RecipientFacts
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import DecisionRequest, Recipient, TransferFacts


def recipient_facts(request: DecisionRequest, caller: UUID | None, tree: OrganisationTree, now: datetime) -> RecipientFacts:
    """The recipient: known and authenticated by its own credential here, or by the verified, signed request of its peer."""
    recipient = request.recipient
    if recipient.node is not None:
        known = authenticated = _is_vouched_for(recipient, request.transfer)
    else:
        known = _is_on_record(recipient, tree, now)
        authenticated = bool(tree.upward(caller)) if caller and request.action == "request" else recipient.id == str(caller)
    return RecipientFacts(
        authenticated=authenticated,
        id=recipient.id,
        in_exchange=request.action == "request" or recipient.node is not None or request.exchange_id is not None,
        kind=recipient.kind,
        known=known,
    )


def asker_facts(request: DecisionRequest, caller: UUID | None, tree: OrganisationTree) -> AskerFacts:
    """Does the caller's organisation receive, or stand above the one that does?"""
    recipient = request.recipient
    receiving = tree.known(recipient.id)
    above = () if receiving is None or recipient.node is not None else tree.upward(receiving.id)
    receives = caller in {organisation.id for organisation in above}
    return AskerFacts(names_consent=request.consent_id is not None, receives=receives)


def enrollment_facts(recipient: Recipient, transfer: TransferFacts) -> EnrollmentFacts:
    """Enrolment evidence, version 1 (34 CFR 99.31(a)(2))."""
    evidence = transfer.evidence
    receiving = evidence.receiving_organisation
    expected = receiving.id if recipient.node is None else f"{recipient.node}#{receiving.id}"
    return EnrollmentFacts(
        documented=bool(evidence.document.digest),
        enrolled=evidence.kind == "enrolled",
        names_recipient=recipient.id == expected and recipient.kind == receiving.kind,
        official_attested_at=milliseconds_of(evidence.official.attested_at),
        official_named=bool(evidence.official.pairwise_id),
        parent_initiated=evidence.parent_initiated,
        seeks_enrollment=evidence.kind == "seeks",
    )


def agreement_facts(agreement: Agreement, recipient: Recipient, place: Place) -> AgreementFacts:
    """An agreement; its days are those of the state agency's calendar, `place`."""
    return AgreementFacts(
        clauses=tuple(sorted({clause.clause for clause in agreement.state_clauses})),
        direct_control=bool(agreement.direct_control),
        elements=tuple(sorted(set(agreement.elements))),
        ends_at=place.begins(agreement.ends_on),
        institutional_service=bool(agreement.institutional_service),
        kind=agreement.kind,
        legitimate_interest=bool(agreement.legitimate_interest),
        names_recipient=recipient.node is None and recipient.id == str(agreement.recipient_id),
        purposes=tuple(sorted(set(agreement.purposes))),
        redisclosure_limits=bool(agreement.redisclosure_limits),
        signed=bool(agreement.document) and agreement.signed_on <= place.today,
        starts_at=place.begins(agreement.starts_on),
        terminated_at=None if agreement.terminated_at is None else milliseconds_of(agreement.terminated_at),
    )


def _is_vouched_for(recipient: Recipient, transfer: TransferFacts | None) -> bool:
    """The peer's signed request asserts it, and the recipient is one behind that very peer."""
    node = recipient.node
    if transfer is None or node is None:
        return False
    return (transfer.asserted_by == node or transfer.asserted_by.startswith(f"{node}#")) and recipient.id.startswith(f"{node}#")


def _is_on_record(recipient: Recipient, tree: OrganisationTree, now: datetime) -> bool:
    organisation = tree.known(recipient.id)
    if organisation is None or organisation.kind != recipient.kind:
        return False
    try:
        today = Place.at(organisation.time_zone, now).today
    except ValueError:
        return False
    return organisation.valid_from <= today and (organisation.valid_until is None or today < organisation.valid_until)
