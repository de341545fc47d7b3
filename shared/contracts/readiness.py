"""What each service measures for the readiness scorecard: counts and ages over many, closed, and nothing of one student.

gateway and records push theirs (`PUT /internal/readiness-evidence/gateway`, `.../records` at privacy), privacy asks audit (`GET
/internal/readiness-evidence`) and measures itself. A member that is None is a figure that the suite does not take yet.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from safepassage.wire import Instant, Wire
from safepassage.wire_readiness import Count
from shared.contracts.audit import EntryClass

Organisations = Annotated[frozenset[UUID], Field(max_length=20_000)]
"""Ids of organisations of the node; organisations are no persons."""


class Waiting(Wire):
    """Entries that a service still owes the log (its outbox)."""

    rows: Count
    refused: Count
    """Set aside because audit refused them for good."""
    oldest_seconds: Count
    """How long the oldest one has been waiting past its time; 0 where none is."""


class KeyEncryption(Wire):
    """The key files with which a service seals its store; they are outside of it."""

    versions: Count
    newest_age_days: Count
    """By the newest file's own time."""


class GatewayMeasures(Wire):
    """Of clients in force: those that are not disabled, of organisations of the node."""

    clients: Count
    clients_bound: Count
    """Registered with a key of their own, so that every token is bound to one."""
    clients_reading_any: Count
    """With the scope `records:read:state`."""
    clients_searching_log: Count
    """With the scope `audit:search`."""
    districts: Count
    districts_drawing_accounting: Count
    """With a client of their own that has the scope `audit:accounting`."""
    vendors_with_credentials: Organisations
    log_waiting: Waiting
    clients_of_a_month: Count
    """That were registered thirty days ago or earlier."""
    clients_dormant: Count
    """Of them, unused for 30 days."""
    scopes_granted: Count
    """To them."""
    scopes_used: Count
    """Of those granted, in 90 days."""
    staff: Count | None = None
    staff_phishing_resistant: Count | None = None
    clients_reading_any_for_a_time: Count | None = None
    """Of `clients_reading_any`, those whose access ends by itself."""


class RecordsMeasures(Wire):
    """Of the last 365 days where nothing else is said."""

    students_sampled: Count
    students_random: Count
    """Of them, with an identifier that is neither in a sequence nor made of a time."""
    oldest_record_age_days: Count
    requests_sent: Count
    requests_taken: Count
    """Of other nodes; each was verified with its evidence of enrolment."""
    answers_awaited: Count
    """Requests of ours that are older than ten days or have their record."""
    answers_in_ten_days: Count
    answers_median_hours: Count | None = None
    reviews: Count
    """Near matches that are resolved, or were opened more than five days ago."""
    reviews_in_five_days: Count
    envelopes_sent: Count
    """Answers whose delivery was tried."""
    envelopes_receipted: Count
    envelopes_without_entry: Count
    """Of those sent, without an entry in the log."""
    packages_receipted: Count
    notices_sampled: Count
    """Receipts for packages, the newest."""
    notices_acknowledged: Count
    """Of them, with the digest of the redisclosure notice."""
    packages_answered: Count
    """Packages that the recipient has filed or rejected."""
    packages_filed: Count
    """Of those receipted, filed with a second signed receipt."""
    pinning_nodes: Count
    """Nodes that took a checkpoint of our log with an envelope, in 30 days."""
    loads: Count
    """In 30 days."""
    loading_organisations: Count
    log_waiting: Waiting
    key_encryption: KeyEncryption
    match_cases: Count
    """Of the standard set of hard cases (services.records.matching_quality), which the running matcher was given."""
    match_precision_percent: Annotated[int, Field(ge=0, le=100)]
    match_recall_percent: Annotated[int, Field(ge=0, le=100)]


class AuditMeasures(Wire):
    """Of the log."""

    entries: Count
    """Of all years."""
    entries_missing: Count
    """Of those that the logs say to have: not found by the last pass."""
    oldest_age_days: Count
    head_verified: bool
    """Just now: the stored hashes make the root that the last checkpoint signs."""
    pass_age_hours: Count | None = None
    """Since every entry of the log was hashed again and compared with the tree; None before the first time of this process."""
    pass_entries: Count
    """Of that pass: as they were written."""
    entries_altered: Count
    """Of that pass and the one under way: not as they were written. Any is an alarm."""
    by_class: dict[EntryClass, Count]
    """Of the last seven days."""
    sealed_bases: Count
    """Bases whose disclosure is kept apart from what parents are shown."""
    sealed_entries: Count
    searchable_by_client: bool
    index_behind_entries: Count = 0
    """Entries that the index of the log has not yet."""
    index_behind_seconds: Count = 0
    """How long ago the oldest of them was logged."""
    key_encryption: KeyEncryption
    witnesses: Count | None = None
    """Witnesses whose signature is on a checkpoint of the last day."""
    alerts: Count | None = None
    """Of the seven days that ended a day ago: there was time to look at them."""
    alerts_reviewed: Count | None = None
    """Of them, acknowledged by an official."""
    alert_weeks: Count | None = None
    """Of the last four weeks that are over, those in which there was a log."""
    alert_weeks_signed: Count | None = None
    """Of them, signed off by an official."""


