"""The parties to a disclosure as the rules read them: the recipient, its enrolment evidence, and who asks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from safepassage.wire_evidence import Evidence
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.discloser import Discloser, is_proved
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.policy.policy_input import AskerFacts, EnrollmentFacts, LicensureFacts, RecipientFacts
from services.privacy.policy.relation_facts import is_of_the_family
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import DecisionRequest, LicensureClaim, Recipient, SubjectFacts, TransferFacts


def recipient_facts(
    request: DecisionRequest,
    caller: UUID | None,
    students: Sequence[SubjectFacts],
    evidence: Sequence[Evidence],
    here: Discloser,
    now: datetime,
) -> RecipientFacts:
    """The recipient: authenticated by its own credential here, by the verified, signed request of its peer, or by the discloser's staff."""
    recipient, tree = request.recipient, here.tree
    if recipient.node is not None:
        known = authenticated = is_vouched_for(recipient, request.transfer)
    else:
        known = is_on_record(recipient, tree, now) or _is_known_person(recipient, students, evidence)
        authenticated = bool(tree.upward(caller)) if caller and request.action == "request" else recipient.id == str(caller)
        authenticated = authenticated or is_proved(request.recipient_proof, caller, students, here)
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
    named = request.evidence_ids if request.action == "seek-credentials" else request.consent_id
    return AskerFacts(names_consent=bool(named), receives=receives)


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


def licensure_facts(recipient: Recipient, claim: LicensureClaim) -> LicensureFacts:
    """What the receiving side says of an educator's application, version 1."""
    evidence = claim.evidence
    receiving = evidence.receiving_organisation
    expected = receiving.id if recipient.node is None else f"{recipient.node}#{receiving.id}"
    return LicensureFacts(
        documented=bool(evidence.document.digest),
        names_recipient=recipient.id == expected and recipient.kind == receiving.kind,
        official_attested_at=milliseconds_of(evidence.official.attested_at),
        official_named=bool(evidence.official.pairwise_id),
    )


def is_vouched_for(recipient: Recipient, said: TransferFacts | LicensureClaim | None) -> bool:
    """The peer's signed request asserts it, and the recipient is one behind that very peer."""
    node = recipient.node
    if said is None or node is None:
        return False
    return (said.asserted_by == node or said.asserted_by.startswith(f"{node}#")) and recipient.id.startswith(f"{node}#")


def _is_known_person(recipient: Recipient, students: Sequence[SubjectFacts], evidence: Sequence[Evidence]) -> bool:
    """A person of each student's family, or whom evidence of the request names."""
    if recipient.kind != "person":
        return False
    named = any(getattr(it.of, "recipient_id", None) == recipient.id for it in evidence)
    return named or (bool(students) and all(is_of_the_family(student, recipient.id) for student in students))


def is_on_record(recipient: Recipient, tree: OrganisationTree, now: datetime) -> bool:
    """An organisation of this node, of the kind that the request says, in its period of validity: in days of the state agency's calendar.

    By them the door lets it in (services.gateway.registry.in_force), wherever the organisation itself is.
    """
    organisation = tree.known(recipient.id)
    if organisation is None or organisation.kind != recipient.kind:
        return False
    try:
        today = Place.at((tree.state or organisation).time_zone, now).today
    except ValueError:
        return False
    return organisation.valid_from <= today and (organisation.valid_until is None or today < organisation.valid_until)
