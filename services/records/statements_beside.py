"""Statements of disagreement of several sources, beside the one record that is made of their sections. Pure.

A child who comes back brings the statements that went with them: one statement, whose contested parts may be of two sources by then.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

MOST: Final = 50
"""Of a record (StudentRecord.statements), and parts that a statement names (StatementOfDisagreement.relates_to)."""

Statement = dict[str, Any]
"""A StatementOfDisagreement, plain."""


class Beside(NamedTuple):
    """The statements about the sections of a record, each naming only those.

    INVARIANT: of each id there is one (34 CFR 99.21(c): the contested part is not told without it). Where two sources say something else
    under one id, both stand, the second under an id that follows from it and from its source.
    """

    statements: Sequence[Statement]
    renamed: Mapping[str, Mapping[str, str]]
    """By section, ids of its source that are others here."""


def beside(of_sources: Mapping[str, Sequence[Statement]], chosen: Mapping[str, str]) -> Beside:
    """By source, its statements; and of which source each section is."""
    together: dict[str, Statement] = {}
    renamed: dict[str, dict[str, str]] = {}
    for source, statements in of_sources.items():
        for statement in statements:
            about = [target for target in statement["relates_to"] if chosen.get(_section(target)) == source]
            if about and (made := _put(together, {**statement, "relates_to": about}, source)) != statement["id"]:
                for section in map(_section, about):
                    renamed.setdefault(section, {})[statement["id"]] = made
    return Beside(list(together.values()), renamed)


def chosen_with_statements(candidates: Iterable[tuple[str, str]], of_sources: Mapping[str, Sequence[Statement]]) -> dict[str, str]:
    """Of sections and their sources, the first of each section; one that brings more statements than a record may have is none."""
    chosen: dict[str, str] = {}
    may_be_too_many = sum(map(len, of_sources.values())) > MOST
    for section, source in candidates:
        if section in chosen:
            continue
        if may_be_too_many and len(beside(of_sources, {**chosen, section: source}).statements) > MOST:
            continue
        chosen[section] = source
    return chosen


def marked(provenance: bytes, ids: Mapping[str, str]) -> bytes:
    """A section's provenance (JSON text) with these ids for others."""
    origin = json.loads(provenance)
    origin["contested_by"] = [ids.get(one, one) for one in origin["contested_by"]]
    return json.dumps(origin, ensure_ascii=False, separators=(",", ":")).encode()


def _put(together: dict[str, Statement], one: Statement, source: str) -> str:
    """Gives the id under which it is there."""
    held = together.get(one["id"])
    if held is None:
        together[one["id"]] = one
        return str(one["id"])
    about = list(dict.fromkeys((*held["relates_to"], *one["relates_to"])))
    if {**held, "relates_to": about} == {**one, "relates_to": about} and len(about) <= MOST:
        together[one["id"]] = {**held, "relates_to": about}
        return str(one["id"])
    return _put(together, {**one, "id": str(uuid5(UUID(one["id"]), source))}, source)


def _section(target: str) -> str:
    return target.partition(".")[0]
