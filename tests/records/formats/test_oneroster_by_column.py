"""Rows of a OneRoster package are read and looked at many at once, column by column: it gives what each row alone gives, byte for byte."""

import csv
import io
import zipfile
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.records.formats import oneroster_tables
from services.records.formats.archive import Archive
from services.records.formats.oneroster import read_oneroster
from services.records.formats.oneroster_csv import USER_IDS
from services.records.formats.oneroster_kept import Keeping
from services.records.formats.oneroster_tables import Tables

DAY = date(2026, 10, 20)

VALUES = {
    "sourcedId": ["1", "2", "3", "4", " 4", "", "5"],
    "status": ["", "", "", "active", "tobedeleted"],
    "dateLastModified": ["", "", "2026-10-01T00:00:00Z", "none"],
    "givenName": ["Ana", "Bo ", "", "x" * 200],
    "familyName": ["Li", "Ñu", "", "y\ny"],
    "userIds": ["", "", "", "{sis:2}", "{ssn:900-00-0001}", "{:900-00-0001}", "none"],
    USER_IDS: ["", "", '[{"type": "ssn", "identifier": "900-00-0001"}]'],
    "grades": ["", "05", "05,06"],
    "agentSourcedIds": ["", "3", "3,4", "9"],
    "password": ["", "", "secret"],
    "pronouns": ["", "", " they "],
    "phone": ["", "(200) 555-0100"],
    "role": ["student", "student", "parent", "", "aide"],
    "userSourcedId": ["1", "2", "3", "9", ""],
    "roleType": ["primary", "secondary", ""],
    "orgSourcedId": ["school", "other", "none", ""],
    "beginDate": ["2026-08-24", "2026-08-24", "2025-08-24T00:00:00Z", "", "24.8.2026"],
    "endDate": ["", "", "2026-12-24", "2024-01-01", "soon"],
    "classSourcedId": ["class", "class", "unknown", ""],
    "schoolSourcedId": ["school", "other", ""],
    "birthDate": ["2012-02-29", "2012-02-30", "", "2030-01-01"],
    "sex": ["female", "male", "", "X"],
    "white": ["", "true", "FALSE", "perhaps"],
    "asian": ["", "true"],
    "hispanicOrLatinoEthnicity": ["", "false", "no"],
    "countryOfBirthCode": ["", "US", "USA"],
}
HEAD = ("sourcedId", "status", "dateLastModified")
COLUMNS = {
    "users": (*HEAD, "givenName", "familyName", "userIds", "grades", "agentSourcedIds", "password", "pronouns", "phone", "role", USER_IDS),
    "demographics": (*HEAD, "birthDate", "sex", "white", "asian", "hispanicOrLatinoEthnicity", "countryOfBirthCode"),
    "roles": (*HEAD, "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId"),
    "enrollments": (*HEAD, "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "beginDate", "endDate"),
}
FIXED = {
    "manifest.csv": "propertyName,value\noneroster.version,1.2\n",
    "orgs.csv": "sourcedId,name,type\nschool,School,school\nother,Other,school\n",
    "courses.csv": "sourcedId,title,courseCode\ncourse,Art,A1\n",
    "academicSessions.csv": "sourcedId,startDate,endDate\nterm,2026-08-24,2027-06-06\n",
    "classes.csv": "sourcedId,title,courseSourcedId,schoolSourcedId,termSourcedIds\nclass,Art 1,course,school,term\n",
}


@st.composite
def a_file(draw: st.DrawFn, name: str) -> str:
    """Rows such as any package has, or all but one value; lines longer or shorter than the head, a column twice."""
    columns = [*COLUMNS[name], *draw(st.lists(st.sampled_from(COLUMNS[name]), max_size=1))]
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(columns)
    for number in range(draw(st.integers(0, 5))):
        odd = draw(st.sampled_from([[], [draw(st.sampled_from(columns))], columns]))
        line = [draw(st.sampled_from(VALUES[one])) if one in odd else VALUES[one][0] for one in columns]
        line[0] = line[0] if "sourcedId" in odd else str(number + 1)
        writer.writerow((line + [""] * draw(st.sampled_from([0, 0, 0, 2])) + ["more"])[: draw(st.sampled_from([None, None, -1, 3]))])
    return target.getvalue()


PACKAGES = st.fixed_dictionaries({f"{name}.csv": a_file(name) for name in COLUMNS})
OTHERS = st.sampled_from(["", "sourcedId,studentSourcedId\na,1\na,1\nb,9\n", 'sourcedId,studentSourcedId\na,1\nb,9\nc,"1'])


def said_of(files: dict[str, str]) -> dict[str, Any]:
    """All that reading gives."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, text in (FIXED | files).items():
            made.writestr(name, text)
    roster = read_oneroster(Archive.of_zip(target.getvalue()), today=DAY)
    assert roster.kept is not None
    found = roster.findings
    return {
        "students": [(one.source_id, one.position, one.ended_on, one.text) for one in roster.students],
        "kept": {name: one.rows for name, one in roster.kept.students.items()},
        "frame": repr(roster.kept.frame),
        "reasons": list(found.reasons.items()),
        "counts": found.counts,
        "unresolved": [(one.reason, one.position) for one in found.unresolved],
        "not valid": found.faults.told(str),
    }


@settings(max_examples=100)
@given(files=PACKAGES, others=OTHERS, at_once=st.sampled_from([oneroster_tables.AT_ONCE, 30]))
def test_rows_that_are_looked_at_together_give_what_each_gives_alone(files: dict[str, str], others: str, at_once: int) -> None:
    files = files | ({"results.csv": others} if others else {})
    with pytest.MonkeyPatch.context() as few:
        few.setattr(oneroster_tables, "AT_ONCE", at_once)
        together = said_of(files)
    with pytest.MonkeyPatch.context() as alone:
        alone.setattr(oneroster_tables, "AT_ONCE", 1)
        alone.setattr(Keeping, "_take", lambda *_: False)
        assert said_of(files) == together


@given(text=a_file("users"))
def test_a_row_has_what_is_filled_in_its_line(text: str) -> None:
    columns, *lines = csv.reader(io.StringIO(text, newline=""))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, whole in (FIXED | {"users.csv": text}).items():
            made.writestr(name, whole)
    rows = list(Tables(Archive.of_zip(target.getvalue())).rows("users"))
    said = [[(name, value.strip()) for name, value in zip(columns, line, strict=False) if value.strip()] for line in lines]
    assert [list(row.values.items()) for row in rows] == [list(dict(one).items()) for one in said]
    assert [row.position for row in rows] == [f"users.csv:{number}" for number, _ in enumerate(lines, start=1)]


@pytest.mark.parametrize("lines", [1, 3, 700])
def test_what_came_before_a_line_that_is_no_csv_is_reported(lines: int) -> None:
    others = "sourcedId,studentSourcedId\n" + "".join(f"{number},nobody\n" for number in range(lines)) + '9,"x'
    users = "sourcedId,givenName,familyName\n1,Ana,Li\n"
    reasons = dict(said_of({"users.csv": users, "results.csv": others})["reasons"])
    assert (reasons["user-unknown"], reasons["file-not-read"]) == (lines, 1)
