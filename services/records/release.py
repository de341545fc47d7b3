"""What leaves: the record, cut to what was permitted. Pure; the decision is somebody else's, its execution is here.

INVARIANT: nothing leaves that is not an element of `permitted`, and a contested part never without its statements of disagreement.
What is withheld looks exactly like what the source does not have.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from safepassage.elements import ELEMENTS, SECTIONS
from safepassage.problems.records import NothingToRelease, StatementOfDisagreementMissing
from safepassage.record import StudentRecord
from shared.contracts.privacy import PlacedStatement

Document = Mapping[str, Any]
"""A record as JSON (`StudentRecord.document()`), or the same with each element as JSON text (`record_sources.merged`)."""

ADDRESSES, GUARDIANS, OTHER_NAMES = "contacts.addresses", "contacts.guardians", "identity.other_names"


def release(record: StudentRecord, permitted: Collection[str], *, owed: Collection[PlacedStatement] = ()) -> StudentRecord:
    """The part of `record` that may leave: the elements of `permitted` that are there, and the statements that they bring with them.

    Three things inside an element stay, whatever is permitted: names that are sealed, the node's own ids of persons, and the addresses of
    guardians where the student's own addresses are withheld (a protected address is protected wherever it stands).

    owed  the statements that were placed in the record, as the decision names them: one that was not loaded yet holds its part back

    Raises NothingToRelease, StatementOfDisagreementMissing (34 CFR 99.21(c)).
    """
    return StudentRecord.model_validate(document_to_release(record.document(), permitted, owed=owed))


def document_to_release(document: Document, permitted: Collection[str], *, owed: Collection[PlacedStatement] = ()) -> dict[str, Any]:
    """As `release`, on the record's JSON: no model is built of what stays."""
    released = released_document(document, permitted)
    if _uncarried(released, owed):
        raise StatementOfDisagreementMissing
    return released


def carrying_statements(document: Document, permitted: Sequence[str], owed: Collection[PlacedStatement]) -> Sequence[str]:
    """`permitted` without the elements whose statements the record does not hold yet: on a page, one student's do not stop the others."""
    held = {str(statement["id"]) for statement in document.get("statements", ())}
    missing = {target for one in owed if str(one.id) not in held for target in one.relates_to}
    return [element for element in permitted if element not in missing and _section(element) not in missing] if missing else permitted


def _uncarried(released: Document, owed: Collection[PlacedStatement]) -> bool:
    """Whether a part leaves without a statement that was placed about it."""
    carried = {str(statement["id"]) for statement in released.get("statements", ())}
    leaving = {f"{section}.{member}" for section in SECTIONS if section in released for member in released[section]}
    leaving |= {section for section in SECTIONS if section in released}
    return any(str(one.id) not in carried and not leaving.isdisjoint(one.relates_to) for one in owed)


def part_of(record: StudentRecord, elements: Collection[str]) -> StudentRecord:
    """The elements asked for, for whoever may see the whole record here: nothing leaves the agency, so nothing inside one stays back.

    Raises NothingToRelease, StatementOfDisagreementMissing.
    """
    return StudentRecord.model_validate(_cut(record.document(), frozenset(elements), leaves=False))


def released_document(document: Document, permitted: Collection[str]) -> dict[str, Any]:
    """As `release`, on the record's JSON: a page of a thousand students is cut without building a model of each."""
    return _cut(document, frozenset(permitted), leaves=True)


def _cut(document: Document, allowed: frozenset[str], *, leaves: bool) -> dict[str, Any]:
    released: dict[str, Any] = {}
    for section, wanted in _by_section(allowed):
        held = document.get(section)
        if held is None:
            continue
        members = {member: held[member] for member in wanted if member in held}
        if leaves:
            members = _leaving(section, members, allowed)
        if members:
            released[section] = members
    if not released:
        raise NothingToRelease
    statements = _statements_with(document, released)
    provenance = {section: _without_marks(document["provenance"][section]) for section in released}
    for statement in statements:
        for section in sorted({_section(target) for target in statement["relates_to"]}):
            provenance[section].setdefault("contested_by", []).append(statement["id"])
    result = {"v": document["v"], **released, "provenance": provenance}
    return result | {"statements": statements} if statements else result


def members_of(permitted: Collection[str]) -> dict[str, frozenset[str]]:
    """The members permitted of each section: a record need not be opened further than that to be released."""
    return {section: frozenset(members) for section, members in _by_section(frozenset(permitted))}


@lru_cache(maxsize=256)
def _by_section(allowed: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The members allowed of each section, in the order of the catalogue."""
    wanted = [element for element in ELEMENTS if element.id in allowed]
    return tuple((section, tuple(one.member for one in those)) for section, those in groupby(wanted, key=lambda element: element.section))


def _leaving(section: str, members: dict[str, Any], allowed: frozenset[str]) -> dict[str, Any]:
    if section not in ("identity", "contacts"):
        return members
    kept = {member: _what_may_leave(f"{section}.{member}", value, allowed) for member, value in members.items()}
    return {member: value for member, value in kept.items() if value}


def _what_may_leave(element: str, value: Any, allowed: frozenset[str]) -> Any:
    """`value` without what never leaves; nothing if that is all of it. Text is parsed only where something in it may have to stay."""
    if isinstance(value, bytes) and element in (OTHER_NAMES, GUARDIANS):
        kept = _what_may_leave(element, json.loads(value), allowed)
        return None if kept is None else json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
    if element == OTHER_NAMES:
        return [name for name in value if not name.get("sealed", False)] or None
    if element == GUARDIANS:
        stays = {"person_id"} if ADDRESSES in allowed else {"person_id", "addresses"}
        return [{name: part for name, part in guardian.items() if name not in stays} for guardian in value]
    return value


def _statements_with(document: Document, released: Document) -> list[dict[str, Any]]:
    """The statements that relate to what leaves, each naming only the parts that do: what is withheld must not be told by its statement."""
    held = {statement["id"]: statement for statement in document.get("statements", ())}
    for section in released:
        for identifier in _marks(document["provenance"][section]):
            if identifier not in held:
                raise StatementOfDisagreementMissing
    if not held:
        return []
    leaving = frozenset(f"{section}.{member}" for section, members in released.items() for member in members)
    statements = []
    for statement in held.values():
        targets = list(_targets_with(statement, released, leaving))
        if targets:
            statements.append({**statement, "relates_to": targets})
    return statements


def _marks(origin: Any) -> Sequence[str]:
    """The statements that contest a section. As text it is parsed only if there are any."""
    if isinstance(origin, bytes):
        return _marks(json.loads(origin)) if b'"contested_by":["' in origin else ()
    marks: Sequence[str] = origin.get("contested_by", ())
    return marks


def _without_marks(origin: Any) -> Any:
    """The provenance without its marks; text without any stays text."""
    if isinstance(origin, bytes):
        if b'"contested_by":["' not in origin:
            return origin
        origin = json.loads(origin)
    return {name: value for name, value in origin.items() if name != "contested_by"}


def _targets_with(statement: Document, released: Document, leaving: frozenset[str]) -> Iterator[str]:
    for target in statement["relates_to"]:
        if target in leaving or target in released:
            yield target


def _section(target: str) -> str:
    return target.partition(".")[0]
