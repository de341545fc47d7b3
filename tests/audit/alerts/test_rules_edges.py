"""Of each rule about actors what only one of its words decides: which of two kinds of entry counts, and what is counted of it."""

from services.audit.alerts.activity import usual_students
from services.audit.alerts.rules import wants_decisions
from tests.audit.alerts.test_rules import AT, NIGHT, TODAY, USUAL, did, habit, rules, told

PERMITTED = did("decision", outcome="permit", first=50)
DENIED = did("decision", entries=10, outcome="deny", first=5)


def test_a_night_is_told_by_its_entries_and_a_first_read_by_its_students() -> None:
    night = did(entries=3, subjects=9, hours=NIGHT)
    assert [(one.rule, one.amount) for one in told(habit(night, before=USUAL))] == [("after-hours", 3)]
    assert [(one.rule, one.amount) for one in told(habit(did(entries=3, subjects=9), has_read_before=False))] == [("first-seen-actor", 9)]


def test_who_did_what_needs_no_purpose_has_no_history_of_purposes() -> None:
    assert rules(habit(did(purpose="study"), before=[did("load", day=TODAY - 1, purpose="")])) == []


def test_names_and_findings_that_are_both_many_are_one_finding_of_the_names() -> None:
    sought = did("match", entries=300, operation="finding-match", outcome="not-found")
    named = did("match", entries=25, operation="exchange-match", outcome="not-found", first=900)
    assert [(one.rule, one.amount) for one in told(habit(sought, named, is_client=False))] == [("enumeration", 25)]


def test_an_emergency_that_gave_out_nobody_is_looked_at_too() -> None:
    assert rules(habit(did("decision", basis="emergency", subjects=0), before=USUAL)) == ["break-glass"]


def test_what_is_unsettled_is_so_by_class_and_outcome_together() -> None:
    crossed = [did("receipt", outcome="id-reused", subjects=0), did("trust", outcome="overdue", subjects=0)]
    assert rules(habit(*crossed, is_client=False)) == []


def test_permissions_of_one_kind_from_before_the_denials_to_after_them_can_matter() -> None:
    assert wants_decisions([DENIED, PERMITTED._replace(first=1, last=50)], AT)


def test_a_permission_with_less_is_one_and_what_is_put_on_record_beside_decisions_is_none() -> None:
    assert wants_decisions([DENIED, did("decision", outcome="permit-with-redaction", first=50)], AT)
    assert not wants_decisions([DENIED, did("decision", outcome="recorded", first=50)], AT)


def test_a_finding_goes_from_the_first_of_all_kinds_to_the_last() -> None:
    late_and_short, long = did(subjects=300, first=90), did("disclosure", subjects=300, entries=60, first=40)
    for today in ((late_and_short, long), (long, late_and_short)):
        (found,) = told(habit(*today))
        assert (found.first, found.last) == (40, 99)


def test_a_day_that_was_accepted_counts_itself_and_makes_no_other_less() -> None:
    before = [did(day=TODAY - days, subjects=count) for days, count in ((1, 10), (2, 100), (3, 300))]
    assert usual_students(habit(before=before, accepted={"bulk-read": frozenset({TODAY - 1})}), TODAY) == 200
