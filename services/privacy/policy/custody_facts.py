"""Who made and who keeps a student's record, and what those agencies told and agreed: the facts between record, agency and recipient."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from safepassage.wire_evidence import AnyAgreement, Evidence
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import Debarment
from safepassage.wire_programmes import OnwardUnderstanding
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.policy.policy_input import CustodyFacts
from services.privacy.policy.programme_facts import in_force
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import Recipient, SubjectFacts


@dataclass(frozen=True)
class Parties:
    """What custody facts depend on beside the student."""

    recipient: Recipient
    now: int
    node_organisation_id: UUID
    tree: OrganisationTree
    agreement: AnyAgreement | None
    debarments: Sequence[Debarment]
    basis: str
    evidence: Sequence[Evidence] = ()


def custody_facts(student: SubjectFacts, parties: Parties) -> CustodyFacts:
    """The custody facts of a student's record."""
    keeper = parties.tree.agency(str(student.custodian_id))
    originator = parties.tree.agency(student.originating_agency)
    districts = frozenset(() if parties.agreement is None else parties.agreement.district_ids)
    return CustodyFacts(
        annual_notice_forwards_records=any(it.annual_notice_forwards_records for it in originator),
        annual_notice_school_officials=any(it.annual_notice_school_officials for it in keeper),
        keeper_party_to_agreement=_any_of(keeper, districts),
        onward_transfer_agreed=any(it.onward_transfer_agreed for it in originator),
        onward_understood=_onward_understood(originator, parties),
        originated_here=student.originating_agency == str(parties.node_organisation_id),
        originator_party_to_agreement=_any_of(originator, districts),
        recipient_debarred_until=_debarred_until(student, originator, parties),
        recipient_is_another=parties.recipient.id not in {str(student.custodian_id), *(str(it.id) for it in keeper)},
    )


def _any_of(agency: Iterable[Organisation], districts: frozenset[UUID]) -> bool:
    return any(it.id in districts for it in agency)


def _onward_understood(originator: Iterable[Organisation], parties: Parties) -> bool:
    """The agency that made the record disclosed it with the understanding that it goes on, on this basis, on its behalf, 99.33(b)(1)."""
    agencies = {organisation.id for organisation in originator}
    return any(
        isinstance(it.of, OnwardUnderstanding)
        and it.of.agency_id in agencies
        and parties.basis in it.of.bases
        and in_force(it, parties.now)
        for it in parties.evidence
    )


def _debarred_until(student: SubjectFacts, originator: Iterable[Organisation], parties: Parties) -> int | None:
    """When the last bar ends that has begun and that protects the records of the agency from which this one originated, 99.67(c)-(e)."""
    protected = {student.originating_agency, *(str(it.id) for it in originator)}
    recipient = parties.recipient
    barred = {recipient.id, recipient.node, *(str(it.id) for it in parties.tree.agency(recipient.id))}
    ends = [
        milliseconds_of(debarment.until)
        for debarment in parties.debarments
        if debarment.originating_agency in protected and debarment.party in barred and milliseconds_of(debarment.begins_at) <= parties.now
    ]
    return max(ends, default=None)
