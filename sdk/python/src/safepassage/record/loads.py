"""What an information system says to load students, what it is told, and what a vendor reads."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer

from safepassage.record.identity import Identifier
from safepassage.record.provenance import StatementOfDisagreement
from safepassage.record.student_record import Sections, StudentRecord
from safepassage.wire import Code, Instant, Name, Wire

SourceId = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class LoadedRecord(Sections):
    """A record as its own agency loads it. Where it comes from is what the node knows of the caller; the caller does not say it."""

    statements: Annotated[tuple[StatementOfDisagreement, ...], Field(max_length=50)] = ()


class NewStudent(Wire):
    """`POST /v1/students`, and each line of a JSON roster: the whole record; the same source id again replaces it."""

    source_system: SourceId
    source_id: SourceId
    """The id in that system: by it the node finds the student again. It is not an element of the record and never leaves."""
    as_of: Instant
    record: LoadedRecord


class ChangedStudent(Wire):
    """`PUT /v1/students/{id}`: the whole record anew."""

    version: Annotated[int, Field(ge=1)]
    """The one that was read."""
    source_system: SourceId
    as_of: Instant
    record: LoadedRecord


class LoadedStudent(Wire):
    """What became of one student's load."""

    id: UUID
    version: int
    created: bool
    unresolved: tuple["Unresolved", ...] = ()


class Student(Wire):
    """`GET /v1/students/{id}`."""

    id: UUID
    version: int
    custodian_id: UUID
    originating_agency: str
    record: StudentRecord
    same_as: tuple["SameChild", ...] = ()
    """Other records of this child in the node that the caller may read, each under its own id."""
    left_with: str | None = None
    """The district's own system that has the record: the node keeps what finds the child. What else is in `record` is said by it now."""


class SameChild(Wire):
    """Another record of the same child: united by reference, with nothing moved or copied."""

    student_id: UUID
    union_id: UUID
    leads: bool
    """That record is the one by which the child goes on."""
    united_at: Instant


class RecordUnion(Wire):
    """Two records that are of one child, or were held to be."""

    id: UUID
    leading_id: UUID
    other_id: UUID
    united_at: Instant
    separated_at: Instant | None = None


class Unresolved(Wire):
    """A reference of a load that did not resolve: why and where. What it refers to is loaded as far as it goes, never invented."""

    reason: Code
    position: Annotated[str, StringConstraints(max_length=200)]
    """File and row or element number, counted from 1; never a value."""


class NotValid(Wire):
    """What of a load was not valid, by what is wrong: names of the format's or the record's own, a place, and never a value."""

    resource: Annotated[str, StringConstraints(max_length=200)]
    """The file or resource in which it stands; of our own lines `line`."""
    member: Annotated[str, StringConstraints(max_length=200)]
    """The path of names to the member, without numbers; `*` for a name that neither the format nor the record has."""
    rule: Code
    """What it does not hold to: the rule of the schema (`max-length`, `required`) or of the record (`string_too_long`, `missing`)."""
    count: Annotated[int, Field(ge=1)]
    positions: Annotated[tuple[Annotated[str, StringConstraints(max_length=200)], ...], Field(max_length=20)]
    """The first twenty."""


class LoadReport(Wire):
    """What a load did."""

    id: UUID
    format: Code
    loaded_at: Instant
    counts: dict[Code, int]
    """students, created, changed, unchanged, and what else the format counts."""
    reasons: dict[Code, int]
    """How often each reason came up."""
    unresolved: Annotated[tuple[Unresolved, ...], Field(max_length=10_000)]
    """The first ten thousand."""
    not_valid: Annotated[tuple[NotValid, ...], Field(max_length=1000)] = ()
    """What is wrong where the reason is `not-valid`, the first thousand kinds."""


class StudentLookup(Wire):
    """`POST /v1/students/lookup`: an identifier with its system, or name and date of birth. In the body, so that no URL holds it."""

    identifier: Identifier | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    birth_date: date | None = None


class FoundStudents(Wire):
    """Ids of students of the caller's own organisation; more than one needs a person's eye."""

    students: tuple[UUID, ...]


class KeptResources(Wire):
    """`GET /v1/students/{id}/kept-resources`: what a source said of a student and the record has no place for, word for word."""

    resources: dict[str, tuple[dict[str, Any], ...]]
    """Bodies, or what was left of them with what names them, by the source's resource."""


class RosterEntry(Sections):
    """One student as a vendor sees it: exactly the scheduled elements that are permitted, under the vendor's own pseudonym."""

    student: UUID
    statements: tuple[StatementOfDisagreement, ...] = ()


class RosterPage(Wire):
    """`GET /v1/roster-entries`. A next page is in the Link header."""

    agreement_id: UUID
    decision_id: UUID | None
    """None where no student is in reach."""
    not_scheduled: tuple[str, ...]
    """Elements asked for that the agreement does not schedule: the same for every student."""
    left_with_districts: tuple[UUID, ...] = ()
    """Districts of it that keep their students’ records in their own systems: of these the node has what finds a child alone."""
    left_with_source: Annotated[tuple[UUID, ...], Field(max_length=1000)] = ()
    """Of whom on this page something that is permitted is with such a system: `GET /v1/roster-entries/{student}/document` asks it."""
    students: Annotated[tuple[RosterEntry, ...], Field(max_length=1000)]


class MatchReview(Wire):
    """A child that could not be told for certain: a person decides."""

    id: UUID
    kind: Literal["request", "records"] = "request"
    """A request from another state asks for the child, or two records of this node may be of one child."""
    request_id: UUID | None = None
    """The request's, where one asks."""
    candidates: tuple[UUID, ...]
    """Student ids; their records are read as any other, and that is logged."""
    reasons: tuple[Code, ...]
    opened_at: Instant
    expires_at: Instant
    outcome: Literal["student", "none"] | None = None
    student_id: UUID | None = None
    resolved_at: Instant | None = None


class MatchPage(Wire):
    """`GET /v1/matches`: those that wait, the oldest first. A next page is in the Link header."""

    matches: Annotated[tuple[MatchReview, ...], Field(max_length=1000)]


MatchKind = Literal["request", "records"]
"""request: which child is it that another state asks for, or whose record came? records: are two records here of one child?"""

MatchOrder = Literal["opened_at", "-opened_at", "expires_at", "-expires_at"]
"""Of a list: by which instant; with a minus the latest first."""

MatchDoubt = Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=64)]
"""Why a machine may not decide it: one of a match's `reasons`."""

MatchReason = Literal["documents-seen", "school-asked", "family-asked", "agency-asked", "compared-here"]
"""On what a person's word about a match rests. A closed list: free text would sooner or later name a child."""


class MatchResolution(Wire):
    """`POST /v1/matches/{id}/resolution`: which candidate the child is, or (null, said and not left out) that none of them is.

    Of two records: the one by which the child goes on, or that they are of two children.
    """

    student_id: UUID | None
    reason: MatchReason | None = None
    """The log keeps it."""

    @model_serializer(mode="wrap")
    def _null_is_a_word(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A body in which absent members are left out still says null here."""
        return {"student_id": None, **handler(self)}
