"""Memory for rosters: no upload takes more than there is for all of them, however small its zip, and what is refused changed nothing."""

import io
import tracemalloc
import zipfile
from datetime import date
from pathlib import Path

import pytest

from node.synthetic.files import Format, write_profile
from node.synthetic.population import Population
from node.synthetic.profiles import PROFILES
from safepassage.problems.records import RosterTooLargeHere, UnreadableRoster
from safepassage.problems.requests import TemporarilyUnavailable
from services.records.formats.edfi_documents import MEDIA_TYPE as EDFI
from services.records.load_memory import LIMITS, LoadMemory, limit_in, memory_for_loads, need
from services.records.rosters import JSON_LINES, TIMES_OF_DOCUMENTS, ZIP, parsed
from services.records.tables import LoadRow, OutboxRow, StudentRow
from tests.records.one_state import OneState, problem
from tests.records.test_rosters import OURS, lines, report_of

MEBIBYTE = 1 << 20
DAY = date(2026, 11, 26)


def packed(**files: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return body.getvalue()


def test_what_is_read_counts_unpacked_by_its_kind() -> None:
    of_files = need(packed(**{"a.csv": b"x" * 10, "B.XML": b"x" * 100, "c.json": b"x" * 1_000, "read.me": b"x" * 5}), times=None)
    assert of_files == 36 * 10 + 15 * 100 + 30 * 1_000 + 5
    assert {kind: need(b"x" * 10, times=times) for kind, times in TIMES_OF_DOCUMENTS.items()} == {JSON_LINES: 150, EDFI: 300}
    assert ZIP not in TIMES_OF_DOCUMENTS
    before_it = b"#!/bin/sh\n" + packed(**{"a.xml": b"x" * 1_000})
    assert need(before_it, times=None) == 15_000, "a zip is one whatever stands before it"
    with pytest.raises(UnreadableRoster):
        need(b"no zip", times=None)


def test_what_several_hold_together_is_never_more_than_there_is() -> None:
    memory = LoadMemory(100)
    with pytest.raises(RosterTooLargeHere), memory.holding(101):
        pass
    with memory.holding(60):
        with memory.holding(40):
            with pytest.raises(TemporarilyUnavailable), memory.holding(1):
                pass
            assert memory.held == 100
        with pytest.raises(ZeroDivisionError), memory.holding(40):
            raise ZeroDivisionError
        assert memory.held == 60
    with memory.holding(100):
        pass
    assert memory.held == 0


def test_it_is_what_the_operator_says_or_half_of_what_the_container_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "memory.max"
    assert limit_in(file, 7) == 7
    file.write_text("max\n")
    assert limit_in(file, 7) == 7
    file.write_text("805306368\n")
    assert limit_in(file, 7) == 768 * MEBIBYTE
    assert memory_for_loads(16) == 16 * MEBIBYTE
    monkeypatch.setattr("services.records.load_memory.LIMITS", (file, tmp_path / "none"))
    assert memory_for_loads(None) == 384 * MEBIBYTE
    monkeypatch.setattr("services.records.load_memory.LIMITS", (tmp_path / "none",))
    assert memory_for_loads(None) > 384 * MEBIBYTE
    assert all(limit.is_absolute() for limit in LIMITS)


@pytest.mark.anyio
async def test_a_roster_too_large_is_refused_before_it_is_read_and_one_for_which_there_is_no_room_now_comes_again(
    alder: OneState, monkeypatch: pytest.MonkeyPatch
) -> None:
    sis, memory, body = alder.district(), alder.records.state.load_memory, lines(*OURS)
    monkeypatch.setattr(memory, "total", 15 * len(body) - 1)
    before = [len(await alder.rows(table)) for table in (StudentRow, LoadRow, OutboxRow)]
    refused = await sis.load_roster(body, JSON_LINES)
    assert (refused.status, problem(refused)) == (413, "roster-too-large-here")
    small = packed(**{"Student.xml": b"<a>%s</a>" % b"".join(b"%08d" % number for number in range(len(body) // 8))})
    assert len(small) < len(body) / 3
    refused = await sis.load_roster(small, ZIP)
    assert (refused.status, problem(refused)) == (413, "roster-too-large-here")
    monkeypatch.setattr(memory, "total", 15 * len(body))
    with memory.holding(1):
        later = await sis.load_roster(body, JSON_LINES)
    assert (later.status, problem(later)) == (503, "temporarily-unavailable")
    assert [len(await alder.rows(table)) for table in (StudentRow, LoadRow, OutboxRow)] == before
    assert report_of(await sis.load_roster(body, JSON_LINES)).counts["created"] == len(OURS)
    assert memory.held == 0


@pytest.mark.parametrize(("format_", "media_type", "students"), [("own", JSON_LINES, 60), ("oneroster", ZIP, 200), ("ed-fi", ZIP, 40)])
def test_reading_takes_no_more_than_was_said(format_: Format, media_type: str, students: int, tmp_path: Path) -> None:
    population = Population(PROFILES["demo"], as_of=DAY, students=students)
    list(write_profile(tmp_path / "made", population, format_, progress=lambda state, written: None, a_part=students))
    body = next((tmp_path / "made" / "alder").glob("students-*")).read_bytes()
    parsed(media_type, body, DAY)  # what is made once in a process
    tracemalloc.start()
    try:
        parsed(media_type, body, DAY)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    said = need(body, times=TIMES_OF_DOCUMENTS.get(media_type))
    assert said / 4 < taken < said
