"""A child at two schools at once: which ones, since when, and what each format can say of it."""

import csv
import io
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from node.synthetic.details import THINGS
from node.synthetic.edfi_writer import write_edfi
from node.synthetic.oneroster_writer import OneRosterPackage
from node.synthetic.population import Population, SyntheticRecord
from node.synthetic.profiles import PROFILES
from node.synthetic.rates import DEFAULT
from safepassage.record.loads import NewStudent
from services.records.postsecondary import attendance_of

DAY = date(2026, 11, 26)
NOTHING = {thing.name: 0.0 for thing in THINGS}
KINDS = ("second_school", "career_centre", "two_homes", "placed_elsewhere", "college")


@cache
def made(kind: str, *more: str) -> tuple[SyntheticRecord, ...]:
    """Alder's records, with such a second school for everyone whom it concerns."""
    shares = NOTHING | dict.fromkeys((kind, *more), 1.0)
    population = Population(PROFILES["demo"], as_of=DAY, rates=replace(DEFAULT, foster=0.3, details=shares))
    return tuple(population.records(population.states[0]))


def beside(kind: str, *more: str) -> Iterator[tuple[SyntheticRecord, dict[str, Any], dict[str, Any]]]:
    """Records with two schools, the first one and the second."""
    for one in made(kind, *more):
        first, *others = one.document["enrollment"]["enrollments"]
        for second in (stay for stay in others if not stay.get("primary", True)):
            yield one, first, second


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_school_is_another_at_the_same_time_and_only_of_who_is_in_school(kind: str) -> None:
    found = list(beside(kind))
    assert len(found) > 7
    for one, first, second in found:
        NewStudent.model_validate(one.load)
        assert first.get("primary", True)
        assert first["school"] != second["school"]
        assert "exit_date" not in first
        assert "exit_date" not in second
        assert first["entry_date"] <= second["entry_date"] <= DAY.isoformat()
        assert first["school_year"] == second["school_year"]
        same_district = second.get("district") == first["district"]
        assert same_district is (kind == "second_school")
    levels = {first["grade"]["code"] for _, first, _ in found}
    assert (levels <= {"11", "12"}) is (kind in ("second_school", "career_centre", "college"))


def test_nobody_is_at_three_schools_of_districts() -> None:
    for one in made(*KINDS):
        stays = [stay for stay in one.document["enrollment"]["enrollments"] if not stay.get("primary", True)]
        assert sum("district" in stay for stay in stays) <= 1
        assert len(stays) <= 2


def test_who_has_two_homes_has_two_parents_with_rights_and_one_order() -> None:
    for one, _, _ in beside("two_homes"):
        guardians = one.document["contacts"]["guardians"][:2]
        orders = [guardian["court_documents"] for guardian in guardians]
        assert orders[0] == orders[1]
        assert [order["kind"] for order in orders[0]] == ["custody"]
        assert all(guardian["lives_with_student"] for guardian in guardians)
        assert not any("ended_on" in guardian["rights"] or "contact_restriction" in guardian for guardian in guardians)


def test_no_order_that_keeps_a_parent_away_stands_beside_two_homes() -> None:
    assert any(True for _ in beside("two_homes", "no_contact"))
    for one, _, _ in beside("two_homes", "no_contact"):
        assert not any("contact_restriction" in guardian for guardian in one.document["contacts"]["guardians"])


def test_who_is_placed_elsewhere_lives_where_the_second_school_is_and_the_first_answers() -> None:
    for one, first, second in beside("placed_elsewhere", "residence", "lives_elsewhere"):
        assert "foster" in one.document["programmes"]
        residency = one.document["enrollment"]["residency"]
        assert residency["residence"] == second["district"]
        assert residency["responsible"] == first["district"]
        assert residency["residence_status"]["code"] == "01654"


