"""From evidence to facts: what was recorded, verified and proved becomes the closed list that the rules read. Pure.

Evidence that is missing, of another student, another party or another form is no error: it is no evidence, and what needs it is denied.
Errors are mistakes of the caller: a request and evidence that do not belong together.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import Agreement, Consent, Debarment
from services.privacy.policy.calendar_days import Place, reaches_majority_on
from services.privacy.policy.consent_facts import consent_facts
from services.privacy.policy.custody_facts import Parties, custody_facts
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.policy.party_facts import agreement_facts, asker_facts, enrollment_facts, recipient_facts
from services.privacy.policy.policy_input import AgreementFacts, Evidence, PolicyInput, StudentFacts, StudentGroup, Subject
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
    organisations: Mapping[UUID, Organisation],
    consent: Consent | None = None,
    agreement: Agreement | None = None,
    debarments: Sequence[Debarment] = (),
) -> PolicyInput:
    """The input of the decision on `request` at the instant `now`.

    node_organisation_id    the state agency that runs the node; its calendar is that of agreements
    caller_organisation_id  the organisation of the verified token that asked; None for a job of the node
    subjects                the facts that privacy holds, in the order of the request
    organisations           the node's agency, the recipient, the custodians, the originating agencies and all above them, as far as known
    consent, agreement      those that the request names, if they exist
    debarments              of the recipient, of those above it, or of its node

    Raises ValueError if subjects, consent or agreement are not those of the request, or the node's agency is not among the organisations.
    """
    _belong_together(request, subjects, consent, agreement)
    if node_organisation_id not in organisations:
        raise ValueError("the node's agency is not among the organisations")
    tree = OrganisationTree(organisations)
    asking = request.action == "request"
    agreed: AgreementFacts | None = None
    if agreement is not None and not asking:
        place = Place.at(organisations[node_organisation_id].time_zone, now)
        agreed = agreement_facts(agreement, request.recipient, place)
    parties = Parties(request.recipient, milliseconds_of(now), node_organisation_id, tree, agreement, debarments)
    students = _Students(parties, consent, now)
    grouped = tuple(map(students.subject, subjects))
    transfer = request.transfer
    return PolicyInput(
        action=request.action,
        agreement=agreed,
        asker=asker_facts(request, caller_organisation_id, tree) if asking else None,
        basis=request.basis,
        elements=tuple(sorted(set(request.elements))),
        evidence=Evidence(
            agreement=None if agreement is None else agreement.id,
            asserted_by=None if transfer is None else transfer.asserted_by,
            consent=None if consent is None else consent.id,
            request_digest=None if transfer is None else transfer.request_digest,
        ),
        groups=tuple(students.groups),
        holds_until=_earliest_change(parties.now, students, agreed),
        now=parties.now,
        purpose=request.purpose,
        recipient=recipient_facts(request, caller_organisation_id, tree, now),
        subjects=grouped,
        transfer=None if transfer is None else enrollment_facts(request.recipient, transfer),
    )


class _Students:
    """Puts each student into the group of those with the same facts, so that a page of alike students is decided once."""

    def __init__(self, parties: Parties, consent: Consent | None, now: datetime) -> None:
        self.groups: list[StudentGroup] = []
        self.majority_at: int | None = None
        """When the one student whom the consent is about comes of age, if that is still to come."""
        self._parties, self._consent, self._now = parties, consent, now
        self._index: dict[tuple[object, ...], int] = {}
        self._places: dict[str, Place | None] = {}

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
        consent = self._consent if self._consent is not None and self._consent.student_id == student.student_id else None
        key = (*facts, student.custodian_id, student.originating_agency, consent is not None)
        index = self._index.get(key)
        if index is None:
            index = self._index[key] = len(self.groups)
            self.groups.append(self._group(student, facts, consent, place))
        return identifier, student.facts_version, index

    def _group(self, student: SubjectFacts, facts: tuple[bool, bool, str, bool], consent: Consent | None, place: Place) -> StudentGroup:
        eligible, homeless, jurisdiction, protected_address = facts
        if consent is not None and not eligible:
            self.majority_at = place.begins(reaches_majority_on(student.birth_date))
        return StudentGroup(
            consent=None if consent is None else consent_facts(consent, student, self._parties.recipient, place),
            custody=custody_facts(student, self._parties),
            student=StudentFacts(eligible=eligible, homeless=homeless, jurisdiction=jurisdiction, protected_address=protected_address),
        )

    def _place(self, time_zone: str) -> Place | None:
        if time_zone not in self._places:
            try:
                self._places[time_zone] = Place.at(time_zone, self._now)
            except ValueError:
                self._places[time_zone] = None
        return self._places[time_zone]


def _belong_together(
    request: DecisionRequest, subjects: Sequence[SubjectFacts], consent: Consent | None, agreement: Agreement | None
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


def _earliest_change(now: int, students: _Students, agreement: AgreementFacts | None) -> int | None:
    """The first instant after `now` at which a permission could end, or a consent change hands, by time alone."""
    instants = [students.majority_at]
    if agreement is not None:
        instants += [agreement.ends_at, agreement.terminated_at]
    for group in students.groups:
        if group.consent is not None:
            instants += [group.consent.expires_at, group.consent.withdrawn_at, group.consent.grantor_rights_ended_at]
    return min((instant for instant in instants if instant is not None and instant > now), default=None)
