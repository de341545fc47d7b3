"""SIF xSre documents → our record: one student each, as a file of its own or together in an `xSres`. No DTD, no entities.

What an element of ours is in `SIF_ExtendedElements` counts before what the standard's elements say of it: it is the same, whole.
An element of the document that is not read is reported by its place, and kept beside the record as it came (kept_beside).
"""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from pydantic import TypeAdapter, ValidationError

from safepassage.elements import BY_ID
from safepassage.problems.records import UnreadableRoster
from safepassage.record import SECTION_MODELS, StatementOfDisagreement
from safepassage.record.loads import LoadedRecord
from services.records.formats.archive import Archive
from services.records.formats.parsed import Findings, ParsedRoster, ParsedStudent, section
from services.records.formats.xsre import RELEVANT
from services.records.formats.xsre_said import said_by, text_at
from services.records.formats.xsre_structure import EXTENDED, NAMESPACES, TYPES

FORMAT: Final = "sif-xsre"
_KNOWN: Final = frozenset(child.name for child in TYPES["xSre"])
_STATEMENTS: Final = TypeAdapter(tuple[StatementOfDisagreement, ...])
_DEEPEST: Final = 50
_NEVER_KEPT: Final = ("ssn", "socialsecurity")


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
    for name in (one for one in archive.names if one.casefold().endswith(".xml")):
        with archive.open(name) as file:
            for number, element in enumerate(_documents(file, name), start=1):
                _take(element, f"{name}:{number}", parsed)
        parsed.findings.counts["files"] += 1
    if not parsed.findings.counts["students"]:
        raise UnreadableRoster("no xSre is in the upload")
    return parsed


def _documents(file: BinaryIO, name: str) -> Iterator[Element]:
    """Each xSre of a file, its tags without their namespace, cleared when the next one is asked for."""
    path: list[Element] = []
    try:
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                if "}" in element.tag and not element.tag.startswith("{" + NAMESPACES):
                    raise UnreadableRoster(f"{name} is not of SIF's North American data model 3")
                element.tag = _local(element.tag)
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
    except (ParseError, DefusedXmlException, UnicodeDecodeError) as error:
        raise UnreadableRoster(f"{name} is not well-formed XML without a DTD") from error


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _take(element: Element, position: str, parsed: ParsedRoster) -> None:
    findings = parsed.findings
    findings.counts["students"] += 1
    beside = []
    for place, child in enumerate(element, start=1):
        if child.tag not in _KNOWN:
            findings.missed("element-not-read", f"{position}:{place}")
            if not any(word in child.tag.casefold() for word in _NEVER_KEPT):
                beside.append({"element": child.tag, "xml": tostring(child, encoding="unicode").strip()})
    source_id = text_at(element, "localId") or element.get("refId", "").strip()
    if not source_id or len(source_id) > 200:
        findings.missed("student-id-missing", position)
        return
    said = {
        name: {member: value for member, value in values.items() if value not in (None, [], {})}
        for name, values in said_by(element).items()
    }
    for identifier, value in _extended(element, "elements", position, findings).items():
        if identifier in BY_ID:
            part, _, member = identifier.partition(".")
            said.setdefault(part, {})[member] = value
        else:
            findings.missed("element-not-read", position)
    sections = {name: _section(name, values, position, findings) for name, values in said.items()}
    present = {name: one for name, one in sections.items() if one is not None}
    if "enrollment" not in present:
        findings.missed("enrollment-missing", position)
    statements = _statements(element, present.keys(), position, findings)
    record = findings.made(LoadedRecord, {**present, "statements": statements}, position)
    if record is not None:
        # one document says more, another less: what it does not say stays as it was
        parsed.students.append(ParsedStudent(source_id, position, record, carries=frozenset(record.elements()), beside={"xSre": beside}))


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
        statements = _STATEMENTS.validate_python(_extended(element, "statements", position, findings) or ())
    except ValidationError:
        findings.missed("not-valid", position)
        return ()
    kept = tuple(one for one in statements if one.sections <= set(present))
    if len(kept) < len(statements):
        findings.missed("not-valid", position)
    return kept


def _extended(element: Element, name: str, position: str, findings: Findings) -> Any:
    for one in element.findall("SIF_ExtendedElements/SIF_ExtendedElement"):
        if one.get("Name") == f"{EXTENDED}:{name}":
            try:
                value = json.loads(one.text or "")
            except (ValueError, RecursionError):
                findings.missed("not-valid", position)
                return {}
            return value if isinstance(value, dict if name == "elements" else list) else {}
        if not (one.get("Name") or "").startswith(f"{EXTENDED}:"):
            findings.missed("element-not-read", position)
    return {}