def test_a_course_finished_at_a_college_the_year_before_is_the_colleges_own_row_of_the_transcript() -> None:
    without = {one.source_id: one for one in made("college")}
    found = 0
    for one in made("college", "college_before"):
        document, before = deepcopy(one.document), without[one.source_id].document
        NewStudent.model_validate(one.load)
        rows = [row for row in document.get("academics", {}).get("transcript", ()) if "nces_id" not in row["school"]]
        stays = [stay for stay in document["enrollment"]["enrollments"] if "exit_date" in stay and stay["grade"]["code"] == "PS"]
        assert len(rows) == len(stays) <= 1
        if not rows:
            assert document == before
            continue
        [row], [stay], found = rows, stays, found + 1
        now = [other for other in document["enrollment"]["enrollments"] if other["grade"]["code"] == "PS" and "exit_date" not in other]
        assert [row["school"]] == [stay["school"]] == [one["school"] for one in now], "where the child is now"
        assert row["school_year"] == stay["school_year"] == 2026
        first = next(
            other for other in document["enrollment"]["enrollments"] if other["school_year"] == 2026 and other.get("primary", True)
        )
        assert first["entry_date"] <= stay["entry_date"] < stay["exit_date"] < first["exit_date"]
        assert (row["credit"]["type"]["code"], row["credit"]["earned"], row["counts_in_average"]) == ("00586", "3", False)
        assert (row["course"]["level"]["code"], row["grade"]["code"], "sced_code" in row["course"]) == ("73048", "PS", True)
        taken = {course["course"]["local_code"]["code"] for course in document["academics"]["current_courses"]}
        assert row["course"]["local_code"]["code"] not in taken
        document["academics"]["transcript"].remove(row)
        document["enrollment"]["enrollments"].remove(stay)
        assert document == before, "nothing else moves"
    assert found > 3


def test_a_colleges_row_of_the_transcript_is_in_no_interchange_of_the_state(tmp_path: Path) -> None:
    state = PROFILES["demo"].states()[0]
    write_edfi(tmp_path / "interchange.zip", state, made("college", "college_before"), as_of=DAY)
    with zipfile.ZipFile(tmp_path / "interchange.zip") as opened:
        said = b"".join(opened.read(name) for name in opened.namelist()).decode()
    assert "<CourseTranscript" in said
    assert not any(code in said for code in ("ENG101", "MAT110", "PSY101", "Community College"))


def test_a_college_makes_the_rights_split_and_has_its_own_course() -> None:
    for one, _, second in beside("college"):
        assert second["grade"]["code"] == "PS"
        courses = [course for course in one.document["academics"]["current_courses"] if course["school"] == second["school"]]
        assert [course["course"]["level"]["code"] for course in courses] == ["73048"]
        assert attendance_of(NewStudent.model_validate(one.load).record, DAY).dual
    assert not any(attendance_of(NewStudent.model_validate(one.load).record, DAY).dual for one in made("career_centre"))


def test_the_formats_of_schools_say_the_second_school_and_leave_the_college_out(tmp_path: Path) -> None:
    everyone = made("career_centre", "college")
    second = [stay for _, _, stay in beside("career_centre", "college") if "nces_id" in stay["school"]]
    state = PROFILES["demo"].states()[0]
    package = OneRosterPackage(tmp_path / "roster.zip", state, as_of=DAY)
    for one in everyone:
        package.add(one)
    package.close()
    with zipfile.ZipFile(tmp_path / "roster.zip") as opened:
        tables = {name: list(csv.DictReader(io.StringIO(opened.read(name).decode()))) for name in ("roles.csv", "enrollments.csv")}
    roles = [row["orgSourcedId"] for row in tables["roles.csv"] if row["roleType"] == "secondary"]
    assert sorted(roles) == sorted(stay["school"]["nces_id"] for stay in second)
    assert len(second) > 5
    assert not any(code in row["classSourcedId"] for row in tables["enrollments.csv"] for code in ("ENG101", "MAT110", "PSY101"))
    write_edfi(tmp_path / "interchange.zip", state, everyone, as_of=DAY)
    with zipfile.ZipFile(tmp_path / "interchange.zip") as opened:
        text = opened.read("StudentEnrollment.xml").decode()
    assert text.count("<PrimarySchool>false") == len(second)
    assert "Community College" not in text
    assert "#PS<" not in text
