"""Every cell of a OneRoster package is read, or kept as it came, or said to be left: nothing is dropped."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.records.formats.archive import Archive
from services.records.formats.oneroster import read_oneroster
from services.records.formats.oneroster_csv import ABSENT
from services.records.formats.oneroster_kept import after_whole, within
from services.records.formats.oneroster_left import left_of
from services.records.formats.parsed import ParsedRoster

DAY = date(2026, 10, 20)
Rows = Sequence[Mapping[str, str]]
BARE: dict[str, Rows] = {
    "manifest.csv": [{"propertyName": "oneroster.version", "value": "1.2"}],
    "orgs.csv": [{"sourcedId": "o", "name": "Oak", "type": "school"}],
    "courses.csv": [{"sourcedId": "k", "title": "Art"}],
    "classes.csv": [{"sourcedId": "c", "title": "Art 1", "courseSourcedId": "k", "schoolSourcedId": "o"}],
    "users.csv": [
        {"sourcedId": "s", "givenName": "Ana", "familyName": "Alder", "agentSourcedIds": "a"},
        {"sourcedId": "a", "givenName": "Ben", "familyName": "Alder"},
        {"sourcedId": "t", "givenName": "Tea", "familyName": "Teacher"},
    ],
    "demographics.csv": [{"sourcedId": "s", "birthDate": "2012-02-03"}],
    "roles.csv": [
        {"sourcedId": f"r{one}", "userSourcedId": one, "role": role, "orgSourcedId": "o", "beginDate": "2026-08-24"}
        for one, role in (("s", "student"), ("a", "parent"), ("t", "teacher"))
    ],
    "enrollments.csv": [
        {"sourcedId": f"e{one}", "userSourcedId": one, "classSourcedId": "c", "schoolSourcedId": "o", "role": role}
        for one, role in (("s", "student"), ("t", "teacher"))
    ],
    "results.csv": [{"sourcedId": "x", "studentSourcedId": "s", "lineItemSourcedId": "l", "score": "91"}],
    "resultScoreScales.csv": [{"sourcedId": "y", "resultSourcedId": "x", "scoreScaleSourcedId": "z"}],
    "lineItems.csv": [{"sourcedId": "l", "title": "Essay", "categorySourcedId": "g"}],
    "categories.csv": [{"sourcedId": "g", "title": "Homework"}],
    "classResources.csv": [{"sourcedId": "q", "classSourcedId": "c", "resourceSourcedId": "w"}],
    "resources.csv": [{"sourcedId": "w", "title": "A book"}],
    "userProfiles.csv": [{"sourcedId": "p", "userSourcedId": "a", "profileType": "portal"}],
    "notes.csv": [{"sourcedId": "n", "text": "of nobody"}],
}


def read(files: Mapping[str, Rows]) -> ParsedRoster:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as zipped:
        for name, rows in files.items():
            text = io.StringIO()
            writer = csv.DictWriter(text, list(dict.fromkeys(column for row in rows for column in row)), restval="")
            writer.writeheader()
            writer.writerows(rows)
            zipped.writestr(name, text.getvalue())
    return read_oneroster(Archive.of_zip(target.getvalue()), today=DAY)


def left(parsed: ParsedRoster) -> dict[str, list[dict[str, str]]]:
    """What is kept of the student and not in the record."""
    assert parsed.kept is not None
    rows = json.loads(parsed.kept.students["s"].rows)
    frame = json.loads(json.dumps(parsed.kept.frame, default=lambda raw: json.loads(bytes(raw))))
    return left_of(rows.pop("id"), rows, frame)


def test_of_a_student_the_rows_of_files_that_are_not_read_are_kept_with_what_they_lead_to() -> None:
    found = left(read(BARE))
    assert {name: rows for name, rows in found.items() if name not in ("users.csv", "roles.csv")} == {
        name: [dict(row) for row in BARE[name]] for name in BARE if name.removesuffix(".csv") in ABSENT
    }


def test_what_stands_in_a_class_or_a_session_is_kept_for_who_is_in_it() -> None:
    files = dict(BARE) | {
        "classes.csv": [{**BARE["classes.csv"][0], "metadata.house": "Red"}, {**BARE["classes.csv"][0], "sourcedId": "d"}]
    }
    assert left(read(files))["classes.csv"] == [{"sourcedId": "c", "courseSourcedId": "k", "schoolSourcedId": "o", "metadata.house": "Red"}]


@pytest.mark.parametrize(
    ("file", "column", "value"),
    [
        ("demographics.csv", "sex", "other"),
        ("demographics.csv", "white", "maybe"),
        ("demographics.csv", "countryOfBirthCode", "USA"),
        ("users.csv", "grades", "04,05"),
        ("roles.csv", "endDate", "10/01/2026"),
    ],
)
def test_a_value_that_is_none_that_is_read_is_told_and_kept_as_it_came(file: str, column: str, value: str) -> None:
    first, *others = BARE[file]
    parsed = read(dict(BARE) | {file: [{**first, column: value}, *others]})
    assert [one.position for one in parsed.findings.unresolved if one.reason == "value-kept"] == [f"{file}:1"]
    assert left(parsed)[file][0][column] == value


def test_rows_of_nobody_who_is_a_student_or_a_contact_are_counted_by_file() -> None:
    found = [(one.reason, one.position) for one in read(BARE).findings.unresolved if one.reason == "row-of-no-student"]
    assert found == [("row-of-no-student", name) for name in ("users.csv", "roles.csv", "enrollments.csv")]


FOREIGN = ("metadata.note", "pronouns", "password", "studentSsn", "location")
cells = st.tuples(st.sampled_from(sorted(set(BARE) - {"manifest.csv"})), st.integers(0, 2), st.sampled_from(FOREIGN))


@pytest.mark.requirement("FORM-oneroster-kept")
@settings(max_examples=150, deadline=None)
@given(st.sets(cells, max_size=12))
def test_every_cell_is_read_or_kept_or_said_to_be_left(marked: set[tuple[str, int, str]]) -> None:
    files = {name: [dict(row) for row in rows] for name, rows in BARE.items()}
    for name, number, column in marked:
        files[name][number % len(files[name])][column] = f"<{name}/{number % len(files[name])}/{column}>"
    parsed = read(files)
    assert parsed.kept is not None
    kept = parsed.kept.students["s"].rows.decode() + json.dumps(parsed.kept.frame, default=lambda raw: json.loads(bytes(raw)))
    shown = json.dumps(left(parsed))
    said = {(one.reason, one.position) for one in parsed.findings.unresolved}
    for name, number, column in marked:
        place = list(dict.fromkeys(one for row in files[name] for one in row)).index(column) + 1
        cell = f"<{name}/{number % len(files[name])}/{column}>"
        if column in ("password", "studentSsn"):
            assert cell not in kept
            assert ("secret-left", f"{name}:column:{place}") in said or ("file-not-read", name) in said
        elif cell not in kept:
            assert {("row-of-no-student", name), ("file-not-read", name)} & said
        else:
            assert cell in shown
            assert {("column-kept", f"{name}:column:{place}"), ("file-kept", name)} & said


def test_after_a_whole_package_a_file_that_it_does_not_have_stays_and_one_that_it_has_is_replaced() -> None:
    before = {"users": {"s": {"sourcedId": "s"}}, "results.csv": {"x": {"score": "1"}}, "userProfiles.csv": {"p": {"profileType": "a"}}}
    after = after_whole(before, {"users": {}}, frozenset({"userProfiles.csv"}))
    assert after == {"users": {}, "results.csv": {"x": {"score": "1"}}}


def test_no_more_is_kept_of_files_that_are_not_read_than_there_is_room_for_what_came_first() -> None:
    rows = {"users": {"s": {"sourcedId": "s" * 500}}, "results.csv": {f"{number:04}": {"score": "1"} for number in range(100)}}
    kept, many = within(rows, 1_000)
    assert kept["users"] == rows["users"]
    assert list(kept["results.csv"]) == list(rows["results.csv"])[: len(kept["results.csv"])]
    assert many == {"results.csv": 100 - len(kept["results.csv"])}
    assert 0 < len(kept["results.csv"]) < 100
    assert within(rows, 10_000) == (rows, {})


TWICE = [
    ("orgs.csv", 0, "name"),
    ("courses.csv", 0, "title"),
    ("classes.csv", 0, "title"),
    ("users.csv", 0, "familyName"),
    ("users.csv", 1, "familyName"),
    ("demographics.csv", 0, "cityOfBirth"),
    ("roles.csv", 0, "beginDate"),
    ("enrollments.csv", 0, "beginDate"),
    ("results.csv", 0, "score"),
    ("lineItems.csv", 0, "title"),
    ("userProfiles.csv", 0, "profileType"),
]


@pytest.mark.requirement("FORM-oneroster-kept")
@pytest.mark.parametrize(("name", "place", "column"), TWICE)
@pytest.mark.parametrize("times", [1, 3])
def test_what_a_row_said_before_the_one_of_the_same_id_that_counts_is_kept_and_told(name: str, place: int, column: str, times: int) -> None:
    marks = [f"Qz{number}x" for number in range(times)]
    before = [{**BARE[name][place], column: mark} for mark in marks]
    files = {**BARE, name: [*BARE[name][:place], *before, *BARE[name][place:]]}
    parsed = read(files)
    shown = [value for rows in left(parsed).values() for row in rows for value in row.values()]
    assert [mark for mark in marks if mark not in shown] == []
    assert parsed.findings.reasons["sourced-id-twice"] >= times
    assert [one for one in parsed.students if one.source_id == "s"]


@pytest.mark.requirement("FORM-oneroster-kept")
def test_of_one_id_that_is_two_peoples_each_keeps_their_own_row_and_nothing_of_the_other() -> None:
    two = [*BARE["users.csv"], {"sourcedId": "u", "givenName": "Uma", "familyName": "Birch"}]
    theirs = {**BARE["enrollments.csv"][0], "userSourcedId": "u", "metadata.note": "of-u"}
    first = {**BARE["enrollments.csv"][0], "metadata.note": "of-s"}
    parsed = read({**BARE, "users.csv": two, "enrollments.csv": [first, theirs]})
    assert parsed.kept is not None
    rows = {one: parsed.kept.students[one].rows.decode() for one in ("s", "u")}
    assert ("of-s" in rows["s"], "of-u" in rows["s"], "of-s" in rows["u"], "of-u" in rows["u"]) == (True, False, False, True)
    assert parsed.findings.reasons["sourced-id-twice"] == 1
