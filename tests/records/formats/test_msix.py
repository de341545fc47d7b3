"""Migratory children's minimum data elements as CSV: what columns say; what does not fit is whole and reported; nothing is a formula."""

import csv
import io
import zipfile
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.synthetic import ALDER, students
from safepassage.record.loads import RosterEntry
from safepassage.record.programmes import Migrant
from services.records.formats.msix import is_migratory, write_msix
from services.records.formats.msix_columns import COLUMNS, RELEVANT
from shared.spreadsheet import STARTS_FORMULA

CHILD = UUID(int=7)
TODAY = date(2026, 10, 20)
MIGRANT = {"status": {"system": "ceds:000189", "code": "Yes"}, "qualifying_arrival_date": "2026-03-01", "priority_for_services": True}
NAME = {"first": "Ana", "last_1": "García", "last_2": "López"}


def child(**sections: Any) -> RosterEntry:
    return RosterEntry.model_validate({"student": CHILD, **sections})


def read(*children: RosterEntry) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(write_msix(children))) as zipped:
        assert set(zipped.namelist()) == {f"{name}.csv" for name in COLUMNS}
        return {name: list(csv.DictReader(io.StringIO(zipped.read(f"{name}.csv").decode(), newline=""))) for name in COLUMNS}


def reported(files: dict[str, list[dict[str, str]]]) -> set[tuple[str, str]]:
    return {(row["Column"], row["Reason"]) for row in files["report"]}


@pytest.mark.requirement("FORM-msix")
def test_a_child_of_two_surnames_has_both_and_each_date_and_flag_in_the_collections_form() -> None:
    files = read(
        child(
            identity={
                "name": NAME | {"middle": "Sol", "suffix": "II"},
                "birth_date": {"birth_date": "2012-02-03"},
                "birth_place": {"city": "Fresno", "state": "CA", "country": "US"},
                "multiple_birth": {"indicator": False},
                "sex": {"system": "ceds:000255", "code": "Female"},
                "identifiers": [
                    {"kind": "state", "system": "US-XA", "value": "XA12"},
                    {"kind": "migrant", "system": "msix", "value": "123456789012"},
                ],
            },
            contacts={
                "guardians": [
                    {"name": {"first": "Rosa", "last_1": "López"}, "relation": {"system": "x", "code": "Mother"}, "rights": {}},
                    {"name": {"first": "Tía", "last_1": "Ruiz"}, "relation": {"system": "x", "code": "Aunt"}},
                ]
            },
            programmes={"migrant": MIGRANT, "english_learner": {"status": {"system": "ceds:000180", "code": "Yes"}}},
            health={"immunizations": {"as_of": "2026-08-01"}},
        )
    )
    [row] = files["children"]
    assert {column: value for column, value in row.items() if value} == {
        "Record": "1",
        "MSIX Identification Number": "123456789012",
        "State Student Identifier": "XA12",
        "State Student Identifier Type": "01",
        "First Name": "Ana",
        "Middle Name": "Sol",
        "Last Name 1": "García",
        "Last Name 2": "López",
        "Suffix": "II",
        "Sex": "Female",
        "Birth Date": "20120203",
        "Multiple Birth Flag": "No",
        "Birth City": "Fresno",
        "Birth State": "CA",
        "Birth Country": "US",
        "Parent 1 First Name": "Rosa",
        "Parent 1 Last Name": "López",
        "Qualifying Arrival Date": "20260301",
        "Priority for Services Flag": "Yes",
        "Immunization Record Flag": "Yes",
        "English Learner Indicator": "Yes",
    }
    codes = ["contacts.guardians", "programmes.english_learner"]
    assert [(row["Column"], row["Members"]) for row in files["report"] if row["Column"] in codes] == [
        ("contacts.guardians", "name.first name.last_1"),
        ("contacts.guardians", "relation.system relation.code"),
        ("programmes.english_learner", "status.system"),
    ]
    assert {reason for _, reason in reported(files)} == {"no-column", "not-a-parent", "flag-alone"}
    assert str(CHILD) not in str(files)


