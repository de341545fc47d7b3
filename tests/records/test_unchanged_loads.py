"""What was loaded before is known again by a tag of what was said: nothing of it is opened, sealed or written anew."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from safepassage.record.loads import LoadReport
from services.records.tables import KeptRosterRow, KeptStudentRow, OrganisationRow, SectionRow, StudentRow
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, OneState, problem, some_students
from tests.records.test_roster_deltas import rows_of, table
from tests.records.test_rosters import lines, oneroster, report_of

pytestmark = pytest.mark.anyio

OURS = [one for one in some_students(60) if one.district.key == DISTRICT]
JSON_LINES = "application/x-ndjson"


async def break_every_seal(alder: OneState) -> None:
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(update(SectionRow).values(sealed=b"0" * 40))


async def load(alder: OneState, roster: bytes, media_type: str = "application/zip") -> LoadReport:
    return report_of(await alder.district().load_roster(roster, media_type))


async def kept(alder: OneState) -> set[tuple[bytes, int, bytes]]:
    rows: list[Any] = await alder.rows(KeptStudentRow)
    return {(row.tag, row.version, row.sealed) for row in rows}


async def test_what_is_here_already_is_known_without_opening_it_and_what_changed_is_opened(alder: OneState, tmp_path: Path) -> None:
    package = oneroster(tmp_path, *OURS)
    await load(alder, package)
    await break_every_seal(alder)
    assert (await load(alder, package)).counts["unchanged"] == len(OURS)
    one = OURS[0].load.record
    assert one.identity is not None
    assert one.identity.name is not None
    name = one.identity.name.model_copy(update={"first": "Neu"})
    identity = one.identity.model_copy(update={"name": name})
    new = replace(OURS[0], load=OURS[0].load.model_copy(update={"record": one.model_copy(update={"identity": identity})}))
    answer = await alder.district().load_roster(oneroster(tmp_path, new, *OURS[1:]))
    assert problem(answer) == "seal-broken"
    assert {row.version for row in await alder.rows(StudentRow)} == {1}


async def test_what_is_kept_beside_a_student_is_known_again_by_its_tag_and_the_sources_is_not_written_anew(
    alder: OneState, tmp_path: Path
) -> None:
    package = oneroster(tmp_path, *OURS)
    await load(alder, package)
    rosters: list[Any] = await alder.rows(KeptRosterRow)
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(update(KeptStudentRow).values(sealed=b"0" * 40))
    broken = await kept(alder)
    assert (await load(alder, package)).counts["unchanged"] == len(OURS)
    assert await kept(alder) == broken
    assert [one.sealed for one in await alder.rows(KeptRosterRow)] == [one.sealed for one in rosters]


async def test_what_was_kept_before_there_were_tags_is_tagged_by_the_next_load(alder: OneState, tmp_path: Path) -> None:
    package = oneroster(tmp_path, *OURS)
    await load(alder, package)
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(update(KeptStudentRow).values(content_tag=None))
    await load(alder, package)
    rows: list[Any] = await alder.rows(KeptStudentRow)
    assert all(row.content_tag is not None for row in rows)
    assert len({row.content_tag for row in rows}) == len(OURS)


async def test_who_belongs_elsewhere_now_is_loaded_anew_though_the_source_says_the_same(alder: OneState) -> None:
    roster, sea = lines(*OURS), alder.caller(alder.by_key["sea"], "sea", "records:load")
    moved = {one.school.key for one in OURS[:1]}
    there = [one for one in OURS if one.school.key in moved]
    await sea.load_roster(roster, JSON_LINES)
    await put_below(alder, moved, OTHER_DISTRICT)
    try:
        report = report_of(await sea.load_roster(roster, JSON_LINES))
    finally:
        await put_below(alder, moved, DISTRICT)
    assert report.counts == {"students": len(OURS), "changed": len(there), "unchanged": len(OURS) - len(there)}


async def put_below(alder: OneState, schools: set[str], district: str) -> None:
    async with alder.records.state.database.transaction() as tx:
        below = OrganisationRow.id.in_([alder.by_key[key] for key in schools])
        await tx.execute(update(OrganisationRow).where(below).values(parent_id=alder.by_key[district]))


async def test_what_did_not_resolve_is_reported_each_time(alder: OneState, tmp_path: Path) -> None:
    elsewhere = [one for one in some_students(60) if one.district.key != DISTRICT][:3]
    package = oneroster(tmp_path, *elsewhere)
    first, again = await load(alder, package), await load(alder, package)
    assert first.reasons == again.reasons == {"enrollment-not-resolved": 3}
    assert first.unresolved == again.unresolved
    assert again.counts["unchanged"] == 3


async def test_rows_for_a_delta_are_sealed_anew_only_where_they_differ(alder: OneState, tmp_path: Path) -> None:
    package = oneroster(tmp_path, *OURS)
    await load(alder, package)
    before = await kept(alder)
    await load(alder, package)
    assert await kept(alder) == before
    one = OURS[0].source_id
    touched = with_column(package, "users", lambda row: row["sourcedId"] == one, dateLastModified="2026-10-19T00:00:00.000Z")
    assert (await load(alder, touched)).counts["unchanged"] == len(OURS)
    after = await kept(alder)
    assert sorted(version for _, version, _ in after - before) == [2]
    assert len(after) == len(before)


def with_column(package: bytes, name: str, which: Callable[[dict[str, str]], bool], **values: str) -> bytes:
    """The package with other values in some rows of a table."""
    rows = [{**row, **values} if which(row) else row for row in rows_of(package, name)]
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(target, "w") as made:
        for member in source.namelist():
            made.writestr(member, table(rows) if member == f"{name}.csv" else source.read(member))
    return target.getvalue()
