"""What is written as OneRoster CSV is read back the same, whatever the record holds; the package is one that the binding knows."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from safepassage.record.loads import LoadedRecord
from safepassage.wire_organisations import Organisation
from services.records.formats.archive import Archive
from services.records.formats.oneroster import read_oneroster
from services.records.formats.oneroster_csv import ABSENT, COLUMNS, write_package
from services.records.formats.oneroster_objects import Rostered, Shapes
from services.records.formats.oneroster_places import Directory, Links

TODAY = date(2026, 10, 20)
ORGS = [
    Organisation(id=UUID(int=1), version=1, kind="sea", name="State", valid_from=date(2020, 1, 1)),
    Organisation(id=UUID(int=2), version=1, kind="lea", name="Oak", parent_id=UUID(int=1), nces_id="0300001", valid_from=date(2020, 1, 1)),
    *(
        Organisation(
            id=UUID(int=number),
            version=1,
            kind="school",
            name=f"School {number}",
            parent_id=UUID(int=2),
            nces_id=f"03000010000{number}",
            valid_from=date(2020, 1, 1),
        )
        for number in (3, 4)
    ),
]

words = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u2028\u2029"), min_size=1, max_size=20).map(
    lambda text: " ".join(text.split())
)
texts = words.filter(lambda text: text.strip() == text and text != "")
codes = st.from_regex(r"[A-Za-z0-9-]{1,12}", fullmatch=True)
systems = st.from_regex(r"[A-Z]{1,5}(:[0-9]{1,3})?", fullmatch=True).filter(lambda text: "SSN" not in text)
days = st.dates(date(2005, 1, 1), date(2020, 12, 31)).map(date.isoformat)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def present(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(values).map(lambda made: {name: value for name, value in made.items() if value not in (None, [], {})})


def coded(system: str, code: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    return code.map(lambda value: {"system": system, "code": value})


names = present(first=maybe(texts), middle=maybe(texts), last_1=texts)
schools = st.sampled_from([{"name": one.name, "nces_id": one.nces_id} for one in ORGS if one.kind == "school"])
courses = st.lists(
    present(
        section=codes,
        course=present(
            title=texts, local_code=coded("oneroster:courseCode", codes), sced_code=maybe(st.sampled_from(["02052", "02056", "03001"]))
        ),
        term=maybe(coded("oneroster:term", codes)),
        school=schools,
        begin_date=st.dates(date(2026, 8, 1), date(2026, 9, 30)).map(date.isoformat),
    ),
    max_size=3,
    unique_by=lambda row: row["section"],
)
records = present(
    identity=present(
        name=names,
        preferred_name=maybe(present(first=texts, last=texts)),
        birth_date=days.map(lambda day: {"birth_date": day}),
        sex=maybe(coded("ceds:000255", st.sampled_from(["Male", "Female"]))),
        identifiers=maybe(st.lists(present(kind=st.just("other"), system=systems, value=texts), min_size=1, max_size=3)),
    ),
    demographics=maybe(
        present(
            race_ethnicity=present(
                hispanic_or_latino=st.booleans(), races=coded("ceds:001943", st.sampled_from(["Asian", "White"])).map(lambda race: [race])
            )
        )
    ),
    contacts=maybe(present(emails=codes.map(lambda name: [{"address": f"{name}@example.org"}]))),
    enrollment=present(
        enrollments=schools.flatmap(
            lambda school: st.sampled_from([None, "2026-10-20", "2027-06-12"]).map(
                lambda ends: [{"school": school, "entry_date": "2026-08-24"} | ({"exit_date": ends} if ends else {})]
            )
        )
    ),
    academics=maybe(present(current_courses=courses)),
)


def packed(documents: list[dict[str, Any]]) -> bytes:
    links = Links("https://node.example")
    directory = Directory(ORGS, links=links)
    shapes = Shapes(directory, lambda *said: uuid5(NAMESPACE_URL, "|".join(said)), links=links, top=ORGS[1], today=TODAY)
    those = [
        Rostered(UUID(int=number), UUID(int=number << 64), datetime(2026, 9, number, tzinfo=UTC), document)
        for number, document in enumerate(documents, start=10)
    ]
    held = [one for student in those for one, _ in shapes.classes_of(student)]
    objects = {
        "orgs": directory.objects(),
        "academicSessions": shapes.sessions.objects([shapes.year]),
        "courses": shapes.taught.courses(held),
        "classes": shapes.taught.classes(held),
        "users": [user for one in those for user in (shapes.user(one), *shapes.guardians(one))],
        "demographics": [value for one in those if (value := shapes.demographics(one)) is not None],
        "enrollments": [value for one in those for value in shapes.enrollments(one)],
    }
    return write_package(objects, system_name="Node", system_code="NODE")


def said(record: dict[str, Any]) -> dict[str, Any]:
    """What of a record OneRoster CSV can say, in one form for what went in and what came out."""
    identity, rows = record["identity"], record.get("academics", {}).get("current_courses", [])
    return {
        "name": {part: identity["name"].get(part) for part in ("first", "middle", "last_1")},
        "preferred": identity.get("preferred_name"),
        "born": identity["birth_date"]["birth_date"],
        "sex": identity.get("sex"),
        "race": record.get("demographics", {}).get("race_ethnicity"),
        "emails": record.get("contacts", {}).get("emails"),
        "ids": sorted(one["value"] for one in identity.get("identifiers", [])),
        "enrolled": [(row["school"]["nces_id"], row["entry_date"], row.get("exit_date")) for row in record["enrollment"]["enrollments"]],
        "courses": sorted(
            (
                row["section"],
                row["course"]["title"],
                row["course"]["local_code"]["code"],
                row.get("term", {}).get("code", ""),
                row["begin_date"],
            )
            for row in rows
        ),
    }


@settings(max_examples=25, deadline=None, database=None, phases=[Phase.explicit, Phase.generate, Phase.shrink])
@given(st.lists(records, min_size=1, max_size=3))
def test_what_is_written_is_read_back_the_same(documents: list[dict[str, Any]]) -> None:
    loaded = [LoadedRecord.model_validate(document).document() for document in documents]
    parsed = read_oneroster(Archive.of_zip(packed(loaded)), today=TODAY)
    assert set(parsed.findings.reasons) <= {"column-kept"}  # what was not said: metadata.safepassage.notSaid
    assert parsed.source_system == "NODE"
    assert [said(one.record.document()) for one in parsed.students if one.record] == [said(record) for record in loaded]


def test_the_package_has_every_file_of_the_binding_in_its_manifest_and_no_status_in_bulk() -> None:
    document = {
        "identity": {
            "name": {"first": "Ana", "last_1": "García", "last_2": "López"},
            "birth_date": {"birth_date": "2012-05-06"},
            "identifiers": [{"kind": "other", "system": "a:b", "value": "1,2"}],
        },
        "enrollment": {"enrollments": [{"school": {"nces_id": "030000100003"}, "entry_date": "2026-08-24"}]},
        "statements": [{"id": "x", "statement": "It is not so."}],
    }
    with zipfile.ZipFile(io.BytesIO(packed([document]))) as package:
        manifest = {row["propertyName"]: row["value"] for row in csv.DictReader(io.StringIO(package.read("manifest.csv").decode()))}
        users = list(csv.DictReader(io.StringIO(package.read("users.csv").decode())))
        files = set(package.namelist())
    assert files == {"manifest.csv", *(f"{name}.csv" for name in COLUMNS)}
    assert {name: manifest[f"file.{name}"] for name in (*COLUMNS, *ABSENT)} == {
        **dict.fromkeys(COLUMNS, "bulk"),
        **dict.fromkeys(ABSENT, "absent"),
    }
    assert [(row["status"], row["dateLastModified"], row["familyName"]) for row in users] == [("", "", "García López")]
    assert users[0]["userIds"] == ""
    assert users[0]["username"] == users[0]["sourcedId"]
    assert list(users[0])[16:22] == [  # no resourceSourcedIds: correction 1.2.1
        "userMasterIdentifier", "preferredGivenName", "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId", "pronouns",
    ]  # fmt: skip
    assert users[0]["metadata.safepassage.userIds"] == '[{"type": "a:b", "identifier": "1,2"}]'
    assert "It is not so." in users[0]["metadata.safepassage.statementsOfDisagreement"]


def of_algebra(*codes: str | None) -> list[dict[str, Any]]:
    """Students of one class, whose records give its course these SCED codes, each changed a day after the one before."""
    course = {"title": "Algebra", "local_code": {"system": "oneroster:courseCode", "code": "ALG1"}}
    return [
        {
            "identity": {"name": {"first": "Ana", "last_1": "García"}, "birth_date": {"birth_date": "2012-05-06"}},
            "enrollment": {"enrollments": [{"school": {"nces_id": "030000100003"}, "entry_date": "2026-08-24"}]},
            "academics": {
                "current_courses": [
                    {
                        "section": "A",
                        "course": course | ({"sced_code": code} if code else {}),
                        "school": {"nces_id": "030000100003"},
                        "begin_date": "2026-08-24",
                    }
                ]
            },
        }
        for code in codes
    ]


@pytest.mark.requirement("FORM-oneroster-unsaid")
@settings(max_examples=50, deadline=None, database=None)
@given(st.lists(st.sampled_from(["02052", "02056", "03001", None]), min_size=1, max_size=5))
def test_no_sced_code_of_a_course_is_dropped_and_none_is_taken_for_another_students(codes: list[str | None]) -> None:
    said_codes = [code for code in codes if code]
    package = packed(of_algebra(*codes))
    with zipfile.ZipFile(io.BytesIO(package)) as zipped:
        [course] = csv.DictReader(io.StringIO(zipped.read("courses.csv").decode()))
        [group] = csv.DictReader(io.StringIO(zipped.read("classes.csv").decode()))
    last = said_codes[-1:]
    others = sorted(set(said_codes) - set(last))
    assert course.get("metadata.safepassage.sced") == (last[0] if last else None)
    assert json.loads(course.get("metadata.safepassage.otherSced") or "[]") == others
    areas = list(dict.fromkeys(code[:2] for code in [*last, *others]))
    assert [course["subjectCodes"], group["subjectCodes"]] == [",".join(areas)] * 2
    assert [course["subjects"], group["subjects"]] == [",".join(f"SCED {area}" for area in areas)] * 2
    parsed = read_oneroster(Archive.of_zip(package), today=TODAY)
    read = [one.record.document()["academics"]["current_courses"][0]["course"].get("sced_code") for one in parsed.students if one.record]
    # a record that gives none reads as its class does
    assert read == [code or (last[0] if last else None) for code in codes]
    kept = [row for row in (parsed.kept.frame["courses"].values() if parsed.kept else ()) if "metadata.safepassage.otherSced" in row]
    assert bool(kept) == bool(others)
