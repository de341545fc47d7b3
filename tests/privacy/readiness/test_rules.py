"""Every rule, with its evidence there and not there: what the figures say is what the level is."""

import re
from pathlib import Path
from typing import Any

import pytest

from services.privacy.readiness.finding import TOP
from services.privacy.readiness.measures import MODELS, Measures, NotReported
from services.privacy.readiness.questions import QUESTIONS
from services.privacy.readiness.rules import RULES
from tests.privacy.readiness.reported import KEYS, NO_KEYS, WAITING, found, measures

ROOT = Path(__file__).parents[3]
BEST = {"i9": 3, "q76": 3}
"""Questions whose best measured level is not 4; a document or a figure of a later version raises them."""

Case = tuple[str, dict[str, dict[str, Any]], int | None]

CASES: tuple[Case, ...] = (
    ("i9", {"privacy": {"elements_described": 0}}, 0),
    ("i9", {"privacy": {"elements_described": 39}}, 1),
    ("i9", {"privacy": {"elements_with_retention": None}}, 2),
    ("i10", {"privacy": {"elements_with_ceds": 0}}, 0),
    ("i10", {"privacy": {"elements_with_ceds": 39}}, 3),
    ("i10", {"privacy": {"elements_with_ceds": 20}}, 2),
    ("i11", {"privacy": {"rules": 0}}, 0),
    ("i11", {"privacy": {"elements_withheld_unexplained": 1}}, 1),
    ("i11", {"privacy": {"decisions_sampled": 0}}, 2),
    ("i11", {"privacy": {"rules_reviewed": False}}, 3),
    ("i12", {"privacy": {"elements_prohibited": 1}}, 0),
    ("i12", {"privacy": {"elements": 0}}, 0),
    ("i12", {"privacy": {"bars_ssn": False}}, 2),
    ("i12", {"privacy": {"decisions_sampled": 0}}, 3),
    ("i14", {"privacy": {"special_kinds_marked": 0}}, 0),
    ("i14", {"privacy": {"special_kinds_marked": 7}}, 3),
    ("i15", {"records": {"students_sampled": 0, "students_random": 0}}, None),
    ("i15", {"records": {"students_random": 99}}, 1),
    ("i15", {"records": {"students_random": 0}}, 0),
    ("l16", {"privacy": {"rules": 0}}, 0),
    ("l16", {"privacy": {"agreements": 0, "agreements_complete": 0}}, 2),
    ("l16", {"privacy": {"agreements_complete": 2}}, 2),
    ("l16", {"privacy": {"rules_reviewed": False}}, 3),
    ("l17", {"privacy": {"audit_agreements": 0, "audit_agreements_complete": 0}}, None),
    ("l17", {"privacy": {"audit_agreements": 2}}, 2),
    ("l17", {"privacy": {"audit_agreements_complete": 0}}, 0),
    ("l18", {"privacy": {"study_agreements": 0, "study_agreements_complete": 0}}, None),
    ("l18", {"privacy": {"study_agreements_complete": 0}}, 0),
    ("l19", {"privacy": {"partners": 0}}, None),
    ("l19", {"privacy": {"partners_with_understanding": 0}}, 0),
    ("l19", {"privacy": {"partners_with_understanding": 2}}, 2),
    ("l20", {"privacy": {"agreements": 0}}, None),
    ("l20", {"privacy": {"agreements_ending": 1}}, 3),
    ("l21", {"privacy": {"bars_debarred": False}}, 0),
    ("l21", {"privacy": {"decisions": 0}}, 3),
    ("c24", {"privacy": {"consents_sampled": 0, "consents_complete": 0}}, None),
    ("c24", {"privacy": {"consents_complete": 0}}, 0),
    ("c25", {"privacy": {"consent_decisions_after_withdrawal": 1}}, 0),
    ("c25", {"privacy": {"consents_withdrawn": 0}}, 2),
    ("c25", {"privacy": {"consent_decisions_sampled": 0}}, 3),
    ("c26", {"privacy": {"opt_outs": 0}}, None),
    ("g3", {"privacy": {"access_listed": 0}}, None),
    ("g3", {"privacy": {"access_listed": None}}, None),
    ("g3", {"privacy": {"access_listed_trained": 8}}, 3),
    ("g3", {"privacy": {"districts_naming_responsible": 0}}, 0),
    ("g3", {"privacy": {"districts_naming_responsible": 3}}, 2),
    ("c26", {"privacy": {"opt_outs_of_former": 0}}, 3),
    ("c27", {"privacy": {"subjects_sampled": 0, "subjects_decidable": 0, "subjects_of_age": 0}}, None),
    ("c27", {"privacy": {"subjects_decidable": 49}}, 2),
    ("c27", {"privacy": {"subjects_of_age": 0}}, 3),
    ("c28", {"privacy": {"inspections": 0, "inspections_in_time": 0}}, None),
    ("c28", {"privacy": {"inspections_in_time": 0}}, 0),
    ("c28", {"privacy": {"inspections_in_time": 3}}, 2),
    ("c29", {"privacy": {"amendments": 0}}, None),
    ("c29", {"privacy": {"hearings": 0}}, 3),
    ("c30", {"gateway": {"districts": 0}}, None),
    ("c30", {"gateway": {"districts_drawing_accounting": 0}}, 0),
    ("c32", {"privacy": {"public_questions": 0, "public_questions_in_time": 0}}, None),
    ("c32", {"privacy": {"public_questions_in_time": 0}}, 1),
    ("c33", {"audit": {"entries": 0}}, 0),
    ("c33", {"gateway": {"districts_drawing_accounting": 0}}, 2),
    ("c33", {"audit": {"by_class": {}}}, 3),
    ("d34", {"records": {"log_waiting": WAITING | {"refused": 1}}}, 1),
    ("d34", {"audit": {"entries": 0}}, 0),
    ("d34", {"gateway": {"log_waiting": WAITING | {"rows": 1, "oldest_seconds": 301}}}, 3),
    ("d35", {"audit": {"entries_altered": 1}}, 0),
    ("d35", {"audit": {"entries_missing": 1}}, 0),
    ("d35", {"audit": {"head_verified": False}}, 0),
    ("d35", {"audit": {"entries": 0}}, 2),
    ("d35", {"audit": {"pass_age_hours": None}}, 3),
    ("d35", {"audit": {"pass_age_hours": 24}}, 3),
    ("d36", {"audit": {"witnesses": None}}, 3),
    ("d36", {"audit": {"witnesses": 0}, "records": {"pinning_nodes": 0}}, 0),
    ("d37", {"privacy": {"copies_owed": 0, "copies_in_time": 0}}, None),
    ("d37", {"privacy": {"copies_in_time": 0}}, 0),
    ("d38", {"records": {"envelopes_without_entry": 1}}, 0),
    ("d38", {"records": {"envelopes_sent": 0}}, None),
    ("d39", {"audit": {"alerts": None}}, 3),
    ("d39", {"audit": {"alerts": None, "by_class": {"read": 4}}}, 1),
    ("d39", {"audit": {"alert_weeks": None}}, 3),
    ("d39", {"audit": {"alerts": 0, "alerts_reviewed": 0}}, 4),
    ("d39", {"audit": {"alerts_reviewed": 0}}, 0),
    ("d39", {"audit": {"alerts_reviewed": 2}}, 2),
    ("d39", {"audit": {"alert_weeks_signed": 3}}, 2),
    ("d39", {"audit": {"alert_weeks_signed": 0}}, 0),
    ("d39", {"audit": {"alert_weeks": 0, "alert_weeks_signed": 0, "alerts": 0, "alerts_reviewed": 0}}, 3),
    ("d39", {"audit": {"alert_weeks": 0, "alert_weeks_signed": 0}}, 3),
    ("d39", {"audit": {"alert_weeks": 0, "alert_weeks_signed": 0, "alerts_reviewed": 0}}, 0),
    ("d40", {"audit": {"sealed_bases": 0}}, 0),
    ("d40", {"audit": {"sealed_entries": 0}}, 3),
    ("d41", {"audit": {"entries_missing": 2}}, 0),
    ("d41", {"audit": {"entries": 0}}, 0),
    ("d41", {"audit": {"oldest_age_days": 99}}, 2),
    ("x42", {"records": {"answers_awaited": 0, "answers_in_ten_days": 0}}, None),
    ("x42", {"records": {"answers_in_ten_days": 0}}, 0),
    ("x42", {"records": {"answers_in_ten_days": 4}}, 3),
    ("x43", {"records": {"requests_sent": 0, "requests_taken": 0}}, None),
    ("x44", {"records": {"match_recall_percent": 95}}, 3),
    ("x44", {"records": {"match_precision_percent": 94}}, 2),
    ("x44", {"records": {"match_precision_percent": 12}}, 1),
    ("x45", {"records": {"reviews": 0, "reviews_in_five_days": 0}}, None),
    ("x45", {"records": {"reviews_in_five_days": 0}}, 0),
    ("x46", {"privacy": {"iep_asked": 0, "iep_permitted": 0}}, None),
    ("x46", {"privacy": {"iep_permitted": 0}}, 0),
    ("x46", {"privacy": {"iep_permitted": 1}}, 2),
    ("x47", {"records": {"envelopes_sent": 0, "envelopes_receipted": 0}}, None),
    ("x47", {"records": {"envelopes_receipted": 198}}, 4),
    ("x47", {"records": {"envelopes_receipted": 197}}, 3),
    ("x47", {"records": {"envelopes_receipted": 0}}, 0),
    ("x48", {"records": {"packages_receipted": 0, "packages_answered": 0}}, None),
    ("x48", {"records": {"packages_answered": 0}}, 0),
    ("x49", {"privacy": {"urgent_requests": 0, "urgent_answered_same_day": 0}}, None),
    ("x49", {"privacy": {"urgent_answered_same_day": 0}}, 0),
    ("x50", {"records": {"notices_sampled": 0, "notices_acknowledged": 0}}, None),
    ("x50", {"records": {"notices_acknowledged": 0}}, 0),
    ("v51", {"gateway": {"vendors_with_credentials": set()}}, None),
    ("v51", {"privacy": {"parties_with_agreement": set()}}, 0),
    ("v52", {"privacy": {"contract_decisions_beyond_schedule": 1}}, 0),
    ("v52", {"privacy": {"contract_decisions_sampled": 0}}, None),
    ("v54", {"privacy": {"destructions_due": 0, "destructions_shown": 0}}, None),
    ("v54", {"privacy": {"destructions_shown": 0}}, 0),
    ("v55", {"gateway": {"clients_of_a_month": 0, "clients_dormant": 0}}, None),
    ("v55", {"gateway": {"clients_dormant": 10}}, 0),
    ("v55", {"gateway": {"clients_dormant": 1}}, 3),
    ("s57", {"gateway": {"clients": 0, "clients_bound": 0}}, None),
    ("s57", {"gateway": {"clients_bound": 9}}, 1),
    ("s57", {"gateway": {"staff": None}}, 3),
    ("s57", {"gateway": {"staff_phishing_resistant": 4}}, 2),
    ("s58", {"records": {"key_encryption": NO_KEYS}}, 0),
    ("s58", {"audit": {"key_encryption": KEYS | {"newest_age_days": 366}}}, 3),
    ("s59", {"gateway": {"scopes_granted": 0, "scopes_used": 0}}, None),
    ("s59", {"gateway": {"scopes_used": 0}}, 0),
    ("s64", {"audit": {"entries": 0}}, 0),
    ("s64", {"gateway": {"clients_reading_any_for_a_time": None}}, 1),
    ("s64", {"gateway": {"clients_reading_any": 0, "clients_reading_any_for_a_time": None}}, 4),
    ("b66", {"audit": {"entries": 0}}, 0),
    ("b66", {"gateway": {"clients_searching_log": 0}}, 1),
    ("b66", {"audit": {"searchable_by_client": False}}, 2),
    ("b67", {"privacy": {"breach_clocks": 0}}, 0),
    ("b67", {"privacy": {"breach_duties": 0, "breach_duties_in_time": 0}}, 3),
    ("b67", {"privacy": {"breach_duties_in_time": 0}}, 1),
    ("b67", {"privacy": {"breach_duties_in_time": 1}}, 2),
    ("r71", {"privacy": {"agreements_ended": 0, "agreements_ended_settled": 0}}, None),
    ("r71", {"privacy": {"agreements_ended_settled": 0}}, 0),
    ("r72", {"privacy": {"destructions_despite_hold": 1}}, 0),
    ("r72", {"privacy": {"destructions_cleared": 0}}, 3),
    ("q76", {"records": {"loads": 0}}, None),
)


