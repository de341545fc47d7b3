"""Ed-Fi API JSON: who is as before need not be read, and the report of an upload is the one that reading everybody gives."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import safepassage
from safepassage.problems.records import UnreadableRoster
from services.records.formats import edfi_rests_on
from services.records.formats.edfi_as_before import StudentAsBefore, Told
from services.records.formats.edfi_documents import EdFiUpload
from services.records.formats.edfi_rests_on import digests_of
from services.records.formats.parsed import ParsedRoster
from tests.records.formats.edfi_bodies import STUDENT, bodies, bodies_of_six
from tests.records.formats.where_it_went import leaves, marked, objects, put

Bodies = dict[str, list[dict[str, Any]]]

IDS = ("604821", "604822", "604823")
DISCIPLINE = ("disciplineIncidents", "studentDisciplineIncidentBehaviorAssociations", "disciplineActions")
COHORT = "studentCohortAssociations"
"""A resource that is not read, and kept whole."""


def upload(made: Bodies | None = None) -> Bodies:
    """Three students who share a contact; each has a contact of their own too, and the last one a part in an incident."""
    one = made or bodies()
    said: Bodies = {resource: [] for resource in [*one, COHORT]}
    for identifier in IDS:
        text = json.dumps({name: those for name, those in one.items() if name not in ("schools", "localEducationAgencies", "contacts")})
        for resource, those in json.loads(text.replace(STUDENT["studentUniqueId"], identifier)).items():
            said[resource] += those if resource not in DISCIPLINE or identifier == IDS[-1] else []
        [related] = said["studentContactAssociations"][-1:]
        said["studentContactAssociations"].append({**related, "contactReference": {"contactUniqueId": f"C{identifier}"}})
        said["contacts"].append({**one["contacts"][0], "contactUniqueId": f"C{identifier}", "more": "kept"})
        said[COHORT].append({"studentReference": {"studentUniqueId": identifier}, "cohortReference": {"cohortIdentifier": "1"}})
    for shared in ("schools", "localEducationAgencies", "contacts"):
        said[shared] += one[shared]
    return said


def read(said: Bodies) -> tuple[ParsedRoster, dict[str, bytes]]:
    """Everybody, and what each rests on."""
    whole = EdFiUpload(said)
    return whole.roster({}), whole.digests.by_student


def as_kept(roster: ParsedRoster) -> dict[str, tuple[bytes, Told]]:
    """What is kept of who was read, as it comes back."""
    return {
        one.source_id: (one.rests_on.digest, msgspec.json.decode(msgspec.json.encode(one.rests_on.told), type=Told))
        for one in roster.students
        if one.rests_on is not None
    }


def known(kept: dict[str, tuple[bytes, Told]], digests: dict[str, bytes]) -> dict[str, StudentAsBefore]:
    return {name: StudentAsBefore(told, b"mark") for name, (digest, told) in kept.items() if digests.get(name) == digest}


def found(roster: ParsedRoster) -> Any:
    findings = roster.findings
    reasons = {name: count for name, count in findings.reasons.items() if count}
    return {name: count for name, count in findings.counts.items() if count}, reasons, findings.unresolved, findings.faults.told()


def test_whoever_is_as_before_is_not_read_and_the_report_is_the_same() -> None:
    said = upload()
    whole, digests = read(said)
    before = known(as_kept(whole), digests)
    assert before.keys() == set(IDS[:2])
    assert before[IDS[0]].told.kept
    again = EdFiUpload(said).roster(before)
    assert found(again) == found(whole)
    assert [(one.source_id, one.position) for one in again.students] == [(one.source_id, one.position) for one in whole.students]
    assert [one.as_before for one in again.students] == [b"mark", b"mark", None]
    assert [one.record for one in again.students] == [None, None, whole.students[2].record]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_upload_after_another_is_told_as_if_everybody_were_read(data: st.DataObject) -> None:
    first = upload(data.draw(st.sampled_from([bodies(), bodies_of_six()])))
    for _ in range(data.draw(st.integers(0, 2))):
        first = edited(data, first)
    try:
        kept = as_kept(read(first)[0])
        second = first
        for _ in range(data.draw(st.integers(0, 3))):
            second = edited(data, second)
        whole, digests = read(second)
    except UnreadableRoster:  # no student is left of whom anything can be read
        return
    before = known(kept, digests)
    again = EdFiUpload(second).roster(before)
    assert found(again) == found(whole)
    for one, other in zip(again.students, whole.students, strict=True):
        assert (one.source_id, one.position) == (other.source_id, other.position)
        if one.source_id in before:
            assert one.as_before is not None
            assert other.rests_on is not None
            assert other.rests_on.told == before[one.source_id].told
        else:
            assert (one.record, one.beside, one.rests_on) == (other.record, other.beside, other.rests_on)


def edited(data: st.DataObject, said: Bodies) -> Bodies:
    """Something said again, otherwise, in another kind, in addition, in another place, or not at all."""
    resource = data.draw(st.sampled_from(sorted(name for name, those in said.items() if those)))
    place = data.draw(st.integers(0, len(said[resource]) - 1))
    how = data.draw(st.sampled_from(["again", "other", "kind", "more", "gone", "last", "resource", "whose"]))
    body, made = said[resource][place], deepcopy(said)
    if how == "again":
        made[resource].append(deepcopy(body))
    elif how == "more":
        inside = data.draw(st.sampled_from(list(objects(body))))
        made = put(said, (resource, place, *inside, data.draw(st.sampled_from(["more", "link", "id", "_etag"]))), "more")
    elif how in ("other", "kind"):
        path, value = data.draw(st.sampled_from(list(leaves(body))))
        other = marked(value, json.dumps(said, ensure_ascii=False))[0] if how == "other" else ["another", {"x": 1}]
        made = put(said, (resource, place, *path), other)
    elif how == "whose":
        text = json.dumps(body).replace(data.draw(st.sampled_from(IDS)), data.draw(st.sampled_from(IDS)))
        made[resource][place] = json.loads(text)
    elif how == "resource":
        made = {**{name: those for name, those in made.items() if name != resource}, "other": made[resource]}
    else:
        made[resource] = [one for number, one in enumerate(made[resource]) if number != place] + ([body] if how == "last" else [])
    return made


@pytest.mark.parametrize(
    ("change", "read_anew"),
    [
        (lambda said: said["students"][0].update(firstName="Another"), IDS[:1]),
        (lambda said: said["contacts"][0].update(firstName="Another"), IDS[:1]),
        (lambda said: said["contacts"][-1].update(firstName="Another"), IDS[:2]),
        (lambda said: said["schools"][0].update(nameOfInstitution="Another"), IDS[:2]),
        (lambda said: said.update(other=[]), IDS[:2]),
        (lambda said: said[COHORT].pop(0), IDS[:1]),
        (lambda said: said["students"].append(said["students"][0]), IDS[:1]),
        (lambda said: said["courseTranscripts"][1].update(courseTitle="Another"), IDS[1:2]),
        (lambda said: said["studentContactAssociations"][0].update(contactReference="another"), IDS[:1]),
    ],
)
def test_whoever_rests_on_what_changed_is_read(change: Any, read_anew: tuple[str, ...]) -> None:
    said = upload()
    kept = as_kept(read(said)[0])
    change(said)
    assert set(IDS[:2]) - known(kept, read(said)[1]).keys() == set(read_anew)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said["students"][0].update(birthDate="2010-02-31"),
        lambda said: said["contacts"][0].update(firstName=7),
        lambda said: said["studentSchoolAssociations"][0].update(schoolReference={"schoolId": 255901002}),
        lambda said: said["studentContactAssociations"][0].update(contactReference={"contactUniqueId": "nobody"}),
        lambda said: said["studentSchoolAssociations"].pop(0),
        lambda said: said["studentAssessments"][0].update(scoreResults="none"),
        lambda said: said["students"].append(said["students"][0]),
        lambda said: said["contacts"].append(said["contacts"][0]),
    ],
)
def test_of_whom_anything_is_not_valid_or_not_found_is_read_each_time(change: Any) -> None:
    said = upload()
    change(said)
    assert as_kept(read(said)[0]).keys() == {IDS[1]}


@pytest.mark.parametrize("value", [1e999, "\ud800"])
def test_what_cannot_be_written_as_it_is_is_read_each_time(value: Any) -> None:
    said = upload()
    said["students"][0]["more"] = value
    assert read(said)[1].keys() == {IDS[1]}


def test_a_contact_of_somebody_who_is_read_is_read() -> None:
    said = upload()
    kept = as_kept(read(said)[0])
    said["students"][1]["firstName"] = "Another"
    whole, digests = read(said)
    again = EdFiUpload(said).roster(known(kept, digests))
    assert found(again) == found(whole)
    assert again.students[1].record == whole.students[1].record


def test_a_contact_is_of_whoever_is_as_before_though_somebody_else_names_it_in_another_kind() -> None:
    said = upload()
    said["contacts"][0]["contactUniqueId"] = "123"
    said["studentContactAssociations"][1]["contactReference"] = {"contactUniqueId": "123"}
    said["studentContactAssociations"][-1]["contactReference"] = {"contactUniqueId": 123}
    whole, digests = read(said)
    before = known(as_kept(whole), digests)
    assert IDS[0] in before
    assert found(EdFiUpload(said).roster(before)) == found(whole)


def test_another_version_of_the_reader_reads_everybody() -> None:
    said = upload()
    here, another = digests_of(said).by_student, digests_of(said, reader=b"another").by_student
    assert here.keys() == another.keys()
    assert not set(here.values()) & set(another.values())


def test_whatever_formats_are_read_by_is_in_how_this_version_reads() -> None:
    """`this_reader` is of all that a body is read by, or a student is taken for known whom this version would read otherwise."""
    folder = Path(edfi_rests_on.__file__).parent
    assert (folder, folder.parent / "record_text.py", Path(safepassage.__file__).parent) == edfi_rests_on.READ_BY
    imported = {
        f"{words[1]}.{words[3]}"
        for path in folder.glob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if (words := line.split())[:1] == ["from"] and words[1].startswith(("services", "shared"))
    }
    outside = {name for name in imported if not name.startswith(("services.records.formats.", "services.records.record_text"))}
    assert outside == {"shared.spreadsheet.table"}, "something is written by that alone"
