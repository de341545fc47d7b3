"""From evidence to facts: what was recorded, verified and proved becomes the closed list that the rules read. Pure.

Evidence that is missing, of another student, another party or another form is no error: it is no evidence, and what needs it is denied.
Errors are mistakes of the caller: a request and evidence that do not belong together.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from safepassage.wire_directory import Preference
from safepassage.wire_evidence import STANDING, AnyAgreement, Evidence
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import Consent, Debarment
from services.privacy.policy.agreement_facts import agreement_facts, amended_from
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.custody_facts import Parties
from services.privacy.policy.discloser import Discloser
from services.privacy.policy.earliest_change import earliest_change
from services.privacy.policy.ground_facts import Held
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.policy.party_facts import asker_facts, enrollment_facts, recipient_facts
from services.privacy.policy.policy_input import AgreementFacts, EnrollmentFacts, PolicyInput, RecipientFacts
from services.privacy.policy.policy_input import Evidence as EvidenceNamed
from services.privacy.policy.student_groups import GroupMaker, StudentGroups
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import DecisionRequest, SubjectFacts, SubjectVersion


def build_input(
    request: DecisionRequest,
    *,
    now: datetime,
    node_organisation_id: UUID,
    caller_organisation_id: UUID | None,
    subjects: Sequence[SubjectFacts],
    organisations: Mapping[UUID, Organisation] | OrganisationTree,
    consent: Consent | None = None,
    other_consents: Sequence[Consent] = (),
    agreement: AnyAgreement | None = None,
    debarments: Sequence[Debarment] = (),
    evidence: Sequence[Evidence] = (),
    preferences: Sequence[Preference] = (),
    taken_back: Sequence[Consent] = (),
) -> PolicyInput:
    """The input of the decision on `request` at the instant `now`.

    subjects  the facts that privacy holds, in the order of the request

    The others are those of `Circumstances.of`. Raises what it raises, and ValueError if the subjects are not those of the request.
    """
    circumstances = Circumstances.of(
        request,
        now=now,
        node_organisation_id=node_organisation_id,
        caller_organisation_id=caller_organisation_id,
        organisations=organisations,
        consent=consent,
        other_consents=other_consents,
        agreement=agreement,
        debarments=debarments,
        evidence=evidence,
        preferences=preferences,
        taken_back=taken_back,
    )
    return circumstances.input_of(request.subjects, subjects)


@dataclass(frozen=True)
class Circumstances:
    """What a decision rests on beside the student: found once for questions that differ in nothing but their student."""

    request: DecisionRequest
    caller_organisation_id: UUID | None
    agreement: AgreementFacts | None
    amended_from: tuple[int, ...]
    """When amendments of the agreement begin."""
    evidence: EvidenceNamed
    said_about: frozenset[UUID]
    """Students whose preferences and refusals are among the evidence."""
    makes: GroupMaker
    _recipients: dict[frozenset[UUID], RecipientFacts] = field(default_factory=dict, compare=False)
    """By who keeps the records of the students: who authenticated the recipient has to stand above them."""

    @staticmethod
    def of(
        request: DecisionRequest,
        *,
        now: datetime,
        node_organisation_id: UUID,
        caller_organisation_id: UUID | None,
        organisations: Mapping[UUID, Organisation] | OrganisationTree,
        consent: Consent | None = None,
        other_consents: Sequence[Consent] = (),
        agreement: AnyAgreement | None = None,
        debarments: Sequence[Debarment] = (),
        evidence: Sequence[Evidence] = (),
        preferences: Sequence[Preference] = (),
        taken_back: Sequence[Consent] = (),
    ) -> "Circumstances":
        """The circumstances of `request` at the instant `now`.

        node_organisation_id    the state agency that runs the node; its calendar is that of agreements
        caller_organisation_id  the organisation of the verified token that asked; None for a job of the node
        organisations           the node's agency, the recipient, the custodians, the originating agencies and all above them, as known
        consent, agreement      those that the request names, if they exist
        other_consents          those of `other_consent_ids`; a refusal is found in a withdrawn one too
        debarments              of the recipient, of those above it, or of its node
        evidence                that of `evidence_ids`, and the standing kinds (wire_evidence.STANDING) of the agencies concerned
        preferences             opt-outs and refusals on record for the students of the request
        taken_back              consents about those students for the recipient that were withdrawn: refusals, named or not

        Raises ValueError if consent, agreement or evidence are not those of the request, or the node's agency is not among the
        organisations.
        """
        _are_named(request, consent, other_consents, agreement, evidence)
        tree = organisations if isinstance(organisations, OrganisationTree) else OrganisationTree(organisations)
        node_organisation = tree.known(str(node_organisation_id))
        if node_organisation is None:
            raise ValueError("the node's agency is not among the organizations")
        agreed: AgreementFacts | None = None
        amended: tuple[int, ...] = ()
        if agreement is not None and request.action != "request":
            place = Place.at(node_organisation.time_zone, now)
            agreed, amended = agreement_facts(agreement, request.recipient, place), amended_from(agreement, place)
        at = milliseconds_of(now)
        parties = Parties(request.recipient, at, node_organisation_id, tree, agreement, debarments, request.basis, evidence)
        discloser = Discloser(request, at, node_organisation_id, tree)
        consents = (() if consent is None else (consent,)) + tuple(other_consents)
        transfer = request.transfer
        held = sorted({it.id for several in (other_consents, evidence, preferences, taken_back) for it in several})
        named = EvidenceNamed(
            agreement=None if agreement is None else agreement.id,
            asserted_by=None if transfer is None else transfer.asserted_by,
            consent=None if consent is None else consent.id,
            held=tuple(held) or None,
            request_digest=None if transfer is None else transfer.request_digest,
        )
        said_about = frozenset([*(it.of.student_id for it in preferences), *(it.student_id for it in taken_back)])
        makes = GroupMaker(parties, discloser, consents, tuple(taken_back), Held(evidence, preferences), now)
        return Circumstances(request, caller_organisation_id, agreed, amended, named, said_about, makes)

    def input_of(self, asked: Sequence[SubjectVersion], subjects: Sequence[SubjectFacts]) -> PolicyInput:
        """The input of the decision on these students, with their facts in the same order. Raises ValueError if they are not theirs."""
        _belong_together(asked, subjects, self.said_about)
        request, parties = self.request, self.makes.parties
        students = StudentGroups(self.makes)
        grouped = tuple(map(students.subject, subjects))
        return PolicyInput(
            action=request.action,
            agreement=self.agreement,
            asker=asker_facts(request, self.caller_organisation_id, parties.tree) if request.action == "request" else None,
            basis=request.basis,
            elements=self._elements,
            evidence=self.evidence,
            groups=tuple(students.groups),
            holds_until=earliest_change(parties.now, [*self.amended_from, *students.changes_at], students.groups, self.agreement),
            now=parties.now,
            purpose=request.purpose,
            recipient=self._recipient(subjects),
            record_class=None if request.record_class == "education-record" else request.record_class,
            subjects=grouped,
            transfer=self._transfer,
        )

    @cached_property
    def _elements(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.request.elements)))

    @cached_property
    def _transfer(self) -> EnrollmentFacts | None:
        transfer = self.request.transfer
        return None if transfer is None else enrollment_facts(self.request.recipient, transfer)

    def _recipient(self, subjects: Sequence[SubjectFacts]) -> RecipientFacts:
        """Of a person the facts depend on the students too; of one whom staff authenticated, on who keeps the students' records."""
        if self.request.recipient.kind == "person":
            return self._recipient_facts(subjects)
        of_keepers = subjects if self.request.recipient_proof is not None else ()
        keepers = frozenset([subject.custodian_id for subject in of_keepers])
        found = self._recipients.get(keepers)
        if found is None:
            found = self._recipients[keepers] = self._recipient_facts(of_keepers)
        return found

    def _recipient_facts(self, subjects: Sequence[SubjectFacts]) -> RecipientFacts:
        evidence, discloser = self.makes.parties.evidence, self.makes.discloser
        return recipient_facts(self.request, self.caller_organisation_id, subjects, evidence, discloser, self.makes.now)


