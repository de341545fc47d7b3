"""Who discloses to whom: what evidence is measured against."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from safepassage.wire_organisations import Organisation
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import DecisionRequest, Recipient, RecipientProof, SubjectFacts


@dataclass(frozen=True)
class Discloser:
    """A request as far as evidence has to fit it."""

    request: DecisionRequest
    now: int
    node_organisation_id: UUID
    tree: OrganisationTree

    @property
    def recipient(self) -> Recipient:
        """Who would receive it."""
        return self.request.recipient

    def keeper(self, student: SubjectFacts) -> tuple[Organisation, ...]:
        """The agency that keeps the student's record."""
        return self.tree.agency(str(student.custodian_id))

    def discloses(self, agency_id: UUID, student: SubjectFacts) -> bool:
        """Evidence of this agency can support it: the agency keeps the record, or is the node's own and passes it on."""
        own = {organisation.id for organisation in self.keeper(student)} | {student.custodian_id}
        return agency_id in own or (self.request.action == "redisclose" and agency_id == self.node_organisation_id)

    @cached_property
    def recipients_agency(self) -> frozenset[UUID]:
        """The organisations that count as one agency with the recipient; empty for a person, a vendor, or one behind a peer."""
        found = self.tree.known(self.recipient.id)
        if found is None or found.kind not in ("school", "lea"):
            return frozenset()
        return frozenset(organisation.id for organisation in self.tree.agency(self.recipient.id))


def is_proved(proof: RecipientProof | None, caller: UUID | None, students: Sequence[SubjectFacts], here: Discloser) -> bool:
    """Staff of the agency that discloses authenticated the recipient before, at a level at which a particular one was identified."""
    if proof is None or caller is None or proof.assurance_level == "ial1" or not students:
        return False
    acts = all(caller in {student.custodian_id, *(it.id for it in here.tree.upward(student.custodian_id))} for student in students)
    return acts and milliseconds_of(proof.authenticated_at) <= here.now
