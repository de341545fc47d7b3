"""The record model, the catalogue of elements and CEDS say the same."""

import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from pydantic import ValidationError

from safepassage.canonical import canonical_json
from safepassage.elements import ELEMENTS, SECTIONS
from safepassage.record import SECTION_MODELS, StudentRecord
from safepassage.record.ceds import CEDS_NAMES, WITHOUT, Member, members

CEDS = Path(__file__).parents[2].parent / "shared" / "data" / "ceds" / "CEDS-V13.0.0.0.xlsx"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def given_record(**changes: Any) -> dict[str, Any]:
    """A small record as JSON, with one contested section."""
    statement = "018f0000-0000-7000-8000-000000000001"
    origin = {"originating_agency": "0300010", "source_system": "test", "as_of": "2026-03-01T00:00:00.000Z"}
    record: dict[str, Any] = {
        "identity": {"name": {"first": "Ana", "last_1": "Núñez"}, "birth_date": {"birth_date": "2012-05-06"}},
        "discipline": {"incidents": [{"incident_date": "2025-10-01", "role": {"system": "ceds:001373", "code": "Perpetrator"}}]},
        "provenance": {"identity": origin, "discipline": origin | {"contested_by": [statement]}},
        "statements": [
            {
                "id": statement,
                "relates_to": ["discipline.incidents"],
                "statement": "It was not her.",
                "placed_by": "parent",
                "placed_on": "2025-11-02",
            }
        ],
    }
    return record | changes


def test_the_members_of_each_section_are_exactly_the_elements_of_the_catalogue() -> None:
    members = [f"{name}.{member}" for name in SECTIONS for member in SECTION_MODELS[name].model_fields]
    assert members == [element.id for element in ELEMENTS]
    assert tuple(SECTION_MODELS) == SECTIONS


def test_each_element_carries_the_ceds_id_of_the_catalogue() -> None:
    for element in ELEMENTS:
        extra = SECTION_MODELS[element.section].model_fields[element.member].json_schema_extra
        assert (extra if isinstance(extra, dict) else {}).get("x-ceds") == element.ceds, element.id


def test_a_record_is_the_same_after_a_journey_through_json() -> None:
    record = StudentRecord.model_validate(given_record())
    assert StudentRecord.model_validate_json(canonical_json(record.document())) == record
    assert record.elements() == ("identity.name", "identity.birth_date", "discipline.incidents")


@pytest.mark.parametrize("identity", [{}, {"other_names": []}], ids=["section", "list"])
def test_a_section_or_list_with_nothing_in_it_is_refused(identity: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StudentRecord.model_validate(given_record(identity=identity))


def test_an_unknown_member_is_refused_without_showing_its_value() -> None:
    with pytest.raises(ValidationError) as refused:
        StudentRecord.model_validate(given_record(identity={"name": {"last_1": "Núñez"}, "social": "123-45-6789"}))
    assert "123-45" not in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"statements": []},
        {"provenance": {"identity": given_record()["provenance"]["identity"]}},
        {"provenance": {name: given_record()["provenance"]["identity"] for name in ("identity", "discipline")}},
        {"provenance": given_record()["provenance"] | {"health": given_record()["provenance"]["identity"]}},
    ],
    ids=["statement missing", "provenance missing", "mark missing", "provenance of an absent section"],
)
def test_a_contested_section_never_stands_without_its_statement_nor_a_section_without_its_origin(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StudentRecord.model_validate(given_record(**change))


def test_a_statement_on_a_whole_section_relates_to_each_of_its_elements() -> None:
    given = given_record()
    given["statements"][0]["relates_to"] = ["discipline"]
    [statement] = StudentRecord.model_validate(given).statements
    assert statement.relates_to_element("discipline.restraint")
    assert not statement.relates_to_element("health.alerts")
    assert statement.id == UUID("018f0000-0000-7000-8000-000000000001")


def _ceds_names() -> dict[str, str]:
    """Global id → element name of the sheet "All - By Name"."""
    with zipfile.ZipFile(CEDS) as book:
        strings = [
            "".join(text.text or "" for text in item.iter(f"{SHEET}t"))
            for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 - a published workbook, read by a test
        ]
        rows = ElementTree.fromstring(book.read("xl/worksheets/sheet3.xml")).iter(f"{SHEET}row")  # noqa: S314 - the same workbook
        names = {}
        for row in rows:
            cells = {cell.attrib["r"].rstrip("0123456789"): cell for cell in row}
            name, identifier = (_text(cells[column], strings) for column in ("A", "I"))
            names[identifier] = name
    return names


def _text(cell: ElementTree.Element, strings: list[str]) -> str:
    value = cell.findtext(f"{SHEET}v") or ""
    return strings[int(value)] if cell.attrib.get("t") == "s" and value else value


def _members() -> list[Member]:
    return list(members(StudentRecord))


@pytest.mark.requirement("FORM-ceds")
def test_every_element_and_every_member_has_a_ceds_id_or_is_listed_as_one_that_ceds_lacks() -> None:
    without = {(model, name) for model, names in WITHOUT.items() for name in names}
    assert {(one.model, one.name) for one in _members() if one.ceds is None} == without
    said = {one.ceds for one in _members() if one.ceds is not None} | {element.ceds for element in ELEMENTS}
    assert said == set(CEDS_NAMES)
    assert all(len(one) == 6 and one.isdigit() for one in CEDS_NAMES)
    assert len(_members()) > 200


@pytest.mark.skipif(not CEDS.exists(), reason="../shared/data/ceds is absent: the CEDS workbook is not part of this repository")
def test_every_ceds_id_and_name_is_one_of_version_13() -> None:
    names = _ceds_names()
    assert len(names) > 1900
    said = {
        "identity.name": "First Name",
        "identity.birth_place": "State of Birth Abbreviation",
        "demographics.tribal_affiliation": "Tribal Affiliation",
        "enrollment.residency": "Responsible District Identifier",
        "special_education.iep": "Individualized Program Type",
        "programmes.gifted": "Gifted and Talented Indicator",
        "programmes.meal_status": "Eligibility Status for School Food Service Programs",
        "health.alerts": "Medical Alert Indicator",
        "discipline.incidents": "Incident Identifier",
    }
    by_element = {element.id: names[element.ceds] for element in ELEMENTS}
    assert {element: by_element[element] for element in said} == said
    assert {identifier: names[identifier].strip() for identifier in CEDS_NAMES} == CEDS_NAMES
