"""A vendor asks what changed since a package: rows to put, ids that are to be deleted, and on the log those alone who are told of."""

import csv
import io
import json
import zipfile
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete

from node.synthetic import SyntheticStudent
from safepassage.record.loads import LoadedRecord
from services.records.formats.archive import Archive
from services.records.formats.oneroster import read_oneroster
from services.records.formats.oneroster_csv import COLUMNS
from services.records.formats.oneroster_delta import Delta
from services.records.oneroster.routes import ALL
from services.records.tables import GivenPackageRow
from shared.in_process import Answer
from tests.records.both_engines import running as running
from tests.records.one_state import OTHER_VENDOR, VENDOR, OneState, problem
from tests.records.oneroster.conftest import SCHEDULE, STUDENTS

pytestmark = pytest.mark.anyio

TODAY = date(2026, 10, 20)


class Recipient:
    """A vendor that keeps its roster by packages."""

    def __init__(self, state: OneState, agreement_id: UUID, organisation_id: UUID = VENDOR) -> None:
        self.state, self.agreement_id, self.organisation_id = state, agreement_id, organisation_id

    async def send(self, since: str | None = None) -> Answer:
        caller = self.state.caller(self.organisation_id, "vendor", ALL, client_id=f"vendor-{self.organisation_id}", purpose="instruction")
        since = f"&since={since}" if since else ""
        return await caller.send("GET", "/v1/roster-package", query=f"agreement_id={self.agreement_id}{since}")

    async def package(self, since: str | None = None) -> tuple[str, bytes]:
        """The id of a package, and the zip."""
        answer = await self.send(since)
        assert answer.status == 200, answer.body
        return answer.headers["etag"].strip('"'), answer.body


@pytest.fixture
async def recipient(alder: OneState) -> Recipient:
    for one in STUDENTS[:3]:
        await alder.district().load(one.load)
    await alder.tell()
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(delete(GivenPackageRow))
    return Recipient(alder, await alder.agree(SCHEDULE))


async def reload(state: OneState, one: SyntheticStudent, **changes: Any) -> UUID:
    """The student as the district has it now."""
    document = one.load.model_dump(mode="json", exclude_none=True)
    for path, value in changes.items():
        section, _, member = path.partition("__")
        document["record"][section][member] = value
    again = one.load.model_copy(update={"record": LoadedRecord.model_validate(document["record"])})
    loaded = await state.district().load(again)
    await state.tell()
    return loaded.id


def rows_of(package: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(package)) as zipped:
        return {name: list(csv.DictReader(io.StringIO(zipped.read(f"{name}.csv").decode(), newline=""))) for name in COLUMNS}


def modes(package: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(package)) as zipped:
        said = {row["propertyName"]: row["value"] for row in csv.DictReader(io.StringIO(zipped.read("manifest.csv").decode(), newline=""))}
    return {said[f"file.{name}"] for name in COLUMNS}


async def test_nothing_changed_is_a_delta_without_rows_that_tells_of_nobody(recipient: Recipient) -> None:
    first, whole = await recipient.package()
    before = await recipient.state.logged("read")
    assert (modes(whole), {row["status"] for rows in rows_of(whole).values() for row in rows}) == ({"bulk"}, {""})
    _, delta = await recipient.package(since=first)
    assert modes(delta) == {"delta"}
    assert not any(rows_of(delta).values())
    assert await recipient.state.logged("read") == before


async def test_one_student_who_changed_is_told_of_alone_and_on_the_log_alone(recipient: Recipient) -> None:
    first, _ = await recipient.package()
    one = STUDENTS[0]
    name = one.load.record.document()["identity"]["name"]
    student_id = await reload(recipient.state, one, identity__name={**name, "last_1": "Nouveau"})
    before = await recipient.state.logged("read")
    _, delta = await recipient.package(since=first)
    rows = rows_of(delta)
    [user] = rows.pop("users")
    assert not any(rows.values())
    assert (user["status"], user["dateLastModified"]) == ("active", "2026-10-20T12:00:00.000Z")
    assert user["familyName"].startswith("Nouveau")
    [entry] = (await recipient.state.logged("read"))[len(before) :]
    assert entry.student_ids == (student_id,)


