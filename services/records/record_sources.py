"""A student's sections, side by side by source: what this node's own agencies loaded, and what other nodes sent. Pure.

A part is sealed as a line of lengths and the JSON text of each member, so that a page reads one member without parsing the others.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec
from pydantic import TypeAdapter
from pydantic_core import SchemaSerializer

from safepassage.elements import SECTIONS
from safepassage.record import Provenance, Section, Sections, StatementOfDisagreement, StudentRecord
from services.records.statements_beside import Statement, beside, chosen_with_statements, marked
from services.records.tables.students import OWN

STATEMENTS = "statements"
"""The part that holds a source's statements of disagreement, sealed beside its sections. Its one member has the same name."""

KEPT = "kept"
"""The part that holds what a source said and the record has no place for (kept_beside)."""

LEFT = "left"
"""The part that says where the rest of a record is, of which the node keeps what finds the child (left_with_source)."""

UNREAD = "unread"
"""The part that holds a record as it came from a peer, where this version does not know all of it (unread_parts)."""

SENT_IN_PART = "sent_in_part"
"""The part that names the elements which a peer marked as not whole (unread_parts)."""

NO_SECTION = (KEPT, LEFT, UNREAD, SENT_IN_PART)

Members = dict[str, bytes]
"""The JSON text of each member."""


class Part(NamedTuple):
    """One section, or the statements, of one source. Members and provenance are JSON text."""

    section: str
    source: str
    version: int
    members: Members
    provenance: bytes = b""

    def encoded(self) -> bytes:
        """What is sealed: a line of lengths (`90 name 42 ssn 11`: the provenance, then each member by name), then the texts."""
        head = [str(len(self.provenance)), *(f"{name} {len(text)}" for name, text in self.members.items())]
        return b"".join((" ".join(head).encode(), b"\n", self.provenance, *self.members.values()))


def decoded(data: bytes, *, section: str, source: str, version: int, only: Collection[str] | None = None) -> Part:
    """The part that was encoded; of its members `only` those named, or all."""
    begin = data.index(b"\n") + 1
    head = data[: begin - 1].decode().split(" ")
    start = begin + int(head[0])
    provenance, members = data[begin:start], {}
    for name, length in zip(head[1::2], head[2::2], strict=True):
        end = start + int(length)
        if only is None or name in only:
            members[name] = data[start:end]
        start = end
    return Part(section, source, version, members, provenance)


class Written(NamedTuple):
    """A section whose members were written already."""

    section: Section
    members: Members


Writing = Mapping[str, Written]
"""By name of the section."""


def parts_of(record: StudentRecord, *, source: str, version: int, written: Writing = MappingProxyType({})) -> list[Part]:
    """What is to be sealed of a record: a part for each section, and one for its statements.

    written  sections with what has become of them in `record`: a member that is the very same is not written again
    """
    origins: dict[int, bytes] = {}
    parts = []
    for name, section in record.sections():
        origin = record.provenance[name]
        said = origins.get(id(origin))  # sections that came together have one provenance
        if said is None:
            said = origins[id(origin)] = _provenance(origin)
        parts.append(Part(name, source, version, _members(section, written.get(name)), said))
    if record.statements:
        statements = _text(_plain(record.statements))
        parts.append(Part(STATEMENTS, source, version, {STATEMENTS: statements}))
    return parts


@lru_cache(maxsize=64)
def _provenance(origin: Provenance) -> bytes:
    """Many records of a load have the same."""
    return origin.model_dump_json(exclude_none=True).encode()


def written_sections(record: Sections, text: bytes) -> dict[str, Written]:
    """The sections of a record with the JSON text of their members, cut out of `text`, which is `record_text.json_of(record)`."""
    cut = _SECTIONS.decode(text)
    return {
        name: Written(section, {member: bytes(value) for member, value in getattr(cut, name).items()})
        for name, section in record.sections()
    }


