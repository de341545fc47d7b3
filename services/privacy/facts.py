"""The facts of one decision, read in one snapshot: what was committed before it is seen, all of it and nothing half."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, Connection, bindparam, select

from safepassage.problems.privacy import FactsBehind
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import Consent, Debarment
from services.privacy.agreement_records import held_agreement
from services.privacy.consent_records import HeldConsent, consent_and_those_taken_back
from services.privacy.debarments import debarments_of
from services.privacy.evidence_records import COLUMNS, open_evidence
from services.privacy.grounds import HEARD_ON, Grounds, Held, grounds_named, standing_kinds, standing_of
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.sealing import Sealer
from services.privacy.statements import placed_statements
from services.privacy.subjects import HeldSubject, open_facts, subjects_by_id
from services.privacy.tables import EvidenceRow, OrganisationRow
from shared import prepared
from shared.asked_once import rows_once
from shared.contracts.privacy import DecisionRequest, EducatorSubject, StatementsOf, SubjectFacts

ATTENDANCE_MATTERS: Final = frozenset({"directory", "school-official", "military-recruiter", "higher-education-recruiter"})
"""Bases whose rules ask where a student attends: of a school that is not loaded nobody could tell whose it is."""


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


@dataclass(frozen=True)
class HeldStudent:
    """What is held of a student."""

    facts: SubjectFacts
    statements: StatementsOf | None


def held_students(
    connection: Connection, sealer: Sealer, student_ids: Sequence[UUID], rows: Mapping[UUID, HeldSubject] | None = None
) -> dict[UUID, HeldStudent]:
    """Those of the students who are held, by id. `rows`: where they were looked up before. Raises SealBroken."""
    found = subjects_by_id(connection, student_ids) if rows is None else rows
    return {
        student_id: HeldStudent(open_facts(sealer, found[student_id]), _statements(sealer, found[student_id]))
        for student_id in student_ids
        if student_id in found
    }


def rows_of_each(connection: Connection, requests: Sequence[DecisionRequest]) -> list[Mapping[UUID, HeldSubject] | None]:
    """`rows` for `read_facts` of each of several requests: students who are asked about alone are looked up by one statement."""
    alone = [request.subjects[0].student_id if len(request.subjects) == 1 else None for request in requests]
    found = subjects_by_id(connection, list(dict.fromkeys(one for one in alone if one is not None)))
    return [None if one is None else found for one in alone]


def held_within(
    connection: Connection,
    sealer: Sealer,
    student_ids: Sequence[UUID],
    *,
    sees: Callable[[SubjectFacts], bool],
    nobody: Callable[[], SubjectFacts],
) -> dict[UUID, HeldStudent]:
    """As `held_students`, those of the students whom a caller sees. Raises SealBroken.

    # INVARIANT: as much is done for a student who is not held as for one whom the caller does not see: `nobody` is opened in their place.
    """
    rows, held = subjects_by_id(connection, student_ids), dict[UUID, HeldStudent]()
    for student_id in student_ids:
        row = rows.get(student_id)
        facts = nobody() if row is None else open_facts(sealer, row)
        if sees(facts) and row is not None:
            held[student_id] = HeldStudent(facts, _statements(sealer, row))
    return held


def _statements(sealer: Sealer, row: HeldSubject) -> StatementsOf | None:
    if row.sealed_statements is None:
        return None
    return StatementsOf(student_id=row.student_id, statements=placed_statements(sealer, row.student_id, row.sealed_statements))


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
    organisations, standing = _organisations(connection, sealer, request, concerned)
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
        debarments_of(connection, _barred_names(request, organisations)),
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


def concerned_by(
    request: DecisionRequest, subjects: Sequence[SubjectFacts], agreement: AnyAgreement | None, always: Iterable[UUID | None]
) -> set[UUID]:
    """Organisations that the rules may ask about, by their ids here."""
    named = {subject.originating_agency for subject in subjects} | {request.recipient.id}
    if request.transfer is not None:
        named.add(request.transfer.evidence.receiving_organisation.id)
    if request.licensure is not None:
        named.add(request.licensure.evidence.receiving_organisation.id)
    concerned = {identifier for identifier in map(_uuid, named) if identifier is not None}
    if request.basis in ATTENDANCE_MATTERS:
        concerned |= {attendance.organisation_id for subject in subjects for attendance in subject.attendances}
    if request.educator is not None:
        concerned.add(request.educator.custodian_id)
    concerned |= {subject.custodian_id for subject in subjects} | {identifier for identifier in always if identifier is not None}
    return concerned if agreement is None else concerned | {agreement.recipient_id, *agreement.district_ids}


def _barred_names(request: DecisionRequest, organisations: dict[UUID, Organisation]) -> set[str]:
    """What a finding against the recipient may name: itself, its node, or the district of a school."""
    recipient = request.recipient
    agency = OrganisationTree(organisations).agency(recipient.id)
    return {recipient.id, *(str(organisation.id) for organisation in agency)} | ({recipient.node} if recipient.node else set())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def all_above(are_meant: Any) -> CTE:
    """The organisations for which the condition holds, and all above them."""
    up = select(OrganisationRow.id, OrganisationRow.parent_id).where(are_meant).cte("up", recursive=True)
    return up.union(select(OrganisationRow.id, OrganisationRow.parent_id).where(OrganisationRow.id == up.c.parent_id))


_UP = all_above(OrganisationRow.id.in_(bindparam("identifiers", expanding=True)))
CONCERNED = select(OrganisationRow.whole).where(OrganisationRow.id.in_(select(_UP.c.id)))
_WITH_STANDING = (
    select(OrganisationRow.whole, *COLUMNS)
    .outerjoin(EvidenceRow, standing_of(OrganisationRow.id))
    .where(OrganisationRow.id.in_(select(_UP.c.id)))
)


def _organisations(
    connection: Connection, sealer: Sealer, request: DecisionRequest, identifiers: set[UUID]
) -> tuple[dict[UUID, Organisation], tuple[Held, ...]]:
    """The organisations and all above them, and their evidence of the kinds that no request names. One statement, whether or not."""
    kinds = standing_kinds(request)
    asked: dict[str, Any] = {"identifiers": sorted(identifiers)}
    if kinds:
        rows = prepared.rows(connection, _WITH_STANDING, asked | {"kinds": kinds, "operator_id": request.recipient.id})
        wholes = dict.fromkeys(row.whole for row in rows)
        standing = tuple((open_evidence(sealer, row), row.epoch) for row in rows if row.id is not None)
    else:
        wholes, standing = dict.fromkeys(row.whole for row in rows_once(connection, CONCERNED, asked)), ()
    organisations = (_organisation(whole) for whole in wholes)
    return {organisation.id: organisation for organisation in organisations}, standing


@lru_cache(maxsize=4096)
def _organisation(whole: str) -> Organisation:
    """The text that was read, as an organisation: the same text is not parsed for each decision."""
    return Organisation.model_validate_json(whole)