async def test_who_left_and_what_ended_is_to_be_deleted_by_its_id_and_nothing_else_is_said_of_it(recipient: Recipient) -> None:
    first, whole = await recipient.package()
    one = STUDENTS[0]
    [enrolled, *_] = one.load.record.document()["enrollment"]["enrollments"]
    await reload(recipient.state, one, enrollment__enrollments=[{**enrolled, "exit_date": "2026-10-19"}])
    before = await recipient.state.logged("read")
    _, delta = await recipient.package(since=first)
    gone, earlier = rows_of(delta), rows_of(whole)
    assert {row["status"] for rows in gone.values() for row in rows} == {"tobedeleted"}
    assert all(not value for rows in gone.values() for row in rows for column, value in row.items() if column not in HEAD)
    students = {row["userSourcedId"] for row in earlier["roles"] if row["role"] == "student"}
    [left] = students & {row["sourcedId"] for row in gone["users"]}
    for name in ("users", "demographics", "roles", "enrollments"):
        assert {row["sourcedId"] for row in gone[name]} == {row["sourcedId"] for row in earlier[name] if row["sourcedId"].startswith(left)}
    assert await recipient.state.logged("read") == before


HEAD = ("sourcedId", "status", "dateLastModified")


@pytest.mark.requirement("FORM-oneroster-delta")
async def test_the_whole_and_then_the_delta_are_what_a_new_whole_says(recipient: Recipient) -> None:
    first, whole = await recipient.package()
    courses = STUDENTS[0].load.record.document()["academics"]["current_courses"]
    await reload(recipient.state, STUDENTS[0], academics__current_courses=courses[1:])
    name = STUDENTS[1].load.record.document()["identity"]["name"]
    await reload(recipient.state, STUDENTS[1], identity__name={**name, "first": "Ada"})
    _, changed = await recipient.package(since=first)
    _, anew = await recipient.package()
    kept = read_oneroster(Archive.of_zip(whole), today=TODAY).kept
    assert kept is not None
    delta = Delta(Archive.of_zip(changed))
    held = {
        identifier: {name: rows for name, rows in json.loads(one.rows).items() if name != "id"} for identifier, one in kept.students.items()
    }
    moved = delta.moved(kept.frame)
    affected = {key: found for key, rows in held.items() if (found := delta.student(key, rows, moved, {})) is not None}
    after = delta.roster(delta.frame(kept.frame), affected, today=TODAY)
    assert set(after.findings.reasons) <= {"column-kept"}  # what was not said: metadata.safepassage.notSaid
    expected = {one.source_id: one.record for one in read_oneroster(Archive.of_zip(anew), today=TODAY).students}
    assert len(after.students) == 2
    assert {one.source_id: one.record for one in after.students} == {one.source_id: expected[one.source_id] for one in after.students}


async def test_an_answer_that_was_lost_is_asked_for_again(recipient: Recipient) -> None:
    first, _ = await recipient.package()
    name = STUDENTS[0].load.record.document()["identity"]["name"]
    await reload(recipient.state, STUDENTS[0], identity__name={**name, "first": "Ada"})
    lost, one = await recipient.package(since=first)
    again, other = await recipient.package(since=first)
    assert rows_of(one) == rows_of(other)
    assert not any(rows_of((await recipient.package(since=again))[1]).values())
    assert problem(await recipient.send(since=lost)) == "no-such-roster-package"


async def test_a_package_of_somebody_else_or_of_another_agreement_looks_absent(recipient: Recipient) -> None:
    first, _ = await recipient.package()
    state = recipient.state
    other = Recipient(state, await state.agree(SCHEDULE, recipient_id=OTHER_VENDOR), OTHER_VENDOR)
    elsewhere = Recipient(state, await state.agree(SCHEDULE))
    assert problem(await other.send(since=first)) == problem(await elsewhere.send(since=first)) == "no-such-roster-package"


async def test_what_is_kept_of_a_package_has_no_id_and_no_value_in_clear(recipient: Recipient) -> None:
    await recipient.package()
    [row] = await recipient.state.rows(GivenPackageRow)
    assert b"users" not in row.sealed
