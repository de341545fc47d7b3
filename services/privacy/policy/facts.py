"""From evidence to facts: what was recorded, verified and proved becomes the closed list that the rules read. Pure.

Evidence that is missing, of another student, another party or another form is no error: it is no evidence, and what needs it is denied.
Errors are mistakes of the caller: a request and evidence that do not belong together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from safepassage.wire_directory import Preference
from safepassage.wire_evidence import STANDING, AnyAgreement, Evidence
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import Consent, Debarment
from services.privacy.policy.agreement_facts import agreement_facts
from services.privacy.policy.calendar_days import Place, reaches, reaches_majority_on
from services.privacy.policy.consent_facts import consent_facts
from services.privacy.policy.custody_facts import Parties, custody_facts
from services.privacy.policy.disagreement import choice_changes_at, refused_elements
from services.privacy.policy.discloser import Discloser
from services.privacy.policy.earliest_change import earliest_change
from services.privacy.policy.evidence_input import GroundFacts
from services.privacy.policy.ground_facts import Held, ground_facts
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.policy.party_facts import asker_facts, enrollment_facts, recipient_facts
from services.privacy.policy.policy_input import (
    AgreementFacts,
    ConsentFacts,
    PolicyInput,
    StudentFacts,
    StudentGroup,
    Subject,
)
from services.privacy.policy.policy_input import Evidence as EvidenceNamed
from services.privacy.policy.rights import is_eligible
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import DecisionRequest, SubjectFacts


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

    node_organisation_id    the state agency that runs the node; its calendar is that of agreements
    caller_organisation_id  the organisation of the verified token that asked; None for a job of the node
    subjects                the facts that privacy holds, in the order of the request
    organisations           the node's agency, the recipient, the custodians, the originating agencies and all above them, as far as known
    consent, agreement      those that the request names, if they exist
    other_consents          those of `other_consent_ids`; a refusal is found in a withdrawn one too
    debarments              of the recipient, of those above it, or of its node
    evidence                that of `evidence_ids`, and the standing kinds (wire_evidence.STANDING) of the agencies concerned
    preferences             opt-outs and refusals on record for the students of the request
    taken_back              consents about those students for the recipient that were withdrawn: refusals, whether or not they are named

    Raises ValueError if subjects, consent, agreement or evidence are not those of the request, or the node's agency is not among the
    organisations.
    """
    _belong_together(request, subjects, consent, agreement)
    _are_named(request, other_consents, evidence, [*(it.of.student_id for it in preferences), *(it.student_id for it in taken_back)])
    tree = organisations if isinstance(organisations, OrganisationTree) else OrganisationTree(organisations)
    node_organisation = tree.known(str(node_organisation_id))
    if node_organisation is None:
        raise ValueError("the node's agency is not among the organisations")
    asking = request.action == "request"
    agreed: AgreementFacts | None = None
    if agreement is not None and not asking:
        place = Place.at(node_organisation.time_zone, now)
        agreed = agreement_facts(agreement, request.recipient, place)
    parties = Parties(request.recipient, milliseconds_of(now), node_organisation_id, tree, agreement, debarments, request.basis, evidence)
    discloser = Discloser(request, parties.now, node_organisation_id, tree)
    consents = (() if consent is None else (consent,)) + tuple(other_consents)
    students = _Students(parties, discloser, consents, tuple(taken_back), Held(evidence, preferences), now)
    grouped = tuple(map(students.subject, subjects))
    transfer = request.transfer
    held = sorted({it.id for several in (other_consents, evidence, preferences, taken_back) for it in several})
    return PolicyInput(
        action=request.action,
        agreement=agreed,
        asker=asker_facts(request, caller_organisation_id, tree) if asking else None,
        basis=request.basis,
        elements=tuple(sorted(set(request.elements))),
        evidence=EvidenceNamed(
            agreement=None if agreement is None else agreement.id,
            asserted_by=None if transfer is None else transfer.asserted_by,
            consent=None if consent is None else consent.id,
            held=tuple(held) or None,
            request_digest=None if transfer is None else transfer.request_digest,
        ),
        groups=tuple(students.groups),
        holds_until=earliest_change(parties.now, students.majority_at, students.groups, agreed),
        now=parties.now,
        purpose=request.purpose,
        recipient=recipient_facts(request, caller_organisation_id, subjects, evidence, discloser, now),
        record_class=None if request.record_class == "education-record" else request.record_class,
        subjects=grouped,
        transfer=None if transfer is None else enrollment_facts(request.recipient, transfer),
    )


