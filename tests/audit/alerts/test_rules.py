"""What is told of an actor's day, and on which side of each threshold."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.audit.alerts.activity import Activity, Habit, Shape, WorkingHours, usual_students
from services.audit.alerts.habits import in_order
from services.audit.alerts.rules import OF_AN_ACTOR, Finding, findings, is_reopened, wants_decisions
from services.audit.alerts.thresholds import Thresholds

AT = Thresholds()
TODAY = (datetime(2026, 10, 20, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
"""A Tuesday. In New York 15:00 UTC is 11 in the morning, 04:00 UTC midnight."""
NOON, NIGHT = 1 << 15, 1 << 4
NEW_YORK = WorkingHours.of(AT, ZoneInfo("America/New_York"))


def did(
    class_: str = "read", *, day: int = TODAY, entries: int = 1, subjects: int = 1, hours: int = NOON, first: int = 7, **shape: str
) -> Activity:
    return Activity(day, Shape(class_, **{"purpose": "enrollment"} | shape), entries, subjects, hours, first, first + entries - 1)


def habit(*today: Activity, before: Sequence[Activity] = (), **more: Any) -> Habit:
    """Of a client that is no stranger."""
    return Habit(TODAY, today, before, NEW_YORK, has_read_before=True)._replace(**more)


def told(of: Habit, at: Thresholds = AT) -> list[Finding]:
    return findings(of, at)


def rules(of: Habit, at: Thresholds = AT) -> list[str]:
    return [one.rule for one in findings(of, at)]


USUAL = [did(day=TODAY - days, subjects=80) for days in range(1, 29)]


def test_counts_of_two_nodes_that_differ_are_told_each_day_and_those_that_agree_are_not() -> None:
    agreed = did("trust", operation="exchange-reconciliation", outcome="agreed", purpose="", subjects=0)
    assert rules(habit(agreed)) == []
    differing = did("trust", operation="exchange-reconciliation", outcome="difference", purpose="", subjects=0, entries=2)
    assert [(one.rule, one.amount) for one in told(habit(agreed, differing, is_client=False))] == [("exchange-difference", 2)]


def test_a_receipt_that_never_came_and_another_message_under_one_id_are_told_each_and_other_receipts_and_refusals_are_not() -> None:
    settled = [did("receipt", outcome="applied", subjects=0), did("trust", operation="exchange-refuse", outcome="quarantined", subjects=0)]
    assert rules(habit(*settled, is_client=False)) == []
    overdue = did("receipt", outcome="overdue", purpose="enrollment", entries=2)
    reused = did("trust", operation="exchange-refuse", outcome="id-reused", subjects=0)
    for unsettled, count in ((overdue, 2), (reused, 1)):
        assert [(one.rule, one.amount) for one in told(habit(*settled, unsettled, is_client=False))] == [("exchange-unsettled", count)]


@pytest.mark.parametrize(
    ("read", "before", "expected"),
    [
        (199, [], []),
        (200, [], ["bulk-read"]),
        (240, USUAL, []),
        (241, USUAL, ["bulk-read"]),
        (5_000, [did(day=TODAY - 3, subjects=5_000)], []),
        (5_000, [did(day=TODAY - 29, subjects=5_000)], ["bulk-read"]),
    ],
)
def test_bulk_is_measured_against_four_weeks(read: int, before: list[Activity], expected: list[str]) -> None:
    assert rules(habit(did(subjects=read), before=before)) == expected


def test_days_without_reading_make_no_day_unusual() -> None:
    once_a_week = [did(day=TODAY - days, subjects=1_000) for days in (7, 14, 21, 28)]
    assert rules(habit(did(subjects=1_000), before=once_a_week)) == []


def test_one_large_day_makes_no_other_usual() -> None:
    large = did(day=TODAY - 2, subjects=9_000)
    assert rules(habit(did(subjects=2_000), before=[*USUAL, large])) == ["bulk-read"]


def test_who_reads_three_times_as_many_each_day_is_told_of() -> None:
    before = [did(day=TODAY - 3, subjects=150), did(day=TODAY - 2, subjects=440), did(day=TODAY - 1, subjects=1_300)]
    assert rules(habit(did(subjects=3_900), before=before)) == ["bulk-read"]


def test_nothing_becomes_usual_by_being_told_of_but_by_being_accepted() -> None:
    before = [did(day=TODAY - 1, subjects=5_000)]
    stands, accepted = {"bulk-read": frozenset({TODAY - 1})}, {"bulk-read": frozenset({TODAY - 1})}
    assert rules(habit(did(subjects=5_000), before=before, told=stands)) == ["bulk-read"]
    assert rules(habit(did(subjects=5_000), before=before, accepted=accepted)) == []
    assert usual_students(habit(before=[*USUAL, *before], accepted=accepted), TODAY) == 5_000 + 80


def test_reads_of_a_day_count_together_and_other_classes_do_not() -> None:
    assert rules(habit(did(subjects=100), did("disclosure", subjects=100))) == ["bulk-read"]
    assert rules(habit(did(subjects=100), did("load", subjects=5_000))) == []


def test_a_finding_says_where_and_how_much() -> None:
    (found,) = told(habit(did(subjects=300, entries=3, first=40), did(subjects=1, first=90), before=USUAL))
    assert (found.first, found.last, found.amount, found.usual) == (40, 90, 301, 80)


def test_a_client_reads_at_night_unless_it_always_does() -> None:
    assert rules(habit(did(hours=NIGHT), before=USUAL)) == ["after-hours"]
    assert rules(habit(did(hours=NIGHT | NOON), before=USUAL)) == ["after-hours"]
    assert rules(habit(did(hours=NIGHT), before=[*USUAL, did(day=TODAY - 7, hours=NIGHT)])) == []
    assert rules(habit(did(hours=NIGHT), before=USUAL, is_client=False)) == []
    assert rules(habit(did("load", hours=NIGHT), before=USUAL)) == []


@pytest.mark.parametrize(("hour", "late"), [(9, True), (10, False), (22, False), (23, True)])
def test_the_working_day_is_the_agencys_own(hour: int, late: bool) -> None:
    """6 to 19 o'clock in New York in October is 10 to 23 UTC."""
    assert bool(rules(habit(did(hours=1 << hour), before=USUAL))) is late
    in_denver = habit(did(hours=1 << hour), before=USUAL, hours=WorkingHours.of(AT, ZoneInfo("America/Denver")))
    assert bool(rules(in_denver)) is (hour in (9, 10))


