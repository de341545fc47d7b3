"""SIF xSre documents → our record: one student each, as a file of its own or together in an `xSres`. No DTD, no entities.

What an element of ours is in `SIF_ExtendedElements` counts before what the standard's elements say of it: it is the same, whole.
An element of the document that is not read, or not whole, is reported by its place, and kept beside the record as it came (kept_beside).
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from pydantic import TypeAdapter, ValidationError

from safepassage.elements import BY_ID
from safepassage.problems.records import UnreadableRoster
from safepassage.record import SECTION_MODELS, StatementOfDisagreement
from safepassage.record.loads import LoadedRecord
from services.records.formats.archive import Archive
from services.records.formats.not_valid import Fault, faults_of
from services.records.formats.parsed import Findings, ParsedRoster, ParsedStudent, section
from services.records.formats.xml_marks import as_it_came, mark, says_more
from services.records.formats.xsre import RELEVANT
from services.records.formats.xsre_said import is_secret, said_by, text_at
from services.records.formats.xsre_structure import EXTENDED, NAMESPACES, TYPES

FORMAT: Final = "sif-xsre"
_KNOWN: Final = frozenset(child.name for child in TYPES["xSre"])
_STATEMENTS: Final = TypeAdapter(tuple[StatementOfDisagreement, ...])
_DEEPEST: Final = 50
_SOURCES_OWN: Final = frozenset({"system", "kind"})
"""What the standard's elements are taken to say of a code or an id, and an element of ours says itself."""


def is_xsre(file: BinaryIO) -> bool:
    """Whether a file's root is an xSre or several. Anything that is no XML without a DTD is none."""
    try:
        for _, element in iterparse(file, events=("start",), forbid_dtd=True):
            return _local(element.tag) in ("xSre", "xSres")
    except (ParseError, DefusedXmlException, UnicodeDecodeError):
        return False
    return False


def read_xsre(archive: Archive) -> ParsedRoster:
    """Read the documents of an upload. Raises UnreadableRoster."""
    parsed = ParsedRoster(FORMAT, "sif", frozenset(RELEVANT))
    first: dict[str, list[dict[str, str]]] = {}
    for name in (one for one in archive.names if one.casefold().endswith(".xml")):
        with archive.open(name) as file:
            told = archive.told(name)
            for number, element in enumerate(_documents(file, told, parsed.findings), start=1):
                _take(element, f"{told}:{number}", parsed, first)
        parsed.findings.counts["files"] += 1
    if not parsed.findings.counts["students"]:
        raise UnreadableRoster("no xSre is in the upload")
    return parsed


def _documents(file: BinaryIO, name: str, findings: Findings) -> Iterator[Element]:
    """Each xSre of a file, its tags without their namespace, cleared when the next one is asked for."""
    path: list[Element] = []
    try:
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                if "}" not in element.tag or element.tag.startswith("{" + NAMESPACES):
                    element.tag = _local(element.tag)
                elif not path:
                    raise UnreadableRoster(f"{name} is not of SIF's North American data model 3")
                if not path and element.tag not in ("xSre", "xSres"):
                    raise UnreadableRoster(f"{name} is not an xSre")
                path.append(element)
                if len(path) > _DEEPEST:
                    raise UnreadableRoster(f"{name} is nested too deeply")
                continue
            path.pop()
            if element.tag == "xSre" and (not path or (len(path) == 1 and path[0].tag == "xSres")):
                yield element
                element.clear()
            elif len(path) == 1 and path[0].tag == "xSres":
                findings.missed("of-no-student-alone", name)
    except (ParseError, DefusedXmlException, UnicodeDecodeError) as error:
        raise UnreadableRoster(f"{name} is not well-formed XML without a DTD") from error


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _take(element: Element, position: str, parsed: ParsedRoster, first: dict[str, list[dict[str, str]]]) -> None:
    """`first`: what is kept beside the first document of each student; another one of the same id is kept there whole."""
    findings = parsed.findings
    findings.counts["students"] += 1
    numbered = list(enumerate(element, start=1))
    for place, child in numbered:
        for _ in range(_without_secrets(child)):
            findings.missed("secret-left", f"{position}:{place}")
    numbered = [(place, child) for place, child in numbered if not is_secret(child)]
    source_id = text_at(element, "localId") or element.get("refId", "").strip()
    if not source_id or len(source_id) > 200:
        findings.missed("student-id-missing", position)
        return
    if source_id in first:
        again = Element(element.tag, element.attrib)
        again.text = element.text
        again.extend(child for _, child in numbered)
        first[source_id].append(as_it_came(again))
        findings.counts["kept-beside-the-record"] += 1
        findings.missed("student-id-twice", position)
        findings.missed("member-kept", position)
        return
    found, is_said_whole = findings.reasons["not-valid"], True
    said = {
        name: {member: value for member, value in values.items() if value not in (None, [], {})}
        for name, values in said_by(element).items()
    }
    for identifier, value in extended(element, "elements", position, findings).items():
        if identifier in BY_ID:
            part, _, member = identifier.partition(".")
            is_said_whole = is_said_whole and _is_in(said.setdefault(part, {}).get(member), json.dumps(value, ensure_ascii=False))
            said[part][member] = value
        else:
            is_said_whole = False
            findings.missed("element-not-read", position)
    sections = {name: _section(name, values, position, findings) for name, values in said.items()}
    present = {name: one for name, one in sections.items() if one is not None}
    if "enrollment" not in present:
        findings.missed("enrollment-missing", position)
    statements = _statements(element, present.keys(), position, findings)
    record = findings.made(LoadedRecord, {**present, "statements": statements}, position)
    if record is not None:
        all_of_it = findings.reasons["not-valid"] > found or not is_said_whole
        beside = [*_kept(numbered, position, findings, all_of_it=all_of_it), *_head(element, source_id)]
        first[source_id] = beside
        # one document says more, another less: what it does not say stays as it was
        parsed.students.append(ParsedStudent(source_id, position, record, carries=frozenset(record.elements()), beside={"xSre": beside}))


