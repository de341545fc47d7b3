"""SIF xSre: every text and attribute of a document is in the record, or kept beside it, or said to be left."""

import json
from copy import deepcopy
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.sax.saxutils import escape

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from services.records.formats.xsre_structure import EXTENDED, NAMESPACE
from tests.records.formats.test_xsre import VECTOR, read
from tests.records.formats.where_it_went import is_said, is_there, marked, written

OTHERS = """<note reviewed="yes">what another system says</note><languages><language>Spanish</language></languages>
<SIF_ExtendedElements><SIF_ExtendedElement Name="house">Red</SIF_ExtendedElement></SIF_ExtendedElements>"""


def document() -> Element:
    """All that is read, and something of another system's."""
    text = VECTOR.read_text(encoding="utf-8").replace(f' xmlns="{NAMESPACE}"', "").partition("?>")[2].replace("</xSre>", f"{OTHERS}</xSre>")
    made: Element = fromstring(text.strip())
    return made


def lost(root: Element) -> list[str]:
    taken, found = tostring(root, encoding="unicode"), []
    for place, one in enumerate(root.iter()):
        for key, value in ((None, one.text), *one.attrib.items()):
            if not value or not value.strip() or value in ("true", "false"):
                continue
            other, mark = marked(value.strip(), taken)
            copy = deepcopy(root)
            at = list(copy.iter())[place]
            if key is None:
                at.text = other
            else:
                at.set(key, other)
            parsed = read(tostring(copy))
            if not is_there(mark, written(parsed)) and not is_said(parsed, "file-1.xml:1"):
                found.append(f"{place} {one.tag} {key} {mark} {dict(parsed.findings.reasons)}")
            assert not is_there(mark, repr(parsed.findings))
    return found


@pytest.mark.requirement("FORM-sif-kept")
def test_every_text_and_attribute_is_in_the_record_or_kept_or_said_to_be_left() -> None:
    assert lost(document()) == []


def test_of_a_document_of_which_all_is_read_its_id_alone_is_kept() -> None:
    [one] = read(VECTOR.read_bytes()).students
    assert [kept["element"] for kept in (one.beside or {})["xSre"]] == ["xSre"]


@pytest.mark.requirement("FORM-sif-kept")
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_is_said_again_or_more_or_in_another_way_is_somewhere(data: st.DataObject) -> None:
    root, marks = document(), []
    for number in range(data.draw(st.integers(1, 4))):
        everything = list(root.iter())
        if data.draw(st.booleans(), label="again"):
            parent = data.draw(st.sampled_from([one for one in everything if len(one)]))
            parent.append(deepcopy(data.draw(st.sampled_from(list(parent)))))
        within = data.draw(st.sampled_from(list(root.iter())))
        mark, how = f"Q{number}x", data.draw(st.sampled_from(["other", "more", "attribute", "between", "foreign"]))
        if how == "other" and (within.text or "").strip() not in ("", "true", "false"):
            within.text, mark = marked((within.text or "").strip(), tostring(root, encoding="unicode"))
        elif how == "more":
            SubElement(within, f"more{number}").text = mark
        elif how == "attribute":
            within.set(f"more{number}", mark)
        elif how == "foreign":
            SubElement(within, "{urn:another}name").text = mark
        elif within is not root:
            within.tail = mark
        marks.append(mark)
    parsed = read(tostring(root))
    for mark in marks:
        there = is_there(mark, tostring(root, encoding="unicode"))
        assert not there or is_there(mark, written(parsed)) or is_said(parsed, "file-1.xml:1"), mark
        assert mark.isdigit() or not is_there(mark, repr(parsed.findings))


@pytest.mark.requirement("FORM-sif-kept")
def test_where_an_element_of_ours_says_otherwise_than_the_standards_what_these_say_is_kept() -> None:
    def beside(first: str) -> list[str]:
        said = json.dumps({"identity.name": {"first": first, "last_1": "García", "last_2": "López"}})
        ours = f"<SIF_ExtendedElement Name='{EXTENDED}:elements'>{escape(said)}</SIF_ExtendedElement>"
        name = "<name><familyName>García</familyName><givenName>Ana</givenName></name>"
        parsed = read(
            f"<xSre xmlns='{NAMESPACE}' refId='7'>{name}<SIF_ExtendedElements>{ours}</SIF_ExtendedElements></xSre>",
        )
        return [one["element"] for one in (parsed.students[0].beside or {})["xSre"]]

    assert beside("Ana") == []
    assert beside("Anna") == ["name", "SIF_ExtendedElements"]


@pytest.mark.parametrize(
    "secret", ["<ssn>900112222</ssn>", "<otherIds><otherId><type>Social Security</type><id>900112222</id></otherId></otherIds>"]
)
def test_a_social_security_number_is_neither_read_nor_kept_wherever_it_stands_and_is_said_to_be_left(secret: str) -> None:
    name = "<name><familyName>García</familyName></name>"
    for place in (secret, f"<health><person>{secret}</person></health>", f"<demographics><deep>{secret}</deep></demographics>"):
        parsed = read(f"<xSre xmlns='{NAMESPACE}' refId='7'>{name}{place}</xSre>")
        assert "900112222" not in written(parsed)
        assert [one.position for one in parsed.findings.unresolved if one.reason == "secret-left"] == ["file-1.xml:1:2"]


def test_an_element_of_no_student_among_several_is_said_to_be_left() -> None:
    one = "<xSre refId='7'><name><familyName>García</familyName></name></xSre>"
    parsed = read(f"<xSres xmlns='{NAMESPACE}'><header>nobody's</header>{one}</xSres>")
    assert parsed.findings.reasons["of-no-student-alone"] == 1


@pytest.mark.requirement("FORM-sif-kept")
def test_a_second_document_of_one_student_is_kept_whole_beside_the_first_without_secrets_and_said_to_be_kept() -> None:
    name = "<name><familyName>{}</familyName></name>"
    first, other = (f"<xSre refId='7'>{name.format(family)}<ssn>900112222</ssn></xSre>" for family in ("García", "Hush"))
    parsed = read(f"<xSres xmlns='{NAMESPACE}'>{first}{other}</xSres>")
    [student] = parsed.students
    assert student.record is not None
    assert student.record.document()["identity"]["name"] == {"last_1": "García"}
    assert ["Hush" in json.dumps(kept) for kept in (student.beside or {})["xSre"]] == [True]
    assert "900112222" not in written(parsed)
    told = {(one.reason, one.position) for one in parsed.findings.unresolved}
    assert {("student-id-twice", "file-1.xml:2"), ("member-kept", "file-1.xml:2")} <= told
    assert "Hush" not in repr(parsed.findings)
