"""A student's sections, side by side by source: what this node's own agencies loaded, and what other nodes sent. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safepassage.record import StudentRecord
from services.records.tables.students import OWN

STATEMENTS = "statements"
"""The part that holds a source's statements of disagreement, sealed beside its sections."""


@dataclass(frozen=True)
class Part:
    """One section (content and provenance), or the statements, of one source, as JSON."""

    section: str
    source: str
    version: int
    value: Any


def parts_of(record: StudentRecord, *, source: str, version: int) -> list[Part]:
    """What is to be sealed of a record: a part for each section, and one for its statements."""
    document = record.document()
    parts = [
        Part(section, source, version, {"content": document[section], "provenance": origin})
        for section, origin in document["provenance"].items()
    ]
    return parts + ([Part(STATEMENTS, source, version, document[STATEMENTS])] if document.get(STATEMENTS) else [])


def merged(parts: Iterable[Part]) -> dict[str, Any]:
    """The one record's JSON: of each section the node's own, or else what another node sent last, with the statements of its source."""
    document: dict[str, Any] = {"v": 1, "provenance": {}}
    chosen: dict[str, str] = {}
    statements: dict[str, list[dict[str, Any]]] = {}
    for part in sorted(parts, key=lambda part: (part.source != OWN, -part.version)):
        if part.section == STATEMENTS:
            statements[part.source] = part.value
        elif part.section not in chosen:
            chosen[part.section] = part.source
            document[part.section], document["provenance"][part.section] = part.value["content"], part.value["provenance"]
    beside = [statement for source, held in statements.items() for statement in _beside(held, source, chosen)]
    return document | ({STATEMENTS: beside} if beside else {})


def as_told_by(record: StudentRecord, entity_id: str) -> StudentRecord:
    """`record` as it came from another node: an agency that it names by an id of that node is named `<entity id>#<id there>` here."""
    provenance = {
        section: origin
        if "#" in origin.originating_agency
        else origin.model_copy(update={"originating_agency": f"{entity_id}#{origin.originating_agency}"})
        for section, origin in record.provenance.items()
    }
    return record.model_copy(update={"provenance": provenance})


def _beside(statements: Sequence[Mapping[str, Any]], source: str, chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    """The statements that stand beside the sections chosen from their source, each naming only those."""
    trimmed = [
        {**statement, "relates_to": [target for target in statement["relates_to"] if chosen.get(target.partition(".")[0]) == source]}
        for statement in statements
    ]
    return [statement for statement in trimmed if statement["relates_to"]]