class PrivacyMeasures(Wire):
    """Of decisions, evidence and rules. Samples are the newest; what is sealed is opened in memory and counted."""

    elements: Count
    elements_with_ceds: Count
    elements_described: Count
    """With a title and a category."""
    elements_with_retention: Count | None = None
    elements_prohibited: Count
    """Of a kind that must not be held at all."""
    special_kinds: Count
    special_kinds_marked: Count
    rules: Count
    rules_reviewed: bool
    bars_debarred: bool
    bars_ssn: bool
    decisions: Count
    """In 30 days."""
    decisions_sampled: Count
    elements_withheld: Count
    """In the sample."""
    elements_withheld_unexplained: Count
    """Of those, without a reason."""
    consent_decisions_sampled: Count
    consent_decisions_after_withdrawal: Count
    """In the sample, permitted on a consent that had been taken back before."""
    contract_decisions_sampled: Count
    contract_decisions_beyond_schedule: Count
    iep_asked: Count
    """Transfers of the sample for which the programme was asked."""
    iep_permitted: Count
    partners: Count
    """Other states' nodes."""
    partners_with_understanding: Count
    """Of them, with an understanding on record that is in force."""
    districts: Count
    districts_agreeing_onward: Count
    """That have agreed to transfers on their behalf, by a document."""
    agreements: Count
    """In force."""
    agreements_complete: Count
    """Of them, with every clause."""
    audit_agreements: Count
    audit_agreements_complete: Count
    study_agreements: Count
    study_agreements_complete: Count
    agreements_ending: Count
    """Within 90 days, without a successor."""
    parties_with_agreement: Organisations
    agreements_ended: Count
    agreements_ended_settled: Count
    """Of them, with every destruction shown."""
    destructions_due: Count
    destructions_shown: Count
    """Of those due."""
    destructions_held: Count
    """That would be due, but for a request to inspect that is outstanding."""
    debarments: Count
    consents_sampled: Count
    consents_complete: Count
    consents_electronic: Count
    consents_withdrawn: Count
    subjects_sampled: Count
    subjects_decidable: Count
    """Of them, for whom the rule of majority has what it needs."""
    subjects_of_age: Count
    copies_owed: Count
    """Copies of the record of redisclosures that were due or given."""
    copies_in_time: Count
    opt_outs: Count
    """From directory information, not rescinded."""
    opt_outs_of_former: Count
    """Of a sample of those, of students who attend no longer."""
    inspections: Count
    """That were complied with, or are too late."""
    inspections_in_time: Count
    inspections_median_days: Count | None = None
    amendments: Count
    hearings: Count
    statements: Count
    destructions_cleared: Count
    destructions_despite_hold: Count
    """Of those, while a request to inspect was outstanding."""
    log_waiting: Waiting
    key_encryption: KeyEncryption
    public_questions: Count
    """That were answered, or are overdue, in a year."""
    public_questions_in_time: Count
    breach_clocks: Count
    """Kinds of duty that a breach starts."""
    breach_duties: Count
    """Such duties that were done, or are overdue, in a year."""
    breach_duties_in_time: Count
    urgent_requests: Count
    """For homeless students and students in foster care, of a sample of the newest duties: done, or of an earlier day."""
    urgent_answered_same_day: Count
    access_listed: Count | None = None
    """Employees on the agencies' lists of who has access (34 CFR 300.623)."""
    access_listed_trained: Count | None = None
    """Of them, with a training on record."""
    districts_naming_responsible: Count | None = None
    """Whose list names who is responsible."""


class GatewayReport(Wire):
    """`PUT /internal/readiness-evidence/gateway`. An older one than the one held changes nothing."""

    measured_at: Instant
    measures: GatewayMeasures


class RecordsReport(Wire):
    """`PUT /internal/readiness-evidence/records`."""

    measured_at: Instant
    measures: RecordsMeasures


class AuditReport(Wire):
    """`GET /internal/readiness-evidence`."""

    measured_at: Instant
    measures: AuditMeasures
