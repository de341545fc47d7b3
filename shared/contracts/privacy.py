"""What records tells and asks privacy. privacy never sees a name, a number used outside, an address or a document (decisions 3)."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.problems import Problem
from safepassage.wire import Code, Digest, Instant, Wire
from safepassage.wire_decisions import FailedCondition as FailedCondition
from safepassage.wire_decisions import Obligation as Obligation
from safepassage.wire_decisions import SubjectOutcome as SubjectOutcome
from safepassage.wire_decisions import Withheld as Withheld
from safepassage.wire_exchange import EnrollmentEvidence
from safepassage.wire_facts import Attendance as Attendance
from safepassage.wire_facts import Flag as Flag
from safepassage.wire_facts import MilitaryService as MilitaryService
from safepassage.wire_facts import MilitaryStatus as MilitaryStatus
from safepassage.wire_facts import RightsHolder as RightsHolder
from safepassage.wire_licensure import EducatorSubject as EducatorSubject
from safepassage.wire_licensure import LicensureEvidence


class SubjectFacts(Wire):
    """`PUT /internal/subjects/{student_id}`: everything that privacy knows of a student. records is its only writer, in order."""

    student_id: UUID
    facts_version: Annotated[int, Field(ge=1)]
    custodian_id: UUID
    originating_agency: Annotated[str, StringConstraints(max_length=200)]
    """The agency that made the record: an organisation's UUID here, or `<entity id>#<its id there>`."""
    attendances: Annotated[tuple[Attendance, ...], Field(max_length=200)] = ()
    birth_date: date
    time_zone: Annotated[str, StringConstraints(max_length=64)]
    attends_postsecondary: bool = False
    postsecondary_until: date | None = None
    """The last day of it, where one is on record; with it, whoever attends one does not any more."""
    secondary_until: date | None = None
    """Of whom the flag `dual-enrollment` is set: the last day at the secondary school, where one is on record."""
    jurisdiction: Annotated[str, StringConstraints(pattern=r"^US(-[A-Z]{2})?$")]
    flags: frozenset[Flag] = frozenset()
    rights_holders: Annotated[tuple[RightsHolder, ...], Field(max_length=20)] = ()
    military_service: MilitaryService | None = None
    """Where the flag `military` is set; None where it was set before the record said more."""
    same_child: Annotated[tuple[UUID, ...], Field(max_length=200)] = ()
    """Ids of other records of the child, sorted: what was said or asked about one of them counts for this one."""


Action = Literal["request", "disclose", "redisclose", "seek-credentials", "send-credentials"]

CREDENTIAL_ACTIONS = frozenset({"seek-credentials", "send-credentials"})
"""About an educator, who is no student: the request names none, and privacy holds no facts of the educator."""


class Recipient(Wire):
    """Who would receive it."""

    kind: Literal["vendor", "school", "lea", "sea", "agency", "person"]
    id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """An organisation's UUID here, or `<entity id>#<its id there>` behind a peer."""
    node: Annotated[str, StringConstraints(max_length=200)] | None = None
    """Entity id of the peer through which it is reached."""


class TransferFacts(Wire):
    """What a verified, signed request says; who asserted it is kept with the decision."""

    evidence: EnrollmentEvidence
    request_digest: Digest
    asserted_by: Annotated[str, StringConstraints(max_length=200)]
    received_at: Instant | None = None
    """When it was received here: the clock of a duty to answer starts then. No rule that permits reads it."""


class LicensureClaim(Wire):
    """What a verified, signed request says of an educator's application at the receiving side."""

    evidence: LicensureEvidence
    request_digest: Digest
    asserted_by: Annotated[str, StringConstraints(max_length=200)]


RecordClass = Literal[
    "education-record",
    "sole-possession-note",
    "law-enforcement-unit-record",
    "employment-record",
    "treatment-record",
    "post-attendance-record",
    "peer-graded-paper",
    "protected-health-information",
    "protected-survey",
]
"""What the records that are asked for are in law: 34 CFR 99.3 "Education records", 45 CFR 160.103, 20 USC 1232h(b)."""


class RecipientProof(Wire):
    """How staff of the agency that discloses authenticated a recipient that does not call itself, 34 CFR 99.31(c)."""

    assurance_level: Literal["ial1", "ial2", "ial3"]
    method: Code
    evidence_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    authenticated_at: Instant


class SubjectVersion(Wire):
    """Which facts the asker will release under; older ones at privacy answer `facts-behind`."""

    student_id: UUID
    facts_version: Annotated[int, Field(ge=1)]


