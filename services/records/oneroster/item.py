"""A student in an answer of the rostering service, with the decision that it rests on."""

import json
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from safepassage.elements import BY_ID
from services.records.disclosure import Released
from services.records.formats.oneroster_objects import Rostered
from services.records.formats.oneroster_vocabulary import COURSES
from shared.contracts.privacy import Decision

IN_PROGRESS: Final = BY_ID[COURSES].section
"""Of this section OneRoster carries one element."""


@dataclass(frozen=True)
class Item:
    """A student in an answer, with what it rests on."""

    rostered: Rostered
    released: Released
    """What the log is told of."""
    decision: Decision

    def as_user(self) -> "Item":
        """Without the sections in progress, by which a user may be there and of which it shows nothing, unless they are all there is."""
        document = self.released.document
        kept = {name: part for name, part in document.items() if name != IN_PROGRESS}
        if not any(isinstance(part, dict) for part in kept.values()):
            return self
        return replace(self, released=replace(self.released, document=kept))


def item_of(one: Released, decision: Decision, pseudonym: UUID, *, is_left: bool) -> Item:
    """What was released of a student, under the recipient's own id.

    is_left  something that is permitted stays with those who keep the student's record themselves
    """
    document, student = _parsed(one.document), one.student
    rostered = Rostered(student.student_id, pseudonym, student.changed_at, document, is_left=is_left, in_part=one.in_part)
    return Item(rostered, one, decision)


def _parsed(document: dict[str, Any]) -> dict[str, Any]:
    """With each element as an object: they are JSON text until here."""
    return {
        section: {member: _value(text) for member, text in part.items()} if isinstance(part, dict) else part
        for section, part in document.items()
    }


def _value(text: Any) -> Any:
    return json.loads(text) if isinstance(text, bytes) else text