@pytest.mark.parametrize(
    ("code", "told"), [("Limited", "Yes"), ("Limited Monitored 2", "No"), ("NotLimited", "No"), ("Being looked at", "Being looked at")]
)
def test_what_ed_fi_says_of_a_childs_english_is_the_collections_yes_or_no(code: str, told: str) -> None:
    learner = {"status": {"system": "uri://ed-fi.org/LimitedEnglishProficiencyDescriptor", "code": code}}
    [row] = read(child(identity={"name": NAME}, programmes={"migrant": MIGRANT, "english_learner": learner}))["children"]
    assert row["English Learner Indicator"] == told


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ({"last_1": "García-López"}, ("García", "López")),
        ({"last_1": "De La Cruz"}, ("De La Cruz", "")),
        ({"last_1": "Smith-Jones", "last_2": "Ruiz"}, ("Smith-Jones", "Ruiz")),
        ({"last_1": "-"}, ("'-", "")),
        ({"last_1": "Al-Sa-Id"}, ("Al-Sa-Id", "")),
    ],
)
def test_a_surname_is_parted_at_one_hyphen_and_nowhere_else(name: dict[str, str], expected: tuple[str, str]) -> None:
    [row] = read(child(identity={"name": name}))["children"]
    assert (row["Last Name 1"], row["Last Name 2"]) == expected


def test_what_the_collection_takes_no_more_of_is_there_whole_and_reported() -> None:
    long = "A" * 31
    identifiers = [{"kind": kind, "system": "s", "value": f"{kind}-0123456789"} for kind in ("state", "district")]
    files = read(child(identity={"name": NAME | {"first": long}, "sex": {"system": "x", "code": "X"}, "identifiers": identifiers}))
    [row] = files["children"]
    assert (row["First Name"], row["Sex"], row["State Student Identifier"]) == (long, "X", "state-0123456789")
    assert reported(files) == {
        ("First Name", "longer-than-the-collection-takes"),
        ("State Student Identifier", "longer-than-the-collection-takes"),
        ("Sex", "not-a-value-of-the-collection"),
        ("identity.identifiers", "more-than-the-columns-hold"),
        ("Birth Date", "missing"),
        ("Qualifying Arrival Date", "missing"),
        ("identity.sex", "no-column"),
        ("identity.identifiers", "no-column"),
    }


def test_courses_keep_sced_and_local_codes_and_partial_credit() -> None:
    course = {"title": "Algebra I", "local_code": {"system": "urn:xa", "code": "M-101"}, "sced_code": "02052"}
    files = read(
        child(
            academics={
                "transcript": [{"course": course, "school_year": 2026, "credit": {"attempted": "1", "earned": "0.5"}, "mark": "B+"}],
                "current_courses": [
                    {"course": course, "section": "3", "mark": "A-", "percentage": "91.5", "partial_credit": {"earned": "0.25"}}
                ],
            }
        )
    )
    done, held = files["courses"]
    codes = ("Course Type", "School Courses for the Exchange of Data Code", "Local Course Code", "Local Course Code System")
    assert [tuple(row[column] for column in codes) for row in (done, held)] == [("02", "02052", "M-101", "urn:xa")] * 2
    assert (done["Academic Year"], done["Credits Granted"], done["Final Grade"]) == ("2025-2026", "0.5", "B+")
    assert (held["Credits Granted"], held["Grade-to-Date"], held["Percentage-to-Date"]) == ("0.25", "A-", "91.5")


def test_a_statement_of_disagreement_goes_along() -> None:
    statement = {
        "id": UUID(int=3),
        "relates_to": ["academics.transcript"],
        "statement": "=That mark is wrong.",
        "placed_by": "parent",
        "placed_on": "2026-09-01",
    }
    [row] = read(child(statements=[statement]))["statements"]
    assert row == {
        "Record": "1",
        "Relates To": "academics.transcript",
        "Placed By": "parent",
        "Placed On": "20260901",
        "Statement": "'=That mark is wrong.",
    }


def test_an_element_without_a_column_is_reported_and_in_no_file() -> None:
    files = read(child(attendance={"summary": [{"school_year": 2026, "days_present": "3"}]}))
    assert ("attendance.summary", "no-column") in reported(files)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"status": {"system": "ceds:000189", "code": "No"}}, False),
        ({"end_date": "2026-10-19"}, False),
        ({"end_date": "2026-10-20"}, True),
        ({"eligibility_expires_on": "2026-10-19"}, False),
        ({"begin_date": "2026-10-21"}, False),
    ],
)
def test_who_is_in_the_programme_today(change: dict[str, Any], expected: bool) -> None:
    assert is_migratory(Migrant.model_validate(MIGRANT | change), TODAY) is expected