def _belong_together(asked: Sequence[SubjectVersion], subjects: Sequence[SubjectFacts], said_about: Set[UUID]) -> None:
    named = [subject.student_id for subject in asked]
    if named != [subject.student_id for subject in subjects] or len(set(named)) != len(named):
        raise ValueError("the facts are not those of the students of the request, each once and in its order")
    if any(held.facts_version < one.facts_version for held, one in zip(subjects, asked, strict=True)):
        raise ValueError("the facts are older than those that the asker will release under")
    if not said_about <= set(named):
        raise ValueError("the preferences are not those of the students of the request")


def _are_named(
    request: DecisionRequest,
    consent: Consent | None,
    consents: Sequence[Consent],
    agreement: AnyAgreement | None,
    evidence: Sequence[Evidence],
) -> None:
    if consent is not None and consent.id != request.consent_id:
        raise ValueError("the consent is not the one that the request names")
    if agreement is not None and agreement.id != request.agreement_id:
        raise ValueError("the agreement is not the one that the request names")
    if not {consent.id for consent in consents} <= set(request.other_consent_ids):
        raise ValueError("the other consents are not those that the request names")
    if not {it.id for it in evidence if it.of.kind not in STANDING} <= set(request.evidence_ids):
        raise ValueError("the evidence is not what the request names")
