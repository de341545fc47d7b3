"""OneRoster out: every value of every element that it is made of is in an object, or its member is named in an object's metadata."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from safepassage.record.loads import LoadedRecord
from services.records.formats.oneroster_csv import write_package
from services.records.formats.oneroster_objects import Rostered, Shapes
from services.records.formats.oneroster_places import Directory, Links
from services.records.formats.oneroster_query import Object
from services.records.formats.oneroster_unsaid import NOT_SAID
from services.records.formats.oneroster_vocabulary import OF_DEMOGRAPHICS, OF_USERS, RELEVANT
from tests.records.formats.test_msix_unsaid import member, yes_and_no
from tests.records.formats.test_oneroster_csv import ORGS, TODAY
from tests.records.formats.test_said_out import sections
from tests.records.formats.where_it_went import is_there, leaves, marked, put

SCHOOL = {"name": "School 3", "nces_id": "030000100003"}


def whole() -> dict[str, Any]:
    """The elements of the rostering service with every member; in the school's class today, and enrolled elsewhere before."""
    made: dict[str, Any] = {}
    for section, members in sections().items():
        kept = {name: value for name, value in members.items() if f"{section}.{name}" in RELEVANT}
        made |= {section: kept} if kept else {}
    [elsewhere], [course] = made["enrollment"]["enrollments"], made["academics"]["current_courses"]
    now = {**elsewhere, "entry_date": "2026-08-15", "exit_date": "2027-06-04"}
    made["enrollment"]["enrollments"] = [
        elsewhere,
        {**now, "school": {**elsewhere["school"], **SCHOOL}, "district": {**elsewhere["district"], "name": "Oak", "nces_id": "0300001"}},
    ]
    made["academics"]["current_courses"] = [
        course,
        {**course, "section": "B", "school": SCHOOL},
        {**course, "mark": "C", "as_of": "2026-10-01"},
    ]
    mobile = {"number": "555-0101", "kind": {"system": "x", "code": "Mobile"}}
    made["contacts"]["telephones"] = [mobile, {**mobile, "number": "555-0102"}, *made["contacts"]["telephones"]]
    made["contacts"]["emails"] = [*made["contacts"]["emails"], {"address": "second@example.org"}]
    made["demographics"]["race_ethnicity"]["races"].append({"system": "ceds:001943", "code": "Asian"})
    return made


def objects(document: dict[str, Any]) -> dict[str, list[Object]]:
    shapes = Shapes(
        Directory(ORGS, links=Links("https://node.example")),
        lambda *said: UUID(int=abs(hash(said)) % 2**100),
        links=Links("https://node.example"),
        top=ORGS[1],
        today=TODAY,
    )
    one = Rostered(UUID(int=8), UUID(int=9), datetime(2026, 10, 1, tzinfo=UTC), document)
    held = [each for each, _ in shapes.classes_of(one)]
    demographics = shapes.demographics(one)
    return {
        "orgs": Directory(ORGS, links=Links("https://node.example")).objects(),
        "users": [shapes.user(one), *shapes.guardians(one)],
        "demographics": [demographics] if demographics is not None else [],
        "classes": shapes.taught.classes(held),
        "courses": shapes.taught.courses(held),
        "enrollments": shapes.enrollments(one),
    }


def not_said(made: dict[str, list[Object]]) -> set[tuple[str, str]]:
    everything = (one.get("metadata", {}).get(NOT_SAID, {}) for those in made.values() for one in those)
    return {(element, path) for one in everything for element, paths in one.items() for path in paths}