def test_nobody_is_in_it_of_whom_nothing_is_known() -> None:
    assert not is_migratory(None, TODAY)


def test_every_synthetic_student_is_written_and_each_row_is_a_childs() -> None:
    everyone = [child(**dict(one.load.record.sections())) for one in students(ALDER, as_of=TODAY, count=60)]
    files = read(*everyone)
    assert [row["Record"] for row in files["children"]] == [str(number) for number in range(1, 61)]
    counted = [len((one.academics.transcript or ()) + (one.academics.current_courses or ())) if one.academics else 0 for one in everyone]
    assert len(files["courses"]) == sum(counted) > 60
    assert len(files["enrollments"]) == sum(len(one.enrollment.enrollments or ()) if one.enrollment else 0 for one in everyone)
    told = {element for one in everyone for element in one.elements()} - set(RELEVANT)
    assert {row["Column"] for row in files["report"] if row["Reason"] == "no-column" and not row["Members"]} == told


texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@settings(max_examples=60)
@given(first=texts, last=texts, title=texts)
def test_no_cell_begins_a_formula_and_each_is_read_back(first: str, last: str, title: str) -> None:
    entry = child(identity={"name": {"first": first, "last_1": last}}, academics={"current_courses": [{"course": {"title": title}}]})
    files = read(entry)
    assert not any(value.startswith(STARTS_FORMULA) for rows in files.values() for row in rows for value in row.values())
    name = entry.identity.name if entry.identity else None
    assert name is not None
    assert files["children"][0]["First Name"].removeprefix("'") == (name.first or "").removeprefix("'")


LISTED = {
    "identity": (
        "First Name",
        "Middle Name",
        "Last Name 1",
        "Last Name 2",
        "Suffix",
        "State Student Identifier",
        "MSIX Identification Number",
    ),
    "sex": ("Sex",),
    "date of birth": ("Birth Date", "Birth Date Verification", "Birth City", "Birth State", "Birth Country"),
    "multiple birth": ("Multiple Birth Flag",),
    "qualifying move": ("Qualifying Arrival Date", "Eligibility Expiration Date", "Qualifying Move From City", "Qualifying Move To State"),
    "enrolment": (
        "School or Project Name",
        "Enrollment Date",
        "Enrollment Type",
        "Withdrawal Date",
        "Grade Level",
        "District of Residence",
    ),
    "course history": ("Course Title", "Course Type", "Academic Year", "Course Section", "Term Type", "Clock Hours", "Final Grade"),
    "partial credit": ("Credits Granted", "Grade-to-Date", "Percentage-to-Date"),
    "assessments": ("Assessment Title", "Assessment Content", "Assessment Administration Date", "Score", "Performance Level"),
    "flags": ("Immunization Record Flag", "Med Alert Indicator", "Priority for Services Flag", "English Learner Indicator"),
    "IEP": ("Individualized Education Program Indicator",),
    "graduation": ("Designated Graduation School", "Graduation/HSE Indicator", "Graduation/HSE Date", "Algebra 1 or Equivalent Indicator"),
}
"""What the collection asks for, by what it is about."""


@pytest.mark.requirement("FORM-msix")
@pytest.mark.parametrize("about", LISTED)
def test_each_element_of_the_collection_has_a_column_or_is_said_to_have_none(about: str) -> None:
    files = read(child(identity={"name": NAME}))
    rows = [(row["Element"], row["File"]) for row in files["elements"]]
    for element in LISTED[about]:
        where = [name for one, name in rows if one == element]
        assert where, element
        assert all(element in COLUMNS[name.removesuffix(".csv")] for name in where if name)
        assert where == [""] or "" not in where, "both said and not said"
    columns = {column for name in ("children", "enrollments", "courses", "assessments") for column in COLUMNS[name]}
    assert not {element for element, name in rows if not name} & columns


def test_the_district_of_residence_is_by_the_number_that_is_known_most_widely() -> None:
    files = read(child(enrollment={"residency": {"residence": {"name": "Elm", "nces_id": "0300009", "state_id": "7"}}}))
    assert files["children"][0]["District of Residence"] == "0300009"
    [told] = [row for row in files["report"] if row["Column"] == "enrollment.residency"]
    assert (told["Reason"], told["Members"]) == ("no-column", "residence.name residence.state_id")
