"""Rosters: loaded once however often they are sent, as far as they go, with a report that says where and never what."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from node.synthetic import ALDER, SyntheticStudent
from node.synthetic.oneroster_writer import write_oneroster
from safepassage.record.loads import LoadedRecord, LoadReport
from services.privacy.subjects import sealed_row, store_facts
from services.privacy.tables import SubjectRow
from services.records.loading_rosters import ended
from services.records.tables import EnrollmentRow, LoadRow, OutboxRow, SectionRow, StudentRow
from shared.contracts.privacy import SubjectFacts
from shared.in_process import Answer
from tests.records.one_state import DISTRICT, OneState, problem, some_students
from tests.records.whole_record import CANARY

pytestmark = pytest.mark.anyio

DAY = date(2026, 10, 20)
STUDENTS = some_students(60)
OURS = [one for one in STUDENTS if one.district.key == DISTRICT]
JSON_LINES = "application/x-ndjson"


def lines(*everyone: SyntheticStudent) -> bytes:
    return b"\n".join(one.load.model_dump_json(exclude_none=True).encode() for one in everyone)


def oneroster(folder: Path, *everyone: SyntheticStudent) -> bytes:
    path = folder / f"{uuid4()}.zip"
    write_oneroster(path, ALDER, everyone, as_of=DAY)
    return path.read_bytes()


def report_of(answer: Answer) -> LoadReport:
    assert answer.status == 200, answer.body
    return LoadReport.model_validate_json(answer.body)


async def test_a_roster_of_json_lines_is_loaded_and_the_same_again_changes_nothing(alder: OneState) -> None:
    sis = alder.district()
    first = report_of(await sis.load_roster(lines(*OURS), JSON_LINES))
    again = report_of(await sis.load_roster(lines(*OURS), JSON_LINES))
    assert first.counts == {"students": len(OURS), "created": len(OURS)}
    assert again.counts == {"students": len(OURS), "unchanged": len(OURS)}
    assert first.reasons == again.reasons == {}
    assert {row.version for row in await alder.rows(StudentRow)} == {1}


async def test_the_facts_of_a_roster_reach_privacy_together_and_one_that_is_refused_stays_alone(alder: OneState) -> None:
    await alder.district().load_roster(lines(*OURS), JSON_LINES)
    loaded = await alder.rows(StudentRow)
    privacy = alder.node.applications["privacy"].state
    other = SubjectFacts(
        student_id=loaded[0].id,
        facts_version=1,
        custodian_id=loaded[0].custodian_id,
        originating_agency="elsewhere",
        birth_date=DAY,
        time_zone="America/New_York",
        jurisdiction="US-XA",
    )
    # a fault: privacy_was_told_otherwise
    rows = [sealed_row(privacy.sealer, other)]
    await privacy.database.write(
        lambda connection: store_facts(connection, privacy.sealer, [other], rows, now=datetime(2026, 10, 20, tzinfo=UTC))
    )
    await alder.tell()
    async with privacy.database.reading() as tx:
        assert set((await tx.scalars(select(SubjectRow.student_id))).all()) == {one.id for one in loaded}
    assert [(row.lane, row.refused_as) for row in await alder.rows(OutboxRow)] == [("facts", "facts-conflict")]


async def test_one_key_is_one_load_and_its_report_is_told_again(alder: OneState) -> None:
    sis, key = alder.district(), str(uuid4())
    first = await sis.load_roster(lines(*OURS[:3]), JSON_LINES, key=key)
    again = await sis.load_roster(lines(*OURS[:3]), JSON_LINES, key=key)
    assert report_of(first) == report_of(again)
    assert len(await alder.rows(LoadRow)) == 1
    assert problem(await sis.load_roster(lines(*OURS[:2]), JSON_LINES, key=key)) == "idempotency-key-reused"


async def test_a_load_that_was_cut_off_goes_on_under_the_same_key(alder: OneState) -> None:
    sis, key = alder.district(), str(uuid4())
    await sis.load_roster(lines(*OURS[:3]), JSON_LINES, key=key)
    async with alder.records.state.database.transaction() as tx:
        (await tx.get_one(LoadRow, (await alder.rows(LoadRow))[0].id)).report = ""
    again = report_of(await sis.load_roster(lines(*OURS[:3]), JSON_LINES, key=key))
    assert again.counts == {"students": 3, "unchanged": 3}


async def test_oneroster_replaces_what_it_carries_and_leaves_the_rest(alder: OneState, tmp_path: Path) -> None:
    one = next(one for one in STUDENTS if one.case == "mover")
    sis = alder.district(one.district.key)
    loaded = await sis.load(one.load.model_copy(update={"source_system": "XA-SIS"}))
    before = (await sis.read(loaded.id)).record
    report = report_of(await sis.load_roster(oneroster(tmp_path, one)))
    assert (report.counts["changed"], report.reasons) == (1, {})
    after = (await sis.read(loaded.id)).record
    assert after.identity is not None
    assert after.identity.name is not None
    assert before.identity is not None
    assert after.identity.name.last_1 == "García López"
    assert after.identity.ssn == before.identity.ssn is not None
    assert after.contacts is not None
    assert before.contacts is not None
    assert (after.contacts.guardians, after.contacts.addresses) == (before.contacts.guardians, before.contacts.addresses)
    assert after.discipline == before.discipline
    assert after.statements == before.statements != ()


async def test_who_a_roster_deletes_is_enrolled_no_more_and_the_record_stays(alder: OneState, tmp_path: Path) -> None:
    one = OURS[0]
    sis = alder.district()
    package = oneroster(tmp_path, one)
    report_of(await sis.load_roster(package))
    [enrolled] = await alder.rows(EnrollmentRow)
    assert enrolled.exit_date is None
    gone = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(gone, "w") as target:
        for name in source.namelist():
            text = source.read(name).decode()
            if name == "users.csv":
                text = text.replace(f"{one.load.source_id},,,", f"{one.load.source_id},tobedeleted,2026-10-05T00:00:00Z,")
            target.writestr(name, text)
    report = report_of(await sis.load_roster(gone.getvalue()))
    assert report.counts["to-be-deleted"] == 1
    [ended] = await alder.rows(EnrollmentRow)
    assert ended.exit_date == date(2026, 10, 5)
    assert {row.section for row in await alder.rows(SectionRow)} >= {"identity", "enrollment"}


@pytest.mark.parametrize("planned", [None, date(2026, 10, 4), date(2026, 10, 5), date(2027, 6, 11)])
async def test_who_is_deleted_is_enrolled_no_more_though_the_source_gave_an_end_that_was_to_come(
    alder: OneState, tmp_path: Path, planned: date | None
) -> None:
    """Many a system gives each role the end of its school year."""
    one, sis = OURS[0], alder.district()
    end = "" if planned is None else (planned + timedelta(days=1)).isoformat()
    package = with_rows(oneroster(tmp_path, one), "roles.csv", lambda row: row | {"endDate": end} if row["role"] == "student" else row)
    report_of(await sis.load_roster(package))
    assert {row.exit_date for row in await alder.rows(EnrollmentRow)} == {planned}
    gone = {"status": "tobedeleted", "dateLastModified": "2026-10-05T12:00:00Z"}
    ours = one.load.source_id
    report_of(await sis.load_roster(with_rows(package, "users.csv", lambda row: row | gone if row["sourcedId"] == ours else row)))
    assert {row.exit_date for row in await alder.rows(EnrollmentRow)} == {min(planned or DAY, date(2026, 10, 5))}


@pytest.mark.requirement("DAY-state")
@pytest.mark.parametrize(
    ("deleted", "last"),
    [
        ("2026-10-06T01:30:00Z", date(2026, 10, 5)),  # half past nine in the evening of the fifth in New York
        ("2026-10-06T04:00:00Z", date(2026, 10, 6)),
        ("2026-10-05T21:30:00-04:00", date(2026, 10, 5)),
        ("2026-10-05T00:00:00Z", date(2026, 10, 5)),  # a day, as many a system writes it
        ("2026-10-05", date(2026, 10, 5)),
    ],
)
async def test_who_is_deleted_in_the_evening_was_enrolled_until_that_day_and_not_the_next(
    alder: OneState, tmp_path: Path, deleted: str, last: date
) -> None:
    one, sis = OURS[0], alder.district()
    package = oneroster(tmp_path, one)
    report_of(await sis.load_roster(package))
    gone = {"status": "tobedeleted", "dateLastModified": deleted}
    ours = one.load.source_id
    report_of(await sis.load_roster(with_rows(package, "users.csv", lambda row: row | gone if row["sourcedId"] == ours else row)))
    assert {row.exit_date for row in await alder.rows(EnrollmentRow)} == {last}


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        (("2026-08-24", "2027-08-23"), [(date(2026, 8, 24), date(2026, 10, 5))]),
        (("2027-08-23",), [(date(2027, 8, 23), date(2027, 8, 23))]),
    ],
)
async def test_who_is_deleted_begins_nowhere_any_more(entries: tuple[str, ...], left: list[tuple[date, date]]) -> None:
    """But where that was all: then it says where the student was to be, and when that is over."""
    enrolled = [{"school": {"name": "Oak"}, "entry_date": day} for day in entries]
    record = ended(LoadedRecord.model_validate({"enrollment": {"enrollments": enrolled}}), date(2026, 10, 5))
    assert record.enrollment is not None
    assert [(one.entry_date, one.exit_date) for one in record.enrollment.enrollments or ()] == left


def with_rows(package: bytes, name: str, change: Callable[[dict[str, str]], dict[str, str]]) -> bytes:
    """The package with one file's rows changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(target, "w") as made:
        for one in source.namelist():
            text = source.read(one).decode()
            if one == name:
                rows = [change(row) for row in csv.DictReader(io.StringIO(text, newline=""))]
                out = io.StringIO()
                writer = csv.DictWriter(out, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
                text = out.getvalue()
            made.writestr(one, text)
    return target.getvalue()


async def test_schools_that_are_not_the_loaders_are_reported_and_nobody_is_placed_there(alder: OneState, tmp_path: Path) -> None:
    elsewhere = [one for one in STUDENTS if one.district.key != DISTRICT][:3]
    report = report_of(await alder.district().load_roster(oneroster(tmp_path, *elsewhere)))
    assert report.reasons == {"enrollment-not-resolved": 3}
    assert all(one.position.startswith("users.csv:") for one in report.unresolved)
    assert await alder.rows(EnrollmentRow) == []
    assert len(await alder.rows(StudentRow)) == 3


async def test_a_report_holds_places_and_no_value(alder: OneState) -> None:
    broken = OURS[0].load.model_dump(mode="json", exclude_none=True)
    broken["record"]["identity"]["ssn"] = CANARY
    twice = lines(OURS[1], OURS[1])
    answer = await alder.district().load_roster(json.dumps(broken).encode() + b"\n" + twice, JSON_LINES)
    report = report_of(answer)
    assert report.reasons == {"not-valid": 1, "source-id-twice": 1}
    assert {one.position for one in report.unresolved} == {"line:1", "line:3"}
    assert CANARY.encode() not in answer.body
    assert CANARY not in (await alder.rows(LoadRow))[0].report


async def test_what_is_no_roster_is_refused_and_nothing_changes(alder: OneState) -> None:
    sis = alder.district()
    nothing = io.BytesIO()
    with zipfile.ZipFile(nothing, "w") as zipped:
        zipped.writestr("readme.txt", "no roster")
    assert problem(await sis.load_roster(b"PK??")) == "unreadable-roster"
    assert problem(await sis.load_roster(nothing.getvalue())) == "unreadable-roster"
    assert problem(await sis.load_roster(b"{}", JSON_LINES)) == "unreadable-roster"
    assert problem(await sis.load_roster(b"{}", "application/json")) == "unsupported-media-type"
    assert await alder.rows(LoadRow) == await alder.rows(StudentRow) == []


async def test_each_load_is_on_the_log_with_the_students_it_concerned(alder: OneState) -> None:
    await alder.district().load_roster(lines(*OURS[:4]), JSON_LINES)
    await alder.tell()
    ids = {row.id for row in await alder.rows(StudentRow)}
    entries = [entry for entry in await alder.logged("load") if set(entry.student_ids) & ids]
    assert [set(entry.student_ids) for entry in entries] == [ids]