class DecisionRequest(Wire):
    """`POST /internal/decisions`. One student per decision in an exchange; a vendor's page asks for up to 1,000 at once.

    `subjects` is empty only for the action `request` (may we ask another state for a child whom we may not hold?), and where an educator's
    credentials are asked for.
    """

    action: Action
    subjects: Annotated[tuple[SubjectVersion, ...], Field(max_length=1000)]
    recipient: Recipient
    basis: Code
    purpose: Code
    elements: Annotated[tuple[Annotated[str, StringConstraints(min_length=1, max_length=64)], ...], Field(min_length=1, max_length=200)]
    consent_id: UUID | None = None
    agreement_id: UUID | None = None
    transfer: TransferFacts | None = None
    evidence_ids: Annotated[tuple[UUID, ...], Field(max_length=20)] = ()
    """Evidence of the basis (safepassage.wire_evidence); loaded by privacy, never believed from the asker."""
    other_consent_ids: Annotated[tuple[UUID, ...], Field(max_length=20)] = ()
    """Beside `consent_id`: each is evaluated by itself, and the best one counts for each element."""
    recipient_proof: RecipientProof | None = None
    identified_by: Annotated[tuple[Annotated[str, StringConstraints(max_length=64)], ...], Field(max_length=40)] = ()
    """The elements by which the asker identified the student, 34 CFR 99.37(e)."""
    record_class: RecordClass = "education-record"
    exchange_id: UUID | None = None
    duty_ids: Annotated[tuple[UUID, ...], Field(max_length=10)] = ()
    """For the action `request`: duties of the asker's that the exchange serves, and that its receipts end."""
    in_place_of: UUID | None = None
    """For the action `request`: the exchange that came to nothing and is asked anew. What that one served this one serves."""
    valid_for_seconds: Annotated[int, Field(ge=1, le=15 * 86400)] = 60
    finding: bool = False
    """It is only asked whether the child may be here (docs/finding.md): decided as any disclosure, and no request to send a record, so
    that no duty to send one begins.
    """
    educator: EducatorSubject | None = None
    """For the action `send-credentials`: whose credentials. The application is named in `evidence_ids`."""
    licensure: LicensureClaim | None = None
    nobody: SubjectFacts | None = None
    """The one student of the request is nobody: decided on these facts, which are made up, as for somebody, and always denied. So that a
    child who is not here is as much work, and as many entries, as one whose record is refused.
    """

    @property
    def subject_ids(self) -> tuple[UUID, ...]:
        """Whom it is about: students, or an educator."""
        return (*(one.student_id for one in self.subjects), *(() if self.educator is None else (self.educator.educator_id,)))

    @property
    def is_about_nobody(self) -> bool:
        """Whoever it is about is not here."""
        return self.nobody is not None or (self.educator is not None and self.educator.is_nobody)


class AgreementTerms(Wire):
    """`GET /internal/agreements/{id}/terms`: to what an agreement in force narrows a token of its party."""

    id: UUID
    kind: Code
    district_ids: tuple[UUID, ...]
    """Those for whom it is in force."""
    elements: tuple[str, ...]
    purposes: tuple[Code, ...]
    ends_on: date
    """The first day, in the state agency's calendar, on which it no longer holds."""


class PlacedStatement(Wire):
    """A statement of disagreement that goes with parts of a student's record, 34 CFR 99.21(c)(2)."""

    id: UUID
    relates_to: Annotated[tuple[Annotated[str, StringConstraints(max_length=64)], ...], Field(min_length=1, max_length=50)]
    """Elements and sections."""


class StatementsOf(Wire):
    """The statements that were placed in a student's record: without them no part that they relate to leaves."""

    student_id: UUID
    statements: tuple[PlacedStatement, ...]


class Decision(Wire):
    """The answer to a `DecisionRequest`. `token` (sp-decision+jwt) is None where nothing is permitted."""

    id: UUID
    decided_at: Instant
    valid_until: Instant
    outcome: Literal["permit", "permit-with-redaction", "deny"]
    subjects: tuple[SubjectOutcome, ...]
    policies: tuple[Code, ...]
    citations: tuple[str, ...]
    obligations: tuple[Obligation, ...]
    reviewed: bool
    """False while any policy that the answer rests on is an unreviewed draft of law."""
    required: bool = False
    """The law makes the disclosure a duty, not a permission: 34 CFR 99.31(d), 20 USC 7908."""
    policy_hash: Digest
    input_hash: Digest
    token: str | None
    statements: tuple[StatementsOf, ...] = ()
    """Of those students of the request in whose records statements were placed."""


class FactsMark(Wire):
    """`GET /internal/facts-mark`: alike twice, nothing changed in between that a decision rests on, but for the time."""

    changes: int
    policy_hash: Digest
    """Of the set that decides now."""


class Standing(Wire):
    """`POST /internal/decisions/{id}/standing`: does the decision still hold on the facts of this instant?"""

    stands: bool
    reason: Code | None = None
    citation: str | None = None


class DecisionBatch(Wire):
    """`POST /internal/decision-batches`: requests of one asker, each decided and kept as it would be alone."""

    requests: Annotated[tuple[DecisionRequest, ...], Field(min_length=1, max_length=100)]


class DecisionAnswer(Wire):
    """What one of them would have been answered alone: the decision, or the problem."""

    decision: Decision | None = None
    problem: Problem | None = None


class DecisionAnswers(Wire):
    """In the order of the requests."""

    answers: tuple[DecisionAnswer, ...]


class StandingBatch(Wire):
    """`POST /internal/standing-batches`."""

    decision_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=100)]


class Standings(Wire):
    """In the order of the ids."""

    standings: tuple[Standing, ...]
