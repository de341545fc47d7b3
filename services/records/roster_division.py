"""What of the students of a roster is stored, and what is left with the system that it came from. Whose roster it is."""

from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID

from safepassage.record.loads import LoadedRecord
from services.records.formats.parsed import ParsedRoster, ParsedStudent
from services.records.kept_beside import Kept
from services.records.left_with_source import Left, kept_sections, now_left, sections_left
from services.records.loading_students import Known
from services.records.record_text import json_of
from shared.actors import client_actor
from shared.caller import Caller
from shared.contracts.audit import Actor


@dataclass(frozen=True)
class LoadedBy:
    """Who loads, and as whose."""

    organisation_id: UUID
    actor: Actor

    @classmethod
    def of(cls, caller: Caller) -> "LoadedBy":
        """A client of an organisation."""
        return cls(caller.organisation_id, client_actor(caller.claims))


@dataclass(frozen=True)
class Leaving:
    """What of the students of a roster is left with the system that it came from."""

    system: str
    kept_whole: frozenset[UUID] = frozenset()
    """Students of whom all is kept nevertheless, for now."""


WhatIsLeft = Left | Literal["as-before"] | None
"""None: all of the student is stored from now on."""


class Division:
    """Of one roster. `leaving`: what is left with a system of whom it brings; None: all is kept from now on."""

    def __init__(self, roster: ParsedRoster, organisation_id: UUID, leaving: Leaving | Literal["as-before"] | None) -> None:
        self._roster, self._organisation_id, self._leaving = roster, organisation_id, leaving

    def of(self, one: ParsedStudent, held: Known | None) -> WhatIsLeft:
        """What of a student is left with the source."""
        if not isinstance(self._leaving, Leaving):
            return self._leaving if one.record is not None else "as-before"
        if one.record is None:
            return "as-before"
        if held is not None and held.student_id in self._leaving.kept_whole:
            return None
        elements = self._roster.carries | (self._roster.updates & set(one.record.elements()))
        return Left(
            organisation_id=self._organisation_id,
            system=self._leaving.system,
            student_unique_id=one.source_id,
            elements=elements,
        )

    def count(self, one: ParsedStudent, left: WhatIsLeft) -> None:
        """In the report: it is not dropped, the source has it."""
        if isinstance(left, Left) and one.record is not None:
            self._roster.findings.counts["sections-left-with-the-source"] += len(sections_left(one.record, left.gone))


class Staying(NamedTuple):
    """What is stored of what the source says, in the record and beside it."""

    record: LoadedRecord | None
    """None: the source says that the student is to be deleted."""
    text: bytes
    """`json_of` the record."""
    beside: Kept | None


def staying_of(one: ParsedStudent, left: WhatIsLeft) -> Staying:
    """Of one student."""
    if one.record is not None and isinstance(left, Left):
        staying = LoadedRecord(**kept_sections(one.record, left.gone))
        return Staying(staying, json_of(staying), dict.fromkeys(one.beside or (), ()))
    return Staying(one.record, one.text, one.beside)


def written_of(one: ParsedStudent, left: WhatIsLeft) -> bytes:
    """What is said of the part that is left: the same again changes nothing."""
    return now_left(left, None, one.record).written if isinstance(left, Left) and one.record is not None else b""
