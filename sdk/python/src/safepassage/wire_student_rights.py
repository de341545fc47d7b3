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


class StudentRights(Wire):
    """`GET /v1/students/{student_id}/rights`: each list the newest first."""

    student_id: UUID
    consents: tuple[Consent, ...]
    """As they stand: narrowed ones with what remains, withdrawn ones too."""
    preferences: tuple[Preference, ...]
    """Opt-outs and refusals; rescinded ones too."""
    requests: tuple[RightsRequest, ...]
    duties: tuple[Duty, ...]
    """That these consents and requests have started."""
