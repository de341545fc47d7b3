"""What privacy is told of a parent's service and of where a student attends, and nothing that the record does not say."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from safepassage.record import StudentRecord
from services.privacy.policy.rights import rights_role
from services.records.subject_facts import facts_of
from shared.contracts.privacy import RightsHolder, SubjectFacts
from tests.records.whole_record import whole_record

NOW = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)


def facts(**connection: Any) -> SubjectFacts:
    record = whole_record().model_dump(mode="json", exclude_none=True)
    record["demographics"]["military_connection"] = connection
    return facts_of_record(record)


def facts_of_record(record: dict[str, Any]) -> SubjectFacts:
    found = facts_of(
        StudentRecord.model_validate(record),
        student_id=uuid4(),
        facts_version=1,
        custodian_id=uuid4(),
        originating_agency="x",
        enrolled=(),
        time_zone="America/New_York",
        jurisdiction="US-XA",
        now=NOW,
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ActiveDuty", "active-duty"),
        ("NationalGuardOrReserve", "not-known"),
        ("National Guard or Reserve, on orders", "guard-or-reserve-on-orders"),
        ("Medically discharged", "medically-discharged-or-retired"),
        ("Died on active duty", "died"),
        ("Retired", "retired"),
        ("Veteran", "veteran"),
        ("Civilian employee", "civilian"),
        ("SomethingElse", "not-known"),
    ],
)
def test_a_service_is_told_in_the_words_of_the_compact(code: str, status: str) -> None:
    found = facts(status={"system": "ceds:001576", "code": code}, begin_date="2025-03-01", end_date="2026-03-01")
    assert "military" in found.flags
    service = found.military_service
    assert service is not None
    assert (service.status, service.since, service.until) == (status, date(2025, 3, 1), date(2026, 3, 1))


@pytest.mark.parametrize("code", ["NotMilitaryConnected", "Unknown"])
def test_where_nobody_serves_nothing_is_told(code: str) -> None:
    found = facts(status={"system": "ceds:001576", "code": code})
    assert found.military_service is None
    assert "military" not in found.flags


@pytest.mark.parametrize(("code", "flagged"), [("Yes", True), ("No", False), ("N", False), ("Q", True)])
def test_a_child_of_whom_it_is_said_that_it_is_not_migratory_is_not_flagged_as_such(code: str, flagged: bool) -> None:
    record = whole_record().model_dump(mode="json", exclude_none=True)
    record["programmes"]["migrant"]["status"] = {"system": "ceds:000189", "code": code}
    assert ("migrant" in facts_of_record(record).flags) is flagged


def attending(*grades: str | None, ended: str | None = None) -> SubjectFacts:
    """The facts of a student with an enrolment in each grade; `ended` is the last day of the last one."""
    record = whole_record().model_dump(mode="json", exclude_none=True)
    (first, *_) = record["enrollment"]["enrollments"]
    open_one = {name: value for name, value in first.items() if name not in ("exit_date", "exit_type", "grade")}
    record["enrollment"]["enrollments"] = [
        {**open_one, **({} if grade is None else {"grade": {"system": "ceds:000100", "code": grade}})} for grade in grades
    ]
    if ended is not None:
        record["enrollment"]["enrollments"][-1]["exit_date"] = ended
    return facts_of_record(record)


@pytest.mark.requirement("FACT-dual")
@pytest.mark.parametrize(
    ("grades", "ended", "postsecondary", "dual"),
    [
        (("11",), None, False, False),
        (("11", "PS"), None, True, True),
        (("Postsecondary", "11"), None, True, True),
        (("PS",), None, True, False),
        (("PS", None), None, True, False),
        (("11", "PS"), "2026-06-12", False, False),
        (("PS", "11"), "2026-06-12", True, False),
    ],
    ids=str,
)
def test_dual_enrolment_is_a_postsecondary_grade_beside_another_while_both_last(
    grades: tuple[str | None, ...], ended: str | None, postsecondary: bool, dual: bool
) -> None:
    found = attending(*grades, ended=ended)
    assert (found.attends_postsecondary, "dual-enrollment" in found.flags) == (postsecondary, dual)


@pytest.mark.requirement("FACT-dual")
@pytest.mark.parametrize(
    ("grades", "ended", "postsecondary_until", "secondary_until"),
    [
        (("11", "PS"), "2026-10-20", date(2026, 10, 20), None),
        (("PS", "11"), "2027-06-12", None, date(2027, 6, 12)),
        (("PS",), "2027-06-12", date(2027, 6, 12), None),
        (("PS", "PS"), "2027-06-12", None, None),
    ],
    ids=str,
)
def test_an_enrolment_whose_end_is_on_record_lasts_until_then(
    grades: tuple[str | None, ...], ended: str, postsecondary_until: date | None, secondary_until: date | None
) -> None:
    found = attending(*grades, ended=ended)
    assert (found.attends_postsecondary, "dual-enrollment" in found.flags) == (True, "11" in grades)
    assert (found.postsecondary_until, found.secondary_until) == (postsecondary_until, secondary_until)
    assert not attending("11", "PS", ended="2026-10-19").attends_postsecondary


@pytest.mark.requirement("FACT-dual")
def test_the_day_after_an_end_that_was_on_record_the_rights_are_whose_they_are_without_that_enrolment() -> None:
    parent = uuid4()
    mother = RightsHolder(person_id=parent, relation="mother", **{"from": date(2010, 6, 1)})
    sixteen = {"birth_date": date(2010, 6, 1), "rights_holders": (mother,)}
    leaves_school, leaves_college, at_college = (
        attending(*grades, ended="2026-10-21").model_copy(update=sixteen) for grades in (("PS", "11"), ("11", "PS"), ("PS",))
    )
    last, after = (datetime(2026, 10, day, 16, 0, tzinfo=UTC) for day in (21, 22))
    for student, before, then in (
        (leaves_school, "parent", None),
        (leaves_college, "parent", "parent"),
        (at_college, None, "parent"),
    ):
        assert (rights_role(student, parent, now=last), rights_role(student, parent, now=after)) == (before, then)
        assert (rights_role(student, student.student_id, now=last) is None) is (before == "parent")


@pytest.mark.requirement("FACT-dual")
def test_the_rights_of_a_child_at_a_high_school_and_a_college_are_split_between_the_two_records() -> None:
    """The district's record, where both enrolments are, stays with the parent; the college's own, which has the one, is the student's.

    20 USC 1232g(d), 34 CFR 99.3 "Eligible student", 99.5(a); which of the two readings holds is the node's policy (decision 10).
    """
    of_district, of_college = attending("11", "PS"), attending("PS")
    parent = uuid4()
    noon = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)
    mother = RightsHolder(person_id=parent, relation="mother", **{"from": date(2010, 6, 1)})
    sixteen = {"birth_date": date(2010, 6, 1), "rights_holders": (mother,)}
    district, college = (one.model_copy(update=sixteen) for one in (of_district, of_college))
    assert rights_role(district, parent, now=noon) == "parent"
    assert rights_role(district, district.student_id, now=noon) is None
    assert rights_role(college, parent, now=noon) is None
    assert rights_role(college, college.student_id, now=noon) == "student"
    grown = district.model_copy(update={"birth_date": date(2008, 10, 20)})
    assert rights_role(grown, parent, now=noon) is None
    assert rights_role(grown, grown.student_id, now=noon) == "student"
