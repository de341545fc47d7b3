"""SIF xSre: what is written is read back the same, whatever a record holds; another's is read as far as it goes; XML is not trusted."""

import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from node.synthetic import ALDER, students
from safepassage.problems.records import UnreadableRoster
from safepassage.record.loads import LoadedRecord
from services.records.formats.archive import Archive
from services.records.formats.parsed import ParsedRoster
from services.records.formats.xml_structure import NotOfStructure
from services.records.formats.xsre import RELEVANT, write_xsre
from services.records.formats.xsre_reading import is_xsre, read_xsre
from services.records.formats.xsre_structure import EXTENDED, NAMESPACE, validate
from tests.records.whole_record import CANARY, whole_record

VECTOR = Path(__file__).parents[2] / "vectors" / "xsre.xml"
REF = UUID(int=7)
HEAD = f'<xSre xmlns="{NAMESPACE}" refId="{REF}">'


def read(*documents: bytes | str) -> ParsedRoster:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as zipped:
        for number, document in enumerate(documents):
            zipped.writestr(f"{number}.xml", document)
    return read_xsre(Archive.of_zip(target.getvalue()))


def again(record: Any, statements: Any = ()) -> LoadedRecord:
    held = LoadedRecord.model_validate(record) if isinstance(record, dict) else record
    parsed = read(write_xsre(held, statements, ref_id=REF))
    assert set(parsed.findings.reasons) <= {"enrollment-missing"}
    [one] = parsed.students
    assert one.record is not None
    return one.record


@pytest.mark.requirement("FORM-sif")
def test_every_synthetic_record_is_read_back_the_same() -> None:
    for one in students(ALDER, as_of=date(2026, 10, 20), count=60):
        record = one.load.record
        assert again(record, record.statements) == record


def test_a_record_of_everything_is_read_back_the_same_with_its_statements() -> None:
    record = whole_record()
    back = again(record, record.statements)
    assert dict(back.sections()) == dict(record.sections())
    assert back.statements == record.statements


KNOWN: dict[str, Any] = {
    "identity": {
        "name": {"first": "Ana", "middle": "Sol", "last_1": "García", "suffix": "Jr."},
        "preferred_name": {"first": "Anita"},
        "birth_date": {"birth_date": "2012-02-03"},
        "birth_place": {"country": "US"},
        "sex": {"system": "ceds:000255", "code": "Female"},
        "identifiers": [
            {"kind": "district", "system": "sif:localId", "value": "d-1"},
            {"kind": "state", "system": "sif:stateProvinceId", "value": "s-1"},
            {"kind": "migrant", "system": "sif:Migrant", "value": "m-1"},
        ],
    },
    "demographics": {"race_ethnicity": {"races": [{"system": "ceds:001943", "code": "White"}], "hispanic_or_latino": False}},
    "contacts": {
        "addresses": [
            {"kind": {"system": "ceds:000010", "code": "Home"}, "street": "1 Main St", "city": "Alder", "state": "XA", "country": "US"},
            {"street": "2 Oak St"},
        ],
        "telephones": [{"number": "555-0100", "primary": True}, {"number": "555-0101"}],
        "emails": [{"address": "a@example.org"}],
    },
    "enrollment": {
        "enrollments": [
            {"school": {"name": "Alder High", "nces_id": "030000100001", "state_id": "X1"}, "entry_date": "2026-08-24"},
            {"school": {"local_id": "l-9"}, "entry_date": "2025-08-24", "exit_date": "2026-06-01", "primary": False},
        ]
    },
    "academics": {
        "transcript": [
            {
                "course": {"title": "Algebra I", "local_code": {"system": "sif:leaCourseId", "code": "M1"}, "sced_code": "02052"},
                "school_year": 2026,
                "term": {"system": "ceds:000252", "code": "Semester"},
                "grade": {"system": "ceds:000125", "code": "09"},
                "credit": {"attempted": "1.0", "earned": "0.5"},
                "mark": "B+",
            }
        ]
    },
}
"""A record of which the standard's own elements say everything."""


def test_the_document_of_a_known_record_is_the_one_on_file() -> None:
    document = write_xsre(LoadedRecord.model_validate(KNOWN), (), ref_id=REF)
    assert document == VECTOR.read_bytes(), "write tests/vectors/xsre.xml anew only if the format is meant to change"