def document_of(said: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return LoadedRecord.model_validate(said).document()
    except ValidationError:
        return None


@pytest.mark.requirement("FORM-oneroster-unsaid")
def test_every_value_is_in_an_object_or_its_member_is_named_in_one() -> None:
    said, missing, tried = whole(), [], 0
    assert {f"{section}.{name}" for section, members in said.items() for name in members} == set(RELEVANT)
    taken = json.dumps(said, ensure_ascii=False)
    for path, value in leaves(said):
        other, mark = marked(value, taken)
        document = document_of(put(said, path, other))
        if document is None:
            continue
        tried += 1
        made = objects(document)
        told = not_said(made)
        assert not is_there(mark, json.dumps(sorted(told))), path
        day_after = _day_after(mark) if path[-1] == "exit_date" else mark
        text = json.dumps(made, ensure_ascii=False)
        missing += [] if is_there(mark, text) or is_there(day_after, text) or member(path) in told else [path]
    assert missing == []
    assert tried > 150


@pytest.mark.requirement("FORM-oneroster-unsaid")
def test_every_yes_or_no_changes_an_object_or_its_member_is_named_in_one() -> None:
    said, tried = whole(), 0
    for path, value in yes_and_no(said):
        one, other = document_of(said), document_of(put(said, path, not value))
        if one is not None and other is not None:
            tried += 1
            assert member(path) in not_said(objects(one)) or objects(one) != objects(other), path
    assert tried > 3


def test_a_record_of_which_all_is_said_names_nothing() -> None:
    made = objects(
        {
            "identity": {"name": {"first": "Ana", "last_1": "García"}, "birth_date": {"birth_date": "2012-02-03"}},
            "contacts": {"guardians": []},
            "enrollment": {"enrollments": [{"school": SCHOOL, "entry_date": "2026-08-15"}]},
        }
    )
    assert not_said(made) == set()
    assert [one["metadata"] for one in made["users"] if "metadata" in one] == []


def test_a_user_names_nothing_of_demographics_or_courses_which_other_scopes_and_objects_give() -> None:
    made = objects(document_of(whole()) or {})
    of_users = {element for element, _ in not_said({"users": made["users"]})}
    assert of_users <= set(OF_USERS) - {"academics.current_courses"}
    assert {element for element, _ in not_said({"demographics": made["demographics"]})} == set(OF_DEMOGRAPHICS) - {"identity.birth_place"}


def test_demographics_of_which_nothing_can_be_said_are_there_and_say_so() -> None:
    combined = {"demographics": {"race_ethnicity": {"combined": [{"system": "x", "code": "Mixed"}]}}}
    [one] = objects(combined)["demographics"]
    assert one["metadata"] == {NOT_SAID: {"demographics.race_ethnicity": ["combined.system", "combined.code"]}}


@pytest.mark.parametrize(
    ("grade", "race", "sex", "said"),
    [
        (
            "Ninth grade",
            "Native Hawaiian or Pacific Islander",
            "Not Selected",
            ("09", "nativeHawaiianOrOtherPacificIslander", "unspecified"),
        ),
        ("Preschool/Prekindergarten", "Black or African American", "Non-binary", ("PK", "blackOrAfricanAmerican", "other")),
        ("11", "AmericanIndianOrAlaskaNative", "NotSelected", ("11", "americanIndianOrAlaskaNative", "unspecified")),
    ],
)
def test_words_of_ed_fi_are_told_in_the_standards_own(grade: str, race: str, sex: str, said: tuple[str, str, str]) -> None:
    document = whole()
    for one in document["enrollment"]["enrollments"]:
        one["grade"] = {"system": "uri://ed-fi.org/GradeLevelDescriptor", "code": grade}
    document["demographics"]["race_ethnicity"]["races"] = [{"system": "uri://ed-fi.org/RaceDescriptor", "code": race}]
    document["identity"]["sex"] = {"system": "uri://ed-fi.org/SexDescriptor", "code": sex}
    made = objects(document)
    [about] = made["demographics"]
    assert made["users"][0]["grades"] == [said[0]]
    assert about[said[1]] == "true"
    assert about["sex"] == said[2]


def test_a_file_has_them_in_a_column_of_metadata() -> None:
    package = write_package(objects(document_of(whole()) or {}), system_name="n", system_code="c")
    with zipfile.ZipFile(io.BytesIO(package)) as zipped:
        for name in ("users", "demographics", "enrollments"):
            rows = list(csv.DictReader(io.StringIO(zipped.read(f"{name}.csv").decode(), newline="")))
            assert all(json.loads(row[f"metadata.{NOT_SAID}"]) for row in rows), name


def _day_after(day: str) -> str:
    return str(date.fromisoformat(day) + timedelta(days=1))