def test_every_question_that_the_node_can_show_has_a_rule_and_no_other_has() -> None:
    assert {question.id for question in QUESTIONS if "live" in question.evidenced_by} == set(RULES)
    assert len(RULES) >= 51


@pytest.mark.parametrize("question_id", RULES)
def test_the_evidence_of_a_good_node_gives_the_best_level(question_id: str) -> None:
    finding = found(question_id)
    assert finding.level == BEST.get(question_id, TOP)
    assert finding.measures
    assert (finding.raised_by is None) == (finding.level == TOP)


@pytest.mark.parametrize(("question_id", "changed", "level"), CASES, ids=lambda value: value if isinstance(value, str) else None)
def test_what_the_figures_say_is_the_level(question_id: str, changed: dict[str, dict[str, Any]], level: int | None) -> None:
    finding = found(question_id, **changed)
    assert finding.level == level
    assert finding.reason
    assert finding.raised_by or finding.level == TOP


def test_every_rule_is_tried_without_its_evidence() -> None:
    tried = {question_id for question_id, _, level in CASES if level is None or level < BEST.get(question_id, TOP)}
    assert set(RULES) - tried == set()


@pytest.mark.parametrize("question_id", RULES)
def test_a_rule_without_any_report_finds_nothing(question_id: str) -> None:
    with pytest.raises(NotReported):
        RULES[question_id](Measures())


@pytest.mark.parametrize("question_id", RULES)
def test_the_same_figures_give_the_same_finding(question_id: str) -> None:
    assert RULES[question_id](measures()) == RULES[question_id](measures())


def not_taken_yet() -> dict[str, dict[str, None]]:
    """Figures of the contract that no service takes: their names are in no service but in the rules that would read them."""
    sources = [path for path in (ROOT / "services").rglob("*.py") if "readiness/rules" not in str(path)]
    taken = "\n".join(path.read_text() for path in sources)
    return {
        service: {
            name: None for name, field in model.model_fields.items() if field.default is None and not re.search(rf"\b{name}\b", taken)
        }
        for service, model in MODELS.items()
    }


def test_the_page_says_where_a_level_stops_for_want_of_a_figure() -> None:
    page = (ROOT / "docs" / "readiness.md").read_text().partition("### Where a level stops, and why\n")[2].partition("\n## ")[0]
    stops = {question.lower(): int(level) for question, level in re.findall(r"\b([A-Z]\d+) (?:stops )?at (\d)", page)}
    best = {question: found(question, **not_taken_yet()).level for question in RULES}
    assert stops == {question: level for question, level in best.items() if level != TOP}
