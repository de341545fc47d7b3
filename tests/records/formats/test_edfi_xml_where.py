"""Ed-Fi XML: every text and attribute of every element is in the record, or kept beside it, or said to be left."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from copy import deepcopy
from xml.etree.ElementTree import Element, SubElement, tostring

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from services.records.formats.edfi_xml import read_edfi_xml
from services.records.formats.file_names import told_names
from services.records.formats.parsed import ParsedRoster
from tests.records.formats.edfi_files import FILES
from tests.records.formats.test_edfi_sample import SAMPLE
from tests.records.formats.test_edfi_xml import archive
from tests.records.formats.where_it_went import is_said, is_there, marked, written

Files = dict[str, Element]
Place = tuple[str, int, int, str]
"""File, top-level element, element in it, attribute; no attribute: the text."""

FLAGS = frozenset({"true", "false", "1", "0"})


def files() -> Files:
    return {name: fromstring(f"<x>{content}</x>") for name, content in FILES.items()}


def read(said: Mapping[str, Element]) -> ParsedRoster:
    return read_edfi_xml(archive(**{name: "".join(tostring(one, encoding="unicode") for one in root) for name, root in said.items()}))


def all_text(said: Files) -> str:
    return "".join(tostring(root, encoding="unicode") for root in said.values())


def places(said: Files) -> Iterator[tuple[Place, str]]:
    """Every text and attribute that says something; a yes or no, and what names an element in the files, cannot be marked."""
    for name, root in said.items():
        for number, top in enumerate(root):
            for place, one in enumerate(top.iter()):
                text = (one.text or "").strip()
                if text and text not in FLAGS and one.tag != "ContactUniqueId":
                    yield (name, number, place, ""), text
                yield from (((name, number, place, key), value) for key, value in one.attrib.items() if key != "id")


def put(said: Files, place: Place, value: str) -> Files:
    """A copy with another text at a place."""
    name, number, within, attribute = place
    made = said | {name: deepcopy(said[name])}
    at = list(made[name][number].iter())[within]
    if attribute:
        at.set(attribute, value)
    else:
        at.text = value
    return made


def lost(said: Files) -> list[str]:
    taken, found = all_text(said), []
    told = told_names(f"{name}.xml" for name in said)
    for place, text in places(said):
        other, mark = marked(text, taken)
        parsed = read(put(said, place, other))
        if not is_there(mark, written(parsed)) and not is_said(parsed, f"{told[f'{place[0]}.xml']}:{place[1] + 1}"):
            found.append(f"{place} {said[place[0]][place[1]].tag} {mark} {dict(parsed.findings.reasons)}")
        assert not is_there(mark, repr(parsed.findings))
    return found


@pytest.mark.requirement("FORM-edfi-kept")
def test_every_text_and_attribute_is_in_the_record_or_kept_or_said_to_be_left() -> None:
    assert lost(files()) == []


@pytest.mark.requirement("FORM-edfi-kept")
@pytest.mark.skipif(not SAMPLE.exists(), reason="../shared/data/edfi-sample is absent: the sample is not part of this repository")
def test_so_is_every_text_of_the_published_sample_of_a_few_students() -> None:
    few = {"604821", "604848", "604872", "605266", "604906"}
    said: Files = defaultdict(lambda: Element("x"))
    referred: set[str] = set()
    for path in sorted(SAMPLE.glob("*.xml")):
        root = fromstring(re.sub(r' xmlns="[^"]*"', "", path.read_text(encoding="utf-8")))
        counted: dict[str, int] = defaultdict(int)
        for top in root:
            counted[top.tag] += 1
            theirs = {(one.text or "").strip() for one in top.iter("StudentUniqueId")} & few
            referred |= {one.attrib["ref"] for one in top.iter() if theirs and "ref" in one.attrib}
            if (theirs and counted[top.tag] <= 2000) or top.tag in ("School", "LocalEducationAgency"):
                said[path.stem].append(top)
        said[path.stem].extend(one for one in root if one.tag in ("Contact", "DisciplineIncident"))
    for root in said.values():
        root[:] = [one for one in root if one.tag not in ("Contact", "DisciplineIncident") or one.attrib.get("id") in referred]
    assert sum(len(root) for root in said.values()) > 20
    assert lost(said) == []


@pytest.mark.requirement("FORM-edfi-kept")
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_is_said_again_or_more_or_in_another_way_is_somewhere(data: st.DataObject) -> None:
    said, marks = files(), []
    for number in range(data.draw(st.integers(1, 4))):
        name = data.draw(st.sampled_from(sorted(said)))
        top = data.draw(st.integers(0, len(said[name]) - 1))
        if data.draw(st.booleans(), label="again"):
            said[name].append(deepcopy(said[name][top]))
            top = len(said[name]) - 1
        mark, how = f"Q{number}x", data.draw(st.sampled_from(["other", "more", "attribute", "between"]))
        if how == "other":
            place, text = data.draw(st.sampled_from([one for one in places(said) if one[0][:2] == (name, top)]))
            other, mark = marked(text, all_text(said))
            said = put(said, place, other)
        else:
            within = data.draw(st.sampled_from(list(said[name][top].iter())))
            if how == "more":
                SubElement(within, f"More{number}").text = mark
            elif how == "attribute":
                within.set(f"more{number}", mark)
            elif within is not said[name][top]:
                within.tail = mark
            else:
                continue
        marks.append((mark, f"{name}.xml:{top + 1}"))
    parsed = read(said)
    for mark, where in marks:
        assert not is_there(mark, all_text(said)) or is_there(mark, written(parsed)) or is_said(parsed, where), (mark, where)
        assert mark.isdigit() or not is_there(mark, repr(parsed.findings))


def test_a_student_is_named_by_a_place_in_the_files_too() -> None:
    said = files()
    by_place = all_text({"x": said["StudentGradebook"][0]}).replace(
        "<StudentReference><StudentIdentity><StudentUniqueId>604821</StudentUniqueId></StudentIdentity></StudentReference>",
        '<StudentReference ref="ST1" />',
    )
    [student] = read(said | {"StudentGradebook": fromstring(f"<x>{by_place}</x>")}).students
    assert [one["xml"] for one in (student.beside or {})["StudentGradebookEntry"]] == [by_place]


def test_an_element_of_another_standard_is_kept_under_its_name() -> None:
    said = files()
    SubElement(said["Student"][0], "{urn:texas}FirstName").text = "not the name"
    [student] = read(said).students
    assert student.record is not None
    assert student.record.document()["identity"]["name"]["first"] == "Ana"
    assert 'xmlns:ns0="urn:texas"' in (student.beside or {})["Student"][0]["xml"]
