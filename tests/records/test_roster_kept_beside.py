"""What a OneRoster package says beside what is read: sealed with the student's record, told to its keeper, changed by deltas."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from services.records import roster_keeping
from services.records.roster_keeping import RosterKeeping
from services.records.shredding import Shredder
from services.records.tables import KeptRosterRow, KeptStudentRow
from tests.records.both_engines import running as running
from tests.records.one_state import DISTRICT, OneState
from tests.records.test_roster_deltas import OURS, SYSTEM, T1, T2, Loaded, Rows, changed, delta, report_of, row_of, table, whole
from tests.records.whole_record import CANARY

pytestmark = pytest.mark.anyio

ONE, OTHER = (one.load.source_id for one in OURS[:2])


def result(key: str, student: str, score: str) -> dict[str, str]:
    return {"sourcedId": key, "studentSourcedId": student, "lineItemSourcedId": "l", "score": score}


LINE_ITEMS: Rows = [{"sourcedId": "l", "title": "Essay"}]
RESULTS: Rows = [result("x", ONE, CANARY), result("y", OTHER, "80")]


def package(folder: Path, **files: Rows) -> bytes:
    """The roster with files that are not read, a column of nobody's among the users'."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole(folder, *OURS))) as source, zipfile.ZipFile(target, "w") as zipped:
        for name in source.namelist():
            zipped.writestr(name, source.read(name))
        for name, rows in files.items():
            zipped.writestr(f"{name}.csv", table(rows))
    return target.getvalue()


@pytest.fixture
async def loaded(alder: OneState, tmp_path: Path) -> Loaded:
    sis, sent = alder.district(), package(tmp_path, results=RESULTS, lineItems=LINE_ITEMS)
    report = report_of(await sis.load_roster(sent))
    assert report.reasons == {"file-kept": 2}
    return Loaded(alder, sis, sent)


async def kept(loaded: Loaded, place: int = 0) -> dict[str, Any]:
    answer = await loaded.sis.send("GET", f"/v1/students/{await loaded.id_of(OURS[place])}/kept-resources")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)["resources"]
    return found


async def results(loaded: Loaded, place: int = 0) -> dict[str, str]:
    return {row["sourcedId"]: row["score"] for row in (await kept(loaded, place)).get("results.csv", ())}


@pytest.mark.requirement("FORM-oneroster-kept")
async def test_a_result_is_kept_sealed_and_told_with_its_line_item_to_who_keeps_the_record(loaded: Loaded) -> None:
    found = await kept(loaded)
    assert (found["results.csv"], found["lineItems.csv"]) == (RESULTS[:1], LINE_ITEMS)
    assert await results(loaded, 1) == {"y": "80"}
    rows: list[Any] = [*await loaded.alder.rows(KeptStudentRow), *await loaded.alder.rows(KeptRosterRow)]
    assert not any(CANARY.encode() in row.sealed for row in rows)


async def test_a_whole_package_replaces_the_rows_of_a_file_that_it_has_and_leaves_those_of_one_that_it_has_not(
    loaded: Loaded, tmp_path: Path
) -> None:
    assert (await loaded.take(whole(tmp_path, *OURS))).counts["unchanged"] == len(OURS)
    assert await results(loaded) == {"x": CANARY}
    await loaded.take(package(tmp_path, results=[result("z", ONE, "7")]))
    assert (await results(loaded), await results(loaded, 1)) == ({"z": "7"}, {})


@pytest.mark.requirement("FORM-oneroster-kept")
async def test_a_delta_of_results_alone_replaces_adds_and_deletes_rows_and_a_student_whom_it_does_not_name_keeps_all(
    loaded: Loaded,
) -> None:
    versions = await loaded.versions()
    report = await loaded.take(
        results_delta([changed(result("x", ONE, "50"), T1), changed(result("w", ONE, "60"), T1), changed(result("v", "nobody", "1"), T1)])
    )
    assert report.reasons == {"file-kept": 1, "row-of-no-student": 1}
    assert (await results(loaded), await results(loaded, 1)) == ({"x": "50", "w": "60"}, {"y": "80"})
    gone = {"sourcedId": "x", "status": "tobedeleted", "dateLastModified": T2, "studentSourcedId": ""}
    await loaded.take(results_delta([gone]))
    assert await results(loaded) == {"w": "60"}
    assert (await loaded.take(results_delta([changed(result("x", ONE, "1"), T1)]))).reasons["older-than-held"] == 1
    assert await results(loaded) == {"w": "60"}
    assert await loaded.versions() == versions