def test_summer_time_moves_the_working_day() -> None:
    winter = TODAY + 21
    assert rules(habit(did(day=winter, hours=1 << 10), before=[], day=winter)) == ["after-hours"]
    assert rules(habit(did(day=winter, hours=1 << 23), before=[], day=winter)) == []


def test_on_saturday_nobody_works_unless_they_do_on_saturdays() -> None:
    saturday = TODAY + 4
    weekdays = [one for one in USUAL if (saturday - one.day) % 7 not in (0, 6)]
    assert rules(habit(did(day=saturday), before=weekdays, day=saturday)) == ["after-hours"]
    assert rules(habit(did(day=saturday), before=[*weekdays, did(day=saturday - 7)], day=saturday)) == []
    assert rules(habit(did(day=saturday), before=weekdays, day=saturday), Thresholds(working_days=frozenset(range(6)))) == ["after-hours"]
    six_days = WorkingHours.of(Thresholds(working_days=frozenset(range(6))), ZoneInfo("America/New_York"))
    assert rules(habit(did(day=saturday), before=weekdays, day=saturday, hours=six_days)) == []


def test_a_night_that_was_told_of_is_no_habit_until_it_is_accepted() -> None:
    before = [did(day=TODAY - 1, hours=NIGHT)]
    stands = {"after-hours": frozenset({TODAY - 1})}
    assert rules(habit(did(hours=NIGHT), before=before, told=stands)) == ["after-hours"]
    assert rules(habit(did(hours=NIGHT), before=before, accepted=stands)) == []


def test_a_client_that_never_read_is_told_of_at_its_first_student() -> None:
    assert rules(habit(did(), has_read_before=False)) == ["first-seen-actor"]
    assert rules(habit(did(subjects=0), has_read_before=False)) == []
    assert rules(habit(did(), has_read_before=False, is_client=False)) == []
    assert rules(habit(did(), has_read_before=True)) == []


def test_a_new_purpose_is_told_of_who_has_a_history() -> None:
    assert rules(habit(did(purpose="study"), before=USUAL)) == ["first-seen-purpose"]
    assert rules(habit(did(purpose="study"), before=[])) == []
    assert rules(habit(did(purpose=""), before=USUAL)) == []
    assert rules(habit(did(purpose="study"), before=[*USUAL, did(day=TODAY - 28, purpose="study")])) == []
    assert rules(habit(did(purpose="study"), before=[*USUAL, did(day=TODAY - 29, purpose="study")])) == ["first-seen-purpose"]
    assert rules(habit(did(purpose="study"), before=USUAL, is_client=False)) == []


def test_many_denials_in_a_row_and_then_a_permission() -> None:
    denied, permitted = did("decision", entries=10, outcome="deny", first=5), did("decision", outcome="permit", first=50)
    no, yes = [False], [True]
    assert rules(habit(denied, permitted, decisions=no * 10 + yes)) == ["denied-then-permitted"]
    assert rules(habit(denied, permitted, decisions=no * 9 + yes)) == []
    assert rules(habit(denied, permitted, decisions=no * 10)) == []
    assert rules(habit(denied, permitted, decisions=no * 6 + yes + no * 6 + yes)) == []
    (found,) = told(habit(denied, permitted, decisions=no * 12 + yes + no * 3 + yes))
    assert (found.first, found.last, found.amount) == (5, 50, 12)


