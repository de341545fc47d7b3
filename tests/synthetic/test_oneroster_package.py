"""A synthetic OneRoster package is one that the binding (1.2.1) takes: every column, every property, and no blank that it wants filled."""

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

import pytest

from node.synthetic import BIRCH, students
from node.synthetic.oneroster_writer import write_oneroster
from services.records.formats.oneroster_csv import ABSENT, COLUMNS

DAY = date(2026, 10, 20)
FILLED = {
    "orgs": ("sourcedId", "name", "type"),
    "academicSessions": ("sourcedId", "title", "type", "startDate", "endDate", "schoolYear"),
    "courses": ("sourcedId", "title", "orgSourcedId"),
    "classes": ("sourcedId", "title", "courseSourcedId", "classType", "schoolSourcedId", "termSourcedIds"),
    "users": ("sourcedId", "enabledUser", "username", "givenName", "familyName"),
    "roles": ("sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId"),
    "enrollments": ("sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
    "demographics": ("sourcedId",),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, str]]]:
    path: Path = tmp_path_factory.mktemp("package") / "birch.zip"
    write_oneroster(path, BIRCH, students(BIRCH, as_of=DAY, count=40), as_of=DAY)
    with zipfile.ZipFile(path) as package:
        return {
            name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(package.read(name).decode(), newline="")))
            for name in package.namelist()
        }


def test_it_has_each_column_and_each_property_of_the_manifest(files: dict[str, list[dict[str, str]]]) -> None:
    manifest = {row["propertyName"] for row in files.pop("manifest")}
    assert manifest >= {f"file.{name}" for name in (*COLUMNS, *ABSENT)}
    assert {name: tuple(rows[0]) for name, rows in files.items()} == COLUMNS


def test_it_leaves_nothing_blank_that_the_binding_wants_filled(files: dict[str, list[dict[str, str]]]) -> None:
    blank = {(name, column) for name, columns in FILLED.items() for row in files[name] for column in columns if not row[column]}
    assert blank == set()
    assert {row["primary"] for row in files["enrollments"]} == {"false"}


def test_the_last_school_day_is_in_the_session_whose_end_is_the_first_day_after_it(files: dict[str, list[dict[str, str]]]) -> None:
    [session] = files["academicSessions"]
    assert (session["startDate"], session["endDate"]) == ("2026-08-24", "2027-06-06")
