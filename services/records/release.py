"""What leaves: the record, cut to what was permitted. Pure; the decision is somebody else's, its execution is here.

INVARIANT: nothing leaves that is not an element of `permitted`, and a contested part never without its statements of disagreement.
What is withheld looks exactly like what the source does not have.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from safepassage.elements import SECTIONS
from safepassage.problems.records import NothingToRelease, StatementOfDisagreementMissing
from safepassage.record import StudentRecord

Document = Mapping[str, Any]
"""A record as JSON (`StudentRecord.document()`), or the same with each element as JSON text (`record_sources.merged`)."""

ADDRESSES, GUARDIANS, OTHER_NAMES = "contacts.addresses", "contacts.guardians", "identity.other_names"


def release(record: StudentRecord, permitted: Collection[str]) -> StudentRecord:
    """The part of `record` that may leave: the elements of `permitted` that are there, and the statements that they bring with them.

    Three things inside an element stay, whatever is permitted: names that are sealed, the node's own ids of persons, and the addresses of
    guardians where the student's own addresses are withheld (a protected address is protected wherever it stands).

    Raises NothingToRelease, StatementOfDisagreementMissing (34 CFR 99.21(c)).
    """
    return StudentRecord.model_validate(released_document(record.document(), permitted))


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
    for section in SECTIONS:
        members = {
            member: kept
            for member, value in document.get(section, {}).items()
            if f"{section}.{member}" in allowed and (kept := _what_may_leave(f"{section}.{member}", value, allowed) if leaves else value)
        }
        if members:
            released[section] = members
    if not released:
        raise NothingToRelease
    leaving = frozenset(f"{section}.{member}" for section, members in released.items() for member in members)
    statements = _statements_with(document, released, leaving)
    provenance = {section: dict(document["provenance"][section]) for section in released}
    for section, origin in provenance.items():
        contested_by = [
            statement["id"] for statement in statements if any(_section(target) == section for target in statement["relates_to"])
        ]
        origin.pop("contested_by", None)
        if contested_by:
            origin["contested_by"] = contested_by
    result = {"v": document["v"], **released, "provenance": provenance}
    return result | {"statements": statements} if statements else result


def _what_may_leave(element: str, value: Any, allowed: frozenset[str]) -> Any:
    """`value` without what never leaves; None if that is all of it. Text is parsed only where something in it may have to stay."""
    if isinstance(value, bytes) and element in (OTHER_NAMES, GUARDIANS):
        kept = _what_may_leave(element, json.loads(value), allowed)
        return None if kept is None else json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
    if element == OTHER_NAMES:
        return [name for name in value if not name.get("sealed", False)] or None
    if element == GUARDIANS:
        stays = {"person_id"} if ADDRESSES in allowed else {"person_id", "addresses"}
        return [{name: part for name, part in guardian.items() if name not in stays} for guardian in value]
    return value


def _statements_with(document: Document, released: Document, leaving: frozenset[str]) -> list[dict[str, Any]]:
    """The statements that relate to what leaves, each naming only the parts that do: what is withheld must not be told by its statement."""
    held = {statement["id"]: statement for statement in document.get("statements", ())}
    for section in released:
        for identifier in document["provenance"][section].get("contested_by", ()):
            if identifier not in held:
                raise StatementOfDisagreementMissing
    statements = []
    for statement in held.values():
        targets = list(_targets_with(statement, released, leaving))
        if targets:
            statements.append({**statement, "relates_to": targets})
    return statements


def _targets_with(statement: Document, released: Document, leaving: frozenset[str]) -> Iterator[str]:
    for target in statement["relates_to"]:
        if target in leaving or target in released:
            yield target


def _section(target: str) -> str:
    return target.partition(".")[0]
