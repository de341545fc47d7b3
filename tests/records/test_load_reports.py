"""Data quality goes back to who sent the data: by cause, with a remedy and a place, for the sender and nobody else, and without a value."""

import ast
import io
import json
import re
import zipfile
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from node.synthetic import ALDER, SyntheticStudent
from node.synthetic.oneroster_writer import write_oneroster
from safepassage.record.load_reports import LoadQuality, LoadQualityPage
from safepassage.record.loads import LoadReport
from services.records.load_causes import CAUSES
from services.records.tables import LoadRow
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, Caller, OneState, problem, some_students
from tests.records.whole_record import CANARY

STUDENTS = some_students(60)
OURS = [one for one in STUDENTS if one.district.key == DISTRICT]
ELSEWHERE = [one for one in STUDENTS if one.district.key == OTHER_DISTRICT]
GIVE_REASONS = ("missed", "missed_of", "_refer", "Unresolved")
NOT_IN_A_CALL = ("column-kept", "secret-left", "column-not-read", "member-left", "of-no-student-alone", "member-kept")
"""They are found in a place, and told in another (oneroster_tables.Tables.not_read, ed_fi.pulling, edfi_upload); `column-not-read` in
reports of earlier releases alone.
"""
REASON = re.compile(r"[a-z]+(-[a-z]+)+")
SOURCES = Path(__file__).parents[2] / "services" / "records"


async def sent(caller: Caller, *everyone: SyntheticStudent, broken: bool = False) -> UUID:
    """A load of these students; a broken one among them, if asked for. Gives its id."""
    lines = [one.load.model_dump_json(exclude_none=True) for one in everyone]
    if broken:
        spoiled = OURS[0].load.model_dump(mode="json", exclude_none=True)
        spoiled["record"]["identity"]["ssn"] = CANARY
        lines.append(json.dumps(spoiled))
    answer = await caller.load_roster("\n".join(lines).encode(), "application/x-ndjson")
    assert answer.status == 200, answer.body
    return UUID(json.loads(answer.body)["id"])


async def reports(caller: Caller, query: str = "") -> LoadQualityPage:
    answer = await caller.send("GET", "/v1/load-reports", query=query)
    assert answer.status == 200, answer.body
    assert CANARY.encode() not in answer.body
    return LoadQualityPage.model_validate_json(answer.body)


@pytest.mark.requirement("FORM-quality")
@pytest.mark.anyio
async def test_a_sender_reads_by_cause_what_was_not_loaded_as_it_was_meant(alder: OneState) -> None:
    sis = alder.district()
    load_id = await sent(sis, OURS[1], OURS[1], OURS[1], ELSEWHERE[0], broken=True)
    answer = await sis.send("GET", f"/v1/load-reports/{load_id}")
    load = LoadQuality.model_validate_json(answer.body)
    assert [(one.reason, one.kind, one.count, one.positions) for one in load.causes] == [
        ("source-id-twice", "not-agreed", 2, ("line:2", "line:3")),
        ("enrollment-not-resolved", "not-resolved", 1, ("line:4",)),
        ("not-valid", "not-valid", 1, ("line:5",)),
    ]
    assert [(one.resource, one.member, one.count, one.positions) for one in load.not_valid] == [
        ("line", "record.identity.ssn", 1, ("line:5",)),
    ]
    assert all(one.title and one.remedy for one in load.causes)
    assert load.counts["created"] == 2
    assert (await reports(sis)).loads == (load,)


@pytest.mark.anyio
async def test_the_feed_goes_from_load_to_load_and_begins_where_it_is_asked_to(alder: OneState) -> None:
    sis = alder.district()
    ids = [await sent(sis, OURS[number]) for number in range(3)]
    seen: list[UUID] = []
    query = "limit=2"
    while query:
        answer = await sis.send("GET", "/v1/load-reports", query=query)
        seen += [one.id for one in LoadQualityPage.model_validate_json(answer.body).loads]
        query = answer.headers.get("link", "").partition("?")[2].partition(">")[0]
    assert sorted(seen) == sorted(ids)
    assert len((await reports(sis, "since=2026-10-20T12:00:00Z")).loads) == 3
    assert (await reports(sis, "since=2026-10-20T12:00:01Z")).loads == ()
    assert problem(await sis.send("GET", "/v1/load-reports", query="since=2026-10-20T12:00:00")) == "invalid-request"


