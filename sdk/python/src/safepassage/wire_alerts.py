"""Alerts: what is unusual in the log, each an entry of it; what officials say of them; and the weekly review."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Code, Digest, Instant, Name, Wire
from safepassage.wire_policy_sets import ActingOfficial

AlertRule = Literal[
    "bulk-read",
    "after-hours",
    "first-seen-actor",
    "first-seen-purpose",
    "denied-then-permitted",
    "enumeration",
    "break-glass",
    "export-after-bulk-read",
    "dormant-credential",
    "exchange-difference",
    "exchange-unsettled",
    "log-silence",
    "index-lag",
    "clock-skew",
    "unwitnessed",
    "copy-overdue",
    "witness-finding",
]
"""docs/alerts.md says of each what it means and what to do."""

AlertOrder = Literal["found_at", "-found_at"]
"""Of a list: with a minus the newest first."""

AlertState = Literal["open", "acknowledged"]

AlertReason = Literal["expected", "explained", "corrected", "incident", "false-finding"]
"""expected: it is their work and stays so; of the day on it counts as usual. explained: it was looked into, once. corrected: a fault or a
setting was put right. incident: it is being dealt with as one. false-finding: the rule or its threshold is wrong here."""

Week = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-W(0[1-9]|[1-4][0-9]|5[0-3])$")]
"""A week by ISO 8601, Monday to Sunday, by UTC as the days of alerts."""

Count = Annotated[int, Field(ge=0)]
Note = Annotated[Name, StringConstraints(max_length=200)]
"""One line for colleagues; kept sealed. No name of a student."""


class AlertAcknowledgement(Wire):
    """That an official has looked at an alert, and what came of it."""

    at: Instant
    official: Code
    """Pairwise id."""
    role: Code
    reason: AlertReason
    note: Note | None = None
    count: Count
    """How much the alert had come to, which is what was acknowledged."""


class Alert(Wire):
    """Something unusual. It is of one rule, one actor (or the node), and one day."""

    id: UUID
    rule: AlertRule
    day: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    """By UTC."""
    state: AlertState
    found_at: Instant
    count: Count
    """When it was found: students, entries, denials or days, as docs/alerts.md says; of the node seconds, or copies."""
    usual: Count
    """The same measure, as it is usual; 0 where the rule has no such thing."""
    seen_count: Count
    """What it has come to since, on the same day."""
    reopened: Count
    """How often it went on after it was acknowledged."""
    actor: dict[str, Any] | None = None
    """Who it is about, as the entry `first` says; None for the node, and where that was destroyed."""
    about: Annotated[str, StringConstraints(max_length=300)] | None = None
    """Of a witness finding: the log or the witness."""
    evidence_log: str | None = None
    first: Count | None = None
    last: Count | None = None
    """First and last entry that the rule looked at, in `evidence_log`."""
    log: str
    index: Count
    """The alert's own entry; of a witness finding the entry that tells of it."""
    proof: Literal["published", "pending"]
    """published: a signed checkpoint covers that entry, and `GET /v1/log/entries/{index}` proves it."""
    digest: Digest | None = None
    """Of what was found; the entry's leaf has it as `digests.ct`. None of a witness finding, whose entry tells more."""
    acknowledgements: tuple[AlertAcknowledgement, ...] = ()
    """The newest first."""


class AlertPage(Wire):
    """`GET /v1/log/alerts`: newest first."""

    alerts: tuple[Alert, ...]


class NewAlertAcknowledgement(Wire):
    """`POST /v1/log/alerts/{alert_id}/acknowledgements`."""

    reason: AlertReason
    note: Note | None = None
    seen_count: Count
    """As the official has read it; if the alert has grown since, it is to be read again."""
    acting_official: ActingOfficial


class NewAlertReview(Wire):
    """`POST /v1/log/alert-reviews`: the official has looked at the week's alerts, or has seen that there was none."""

    week: Week
    acting_official: ActingOfficial


class AlertReview(Wire):
    """The review of a week. There is one."""

    id: UUID
    week: Week
    signed_at: Instant
    official: Code
    role: Code
    alerts: Count
    """Of the week; all were acknowledged."""
    digest: Digest
    """Of their ids, digests and acknowledgements, in canonical JSON; the entry's leaf has it as `digests.ct`."""
    log: str
    index: Count


class AlertReviewPage(Wire):
    """`GET /v1/log/alert-reviews`: newest first."""

    reviews: tuple[AlertReview, ...]
    unsigned: tuple[Week, ...] = ()
    """Of the last twelve weeks that are over, those without a review, the newest first."""