def _without_secrets(child: Element) -> int:
    """Take social security numbers out of an element; how many there were."""
    inside = [(parent, one) for parent in child.iter() for one in parent if is_secret(one)]
    for parent, one in inside:
        parent.remove(one)
    return len(inside) + is_secret(child)


def _kept(numbered: Sequence[tuple[int, Element]], position: str, findings: Findings, *, all_of_it: bool) -> Iterator[dict[str, str]]:
    """What is put beside the record. `all_of_it`: something that was read is not in the record as it was said."""
    for place, child in numbered:
        is_known = child.tag in _KNOWN
        if not is_known or ((all_of_it or says_more(child, attributes=_naming)) and _says_anything(child)):
            findings.missed("member-kept" if is_known else "element-not-read", f"{position}:{place}")
            findings.counts["kept-beside-the-record"] += 1
            yield as_it_came(child)


def _naming(one: Element) -> tuple[str, ...]:
    return ("Name",) if one.tag == "SIF_ExtendedElement" and (one.get("Name") or "").startswith(f"{EXTENDED}:") else ()


def _says_anything(child: Element) -> bool:
    return any((one.text or "").strip() or one.attrib for one in child.iter())


def _head(element: Element, source_id: str) -> Iterator[dict[str, str]]:
    """Attributes of the document itself, but for the id by which the student is known here, and a text between its elements."""
    between = " ".join(text.strip() for text in (element.text, *(one.tail for one in element)) if text and text.strip())
    if between or not (element.attrib.keys() <= {"refId"} and element.get("refId", source_id).strip() in ("", source_id)):
        head = Element(element.tag, element.attrib)
        head.text = between or None
        yield as_it_came(head)


def _is_in(value: Any, text: str) -> bool:
    """Whether what the standard's elements say stands in what an element of ours says."""
    if isinstance(value, dict):
        return all(_is_in(member, text) for name, member in value.items() if name not in _SOURCES_OWN)
    if isinstance(value, list):
        return all(_is_in(member, text) for member in value)
    return value is None or isinstance(value, bool) or json.dumps(str(value), ensure_ascii=False)[1:-1] in text


def _section(name: str, values: dict[str, Any], position: str, findings: Findings) -> Any:
    """The section; if an element of it is not valid, the section without that element, and a finding."""
    model = SECTION_MODELS[name]
    kept = {
        member: value for member, value in values.items() if section(findings, model, {member: value}, f"{position}:{member}") is not None
    }
    return section(findings, model, kept, position)


def _statements(element: Element, present: Any, position: str, findings: Findings) -> tuple[StatementOfDisagreement, ...]:
    """Those that relate to what is there."""
    try:
        statements = _STATEMENTS.validate_python(extended(element, "statements", position, findings) or ())
    except ValidationError as error:
        findings.not_valid(position, faults_of(error))
        return ()
    kept = tuple(one for one in statements if one.sections <= set(present))
    if len(kept) < len(statements):
        findings.not_valid(position, [Fault("statements", "of-a-section-that-is-not-there")])
    return kept


def extended(element: Element, name: str, position: str, findings: Findings) -> Any:
    """What is in the first extended element of ours of that name; an empty object where it is none of ours."""
    for one in element.findall("SIF_ExtendedElements/SIF_ExtendedElement"):
        if one.get("Name") == f"{EXTENDED}:{name}":
            try:
                value = json.loads(one.text or "")
            except (ValueError, RecursionError):
                findings.not_valid(position, [Fault("SIF_ExtendedElement", "json")])
                return {}
            if isinstance(value, dict if name == "elements" else list):
                mark(one)
                return value
            return {}
    return {}
