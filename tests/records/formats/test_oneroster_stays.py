"""When a student was at which school, by the roles and the classes of a OneRoster package."""

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest

from services.records.formats.oneroster import read_oneroster
from tests.records.formats.test_oneroster import changed, package

__all__ = ["package"]

DAY = date(2026, 10, 20)


@pytest.mark.parametrize(
    ("roles", "stays"),
    [
        ([("2024-08-26", "2025-01-11"), ("2026-08-24", "")], [("2024-08-26", "2025-01-10"), ("2026-08-24", None)]),
        ([("2026-08-24", ""), ("2024-08-26", "2025-01-11")], [("2024-08-26", "2025-01-10"), ("2026-08-24", None)]),
        ([("2025-08-25", "2026-08-24"), ("2026-08-24", "2027-06-12")], [("2025-08-25", "2027-06-11")]),
        ([("2025-08-25", ""), ("2026-08-24", "2026-09-01")], [("2025-08-25", None)]),
        ([("2026-08-24", "2026-08-24")], [("2026-08-24", "2026-08-24")]),
    ],
    ids=["left and back", "in another order", "year after year", "one within another", "gone on the day"],
)
def test_a_student_who_left_a_school_and_came_back_was_not_there_in_between(
    package: Path, roles: list[tuple[str, str]], stays: list[tuple[str, str | None]]
) -> None:
    def attend(rows: list[dict[str, str]]) -> None:
        place = next(place for place, row in enumerate(rows) if row["role"] == "student")
        first = rows.pop(place)
        rows += [first | {"sourcedId": f"R{n}", "beginDate": begin, "endDate": end} for n, (begin, end) in enumerate(roles)]

    record = read_oneroster(changed(package, "roles.csv", attend), today=DAY).students[0].record
    assert record is not None
    assert record.enrollment is not None
    found = record.enrollment.enrollments or ()
    assert [(str(one.entry_date), None if one.exit_date is None else str(one.exit_date)) for one in found] == stays
    assert [one.grade is not None for one in found] == [*[False] * (len(stays) - 1), True]


@pytest.mark.parametrize("has_class", [True, False])
def test_a_role_without_a_day_beside_one_that_has_it_is_dated_by_the_classes_there_or_reported(package: Path, has_class: bool) -> None:
    """`beginDate` of a role may be empty (OneRoster 1.2)."""
    others: list[str] = []

    def attend(rows: list[dict[str, str]]) -> None:
        first = next(row for row in rows if row["role"] == "student")
        others.append(next(row["orgSourcedId"] for row in rows if row["orgSourcedId"] != first["orgSourcedId"]))
        rows.append({**first, "sourcedId": "second", "orgSourcedId": others[0], "roleType": "secondary", "beginDate": "", "endDate": ""})

    def sit(rows: list[dict[str, str]]) -> None:
        if has_class:
            rows.append(rows[0] | {"sourcedId": "there", "schoolSourcedId": others[0], "beginDate": "2026-09-07", "endDate": ""})

    with_role = io.BytesIO()
    archive = changed(package, "roles.csv", attend)
    with zipfile.ZipFile(with_role, "w") as made:
        for name in archive.names:
            with archive.open(name) as file:
                made.writestr(name, file.read())
    path = package.parent / f"undated-{has_class}.zip"
    path.write_bytes(with_role.getvalue())
    parsed = read_oneroster(changed(path, "enrollments.csv", sit), today=DAY)
    record = parsed.students[0].record
    assert record is not None
    assert record.enrollment is not None
    found = {(one.school.local_id, one.primary): str(one.entry_date) for one in record.enrollment.enrollments or ()}
    assert len(found) == 1 + has_class
    assert found.get((others[0], False)) == ("2026-09-07" if has_class else None)
    assert parsed.findings.reasons["entry-date-missing"] == (not has_class)
