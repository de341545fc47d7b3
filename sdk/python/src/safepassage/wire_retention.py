"""Keeping and destroying what the log seals: retention classes, legal holds, and destructions that two officials approve."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.wire import Code, Digest, Instant, Wire
from safepassage.wire_policy_sets import ActingOfficial

SchoolYear = Annotated[int, Field(ge=1970, le=9999)]
"""July to June, by UTC, named after the calendar year in which it ends."""

Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
"""A file number. No name."""

RetentionName = Literal["accounting", "evidence", "access", "operation"]


class RetentionClass(Wire):
    """How long what is sealed of some classes of entries is kept, counted from the end of their school year."""

    name: RetentionName
    classes: tuple[Code, ...]
    """Classes of entries, as the log names them."""
    years: Annotated[int, Field(ge=0)]
    with_record: bool
    """Also as long as the student's education record, where the entry is part of the accounting of disclosures: 34 CFR 99.32(a)(2)."""
    why: str


class RetentionClasses(Wire):
    """`GET /v1/log/retention-classes`."""

    classes: tuple[RetentionClass, ...]


HoldReason = Literal["litigation", "investigation", "complaint", "inspection", "audit", "subpoena", "breach"]


class NewLegalHold(Wire):
    """`POST /v1/log/holds`: keep what all given members say: a student's, an organisation's, what was logged between two instants."""

    student_id: UUID | None = None
    organisation_id: UUID | None = None
    """Entries about its students and those of organisations below it, and what they asked for, received or did."""
    logged_from: Instant | None = None
    logged_until: Instant | None = None
    """The first instant that is not held any more."""
    reason: HoldReason
    reference: Reference
    acting_official: ActingOfficial

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if self.student_id is None and self.organisation_id is None and self.logged_from is None and self.logged_until is None:
            raise ValueError("a hold names a student, an organization or a time")
        if self.logged_from is not None and self.logged_until is not None and self.logged_from >= self.logged_until:
            raise ValueError("logged_until: after logged_from")
        return self


class LegalHoldLift(Wire):
    """`POST /v1/log/holds/{hold_id}/lift`."""

    reason: Literal["matter-ended", "placed-by-mistake"]
    acting_official: ActingOfficial


class LegalHold(Wire):
    """A legal hold. While it is not lifted, nothing that it names is destroyed."""

    id: UUID
    student_id: UUID | None = None
    organisation_id: UUID | None = None
    logged_from: Instant | None = None
    logged_until: Instant | None = None
    reason: HoldReason
    reference: Reference
    placed_at: Instant
    placed_by: Code
    """Pairwise id of the official."""
    lifted_at: Instant | None = None
    lifted_by: Code | None = None
    lifted_because: Code | None = None
    destruction_id: UUID | None = None
    """It was lifted, and what the log had sealed of the student whom it named was destroyed by this: who that was is said no more."""


class LegalHoldPage(Wire):
    """`GET /v1/log/holds`: newest first."""

    holds: tuple[LegalHold, ...]


DestructionBasis = Literal["retention-schedule", "parent-request", "end-of-agreement", "court-order"]

KeptBecause = Literal["school-year-not-over", "retention-class", "kept-with-record", "legal-hold", "copy-owed", "nothing-sealed"]
"""school-year-not-over: entries are still sealed with its key. kept-with-record: 34 CFR 99.32(a)(2). copy-owed: 99.32(b)(2)(iii)."""


class NewLogDestruction(Wire):
    """`POST /v1/log/destructions`: ask for the destruction of what the log seals of a student, or of the node's own entries, for good."""

    student_id: UUID | None = None
    """None: what is about nobody, and who did what in pages about many, which the node's own key of a school year seals."""
    school_years: Annotated[tuple[SchoolYear, ...], Field(max_length=60)] = ()
    """Empty, for a student: every school year."""
    basis: DestructionBasis
    reference: Reference
    """The paper that it rests on."""
    records_ended_on: date | None = None
    """Since when the student's education records exist no more; without it what is accounted for is kept with them: 34 CFR 99.32(a)(2)."""
    clearance_id: UUID | None = None
    """The clearance that the records' destruction got before (`POST /v1/destructions`)."""
    acting_official: ActingOfficial

    @model_validator(mode="after")
    def _names_what(self) -> Self:
        if self.student_id is None and (not self.school_years or self.records_ended_on is not None):
            raise ValueError("school_years: named, for what is about no student; whose records end for nobody")
        if (self.records_ended_on is None) != (self.clearance_id is None):
            raise ValueError("records_ended_on and clearance_id go together")
        return self


class PreviewedYear(Wire):
    """What would be destroyed of one school year; or why it is kept."""

    school_year: SchoolYear
    entries: Annotated[int, Field(ge=0)]
    index_rows: Annotated[int, Field(ge=0)]
    kept_because: tuple[KeptBecause, ...] = ()
    """Empty: it is destroyed."""
    holds: tuple[UUID, ...] = ()


class DestructionPreview(Wire):
    """What a destruction comes to. Carried out, it destroys no year that the preview keeps, and none that is held meanwhile."""

    years: tuple[PreviewedYear, ...]
    digest: Digest
    """Of the years in canonical JSON: an approval repeats it."""


class NewLogDestructionApproval(Wire):
    """`POST /v1/log/destructions/{destruction_id}/approvals`."""

    preview: Digest
    """Digest of the preview that the official has looked at."""
    acting_official: ActingOfficial


class LogDestructionCallOff(Wire):
    """`POST /v1/log/destructions/{destruction_id}/call-off`."""

    acting_official: ActingOfficial


class LogDestructionApproval(Wire):
    """An official's approval."""

    official: Code
    role: Code
    at: Instant


DestructionState = Literal["asked", "approved", "called-off", "kept", "destroying", "destroyed", "done"]


class LogDestruction(Wire):
    """A destruction of what the log seals.

    asked, approved (by two; it waits a day), destroying, destroyed (here: nothing of the store opens it), done (nor does any older copy).
    kept: when it was to be carried out, something kept all of it back.
    """

    id: UUID
    state: DestructionState
    student_id: UUID | None = None
    """Until it is carried out; afterwards nothing here tells whose it was."""
    of_student: bool
    basis: DestructionBasis
    reference: Reference
    records_ended_on: date | None = None
    clearance_id: UUID | None = None
    asked_by: Code
    asked_at: Instant
    approvals: tuple[LogDestructionApproval, ...] = ()
    not_before: Instant | None = None
    """When it is carried out, unless it is called off."""
    called_off_at: Instant | None = None
    preview: DestructionPreview
    destroyed_at: Instant | None = None
    done_at: Instant | None = None
    certificate: str | None = None
    """Canonical JSON, whose digest is `digests.ct` of the entry of class `destruction` below."""
    log: str | None = None
    index: Annotated[int, Field(ge=0)] | None = None


class LogDestructionPage(Wire):
    """`GET /v1/log/destructions`: newest first."""

    destructions: tuple[LogDestruction, ...]


class DestroyedYear(Wire):
    """That what the log sealed of a student in a school year was destroyed, and by which destruction."""

    school_year: SchoolYear
    destroyed_at: Instant
    destruction_id: UUID
