"""What keeps a school year, as rules: periods, holds by student, organisation and time, and the end of the records."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from services.audit.drafts import KINDS
from services.audit.retention.classes import RETENTION, classes_with, periods
from services.audit.retention.rules import Hold, KeptEntry, Told, kept_of_node, kept_of_student, records_have_ended
from shared.contracts.audit import MAY_WRITE

STUDENT, OAK, ELM = uuid4(), uuid4(), uuid4()
THEN = datetime(2026, 3, 1, tzinfo=UTC)
LATER = datetime(2033, 9, 1, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def entry(class_: str = "search", *, accounted: bool = False, of: UUID | None = OAK, at: datetime = THEN) -> KeptEntry:
    return KeptEntry(class_, at, accounted, None if of is None else frozenset({of}))


def hold(**narrowed: Any) -> Hold:
    return Hold(uuid4(), *[narrowed.get(name) for name in ("student", "organisations", "logged_from", "logged_until")])


def kept(*entries: KeptEntry, **more: Any) -> tuple[str, ...]:
    facts = {
        "records_ended": False,
        "copy_owed": False,
        "holds": (),
        "years": periods({}),
        "log_year": 2034,
        "zone": UTC_ZONE,
        "now": LATER,
    }
    return kept_of_student(entries, student=STUDENT, school_year=2026, **(facts | more)).because


def test_every_class_of_entry_has_one_period() -> None:
    classes = [name for one in RETENTION for name in one.classes]
    assert sorted(classes) == sorted({name for classes_ in MAY_WRITE.values() for name in classes_}) == sorted(KINDS)


def test_a_state_lengthens_a_period_and_does_not_shorten_it() -> None:
    assert periods({"access": 10, "evidence": 2})["read"] == 10
    assert {one.name: one.years for one in classes_with({"access": 10, "evidence": 2})}["evidence"] == 6


@pytest.mark.parametrize(
    ("now", "because"), [(datetime(2029, 6, 30, 23, tzinfo=UTC), ("retention-class",)), (datetime(2029, 7, 1, tzinfo=UTC), ())]
)
def test_a_period_is_counted_from_the_end_of_the_school_year(now: datetime, because: tuple[str, ...]) -> None:
    assert kept(entry("search"), now=now) == because
    assert kept(entry("search"), entry("decision"), now=now) == ("retention-class",)


@pytest.mark.parametrize(("log_year", "now"), [(2026, LATER), (2034, datetime(2026, 6, 30, tzinfo=UTC))])
def test_a_year_with_whose_key_something_may_still_be_sealed_is_not_over(log_year: int, now: datetime) -> None:
    assert kept(entry(), log_year=log_year, now=now) == ("school-year-not-over",)


def test_one_entry_of_many_is_reason_enough_to_keep_the_year() -> None:
    assert kept(entry(), entry(accounted=True)) == ("kept-with-record",)
    assert kept(entry(of=ELM), entry(of=OAK), holds=[hold(organisations=frozenset({OAK}))]) == ("legal-hold",)


def test_a_class_without_a_period_is_kept_as_long_as_the_longest() -> None:
    years = {"search": 1, "decision": 6}
    for now, because in ((datetime(2032, 6, 30, tzinfo=UTC), ("retention-class",)), (datetime(2032, 7, 1, tzinfo=UTC), ())):
        assert kept(entry("unheard-of"), years=years, now=now) == because
    assert kept(years=years, now=datetime(2026, 7, 1, tzinfo=UTC)) == (), "where there is nothing, nothing is kept"


def test_what_is_accounted_for_is_kept_with_the_record() -> None:
    assert kept(entry(accounted=True)) == ("kept-with-record",)
    assert kept(entry(accounted=True), records_ended=True) == ()
    assert kept(entry(accounted=True), records_ended=True, copy_owed=True) == ("copy-owed",)


@pytest.mark.parametrize(
    ("narrowed", "holds"),
    [
        ({"student": STUDENT}, True),
        ({"student": uuid4()}, False),
        ({"organisations": frozenset({OAK})}, True),
        ({"organisations": frozenset({ELM})}, False),
        ({"logged_from": THEN}, True),
        ({"logged_from": THEN + timedelta(seconds=1)}, False),
        ({"logged_until": THEN}, False),
        ({"logged_until": THEN + timedelta(seconds=1)}, True),
        ({"student": STUDENT, "organisations": frozenset({ELM})}, False),
        ({"student": STUDENT, "organisations": frozenset({OAK}), "logged_from": THEN}, True),
    ],
)
def test_a_hold_keeps_what_all_that_it_names_is_true_of(narrowed: dict[str, Any], holds: bool) -> None:
    assert kept(entry(), holds=[hold(**narrowed)]) == (("legal-hold",) if holds else ())


def test_an_entry_of_which_it_cannot_be_told_belongs_to_any_organisation() -> None:
    assert kept(entry(of=None), holds=[hold(organisations=frozenset({ELM}))]) == ("legal-hold",)


def test_any_hold_that_meets_the_year_keeps_the_nodes_own_key() -> None:
    facts: dict[str, Any] = {"pages_of_students": 0, "years": periods({}), "log_year": 2034, "zone": UTC_ZONE, "now": LATER}
    assert kept_of_node(2026, holds=(), **facts).because == ()
    assert kept_of_node(2026, holds=[hold(student=uuid4())], **facts).because == ("legal-hold",)
    assert kept_of_node(2026, holds=[hold(logged_from=datetime(2026, 7, 1, tzinfo=UTC))], **facts).because == ()
    assert kept_of_node(2026, holds=[hold(logged_until=datetime(2025, 7, 1, tzinfo=UTC))], **facts).because == ()
    for narrowed in ({"logged_from": THEN}, {"logged_until": THEN}, {"logged_until": datetime(2025, 7, 1, 0, 0, 1, tzinfo=UTC)}):
        assert kept_of_node(2026, holds=[hold(**narrowed)], **facts).because == ("legal-hold",), narrowed
    assert kept_of_node(2026, holds=(), **facts | {"pages_of_students": 1}).because == ("kept-with-record",)


CLEARED = datetime(2033, 8, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "ended_on", "ended"),
    [
        (Told(CLEARED, used_since=False, asked_since=False), date(2033, 8, 2), True),
        (Told(CLEARED, used_since=True, asked_since=False), date(2033, 8, 2), False),
        (Told(CLEARED, used_since=False, asked_since=True), date(2033, 8, 2), False),
        (Told(CLEARED, used_since=False, asked_since=False), date(2033, 8, 1), True),
        (Told(CLEARED, used_since=False, asked_since=False), date(2033, 9, 1), True),
        (Told(LATER - timedelta(days=90), used_since=False, asked_since=False), date(2033, 8, 2), True),
        (Told(CLEARED, used_since=False, asked_since=False), date(2033, 7, 31), False),
        (Told(CLEARED, used_since=False, asked_since=False), date(2033, 9, 2), False),
        (Told(LATER - timedelta(days=91), used_since=False, asked_since=False), date(2033, 8, 2), False),
        (None, date(2033, 8, 2), False),
        (Told(CLEARED, used_since=False, asked_since=False), None, False),
    ],
)
def test_records_have_ended_if_they_were_cleared_and_not_used_since(told: Told | None, ended_on: date | None, ended: bool) -> None:
    assert records_have_ended(told, ended_on=ended_on, zone=ZoneInfo("UTC"), now=LATER) is ended


@pytest.mark.parametrize(
    ("zone", "cleared_at", "now", "ended_on", "ended"),
    [
        # In American Samoa both are the evening of 31 December; by UTC it is the New Year already.
        ("Pacific/Pago_Pago", datetime(2033, 1, 1, 4, tzinfo=UTC), datetime(2033, 1, 1, 6, tzinfo=UTC), date(2032, 12, 31), True),
        ("Pacific/Pago_Pago", datetime(2033, 1, 1, 4, tzinfo=UTC), datetime(2033, 1, 1, 6, tzinfo=UTC), date(2033, 1, 1), False),
        ("Pacific/Honolulu", datetime(2033, 1, 1, 4, tzinfo=UTC), datetime(2033, 1, 1, 6, tzinfo=UTC), date(2032, 12, 30), False),
        # In Guam both are the morning of 1 January; by UTC it is the old year still.
        ("Pacific/Guam", datetime(2032, 12, 31, 20, tzinfo=UTC), datetime(2032, 12, 31, 22, tzinfo=UTC), date(2033, 1, 1), True),
        ("Pacific/Guam", datetime(2032, 12, 31, 20, tzinfo=UTC), datetime(2032, 12, 31, 22, tzinfo=UTC), date(2032, 12, 31), False),
    ],
)
def test_the_day_on_which_records_ended_is_one_of_the_state_agencys_calendar(
    zone: str, cleared_at: datetime, now: datetime, ended_on: date, ended: bool
) -> None:
    told = Told(cleared_at, used_since=False, asked_since=False)
    assert records_have_ended(told, ended_on=ended_on, zone=ZoneInfo(zone), now=now) is ended
