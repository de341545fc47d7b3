"""Students of an upload of Ed-Fi API JSON who are as before: they are not read, and what was told while they were read is told again.

What was told names bodies by their number among the student's own, so that the report has the places at which these stand now.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.records.formats.edfi_whose import ASSOCIATIONS, contact_of


class KeptOf(NamedTuple):
    """What was left of one body and is kept beside the record."""

    resource: str
    number: int
    """From 0: among the student's bodies of the resource, or among the contacts whom these relate."""
    members: list[str]
    """As a report names them."""


class Told(NamedTuple):
    """What was told while a student was read."""

    kept: list[KeptOf]
    named: list[str]
    """Organisations that the record names, by their ids."""


@dataclass
class StudentAsBefore:
    """A student of whom the very same was read before, and where the bodies stand in this upload."""

    told: Told
    mark: bytes
    """By which the student was known, for whoever stores the roster."""
    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By resource."""
    contacts: list[str] = field(default_factory=list)
    """Ids of the contacts whom the bodies relate, each once."""

    def take(self, resource: str, body: Mapping[str, Any], position: str) -> None:
        """One of the bodies."""
        self.places[resource].append(position)
        if resource == ASSOCIATIONS:
            contact = contact_of(body)
            self.contacts += [contact] if contact not in self.contacts else []

    @property
    def position(self) -> str:
        """Of the body in `students`."""
        return self.places["students"][0]


class Before:
    """The students of an upload who are as before.

    related  by contact, the students of the upload to whom it is related
    """

    def __init__(self, students: Mapping[str, StudentAsBefore], related: Mapping[str, Sequence[str]]) -> None:
        self.students = students
        self.contact_places: dict[str, str] = {}
        self._contacts = {one for one, whose in related.items() if any(student in students for student in whose)}
        self._not_read = {one for one in self._contacts if all(student in students for student in related[one])}

    def has_contact(self, body: Mapping[str, Any], position: str) -> bool:
        """Whether a contact is of nobody who is to be read."""
        identifier = str(body.get("contactUniqueId"))
        if identifier in self._contacts:
            self.contact_places[identifier] = position
        return identifier in self._not_read

    def places_of(self, student: StudentAsBefore, resource: str) -> list[str]:
        """Where what was left of stands now, by its number."""
        return [self.contact_places[one] for one in student.contacts] if resource == "contacts" else student.places[resource]


NOBODY = Before({}, {})
