"""Deltas put onto rows, in any order: of each row the newest change is what is left, and a student whom none names is as before."""

import csv
import io
import zipfile
from datetime import date
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.records.formats.archive import Archive
from services.records.formats.oneroster_delta import Delta
from services.records.formats.oneroster_delta_rows import differing
from services.records.formats.oneroster_kept import FRAME, KEPT

WHOLE: dict[str, Any] = {
    "users": {"s": {"sourcedId": "s", "givenName": "Ana", "familyName": "García"}},
    "demographics": {"s": {"sourcedId": "s", "birthDate": "2012-02-03"}},
    "roles": {"r": {"sourcedId": "r", "userSourcedId": "s", "role": "student", "orgSourcedId": "o", "beginDate": "2026-08-24"}},
    "enrollments": {
        key: {"sourcedId": key, "userSourcedId": "s", "classSourcedId": "c", "schoolSourcedId": "o", "role": "student"}
        for key in ("e1", "e2")
    },
}
COLUMNS = {
    "users": ("givenName", "familyName"),
    "demographics": ("birthDate",),
    "roles": ("userSourcedId", "role", "orgSourcedId", "beginDate"),
    "enrollments": ("userSourcedId", "classSourcedId", "schoolSourcedId", "role"),
}


class Change(NamedTuple):
    """A row as a source has it from an instant on."""

    table: str
    key: str
    minute: int
    deleted: bool
    word: str

    @property
    def row(self) -> dict[str, str]:
        row = {"sourcedId": self.key, **dict.fromkeys(COLUMNS[self.table], "")}
        row |= WHOLE[self.table].get(self.key, WHOLE["enrollments"]["e1"])
        row |= {"sourcedId": self.key, "status": "tobedeleted" if self.deleted else "active"}
        row["dateLastModified"] = f"2026-10-19T06:{self.minute:02}:00.000Z"
        return row | {COLUMNS[self.table][-1]: self.word}


def delta(*changes: Change) -> Delta:
    tables: dict[str, list[dict[str, str]]] = {}
    for one in changes:
        tables.setdefault(one.table, []).append(one.row)
    return delta_of(tables)


def delta_of(tables: dict[str, list[dict[str, str]]]) -> Delta:
    target, said = io.BytesIO(), {"oneroster.version": "1.2", "source.systemCode": "SIS"}
    said |= {f"file.{name}": "delta" if name in tables else "absent" for name in KEPT}
    with zipfile.ZipFile(target, "w") as zipped:
        files = {"manifest": [{"propertyName": name, "value": value} for name, value in said.items()], **tables}
        for name, rows in files.items():
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            zipped.writestr(f"{name}.csv", text.getvalue())
    return Delta(Archive.of_zip(target.getvalue()))


def after(rows: dict[str, Any], *deltas: Delta) -> dict[str, Any]:
    nothing: dict[str, frozenset[str]] = {name: frozenset() for name in FRAME}
    for one in deltas:
        found = one.student("s", rows, nothing, {})
        rows = rows if found is None else found.rows
    return rows


PLACES = [("users", "s"), ("demographics", "s"), ("roles", "r"), *(("enrollments", key) for key in ("e1", "e2", "e3"))]
words = st.sampled_from(["alpha", "beta"])
changes = st.lists(st.tuples(st.sampled_from(PLACES), st.booleans(), words), min_size=1, max_size=8).map(
    lambda those: [Change(*place, minute, deleted, word) for minute, (place, deleted, word) in enumerate(those)]
)


@settings(max_examples=150, deadline=None)
@given(changes=changes, order=st.randoms(use_true_random=False))
def test_in_whatever_order_deltas_come_the_newest_change_of_each_row_is_left(changes: list[Change], order: Any) -> None:
    in_order = after(WHOLE, *(delta(one) for one in changes))
    shuffled = list(changes)
    order.shuffle(shuffled)
    # whoever deletes a row says no more than that, so what it said before depends on the order; that it is deleted does not
    assert told(after(WHOLE, *(delta(one) for one in shuffled))) == told(in_order)
    for table, rows in in_order.items():
        for key, row in rows.items():
            last = max((one for one in changes if (one.table, one.key) == (table, key)), key=lambda one: one.minute, default=None)
            assert row == WHOLE[table].get(key) if last is None else row["status"] == last.row["status"]


def told(rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        table: {key: "gone" if row.get("status") == "tobedeleted" else row for key, row in held.items()} for table, held in rows.items()
    }


@settings(max_examples=50, deadline=None)
@given(changes=changes)
def test_a_student_whom_no_row_names_is_not_concerned(changes: list[Change]) -> None:
    other = {name: {} for name in WHOLE} | {"users": {"t": {"sourcedId": "t", "familyName": "Other"}}}
    nothing: dict[str, frozenset[str]] = {name: frozenset() for name in FRAME}
    for one in changes:
        assert delta(one).student("t", other, nothing, {}) is None


@settings(max_examples=50, deadline=None)
@given(changes=changes)
def test_the_same_delta_again_leaves_the_same_rows(changes: list[Change]) -> None:
    once = after(WHOLE, *(delta(one) for one in changes))
    assert after(once, delta(changes[-1])) == once


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"sourcedId": " "}, {("sourcedId", "required")}),
        ({"status": "hush"}, {("status", "enum")}),
        ({"status": "", "dateLastModified": ""}, {("status", "required"), ("dateLastModified", "required")}),
        ({"dateLastModified": "hush"}, {("dateLastModified", "format")}),
    ],
)
def test_of_a_row_that_does_not_say_what_changed_it_is_told_what_it_lacks_and_never_a_value(
    change: dict[str, str], faults: set[tuple[str, str]]
) -> None:
    good = Change("users", "s", 5, deleted=False, word="Ruiz").row
    made = delta_of({"users": [good, good | {"sourcedId": "t"} | change]})
    rows: dict[str, Any] = {"s": {**WHOLE, "enrollments": {}}}
    found = made.student("s", rows["s"], {name: frozenset() for name in FRAME}, {})
    assert found is not None
    findings = made.roster({name: {} for name in FRAME}, {"s": found}, today=date(2026, 10, 20)).findings
    told = [one for one in findings.faults.told() if one.rule in ("required", "enum", "format")]
    assert {(one.member, one.rule) for one in told} == faults
    assert {(one.resource, one.count, one.positions) for one in told} == {("users.csv", 1, ("users.csv:2",))}
    assert "hush" not in repr(findings) + repr(told)


def test_a_school_that_becomes_the_second_one_is_a_change_of_what_is_read() -> None:
    role = {"sourcedId": "r", "userSourcedId": "s", "role": "student", "orgSourcedId": "o", "roleType": "primary"}
    assert differing("roles", {"r": role}, {"r": role | {"roleType": "secondary"}}) == {"r"}
