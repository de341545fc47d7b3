"""Interchange files against the published schema of their version: what does not hold is told by elements and rule, never by a value."""

import gzip
import io
import zipfile
from xml.etree.ElementTree import Element, canonicalize, fromstring, tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.records.formats.archive import Archive
from services.records.formats.edfi_stream import items
from services.records.formats.edfi_xml import read_edfi_xml
from services.records.formats.edfi_xsd import SCHEMAS, faults_of_element, text_of
from services.records.formats.parsed import ParsedRoster
from tests.records.formats.edfi_core import COMMITS, notice, target
from tests.records.formats.test_edfi_sample import SAMPLE

NAMESPACE = "http://ed-fi.org/5.2.0"
HUSH = "Hushhush"
STUDENT = """<Student><StudentUniqueId>7</StudentUniqueId><Name><FirstName>Ana</FirstName><LastSurname>García</LastSurname></Name>
<BirthData><BirthDate>2012-02-03</BirthDate></BirthData></Student>"""


def read(student: str, namespace: str = NAMESPACE) -> ParsedRoster:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as zipped:
        zipped.writestr("Student.xml", f'<InterchangeStudent xmlns="{namespace}">{student}</InterchangeStudent>')
    return read_edfi_xml(Archive.of_zip(target.getvalue()))


def faults(parsed: ParsedRoster) -> set[tuple[str, str, str]]:
    return {(one.resource, one.member, one.rule) for one in parsed.findings.faults.told()}


@pytest.mark.requirement("FORM-edfi-schema")
def test_an_element_that_holds_to_the_schema_has_no_fault() -> None:
    parsed = read(STUDENT)
    assert "not-of-schema" not in parsed.findings.reasons
    assert faults(parsed) == set()


@pytest.mark.requirement("FORM-edfi-schema")
@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("2012-02-03", HUSH, ("Student.BirthData.BirthDate", "datatype-valid-1-2-1")),
        ("Ana", HUSH * 20, ("Student.Name.FirstName", "maxlength-valid")),
        ("<LastSurname>García</LastSurname>", "", ("Student.Name", "element-content")),
        ("<Name>", f"<{HUSH}>x</{HUSH}><Name>", ("Student.*", "element-content")),
        ("<Student>", f'<Student {HUSH}="x">', ("Student", "complex-type-3-2-1")),
    ],
)
def test_what_does_not_hold_is_told_by_elements_rule_and_place_and_the_student_is_read(old: str, new: str, fault: tuple[str, str]) -> None:
    parsed = read(STUDENT.replace(old, new))
    assert ("Student.xml", *fault) in faults(parsed)
    assert ("not-of-schema", "Student.xml:1") in {(one.reason, one.position) for one in parsed.findings.unresolved}
    assert HUSH not in repr(parsed.findings) + repr(parsed.findings.faults.told())
    assert len(parsed.students) == 1


HEALTH = """<StudentHealth><StudentReference><StudentIdentity><StudentUniqueId>7</StudentUniqueId></StudentIdentity></StudentReference>
<EducationOrganizationReference><EducationOrganizationIdentity><EducationOrganizationId>1</EducationOrganizationId>
</EducationOrganizationIdentity></EducationOrganizationReference><AsOfDate>not a day</AsOfDate></StudentHealth>"""


@pytest.mark.requirement("FORM-edfi-schema")
@pytest.mark.parametrize("namespace", sorted(SCHEMAS))
def test_files_of_each_version_are_held_to_its_own_schema(namespace: str) -> None:
    assert "not-of-schema" not in read(STUDENT, namespace).findings.reasons
    parsed = read(STUDENT.replace("2012-02-03", "never"), namespace)
    assert ("Student.xml", "Student.BirthData.BirthDate", "datatype-valid-1-2-1") in faults(parsed)
    assert parsed.findings.counts["elements-of-a-version-without-a-schema"] == 0
    # StudentHealth came with 5.1: a schema that lacks it says nothing of it.
    with_health = read(STUDENT + HEALTH, namespace)
    assert any(one.member.startswith("StudentHealth") for one in with_health.findings.faults.told()) == (namespace[-5:] != "5.0.0")


def test_files_of_a_version_without_a_schema_are_read_and_said_not_to_be_checked() -> None:
    parsed = read(STUDENT.replace("2012-02-03", "never"), "http://ed-fi.org/5.3.0")
    assert "not-of-schema" not in parsed.findings.reasons
    assert parsed.findings.counts["elements-of-a-version-without-a-schema"] == 1


@pytest.mark.skipif(not SAMPLE.exists(), reason="../shared/data/edfi-sample is absent: the sample is not part of this repository")
def test_the_published_sample_holds_to_its_schema() -> None:
    for path in sorted(SAMPLE.glob("*.xml")):
        with path.open("rb") as file:
            assert [one.position for one in items(file, path.name) if faults_of_element(one.element, one.namespace)] == []


@pytest.mark.parametrize("version", sorted(COMMITS))
def test_a_schema_says_whose_it_is_and_has_nothing_that_names_another_file(version: str) -> None:
    text = gzip.decompress(target(version).read_bytes()).decode()
    assert notice(version) in text
    assert f'targetNamespace="http://ed-fi.org/{version}"' in text
    assert not any(f"<xs:{part}" in text for part in ("import", "include", "redefine", "annotation"))


@pytest.mark.parametrize("text", ["x" * 10_000_001, "<a>" * 300 + "</a>" * 300], ids=["long", "deep"])
def test_what_is_larger_than_is_checked_says_so(text: str) -> None:
    element = fromstring(f"<Student>{text}</Student>")  # noqa: S314 it is ours
    assert [one.rule for one in faults_of_element(element, NAMESPACE)] == ["too-large-to-check"]


@given(st.sampled_from(["Student", "Contact", "School", "StudentHealth"]), st.text(st.characters(categories=["L", "N", "P"]), max_size=20))
def test_whatever_stands_in_an_element_it_is_checked_and_no_text_is_told(tag: str, text: str) -> None:
    element = Element(tag, {"name": text})
    element.text = f"{HUSH}{text}"
    found = faults_of_element(element, NAMESPACE)
    assert found
    assert HUSH not in repr(found)


_NAMES = st.sampled_from(("Student", "Name", "FirstName", "Other", "{uri://another}Name"))
_TEXTS = st.one_of(
    st.none(), st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=6)
)
_SAID = st.sampled_from((None, "", "<&>\"'", "a\tb\nc", "García"))


def _made(tag: str, text: str | None, tail: str | None, attributes: dict[str, str], children: list[Element]) -> Element:
    element = Element(tag, attributes)
    element.text, element.tail = text, tail
    element.extend(children)
    return element


_ATTRIBUTES = st.dictionaries(
    st.sampled_from(("id", "ref", "{uri://another}ref")), st.sampled_from(("", "<&>\"'", "a\tb\nc\rd", "é")), max_size=2
)
_ELEMENTS = st.recursive(
    st.builds(_made, _NAMES, _TEXTS, _SAID, _ATTRIBUTES, st.just([])),
    lambda inner: st.builds(_made, _NAMES, _SAID, _TEXTS, _ATTRIBUTES, st.lists(inner, max_size=3)),
    max_leaves=8,
)


@given(_ELEMENTS)
def test_what_is_checked_says_the_same_as_what_was_read(element: Element) -> None:
    element.tail = None
    assert canonicalize(text_of(element)) == canonicalize(tostring(element, encoding="unicode"))
