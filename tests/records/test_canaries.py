"""Unique texts through every member of every section: in the answer of who may read them, and nowhere on disk and in no log."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from safepassage.record.loads import LoadedRecord, NewStudent
from tests.conftest import StandingClock
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OneState, one_state, problem
from tests.records.whole_record import CANARY, Filler

pytestmark = pytest.mark.anyio


def bytes_on_disk(folder: Path) -> dict[str, bytes]:
    """Every file of the node but its keys: databases, write-ahead logs, shared memory."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "keys" not in path.parts}


def forms(text: str) -> list[bytes]:
    """How a text may lie in a file."""
    return [text.encode(), text.encode("utf-16-le"), text.encode().hex().encode(), text.encode("unicode_escape")]


async def loaded(alder: OneState) -> tuple[Filler, str, bytes]:
    """A student with everything filled, at a school of the district; gives the filler, the id, and the whole record as it is read."""
    filler = Filler(700_000)
    record = filler.record()
    school = next(key for key in alder.by_key if key.startswith(DISTRICT) and len(key) == 12)
    document = record.document()
    document["enrollment"]["enrollments"][0] |= {"school": {"nces_id": school}, "entry_date": "2026-08-24"}
    del document["enrollment"]["enrollments"][0]["exit_date"]
    sections = {name: part for name, part in document.items() if name not in ("v", "provenance")}
    new = NewStudent(source_system="sis", source_id=f"{CANARY}-source", as_of=NOON, record=LoadedRecord.model_validate(sections))
    student = await alder.district().load(new)
    answer = await alder.district().send("GET", f"/v1/students/{student.id}")
    return filler, str(student.id), answer.body


@pytest.mark.requirement("EX-3")
async def test_nothing_of_a_record_is_in_clear_in_any_file_of_the_node(made_state: Path, tmp_path: Path) -> None:
    folder = tmp_path / "alder"
    shutil.copytree(made_state, folder)
    async with one_state(folder, StandingClock(NOON)) as alder:
        filler, _, read = await loaded(alder)
        waiting = bytes_on_disk(folder)  # with facts in the outbox, pages in the write-ahead log
        await alder.tell()
        agreement = await alder.agree(("identity.name", "contacts.guardians", "discipline.incidents"))
        page = await alder.vendor().send("GET", "/v1/roster-entries", query=f"agreement_id={agreement}")
        told = bytes_on_disk(folder)
    stopped = bytes_on_disk(folder)
    assert CANARY.encode() in read
    assert CANARY.encode() in page.body
    assert len([text for text in filler.texts if text.encode() in read]) > 150
    assert any(name.endswith("-wal") for name in waiting)
    for moment in (waiting, told, stopped):
        assert {"records.db", "privacy.db", "audit.db"} <= set(moment)
        for name, content in moment.items():
            for form in forms(CANARY):
                assert form not in content, name


async def test_neither_names_numbers_nor_dates_are_in_clear(made_state: Path, tmp_path: Path) -> None:
    folder = tmp_path / "alder"
    shutil.copytree(made_state, folder)
    async with one_state(folder, StandingClock(NOON)) as alder:
        _, _, read = await loaded(alder)
        await alder.tell()
        identity: dict[str, Any] = json.loads(read)["record"]["identity"]
        secrets = [identity["ssn"], identity["birth_date"]["birth_date"], identity["identifiers"][0]["value"]]
    for name, content in bytes_on_disk(folder).items():
        for secret in secrets:
            assert all(form not in content for form in forms(secret)), (name, "a secret lies in clear")


@pytest.mark.requirement("EX-3")
async def test_no_log_line_and_no_error_holds_a_value(alder: OneState, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    _, student_id, _ = await loaded(alder)
    filler = Filler(800_000)
    broken = filler.record().document() | {"shoe_size": f"{CANARY}-shoe"}
    answers = [
        await alder.district().send("POST", "/v1/students", {"record": broken, f"{CANARY}-key": 1}, idempotency_key=str(uuid4())),
        await alder.district().send("POST", "/v1/students/lookup", {"first_name": f"{CANARY}-first", "last_name": [f"{CANARY}-last"]}),
        await alder.district().send("GET", f"/v1/students/{CANARY}"),
        await alder.district().send("GET", f"/v1/students/{student_id}", query=f"elements={CANARY}"),
        await alder.district().load_roster(f"{CANARY},{CANARY}\n".encode(), "application/x-ndjson"),
    ]
    assert [problem(answer) for answer in answers[:2]] == ["invalid-request"] * 2
    for answer in answers:
        assert answer.status >= 400
        assert CANARY.encode() not in answer.body
    lines = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert CANARY not in lines
    assert student_id not in "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("safe_passage"))