def test_what_the_standard_says_wholly_needs_no_extension() -> None:
    held = LoadedRecord.model_validate(KNOWN)
    assert set(held.elements()) == set(RELEVANT)
    document = write_xsre(held, (), ref_id=REF)
    assert b"SIF_ExtendedElement" not in document
    assert again(held) == held
    root = fromstring(document)
    course = root.find(f".//{{{NAMESPACE}}}course")
    assert course is not None
    assert [one.text for one in course.iter() if one.text] == ["M1", "SCED", "02052", "Algebra I", "1.0", "0.5", "09", "B+"]


def test_another_systems_document_is_read_as_far_as_it_goes_and_the_rest_is_reported_by_place() -> None:
    parsed = read(
        f"""{HEAD}<name><familyName>Marvin</familyName><givenName>Pat</givenName></name><localId>L6</localId>
        <otherIds><otherId><type>State</type><id>S6</id></otherId><otherId><type>SSN</type><id>123456789</id></otherId></otherIds>
        <demographics><sex>Female</sex><birthDate>2012-01-30</birthDate></demographics>
        <enrollment><school><stateProvinceId>37501</stateProvinceId><schoolName>High</schoolName></school>
        <entryDate>2026-08-24</entryDate></enrollment>
        <attendance><summaries/></attendance><disciplineIncidents/><ssn>123456789</ssn></xSre>"""
    )
    [one] = parsed.students
    assert one.source_id == "L6"
    assert one.record is not None
    document = one.record.document()
    assert document["identity"]["name"] == {"first": "Pat", "last_1": "Marvin"}
    assert document["identity"]["identifiers"] == [
        {"kind": "district", "system": "sif:localId", "value": "L6"},
        {"kind": "state", "system": "sif:State", "value": "S6"},
    ]
    assert document["enrollment"]["enrollments"][0]["school"] == {"state_id": "37501", "name": "High"}
    assert [(found.reason, found.position) for found in parsed.findings.unresolved] == [
        ("secret-left", "file-1.xml:1:3"),
        ("secret-left", "file-1.xml:1:8"),
        ("element-not-read", "file-1.xml:1:6"),
        ("element-not-read", "file-1.xml:1:7"),
    ]
    assert one.beside == {
        "xSre": [
            {"element": "attendance", "xml": "<attendance><summaries /></attendance>"},
            {"element": "disciplineIncidents", "xml": "<disciplineIncidents />"},
            {"element": "xSre", "xml": f'<xSre refId="{REF}" />'},
        ]
    }
    assert "123456789" not in str(one)


def test_several_students_of_one_file_and_of_several_are_read() -> None:
    many = f'<xSres xmlns="{NAMESPACE}">' + "".join(
        f"<xSre refId='{UUID(int=n)}'><name><familyName>Name {n}</familyName></name></xSre>" for n in range(3)
    )
    parsed = read(many + "</xSres>", f"{HEAD}<localId>x</localId><name><familyName>Last</familyName></name></xSre>")
    assert [one.source_id for one in parsed.students] == [*(str(UUID(int=n)) for n in range(3)), "x"]
    assert parsed.findings.counts["students"] == 4


def test_an_element_that_is_not_valid_is_left_out_and_reported_without_its_value() -> None:
    document = (
        f"{HEAD}<name><familyName>García</familyName></name><email><emailAddress>{CANARY}{'x' * 300}</emailAddress></email>"
        f"<SIF_ExtendedElements><SIF_ExtendedElement Name='{EXTENDED}:elements'>"
        f"{escape(chr(123) + chr(34) + 'identity.ssn' + chr(34) + ': ' + chr(34) + CANARY + chr(34) + chr(125))}"
        "</SIF_ExtendedElement></SIF_ExtendedElements></xSre>"
    )
    parsed = read(document)
    [one] = parsed.students
    assert one.record is not None
    assert one.record.elements() == ("identity.name",)
    assert parsed.findings.reasons["not-valid"] == 2
    assert CANARY not in repr(parsed.findings)


@pytest.mark.parametrize(
    "extension",
    ["[", "[1]", '"x"', '{"no.such": 1}', '{"identity.name": 7}', "[" * 100_000],
)
def test_an_extension_that_is_not_ours_changes_nothing_else(extension: str) -> None:
    parsed = read(
        f"{HEAD}<name><familyName>García</familyName></name><SIF_ExtendedElements>"
        f"<SIF_ExtendedElement Name='{EXTENDED}:elements'>{escape(extension)}</SIF_ExtendedElement>"
        f"<SIF_ExtendedElement Name='{EXTENDED}:statements'>{escape(extension)}</SIF_ExtendedElement></SIF_ExtendedElements></xSre>"
    )
    [one] = parsed.students
    assert one.record is not None
    assert one.record.statements == ()