@pytest.mark.requirement("FORM-quality")
@pytest.mark.anyio
async def test_the_feed_tells_a_load_that_was_done_late_however_long_before_it_began(alder: OneState) -> None:
    sis, key, began = alder.district(), str(uuid4()), alder.clock()
    body, kind = OURS[0].load.model_dump_json(exclude_none=True).encode(), "application/x-ndjson"
    late = UUID(json.loads((await sis.load_roster(body, kind, key=key)).body)["id"])
    async with alder.records.state.database.transaction() as tx:  # it is under way still
        (await tx.get_one(LoadRow, late)).report = ""
    try:
        alder.clock.advance(seconds=60)
        quick = await sent(sis, OURS[1])
        [read] = (await reports(sis)).loads
        assert read.id == quick
        alder.clock.advance(seconds=60)
        assert (await sis.load_roster(body, kind, key=key)).status == 200
        since = read.loaded_at.isoformat().replace("+00:00", "Z")
        assert [one.id for one in (await reports(sis, f"since={since}")).loads] == [quick, late]
        first = await sis.send("GET", "/v1/load-reports", query=f"since={since}&limit=1")
        more = first.headers["link"].partition("?")[2].partition(">")[0]
        assert [one.id for one in (await reports(sis, more)).loads] == [late]
    finally:
        alder.clock.instant = began


@pytest.mark.anyio
async def test_nobody_else_reads_of_a_load_and_the_state_reads_of_its_districts(alder: OneState) -> None:
    load_id = await sent(alder.district(), OURS[0])
    other = alder.district(OTHER_DISTRICT)
    assert (await reports(other)).loads == ()
    foreign, unknown = [await other.send("GET", f"/v1/load-reports/{one}") for one in (load_id, uuid4())]
    assert problem(foreign) == problem(unknown) == "no-such-load"
    state = alder.caller(alder.records.state.settings.node_organisation_id, "sea", "records:load")
    assert [one.id for one in (await reports(state)).loads] == [load_id]
    assert problem(await alder.vendor().send("GET", "/v1/load-reports")) == "not-permitted"


def test_every_reason_that_the_code_gives_has_a_cause_and_no_other_is_listed() -> None:
    said = set(NOT_IN_A_CALL)
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in GIVE_REASONS:
                inside = [part for argument in (*node.args, *(word.value for word in node.keywords)) for part in ast.walk(argument)]
                said |= {part.value for part in inside if isinstance(part, ast.Constant) and REASON.fullmatch(str(part.value))}
    assert said == set(CAUSES)


@pytest.mark.requirement("FORM-quality")
@pytest.mark.anyio
async def test_a_file_that_is_named_after_a_child_is_told_by_its_number_in_a_whole_package_and_in_a_delta(
    alder: OneState, tmp_path: Path
) -> None:
    sis, named = alder.district(), f"{CANARY}-Garcia-Ana.pdf"
    path = tmp_path / "roster.zip"
    write_oneroster(path, ALDER, OURS[:2], as_of=date(2026, 10, 20))
    with zipfile.ZipFile(path, "a") as package:
        package.writestr(named, "not, of, anybody\n")
    first = await sis.load_roster(path.read_bytes(), "application/zip")
    [student] = [one.load for one in OURS[:1]]
    said = {"manifest.version": "1.0", "oneroster.version": "1.2", "source.systemCode": "XA-SIS", "file.users": "delta"}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as delta:
        delta.writestr("manifest.csv", "propertyName,value\n" + "".join(f"{name},{value}\n" for name, value in said.items()))
        delta.writestr("users.csv", f"sourcedId,status,dateLastModified,givenName,familyName\n{student.source_id},active,,A,B\n")
        delta.writestr(named, "not, of, anybody\n")
    second = await sis.load_roster(target.getvalue(), "application/zip")
    for answer in (first, second):
        assert answer.status == 200, answer.body
        assert CANARY.encode() not in answer.body
        places = [one.position for one in LoadReport.model_validate_json(answer.body).unresolved]
        assert any(place.startswith("file-") for place in places), answer.body
    await reports(sis)
    assert not any(CANARY in row.report for row in await alder.rows(LoadRow))