def test_the_order_of_decisions_is_asked_for_where_it_can_matter() -> None:
    denied, permitted = did("decision", entries=10, outcome="deny", first=5), did("decision", outcome="permit", first=50)
    assert wants_decisions([denied, permitted], AT)
    assert not wants_decisions([denied], AT)
    assert not wants_decisions([denied._replace(entries=9), permitted], AT)
    assert not wants_decisions([denied, permitted._replace(first=1, last=1)], AT)


@given(st.lists(st.sampled_from([None, False, True]), max_size=60))
def test_decisions_come_in_their_order(entries: list[bool | None]) -> None:
    decided = sum(1 << at for at, one in enumerate(entries) if one is not None)
    denied = sum(1 << at for at, one in enumerate(entries) if one is False)
    expected: list[bool] = []
    for one in entries:
        if one is not None and not (one and expected and expected[-1]):
            expected.append(one)
    assert in_order(decided, denied) == expected


@pytest.mark.requirement("HARD-23")
def test_who_mostly_asks_for_those_who_are_not_there_tries_identifiers_out() -> None:
    absent = did(entries=25, subjects=0, operation="student-lookup", outcome="not-found")
    found = did(entries=24, operation="student-lookup", outcome="found")
    assert rules(habit(absent, found)) == ["enumeration"]
    assert rules(habit(absent._replace(entries=24))) == []
    assert rules(habit(absent, found._replace(entries=25))) == []
    assert rules(habit(absent, did(entries=500, operation="roster"))) == ["enumeration"]


@pytest.mark.requirement("FIND-limited")
def test_a_node_that_seeks_many_who_are_not_here_is_told_of_later_than_one_that_names_them() -> None:
    absent = did("match", entries=199, operation="finding-match", outcome="not-found")
    there = did("match", entries=5, operation="finding-match", outcome="certain")
    assert rules(habit(absent, there, is_client=False)) == []
    assert rules(habit(absent._replace(entries=200), there, is_client=False)) == ["enumeration"]
    assert rules(habit(absent._replace(entries=200), there._replace(entries=200), is_client=False)) == []
    named = did("match", entries=25, operation="exchange-match", outcome="not-found")
    assert rules(habit(absent, named, is_client=False)) == ["enumeration"]


def test_every_emergency_is_looked_at() -> None:
    assert rules(habit(did("disclosure", basis="emergency"), before=USUAL)) == ["break-glass"]
    assert rules(habit(did("disclosure", basis="transfer"), before=USUAL)) == []


def test_an_export_after_a_bulk_read() -> None:
    export = did("export", operation="export-planned", first=40)
    assert rules(habit(did(subjects=500), export)) == ["bulk-read", "export-after-bulk-read"]
    assert rules(habit(did(subjects=199), export)) == []
    assert rules(habit(did(subjects=500, first=60), export)) == ["bulk-read"]
    assert rules(habit(did(subjects=500), did("export", operation="disclosure-copy", first=40))) == ["bulk-read"]


def test_an_export_on_the_morning_after_is_one_too() -> None:
    export, evening = did("export", operation="export-planned"), did(day=TODAY - 1, subjects=500)
    assert rules(habit(export, before=[evening])) == ["export-after-bulk-read"]
    assert rules(habit(export, before=[evening._replace(day=TODAY - 2)])) == []
    assert rules(habit(export, before=[evening, *(did(day=TODAY - 1 - days, subjects=400) for days in range(1, 29))])) == []


def test_a_credential_that_slept_is_told_when_it_wakes() -> None:
    assert rules(habit(did("authentication"), last_day_before=TODAY - 45)) == ["dormant-credential"]
    assert rules(habit(did("authentication"), last_day_before=TODAY - 44)) == []
    assert rules(habit(did("authentication"), last_day_before=None)) == []
    assert rules(habit(did("authentication"), last_day_before=TODAY - 45, is_client=False)) == []


def test_who_did_nothing_is_not_told_of() -> None:
    assert rules(habit(before=USUAL, has_read_before=False, last_day_before=TODAY - 99)) == []


def test_what_was_acknowledged_is_looked_at_again_when_it_doubles() -> None:
    assert not is_reopened("bulk-read", 300, 600)
    assert is_reopened("bulk-read", 300, 601)
    assert not is_reopened("break-glass", 1, 1)
    assert is_reopened("break-glass", 1, 2)


def test_every_rule_finds_something_of_its_own() -> None:
    assert len({rule.__name__ for rule in OF_AN_ACTOR}) == len(OF_AN_ACTOR) == 11


def test_thresholds_are_closed_and_in_order() -> None:
    for wrong in ({"opens": 19, "closes": 6}, {"bulk": 3}, {"dormant_days": 27}, {"working_days": [7]}):
        with pytest.raises(ValidationError):
            Thresholds.model_validate(wrong)
