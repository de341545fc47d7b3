"""What stands for one student, as the agency that keeps the record has it: consents, opt-outs, requests, and their clocks."""

from typing import Literal
from uuid import UUID

from safepassage.wire import Code, Instant, Wire
from safepassage.wire_directory import Preference
from safepassage.wire_duties import Duty
from safepassage.wire_policy import Consent


class RightsRequest(Wire):
    """A request of a parent or eligible student, in short."""

    id: UUID
    kind: Literal["inspection", "amendment", "hearing", "statement"]
    organisation_id: UUID
    """Who owes the answer."""
    state: Code
    recorded_at: Instant
    overdue_at: Instant | None = None
    """The first instant that is too late."""


class CurrentRights(Wire):
    """A person who holds the student's rights at this instant: 34 CFR 99.3 "Parent", 99.4, 99.5(a)."""

    person_id: UUID
    """By the agency's id of them; the student's own of a student to whom the rights have passed."""
    role: Literal["parent", "student"]
    relation: Code | None = None
    """To the student, as the record says it; none of the student."""


class StudentRights(Wire):
    """`GET /v1/students/{student_id}/rights`: each list the newest first."""

    student_id: UUID
    held_by: tuple[CurrentRights, ...] = ()
    """Who may be told, and may decide."""
    in_person_only: bool = False
    """The student's address is protected: whoever holds the rights is told at a desk, by nothing that can be sent."""
    same_child: tuple[UUID, ...] = ()
    """Other records of the child that the caller's organisation, or one below it, keeps. Each has an accounting of its own."""
    consents: tuple[Consent, ...]
    """As they stand: narrowed ones with what remains, withdrawn ones too."""
    preferences: tuple[Preference, ...]
    """Opt-outs and refusals; rescinded ones too."""
    requests: tuple[RightsRequest, ...]
    duties: tuple[Duty, ...]
    """That these consents and requests have started."""
