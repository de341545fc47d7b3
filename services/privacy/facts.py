"""The facts of one decision, read in one snapshot: what was committed before it is seen, all of it and nothing half."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from safepassage.problems.privacy import FactsBehind
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import Consent, Debarment
from services.privacy.agreement_records import held_agreement
from services.privacy.concerned_organisations import ATTENDANCE_MATTERS, barred_names, concerned_by, organisations_with_standing
from services.privacy.consent_records import HeldConsent, consent_and_those_taken_back
from services.privacy.debarments import debarments_of
from services.privacy.grounds import HEARD_ON, Grounds, grounds_named, standing_kinds
from services.privacy.held_students import HeldStudent, held_students
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.sealing import Sealer
from services.privacy.subjects import HeldSubject
from shared.contracts.privacy import DecisionRequest, EducatorSubject, StatementsOf, SubjectFacts


@dataclass(frozen=True)
class Facts:
    """What the policies are given, loaded by us, never believed from the asker; but for the evidence that a verified request asserts."""

    subjects: tuple[SubjectFacts, ...]
    """In the order of the request."""
    organisations: dict[UUID, Organisation]
    """Everyone who has a part in it, and all above them."""
    consent: Consent | None
    agreement: AnyAgreement | None
    debarments: tuple[Debarment, ...]
    epochs: dict[str, Any]
    """Which version of each fact was seen."""
    statements: tuple[StatementsOf, ...] = ()
    """Of those of the students in whose records statements of disagreement were placed."""
    grounds: Grounds = field(default_factory=Grounds)
    educator: EducatorSubject | None = None
    """Whose credentials are asked for: as records says, for privacy holds nothing of an educator but the application."""

    @cached_property
    def tree(self) -> OrganisationTree:
        """The organisations, as they stand to one another."""
        return OrganisationTree(self.organisations)

    @property
    def custodians(self) -> tuple[UUID, ...]:
        """Who keeps the record, for each subject."""
        if self.educator is not None:
            return (self.educator.custodian_id,)
        return tuple(subject.custodian_id for subject in self.subjects)

    def of_one(self, place: int) -> "Facts":
        """The facts of one student of several."""
        student = self.subjects[place]
        epochs = {**self.epochs, "subjects": self.epochs["subjects"][place : place + 1]}
        statements = tuple(of for of in self.statements if of.student_id == student.student_id)
        grounds = self.grounds.of_student(student.student_id)
        one = replace(self, subjects=(student,), epochs=epochs, statements=statements, grounds=grounds)
        one.__dict__["tree"] = self.tree
        return one

    def of_nobody(self) -> "Facts":
        """The facts of a question about a student whom the asker does not see."""
        return replace(self, subjects=(), consent=None, epochs={}, statements=(), grounds=Grounds())

    def not_before(self, now: datetime) -> datetime:
        """The instant to decide at: never before a revocation that was seen, though another replica's clock ran ahead when it was made."""
        withdrawn_at = None if self.consent is None else self.consent.withdrawn_at
        terminated_at = None if self.agreement is None else self.agreement.terminated_at
        return max(now, withdrawn_at or now, terminated_at or now, *self.grounds.seen_at)


def read_alike(request: DecisionRequest) -> Hashable:
    """The same for requests about the same students for which the same facts are read, so that they can be read once.

    # INVARIANT: it has everything of a request that `read_facts` looks at beside the students (a test compares, basis by basis).
    """
    return (
        request.recipient,
        request.consent_id,
        request.agreement_id,
        request.other_consent_ids,
        request.evidence_ids,
        request.transfer,
        request.educator,
        request.licensure,
        request.basis in ATTENDANCE_MATTERS,
        request.basis in HEARD_ON,
        *standing_kinds(request),
    )


def read_facts(
    connection: Connection,
    sealer: Sealer,
    request: DecisionRequest,
    *,
    node_organisation_id: UUID,
    caller_organisation_id: UUID | None,
    at_stated_version: bool = True,
    held: Mapping[UUID, HeldStudent] | None = None,
    rows: Mapping[UUID, HeldSubject] | None = None,
) -> Facts:
    """Load what `request` is decided on. `connection` is in a transaction that is one snapshot (Database.reading).

    # INVARIANT: nothing is cached between decisions, so that a revocation is seen by every decision that starts after its commit.

    at_stated_version  also refuse facts that are older here than those under which the asker will release
    held               what `held_students` read in this snapshot, where several questions are about the same students
    rows               what `rows_of_each` looked up in this snapshot, where several are about a student each

    Raises FactsBehind (also for a student who is not here at all), SealBroken.
    """
    if held is None:
        held = held_students(connection, sealer, [subject.student_id for subject in request.subjects], rows)
    if request.nobody is not None:  # looked for like everybody
        held = {request.nobody.student_id: HeldStudent(request.nobody, None)}
    students = [
        student
        for subject in request.subjects
        if (student := held.get(subject.student_id)) is not None
        and (student.facts.facts_version >= subject.facts_version or not at_stated_version)
    ]
    if len(students) != len(request.subjects):
        raise FactsBehind(f"of {len(request.subjects) - len(students)} of {len(request.subjects)} students", field="subjects")
    subjects = tuple(student.facts for student in students)
    consent, taken_back = _consents(connection, sealer, request)
    agreement = None if request.agreement_id is None else held_agreement(connection, request.agreement_id)
    concerned = concerned_by(request, subjects, agreement and agreement[0], (node_organisation_id, caller_organisation_id))
    organisations, standing = organisations_with_standing(connection, sealer, request, concerned)
    grounds = grounds_named(connection, sealer, request, standing, taken_back, subjects=subjects)
    epochs = {
        "agreement": agreement and agreement[1],
        "consent": consent and consent[1],
        "organisations": {str(organisation.id): organisation.version for organisation in organisations.values()},
        "subjects": [subject.facts_version for subject in subjects],
        **grounds.epochs,
    }
    return Facts(
        subjects,
        organisations,
        consent and consent[0],
        agreement and agreement[0],
        debarments_of(connection, barred_names(request, organisations)),
        epochs,
        tuple(student.statements for student in students if student.statements is not None),
        grounds,
        request.educator,
    )


def _consents(connection: Connection, sealer: Sealer, request: DecisionRequest) -> tuple[HeldConsent | None, list[HeldConsent]]:
    """The consent that is named, and what was taken back beside it: whoever asks need not name what speaks against it."""
    if request.consent_id is None:
        return None, []
    students = [subject.student_id for subject in request.subjects]
    return consent_and_those_taken_back(connection, sealer, request.consent_id, students, recipient_id=request.recipient.id)
