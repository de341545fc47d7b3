"""`safepassage-node synthesize`: files that the node's loaders take, in parts, and the truth in a folder apart."""

import csv
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.command import app
from node.organisation_files import read_organisations
from node.synthetic.files import STUDENTS_A_PART, Format, write_profile
from node.synthetic.population import Population
from node.synthetic.profiles import PROFILES
from services.records.load_memory import OF_OWN_LINES, need
from services.records.rosters import JSON_LINES, ZIP, parsed

DAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("format_", "media_type", "parts"),
    [("own", JSON_LINES, "students-*.ndjson"), ("oneroster", ZIP, "students-*.zip"), ("ed-fi", ZIP, "students-*.zip")],
)
def test_every_part_is_read_by_the_loader_without_a_finding(format_: Format, media_type: str, parts: str, tmp_path: Path) -> None:
    population = Population(PROFILES["demo"], as_of=DAY, students=40)
    written = list(write_profile(tmp_path / "made", population, format_, progress=lambda state, written: None, a_part=25))
    for one in written:
        folder = tmp_path / "made" / one.state.name.casefold()
        files = sorted(folder.glob(parts))
        assert len(files) == one.parts == 2
        read = [parsed(media_type, file.read_bytes(), DAY) for file in files]
        assert sum(len(roster.students) for roster in read) == one.students >= 40
        # A programme's first day beside that of the IEP; what kinds of schools those are.
        kept = {"member-kept", "of-no-student-alone"} if format_ == "ed-fi" else set()
        assert all(roster.findings.reasons.keys() <= kept for roster in read), [roster.findings.reasons for roster in read]
        named, _ = read_organisations(folder / "organisations")
        assert {len(organisation.nces_id or "") for organisation in named} == {7, 12}


def test_a_part_of_each_format_is_read_in_the_memory_of_a_container(tmp_path: Path) -> None:
    population = Population(PROFILES["demo"], as_of=DAY, students=40)
    formats: tuple[tuple[Format, int | None], ...] = (("own", OF_OWN_LINES), ("oneroster", None), ("ed-fi", None))
    for format_, kind in formats:
        [alder, _] = write_profile(tmp_path / format_, population, format_, progress=lambda state, written: None)
        [part] = (tmp_path / format_ / "alder").glob("students-*")
        # Half of the 2 GiB of docker-compose.yml is for reading rosters.
        assert need(part.read_bytes(), times=kind) / alder.students * STUDENTS_A_PART[format_] < 1 << 30


def test_the_truth_is_apart_and_names_every_record(tmp_path: Path) -> None:
    population = Population(PROFILES["demo"], as_of=DAY, students=30)
    [alder, _] = write_profile(tmp_path / "made", population, "own", progress=lambda state, written: None)
    with (tmp_path / "made" / "truth" / "alder.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == alder.students
    text = "".join(path.read_text() for path in (tmp_path / "made" / "alder").rglob("*") if path.is_file())
    assert not any(row["person_id"] in text for row in rows)
    assert {row["source_id"] for row in rows} == {
        one.source_id for one in parsed(JSON_LINES, (tmp_path / "made" / "alder" / "students-0001.ndjson").read_bytes(), DAY).students
    }


def test_the_command_says_what_it_wrote_and_never_writes_over_a_folder(tmp_path: Path) -> None:
    arguments = ["synthesize", str(tmp_path / "new" / "made"), "--as-of", "2026-11-26", "--format", "oneroster"]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0
    assert "Alder: 211 invented students in 1 file." in first.output
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 1
    assert "exists" in again.output
    assert CliRunner().invoke(app, ["synthesize", str(tmp_path / "other"), "--profile", "huge"]).exit_code == 2