@dataclass
class _Students:
    """Puts each student into the group of those with the same facts, so that a page of alike students is decided once."""

    parties: Parties
    discloser: Discloser
    consents: tuple[Consent, ...]
    taken_back: tuple[Consent, ...]
    held: Held
    now: datetime
    groups: list[StudentGroup] = field(default_factory=list)
    majority_at: list[int] = field(default_factory=list)
    """When a student comes of an age on which the answer turns, if that is still to come; when a district's choice begins or ends."""
    _index: dict[tuple[object, ...], int] = field(default_factory=dict)
    _places: dict[str, Place | None] = field(default_factory=dict)

    def subject(self, student: SubjectFacts) -> Subject:
        """The student with its group; without one where its time zone does not exist."""
        place = self._place(student.time_zone)
        identifier = str(student.student_id)
        if place is None:
            return identifier, student.facts_version, None
        facts = (
            is_eligible(student, place),
            "homeless" in student.flags,
            student.jurisdiction,
            "protected-address" in student.flags,
        )
        own = tuple(consent for consent in self.consents if consent.student_id == student.student_id) if self.consents else ()
        grounds = self._grounds(student, place)
        if not facts[0] and (own or (grounds is not None and grounds.relation is not None)):
            self.majority_at.append(place.begins(reaches_majority_on(student.birth_date)))
        if grounds is not None and grounds.substance is not None and grounds.substance.under_21:
            self.majority_at.append(place.begins(reaches(student.birth_date, 21)))
        key = (*facts, student.custodian_id, student.originating_agency, bool(own), grounds)
        index = self._index.get(key)
        if index is None:
            index = self._index[key] = len(self.groups)
            self.groups.append(self._group(student, facts, own, grounds, place))
        return identifier, student.facts_version, index

    def _grounds(self, student: SubjectFacts, place: Place) -> GroundFacts | None:
        if not self.held.evidence and self.discloser.recipient.kind != "person":
            return None
        return ground_facts(student, self.held, self.discloser, place)

    def _group(
        self,
        student: SubjectFacts,
        facts: tuple[bool, bool, str, bool],
        consents: tuple[Consent, ...],
        grounds: GroundFacts | None,
        place: Place,
    ) -> StudentGroup:
        eligible, homeless, jurisdiction, protected_address = facts
        candidates = tuple(self._consent(consent, student, place) for consent in consents)
        return StudentGroup(
            consent=candidates[0] if candidates else None,
            custody=custody_facts(student, self.parties),
            grounds=grounds,
            other_consents=candidates[1:] or None,
            student=StudentFacts(eligible=eligible, homeless=homeless, jurisdiction=jurisdiction, protected_address=protected_address),
        )

    def _consent(self, consent: Consent, student: SubjectFacts, place: Place) -> ConsentFacts:
        others = {it.id: it for it in (*self.taken_back, *self.consents) if it.id != consent.id and it.student_id == student.student_id}
        refused = refused_elements(
            consent, tuple(others.values()), self.held.preferences, self.held.evidence, student, self.discloser, place
        )
        self.majority_at.extend(choice_changes_at(self.held.evidence))
        return consent_facts(consent, student, self.parties.recipient, place, refused=refused)

    def _place(self, time_zone: str) -> Place | None:
        if time_zone not in self._places:
            try:
                self._places[time_zone] = Place.at(time_zone, self.now)
            except ValueError:
                self._places[time_zone] = None
        return self._places[time_zone]


def _belong_together(
    request: DecisionRequest, subjects: Sequence[SubjectFacts], consent: Consent | None, agreement: AnyAgreement | None
) -> None:
    asked = [subject.student_id for subject in request.subjects]
    if asked != [subject.student_id for subject in subjects] or len(set(asked)) != len(asked):
        raise ValueError("the facts are not those of the students of the request, each once and in its order")
    if any(held.facts_version < asked.facts_version for held, asked in zip(subjects, request.subjects, strict=True)):
        raise ValueError("the facts are older than those that the asker will release under")
    if consent is not None and consent.id != request.consent_id:
        raise ValueError("the consent is not the one that the request names")
    if agreement is not None and agreement.id != request.agreement_id:
        raise ValueError("the agreement is not the one that the request names")


def _are_named(request: DecisionRequest, consents: Sequence[Consent], evidence: Sequence[Evidence], said_about: Sequence[UUID]) -> None:
    if not {consent.id for consent in consents} <= set(request.other_consent_ids):
        raise ValueError("the other consents are not those that the request names")
    if not {it.id for it in evidence if it.of.kind not in STANDING} <= set(request.evidence_ids):
        raise ValueError("the evidence is not what the request names")
    if not set(said_about) <= {subject.student_id for subject in request.subjects}:
        raise ValueError("the preferences are not those of the students of the request")
