"""A file that somebody named after a child is told by its number: no report of a load, no refusal of one, says its name."""

import io
import zipfile
from collections.abc import Mapping
from datetime import date

import pytest

from safepassage.problems.records import UnreadableRoster
from services.records.formats.archive import Archive
from services.records.formats.oneroster_csv import ABSENT, COLUMNS
from services.records.formats.parsed import ParsedRoster
from services.records.rosters import parsed
from tests.records.formats.test_oneroster_csv import packed
from tests.records.formats.test_xsre import HEAD

TODAY = date(2026, 10, 20)
NAMED = "Garcia-Ana 2012-02-03 078-05-1120"


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()


def unpacked(package: bytes) -> dict[str, bytes | str]:
    with zipfile.ZipFile(io.BytesIO(package)) as made:
        return {name: made.read(name) for name in made.namelist()}


@pytest.mark.requirement("FORM-quality")
@pytest.mark.parametrize("name", ["Garcia", "StudentGarcia", "students-Ana", "Student 2012-02-03", "Student:Ana", "078-05-1120", "", "Ñ"])
def test_a_name_that_no_format_has_is_told_by_its_number(name: str) -> None:
    archive = Archive.of_zip(zipped({"Student.xml": "", f"{name}.xml": "", "notes of Ana.txt": ""}))
    assert [archive.told(one) for one in archive.names] == ["Student.xml", "file-2.xml", "file-3"]
    assert archive.told(f"{name}.xml:7:1") == "file-2.xml:7:1"


@pytest.mark.parametrize(
    "name",
    [
        *(f"{one}.csv" for one in ("manifest", *COLUMNS, *ABSENT)),
        *("Student.xml", "StudentEnrollment.xml", "EducationOrgCalendar.xml", "MasterSchedule.xml", "StudentDiscipline.xml"),
        *("students.jsonl", "studentSchoolAssociations.json", "studentSection504ProgramAssociations.json", "xSre.xml"),
    ],
)
def test_a_name_of_a_formats_own_is_told(name: str) -> None:
    assert Archive.of_zip(zipped({name: ""})).told(f"{name}:3") == f"{name}:3"


@pytest.mark.requirement("FORM-quality")
@pytest.mark.parametrize(
    "files",
    [
        {f"{NAMED}.xml": f"{HEAD}<attendance><x>1</x></attendance></xSre>"},
        unpacked(packed([{"identity": {"name": {"first": "Ana", "last_1": "Ek"}}}])) | {f"{NAMED}.csv": "studentSourcedId,score\nx,1\n"},
        unpacked(packed([{"identity": {"name": {"first": "Ana", "last_1": "Ek"}}}])) | {f"{NAMED}.pdf": b"\0"},
    ],
    ids=["xSre", "a file of one's own", "no CSV"],
)
def test_no_place_in_a_report_has_it(files: dict[str, bytes | str]) -> None:
    read = parsed("application/zip", zipped(files), TODAY)
    assert isinstance(read, ParsedRoster)
    findings = read.findings
    places = [findings.told(one.position) for one in findings.unresolved]
    places += [place for one in findings.faults.told(findings.told) for place in (one.resource, *one.positions)]
    assert any(place.startswith(f"file-{len(files)}") for place in places)
    assert not any("Garcia" in place for place in places)


@pytest.mark.requirement("FORM-quality")
@pytest.mark.parametrize("content", ["<x", '<a xmlns="urn:x"/>', "<a><b/></a>", f"{HEAD}<x", f"{HEAD}{'<x>' * 60}"])
def test_no_refusal_has_it(content: str) -> None:
    with pytest.raises(UnreadableRoster) as refusal:
        parsed("application/zip", zipped({f"{NAMED}.xml": content}), TODAY)
    assert "Garcia" not in f"{refusal.value} {vars(refusal.value)}"
