"""Measures of a node on which everything is as it should be, and of one on which nothing has happened yet. Tests change one at a time."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from safepassage.wire import Wire
from services.privacy.readiness.finding import Finding
from services.privacy.readiness.measures import MODELS, Measures, Report
from services.privacy.readiness.rules import RULES

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
VENDOR = UUID("01980000-0000-7000-8000-0000000000f1")
WAITING = {"rows": 0, "refused": 0, "oldest_seconds": 0}
KEYS = {"versions": 2, "newest_age_days": 90}
NO_KEYS = {"versions": 0, "newest_age_days": 0}

GOOD: dict[str, dict[str, Any]] = {
    "gateway": {
        "clients": 10, "clients_bound": 10, "clients_reading_any": 1, "clients_searching_log": 2, "districts": 4,
        "districts_drawing_accounting": 4, "vendors_with_credentials": {VENDOR}, "log_waiting": WAITING,
        "clients_of_a_month": 10, "clients_dormant": 0,
        "scopes_granted": 20, "scopes_used": 20, "staff": 5, "staff_phishing_resistant": 5, "clients_reading_any_for_a_time": 1,
    },
    "records": {
        "students_sampled": 100, "students_random": 100, "oldest_record_age_days": 100, "requests_sent": 5, "requests_taken": 5,
        "answers_awaited": 5, "answers_in_ten_days": 5, "answers_median_hours": 3, "reviews": 3, "reviews_in_five_days": 3,
        "envelopes_sent": 200, "envelopes_receipted": 200, "envelopes_without_entry": 0, "packages_receipted": 150, "notices_sampled": 100,
        "notices_acknowledged": 100, "packages_answered": 150, "packages_filed": 149, "pinning_nodes": 2, "loads": 9,
        "loading_organisations": 3, "log_waiting": WAITING, "key_encryption": KEYS, "match_cases": 42,
        "match_precision_percent": 100, "match_recall_percent": 99,
    },
    "audit": {
        "entries": 5000, "entries_missing": 0, "oldest_age_days": 200, "head_verified": True, "pass_age_hours": 3, "pass_entries": 4990,
        "entries_altered": 0, "by_class": {"read": 40, "search": 3, "decision": 90}, "sealed_bases": 3, "sealed_entries": 1,
        "searchable_by_client": True, "key_encryption": KEYS, "witnesses": 2, "alerts": 3, "alerts_reviewed": 3,
        "alert_weeks": 4, "alert_weeks_signed": 4,
    },
    "privacy": {
        "elements": 40, "elements_with_ceds": 40, "elements_described": 40, "elements_with_retention": 40, "elements_prohibited": 0,
        "special_kinds": 8, "special_kinds_marked": 8, "rules": 30, "rules_reviewed": True, "bars_debarred": True, "bars_ssn": True,
        "decisions": 90, "decisions_sampled": 50, "elements_withheld": 70, "elements_withheld_unexplained": 0,
        "consent_decisions_sampled": 4, "consent_decisions_after_withdrawal": 0, "contract_decisions_sampled": 20,
        "contract_decisions_beyond_schedule": 0, "iep_asked": 2, "iep_permitted": 2, "partners": 3, "partners_with_understanding": 3,
        "districts": 4, "districts_agreeing_onward": 4, "agreements": 3, "agreements_complete": 3, "audit_agreements": 1,
        "audit_agreements_complete": 1, "study_agreements": 1, "study_agreements_complete": 1, "agreements_ending": 0,
        "parties_with_agreement": {VENDOR}, "agreements_ended": 2, "agreements_ended_settled": 2, "destructions_due": 2,
        "destructions_shown": 2, "destructions_held": 0, "debarments": 1,
        "consents_sampled": 5, "consents_complete": 5, "consents_electronic": 2,
        "consents_withdrawn": 1, "subjects_sampled": 50, "subjects_decidable": 50, "subjects_of_age": 4, "copies_owed": 5,
        "copies_in_time": 5, "log_waiting": WAITING, "key_encryption": KEYS, "opt_outs": 3, "opt_outs_of_former": 1, "inspections": 4,
        "inspections_in_time": 4, "inspections_median_days": 12, "amendments": 2, "hearings": 1, "statements": 1, "public_questions": 8,
        "public_questions_in_time": 8, "breach_clocks": 6, "breach_duties": 2,
        "breach_duties_in_time": 2, "urgent_requests": 2, "urgent_answered_same_day": 2,
        "destructions_cleared": 3, "destructions_despite_hold": 0, "access_listed": 9, "access_listed_trained": 9,
        "districts_naming_responsible": 4,
    },
}  # fmt: skip
"""Every question at level 4, but those that no measure of today can raise so far."""


def report(service: Any, *, measured_at: datetime = NOW, **changed: Any) -> Report[Any]:
    """The good report of a service with some members changed; None leaves one out."""
    values = {name: value for name, value in (GOOD[service] | changed).items() if value is not None}
    measures: Wire = MODELS[service].model_validate(values)
    return Report(service, measures, measured_at)


def measures(**changed: dict[str, Any]) -> Measures:
    """The good node with members of a service changed: `measures(audit={"entries": 0})`."""
    return Measures(**{f"from_{service}": report(service, **changed.get(service, {})) for service in MODELS})


def found(question_id: str, **changed: dict[str, Any]) -> Finding:
    """What the rule of a question finds on the good node with some members changed."""
    return RULES[question_id](measures(**changed))
