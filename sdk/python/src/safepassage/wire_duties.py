"""What an agency owes by when, and who waived or proved it: duties, waivers of obligations, destruction."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.wire import Code, Instant, Wire

DutyState = Literal["open", "due", "overdue", "done", "undelayed", "waived"]
"""open: there is time. due: the last days. overdue: too late, and not done. done: with evidence. undelayed: without unreasonable delay, by
a law that names no number of days. waived: it does not bind, for a reason that is on record."""

WaivedBecause = Literal[
    "law-does-not-bind",
    "data-not-covered",
    "data-encrypted",
    "harm-not-likely",
    "too-few-people",
    "told-under-other-law",
    "opened-in-error",
]
"""Why a notice that a law asks for need not be given; opened-in-error: there was no such breach, or the clock runs elsewhere."""

DutyOrder = Literal["overdue_at", "-overdue_at", "begins_at", "-begins_at", "kind", "-kind"]
"""Of a list: by which instant, or by kind, of one kind by when it is too late; with a minus from the end. A duty without a date stands
where it began. Kinds that would tell what a child lives through are together in one place, where they cannot be told apart unopened."""

About = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
"""What a duty is about: `exchange:<id>`, `inspection:<id>`, ..."""


HowMany = Annotated[int, Field(ge=0, lt=2**53)]
CountedBy = Literal["residence", "told"]
"""residence: by the states where the students live. told: by the states whose nodes were told of them."""


class CountedPeople(Wire):
    """By how many people, and by which count of them, a notice of a breach was started: the word of who started it."""

    by: CountedBy
    people: HowMany
    """Of the notice's state; of a notice of no one state, all."""
    unknown: HowMany = 0
    """More, of whom it was not known where they live: whether a notice is owed is said as if they lived in its state."""
    of: HowMany
    """All that were counted, in whatever state."""
    count_id: UUID
    """The count of the blast radius: `radius-count:<id>` in `about` of the entries of the log that say who counted, when."""
    as_of: date | None = None
    """The day whose addresses counted."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.people + self.unknown > self.of:
            raise ValueError("people and unknown: some of those that were counted")
        if (self.by == "residence") != (self.as_of is not None):
            raise ValueError("as_of: of a count by residence, and of no other")
        if self.by == "told" and self.unknown:
            raise ValueError("unknown: of a count by residence alone")
        return self


class NewDuty(Wire):
    """`POST /v1/duties`: a clock that the node cannot see start by itself."""

    kind: Code
    student_id: UUID | None = None
    organisation_id: UUID | None = None
    """Whose duty it is; by default the student's custodian, or the caller's own organisation."""
    started_at: Instant
    evidence_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """What shows that and when it started."""
    about: About | None = None
    counted: CountedPeople | None = None
    """Of a notice of a breach alone."""


class Duty(Wire):
    """A duty and its clock."""

    id: UUID
    kind: Code
    organisation_id: UUID
    student_id: UUID | None = None
    about: About | None = None
    counted: CountedPeople | None = None
    """Of a notice of a breach that was started from a count."""
    start_ref: str | None = None
    """What shows that and when it started, where staff opened it."""
    citation: str
    figure: Literal["law", "ours"]
    """ours: the law gives no number of days."""
    checked: bool
    """Whether the rule was compared with the law's text."""
    wording: str = ""
    """The law's own short phrase, of a notice of a breach."""
    begins_at: Instant
    due_from: Instant | None = None
    overdue_at: Instant | None = None
    """The first instant that is too late. Neither is there where the law names no number of hours or days: without unreasonable delay."""
    state: DutyState
    done_at: Instant | None = None
    waivable: bool = False
    """Whether it binds is for counsel to say: `POST /v1/duties/{id}/waiver`."""
    waived_at: Instant | None = None
    waived_because: Code | None = None
    evidence_ref: str | None = None
    """What shows that it was done: `exchange:<id>:<reached>:<digest of the receipt>` where the exchange that serves it did. Or that it does
    not bind."""
    late: bool
    """Done too late, or overdue. Never where there is no date."""


class DutyPage(Wire):
    """`GET /v1/duties`: those that are too late or due first in front."""

    duties: tuple[Duty, ...]
    next: Annotated[str | None, Field(description="Cursor of the next page; also in the Link header.")] = None


class DutyCompletion(Wire):
    """`POST /v1/duties/{id}/completion`."""

    evidence_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Reference of what shows that it was done."""


class DutyWaiver(Wire):
    """`POST /v1/duties/{id}/waiver`: the notice does not bind the agency, or need not be given."""

    because: WaivedBecause
    evidence_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Reference of what shows it: counsel's letter, the examination."""


class WaivingOfficial(Wire):
    """An official of the agency, identified and authenticated, who waives an obligation: a pairwise id, never a name."""

    pairwise_id: Code
    """Lower case: one official has one spelling."""
    role: Code
    assurance_level: Literal["ial2", "ial3"]
    method: Code
    evidence_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    authenticated_at: Instant


class ObligationWaiver(Wire):
    """`POST /v1/obligations/{id}/waivers`: one official's word. The second official's makes it count."""

    official: WaivingOfficial
    reason: Code
    reason_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class SignedAttestation(Wire):
    """`POST /v1/destruction-attestations` (safepassage.destruction)."""

    attestation: Annotated[str, StringConstraints(max_length=8192)]
    """Compact JWS, typ sp-destruction+jws, by the Ed25519 key with which the client is registered."""
    x: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
    """That key's public half."""


class DestructionAttestation(SignedAttestation):
    """An attestation on record."""

    id: UUID
    agreement_id: UUID
    organisation_id: UUID
    recorded_at: Instant
    discharged: tuple[UUID, ...]
    """The obligations that it discharged."""


class DestructionOwed(Wire):
    """`GET /v1/agreements/{id}/destruction`: what a party has to destroy, and whether it must wait (34 CFR 99.10(e))."""

    agreement_id: UUID
    owed: int
    """Obligations to destroy that are neither discharged nor waived, one to a district."""
    due_at: Instant | None = None
    """When the first of them is due."""
    overdue: bool
    """Never while `held`."""
    held: bool
    """Somebody waits to inspect records that were received under the agreement: nothing of it is destroyed, and no attestation is taken,
    until that request is complied with or withdrawn."""


class NewDestruction(Wire):
    """`POST /v1/destructions`: ask, before destroying a student's records, whether anything forbids it."""

    student_id: UUID
    reason: Literal["retention-schedule", "parent-request", "end-of-agreement"]
    """parent-request: 34 CFR 300.624(b)."""
    evidence_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    keeps_permanent_record: bool = False
    """Name, address, phone, grades, attendance, classes, grade and year completed stay: 300.624(b)."""

    @model_validator(mode="after")
    def _permanent_record_of_idea(self) -> Self:
        if self.keeps_permanent_record and self.reason != "parent-request":
            raise ValueError("a permanent record is kept where a parent asks for destruction")
        return self


class Destruction(NewDestruction):
    """Nothing forbade the destruction when it was asked; it is on record."""

    id: UUID
    custodian_id: UUID
    cleared_at: Instant