_SECTIONS: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(
    msgspec.defstruct("CutSections", [(name, dict[str, msgspec.Raw], msgspec.field(default_factory=dict)) for name in SECTIONS])
)
"""Members as they are written; of what is no section nothing."""


def _members(section: Section, written: Written | None = None) -> Members:
    """The elements that are there, each as it is written in the record's JSON document."""
    before = written.section.__dict__ if written is not None else {}
    return {
        member: written.members[member]
        if written is not None and value is before[member]
        else _writer(type(section), member).to_json(value, exclude_none=True)
        for member, value in section.__dict__.items()
        if value is not None
    }


@cache
def _writer(model: type[Section], member: str) -> SchemaSerializer:
    serializer = TypeAdapter[Any](model.model_fields[member].rebuild_annotation()).serializer
    assert isinstance(serializer, SchemaSerializer)  # noqa: S101 no annotation of a section is unfinished
    return serializer


def chosen_sources(parts: Iterable[Part]) -> dict[str, str]:
    """Of which source each section of the one record is: the node's own, or else what another node sent last."""
    ordered = _in_order(parts)
    return chosen_with_statements(_candidates(ordered), _statements_of(ordered))


def _candidates(ordered: Sequence[Part]) -> list[tuple[str, str]]:
    return [(part.section, part.source) for part in ordered if part.section not in (*NO_SECTION, STATEMENTS)]


def _statements_of(ordered: Sequence[Part]) -> dict[str, list[Statement]]:
    return {part.source: json.loads(part.members[STATEMENTS]) for part in ordered if part.section == STATEMENTS}


def _in_order(parts: Iterable[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: (part.source != OWN, -part.version))


def merged(parts: Iterable[Part]) -> dict[str, Any]:
    """The one record: of each section the node's own, or else what another node sent last, with the statements of its source.

    A document in which each element, and each provenance, is JSON text (`services.records.release.Document`).
    """
    document: dict[str, Any] = {"v": 1, "provenance": {}}
    ordered = _in_order(parts)
    of_sources = _statements_of(ordered)
    chosen = chosen_with_statements(_candidates(ordered), of_sources)
    for part in ordered:
        if chosen.get(part.section) == part.source:
            document[part.section], document["provenance"][part.section] = part.members, part.provenance
    if of_sources:
        found = beside(of_sources, chosen)
        for section, ids in found.renamed.items():
            document["provenance"][section] = marked(document["provenance"][section], ids)
        if found.statements:
            document[STATEMENTS] = found.statements
    return document


def printed(value: Any) -> bytes:
    """The JSON text of a document in which elements and provenance are JSON text already."""
    return b"".join(pieces_of(value))


def pieces_of(value: Any) -> list[bytes]:
    """What `printed` joins: a page of many documents is joined once."""
    pieces: list[bytes] = []
    _print(value, pieces)
    return pieces


def _print(value: Any, pieces: list[bytes]) -> None:
    if isinstance(value, bytes):
        pieces.append(value)
    elif isinstance(value, dict) and value:
        mark = "{"
        for name, part in value.items():
            pieces.append(_key(mark, name))
            _print(part, pieces)
            mark = ","
        pieces.append(b"}")
    else:
        pieces.append(_text(value))


@lru_cache(maxsize=1024)
def _key(mark: str, name: str) -> bytes:
    return mark.encode() + _text(name) + b":"


def record_of(document: Mapping[str, Any]) -> StudentRecord:
    """The record of a document whose elements are JSON text."""
    return StudentRecord.model_validate_json(printed(document))


def as_told_by(record: StudentRecord, entity_id: str) -> StudentRecord:
    """`record` as it came from another node: an agency that it names by an id of that node is named `<entity id>#<id there>` here."""
    provenance = {
        section: origin
        if "#" in origin.originating_agency
        else origin.model_copy(update={"originating_agency": f"{entity_id}#{origin.originating_agency}"})
        for section, origin in record.provenance.items()
    }
    return record.model_copy(update={"provenance": provenance})


def _plain(statements: Sequence[StatementOfDisagreement]) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json", exclude_none=True) for one in statements]


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