def test_a_statement_about_a_section_that_is_not_there_is_left_and_reported() -> None:
    said = {"relates_to": ["health.alerts"], "statement": "No.", "placed_by": "parent", "placed_on": "2026-09-01"}
    statement = json.dumps({"id": str(UUID(int=3)), **said})
    parsed = read(
        f"{HEAD}<name><familyName>García</familyName></name><SIF_ExtendedElements><SIF_ExtendedElement Name='{EXTENDED}:statements'>"
        f"[{statement}]</SIF_ExtendedElement></SIF_ExtendedElements></xSre>"
    )
    [one] = parsed.students
    assert one.record is not None
    assert (one.record.statements, parsed.findings.reasons["not-valid"]) == ((), 1)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "document",
    [
        f"{BOMB}{HEAD}<localId>&b;</localId></xSre>",
        f"{OUTSIDE}{HEAD}<localId>&a;</localId></xSre>",
        f'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">{HEAD}</xSre>',
        f"{HEAD}<localId>",
        f"{HEAD}{'<a>' * 60}{'</a>' * 60}</xSre>",
        '<xSre xmlns="urn:another" refId="1"/>',
        f'<student xmlns="{NAMESPACE}"/>',
        "no xml",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_xsre_or_has_a_dtd_is_refused(document: str | bytes) -> None:
    with pytest.raises(UnreadableRoster):
        read(document)


def test_the_root_tells_an_xsre_and_nothing_else_does() -> None:
    assert is_xsre(io.BytesIO(f"{HEAD}</xSre>".encode()))
    assert is_xsre(io.BytesIO(b"<xSres/>"))
    assert not is_xsre(io.BytesIO(b"<InterchangeStudent/>"))
    assert not is_xsre(io.BytesIO(f"{BOMB}<xSre/>".encode()))
    assert not is_xsre(io.BytesIO(b""))


@pytest.mark.parametrize("document", ["<xSre/>", '<xSre refId="1"><localId/><name/></xSre>', '<xSre refId="1"><phoneNumber/></xSre>'])
def test_what_is_not_of_the_structure_is_not_written(document: str) -> None:
    with pytest.raises(NotOfStructure):
        validate(fromstring(document))


short = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=20)
names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20)
kinds = st.sampled_from(["state", "district", "school", "other"])
coded = st.fixed_dictionaries({"system": st.one_of(short, st.sampled_from(["ceds:000255", "ceds:001943", "ceds:000125"])), "code": short})
records = st.fixed_dictionaries(
    {
        "identity": st.fixed_dictionaries(
            {"name": st.fixed_dictionaries({"last_1": names}, optional={"first": names, "last_2": names, "prefix": short})},
            optional={
                "preferred_name": st.fixed_dictionaries({}, optional={"first": names, "last": names}),
                "sex": coded,
                "identifiers": st.lists(
                    st.fixed_dictionaries(
                        {"kind": st.sampled_from(["state", "district", "school", "other"]), "system": short, "value": short}
                    ),
                    min_size=1,
                    max_size=4,
                ),
            },
        ),
        "enrollment": st.fixed_dictionaries(
            {
                "enrollments": st.lists(
                    st.fixed_dictionaries(
                        {
                            "school": st.fixed_dictionaries({"name": names}, optional={"state_id": short, "local_id": short}),
                            "entry_date": st.dates(date(2020, 1, 1), date(2026, 1, 1)).map(date.isoformat),
                        },
                        optional={"grade": coded, "primary": st.booleans()},
                    ),
                    min_size=1,
                    max_size=3,
                )
            }
        ),
        "academics": st.fixed_dictionaries(
            {
                "transcript": st.lists(
                    st.fixed_dictionaries(
                        {
                            "course": st.fixed_dictionaries({"title": names}, optional={"local_code": coded}),
                            "school_year": st.integers(2020, 2026),
                        },
                        optional={"term": coded, "grade": coded, "mark": short, "counts_in_average": st.booleans()},
                    ),
                    min_size=1,
                    max_size=3,
                )
            }
        ),
    },
    optional={
        "demographics": st.fixed_dictionaries(
            {"race_ethnicity": st.fixed_dictionaries({"races": st.lists(coded, min_size=1, max_size=2)})}
        ),
        "contacts": st.fixed_dictionaries(
            {"telephones": st.lists(st.fixed_dictionaries({"number": short}, optional={"kind": coded}), min_size=1, max_size=3)}
        ),
    },
)


@settings(max_examples=100, deadline=None)
@given(record=records)
def test_whatever_a_record_holds_is_read_back_the_same(record: dict[str, Any]) -> None:
    held = LoadedRecord.model_validate(record)
    assert again(held) == held
