"""What a rule about actors leaves to the others, what it counts, and from which entry to which."""

from services.audit.alerts.rules import findings, wants_decisions
from services.audit.alerts.thresholds import Thresholds
from tests.audit.alerts.test_rules import AT, NIGHT, TODAY, USUAL, did, habit, rules, told

NO, YES = [False], [True]


def test_loading_at_night_is_no_habit_of_reading_at_night() -> None:
    assert rules(habit(did(hours=NIGHT), before=[*USUAL, did("load", day=TODAY - 7, hours=NIGHT)])) == ["after-hours"]


def test_who_only_asks_for_students_or_loads_them_has_not_read_them() -> None:
    assert rules(habit(did("match"), did("load"), has_read_before=False)) == []


def test_answers_without_students_are_no_days_of_reading() -> None:
    empty = [did(day=TODAY - days, subjects=0) for days in range(2, 29)]
    assert rules(habit(did(subjects=600), before=[did(day=TODAY - 1, subjects=300), *empty])) == []


def test_a_bulk_read_is_told_from_the_first_read_to_the_last() -> None:
    (found,) = told(habit(did("search", first=1), did(subjects=300, first=40), did("load", first=90)))
    assert (found.first, found.last) == (40, 40)


def test_nothing_is_bulk_where_nobody_is_read() -> None:
    assert findings(habit(did("load")), Thresholds(bulk_students=1)) == []


def test_a_permission_is_none_of_the_denials_that_follow_it() -> None:
    denied, permitted = did("decision", entries=9, outcome="deny", first=5), did("decision", outcome="permit", first=50)
    assert rules(habit(denied, permitted, decisions=YES + NO * 9 + YES)) == []


def test_what_many_ask_for_through_a_job_of_the_node_is_no_varied_question() -> None:
    decided = did("decision", entries=11, outcome="deny")
    assert rules(habit(decided, decisions=NO * 10 + YES, is_client=False)) == []


def test_denials_are_told_from_the_first_decision_to_the_last() -> None:
    denied, permitted = did("decision", entries=10, outcome="deny", first=5), did("decision", outcome="permit", first=50)
    (found,) = told(habit(did(first=1), denied, permitted, did(first=90), decisions=NO * 10 + YES))
    assert (found.first, found.last) == (5, 50)


def test_the_order_of_decisions_counts_from_the_first_denial_and_of_decisions_alone() -> None:
    early, late = did("decision", entries=9, outcome="deny", first=5), did("decision", outcome="deny", first=60, basis="study")
    assert wants_decisions([early, late, did("decision", outcome="permit", first=50)], AT)
    refused = did("request", entries=10, outcome="deny", first=5)
    assert not wants_decisions([refused, did("request", outcome="permit", first=50)], AT)


def test_neither_findings_nor_look_ups_make_the_others_many() -> None:
    found_nowhere = did("match", entries=199, operation="finding-match", outcome="not-found")
    named = did("match", entries=24, operation="exchange-match", outcome="not-found")
    assert rules(habit(found_nowhere, named, is_client=False)) == []


def test_what_is_usual_of_look_ups_is_those_that_found_somebody() -> None:
    absent = did(entries=25, subjects=0, operation="student-lookup", outcome="not-found")
    there = did(entries=4, operation="student-lookup", outcome="found", first=90)
    assert [(one.rule, one.amount, one.usual) for one in told(habit(absent, there))] == [("enumeration", 25, 4)]


def test_an_export_counts_that_comes_after_any_of_the_bulk() -> None:
    read = [did(subjects=500), did(subjects=1, first=60)]
    first, second = (did("export", operation="export-planned", first=at) for at in (1, 40))
    assert rules(habit(*read, first, second)) == ["bulk-read", "export-after-bulk-read"]
    assert rules(habit(*read, first)) == ["bulk-read"]
    assert rules(habit(did("search", first=0), *read, first)) == ["bulk-read"], "who searched before has not read"
    assert rules(habit(*read, did("search", operation="export-planned", first=40))) == ["bulk-read"]


def test_what_was_usual_on_the_day_before_was_so_by_the_day_before_that() -> None:
    two = [did(day=TODAY - days, subjects=500) for days in (1, 2)]
    assert rules(habit(did("export", operation="export-planned"), before=two)) == []


def test_another_difference_than_of_counts_is_not_told_as_one() -> None:
    assert rules(habit(did("trust", operation="list-read", outcome="difference", purpose="", subjects=0), is_client=False)) == []


def test_where_nothing_is_usual_nothing_is_said_to_be() -> None:
    export = did("export", operation="export-planned", first=40, subjects=0)
    emergency = did("disclosure", basis="emergency", hours=NIGHT, purpose="safety")
    differing = did("trust", operation="exchange-reconciliation", outcome="difference", subjects=0)
    denied = did("decision", entries=11, outcome="deny")
    evening = did(day=TODAY - 1, subjects=500)
    of = habit(emergency, export, differing, denied, before=[evening], decisions=NO * 10 + YES)
    found = told(of._replace(has_read_before=False, last_day_before=TODAY - 45))
    assert {one.rule: one.usual for one in found} == {
        "after-hours": 0,
        "break-glass": 0,
        "denied-then-permitted": 0,
        "dormant-credential": 0,
        "exchange-difference": 0,
        "export-after-bulk-read": 0,
        "first-seen-actor": 0,
        "first-seen-purpose": 0,
    }


def test_of_a_dormant_credential_it_is_said_for_how_many_days_it_did_nothing() -> None:
    [found] = told(habit(did("authentication"), last_day_before=TODAY - 45))
    assert (found.rule, found.amount) == ("dormant-credential", 45)