async def test_a_foreign_column_of_a_delta_is_kept_in_the_place_of_what_was_there(loaded: Loaded) -> None:
    for at, bus in ((T1, "7"), (T2, "8")):
        report = await loaded.take(delta(users=[changed(loaded.user(OURS[0]), at, **{"metadata.bus": bus})]))
        assert report.reasons == {"column-kept": 1}
        [row] = [row for row in (await kept(loaded))["users.csv"] if "metadata.bus" in row]
        assert (row["sourcedId"], row["metadata.bus"]) == (ONE, bus)


async def test_more_than_there_is_room_for_is_reported_and_what_came_first_stays(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster_keeping, "MOST_OF_STUDENT", 3_000)
    many = [result(f"m{number:02}", ONE, "1") for number in range(60)]
    report = await loaded.take(package(tmp_path, results=many))
    held = await results(loaded)
    assert report.reasons == {"file-kept": 1, "too-much-to-keep": 60 - len(held)}
    assert list(held) == [row["sourcedId"] for row in many[: len(held)]]
    assert held


@pytest.mark.requirement("FORM-oneroster-kept")
async def test_what_is_kept_with_the_source_and_names_a_student_goes_with_the_student(loaded: Loaded, tmp_path: Path) -> None:
    naming = {"sourcedId": "m", "title": "Essay again", "metadata.for": f"{OTHER}, {ONE}"}
    by_chance = {"sourcedId": ONE, "title": "Everybody", "resultValueMax": ONE}
    await loaded.take(package(tmp_path, lineItems=[*LINE_ITEMS, naming, by_chance]))
    before = await loaded.versions()
    async with loaded.alder.records.state.database.transaction() as tx:
        await shredder(loaded).student(tx, await loaded.id_of(OURS[0]))
    assert (await held_of_source(loaded)).keys() == {"l", ONE}
    assert len(await loaded.versions()) == len(before) - 1
    assert (await kept(loaded, 1))["lineItems.csv"] == LINE_ITEMS


async def test_of_a_class_that_names_a_student_who_goes_the_class_stays_for_the_others(loaded: Loaded) -> None:
    place = loaded.places(OURS[0])[0]["classSourcedId"]
    row = row_of(loaded.package, "classes", "sourcedId", place)
    await loaded.take(delta(classes=[changed(row, T1, **{"metadata.monitor": ONE, "metadata.house": "Red"})]))
    async with loaded.alder.records.state.database.transaction() as tx:
        await shredder(loaded).but_permanent_record(tx, await loaded.id_of(OURS[0]))
    held = (await held_of_source(loaded, "classes"))[place]
    assert (held.get("metadata.monitor"), held["metadata.house"], held["title"]) == (None, "Red", row["title"])


async def held_of_source(loaded: Loaded, file: str = "lineItems.csv") -> dict[str, Any]:
    state = loaded.alder.records.state
    keeping = RosterKeeping(state.vault, organisation_id=loaded.alder.by_key[DISTRICT], source_system=SYSTEM)
    async with state.database.reading() as tx:
        found: dict[str, Any] = (await keeping.roster(tx)).frame[file]
    return found


def shredder(loaded: Loaded) -> Shredder:
    state = loaded.alder.records.state
    return Shredder(state.vault, state.outbox, loaded.alder.clock, about="destruction:1", jurisdiction="US-XA")


def results_delta(rows: Rows) -> bytes:
    target = io.BytesIO()
    said = {"oneroster.version": "1.2", "source.systemCode": "XA-SIS", "file.results": "delta"}
    with zipfile.ZipFile(target, "w") as zipped:
        zipped.writestr("manifest.csv", table([{"propertyName": name, "value": value} for name, value in said.items()]))
        zipped.writestr("results.csv", table(rows))
    return target.getvalue()
