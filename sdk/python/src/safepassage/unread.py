"""What a peer of a later version says in a record and this version has no model for: told apart, so that the rest can be read. Pure.

A record grows by elements, and elements by members. Who does not know one yet keeps the record as it came, sealed, beside what it has read
of it, and shows and sends nothing of what it does not know. Everything around the record (ids, manifest, notice, provenance, statements of
disagreement) stays closed: an unknown member there might be a condition, and is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from safepassage.canonical import canonical_json
from safepassage.elements import BY_ID, SECTIONS
from safepassage.read_in_part import without_marks
from safepassage.record import SECTION_MODELS, Provenance, StudentRecord
from safepassage.wire_policy import ElementId

_ID: Final = TypeAdapter(ElementId)
_ROUNDS: Final = 8
"""What is deeper than an unknown member's model shows only once that is gone; no element is nested so deep."""


@dataclass(frozen=True)
class Unread:
    """What of a record this version cannot read."""

    elements: tuple[str, ...]
    """Of which nothing is read: their ids, as the peer names them."""
    in_part: tuple[str, ...]
    """Read without the members that this version does not know."""
    record: bytes
    """The whole record as it came: canonical JSON (RFC 8785)."""
    sent_in_part: tuple[str, ...] = ()
    """Which the sender marked (`safepassage.read_in_part`): it has them in part itself. No version of this node reads more of them."""

    @property
    def not_known(self) -> tuple[str, ...]:
        """Those of which this version does not know all that came, in the order of their names."""
        return tuple(sorted({*self.elements, *self.in_part}))

    @property
    def named(self) -> tuple[str, ...]:
        """Those that are not whole here, whoever did not read them, in the order of their names."""
        return tuple(sorted({*self.not_known, *self.sent_in_part}))


class _NotLater(Exception):
    """What is wrong with the record is not that it says more than this version knows."""


def readable_part(record: Mapping[str, Any]) -> tuple[dict[str, Any], Unread] | None:
    """A record's JSON without what this version does not know, and what that is; None where more is wrong with it, or all of it is whole.

    What is readable is a StudentRecord, maybe one without any section.
    """
    try:
        whole = canonical_json(record)
        document: dict[str, Any] = json.loads(whole)
        elements = _without_unknown_elements(document)
        marked = without_marks(document)
        in_part = _without_unknown_members(document, elements)
    except (_NotLater, TypeError, ValueError, RecursionError):
        return None
    if not elements and not in_part and not marked:
        return None
    return document, Unread(tuple(sorted(elements)), tuple(sorted(in_part - elements)), whole, tuple(sorted(marked - elements)))


def _without_unknown_elements(document: dict[str, Any]) -> set[str]:
    gone = set()
    for section in SECTIONS:
        held = document.get(section)
        if isinstance(held, dict):
            gone |= {f"{section}.{member}" for member in held if member not in SECTION_MODELS[section].model_fields}
    for element in gone:
        _ID.validate_python(element)
    _take_out(document, gone)
    return gone


def _without_unknown_members(document: dict[str, Any], gone: set[str]) -> set[str]:
    """Takes unknown members out; an element that is none without them is taken out whole, and is among `gone` then."""
    in_part: set[str] = set()
    for _ in range(_ROUNDS):
        errors = _errors(document)
        if not errors:
            return in_part
        unknown = [place for place, kind in errors if kind == "extra_forbidden" and len(place) > 2]
        in_part |= {_element(place) for place in unknown}
        wrong = {_element(place) for place, kind in errors if kind != "extra_forbidden" or len(place) <= 2}
        if not in_part <= BY_ID.keys() or not wrong <= in_part:
            raise _NotLater
        if unknown:  # what else is wrong may follow from them: a list counts what was read of it
            for place in unknown:
                _drop(document, place)
        else:
            gone |= wrong
            _take_out(document, wrong)
    raise _NotLater


def _element(place: tuple[Any, ...]) -> str:
    return ".".join(map(str, place[:2]))


def _errors(document: Mapping[str, Any]) -> list[tuple[tuple[Any, ...], str]]:
    """Where the document is no record, and of what kind that is."""
    try:
        StudentRecord.model_validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return [(one["loc"], one["type"]) for one in found]
    return []


def _drop(document: dict[str, Any], place: tuple[Any, ...]) -> None:
    *way, member = place
    held: Any = document
    for step in way:
        held = held[step] if isinstance(step, int) or step in held else _raise()
    if not isinstance(held, dict) or held.pop(member, _MISSING) is _MISSING:
        raise _NotLater


_MISSING: Final = object()


def _raise() -> Any:
    raise _NotLater


def _take_out(document: dict[str, Any], elements: set[str]) -> None:
    """Elements with the statements about them alone, and the marks of those; a section that has nothing left goes with its provenance.

    INVARIANT: what stays contested keeps every statement about it.
    """
    if not elements:
        return
    provenance = document.get("provenance")
    if not isinstance(provenance, dict):
        raise _NotLater
    for element in elements:
        section, _, member = element.partition(".")
        del document[section][member]
        if not document[section]:
            del document[section]
            Provenance.model_validate_json(json.dumps(provenance.pop(section, None)), strict=True)
    staying = []
    for statement in document.pop("statements", ()):
        targets = [target for target in statement["relates_to"] if target not in elements and _section(target) in document]
        for section in {_section(target) for target in statement["relates_to"]} - {_section(target) for target in targets}:
            _unmark(provenance.get(section), statement["id"])
        if targets:
            staying.append({**statement, "relates_to": targets})
    if staying:
        document["statements"] = staying


def _unmark(origin: Any, statement: str) -> None:
    if isinstance(origin, dict) and "contested_by" in origin:
        origin["contested_by"] = [one for one in origin["contested_by"] if one != statement]


def _section(target: str) -> str:
    return target.partition(".")[0]
