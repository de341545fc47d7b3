"""What a pull has read and not yet stored: packed, in groups of students, so that a group at a time is there as objects.

All of it is read before any of it is stored, since what is said of a student stands in many resources, and a page is of any students. As
objects a district would take some twelve times what its bodies are long; packed it takes a small part of that.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from safepassage.problems.records import RosterTooLargeHere
from services.records.formats.edfi_api_discipline import BEHAVIOR, Key, key_of, named_in
from services.records.formats.edfi_whose import student_of
from services.records.load_memory import OF_A_DOCUMENT

GROUP: Final = 100
"""Students that are read and stored together."""
BLOCK: Final = 1 << 16
"""Bytes of a group's bodies of one resource that are packed together."""
QUICK: Final = 1
"""How hard it is packed: a pull is not to wait for it."""
OF_AN_ID: Final = 500
"""Bytes in memory for each student, contact and incident by which bodies find their group, and with whose place the report is made."""

Body = dict[str, Any]
Numbered = list[tuple[int, Body]]
"""Bodies with their numbers in their resource, from 1: the report names places by them."""


class _Group:
    """Blocks, by resource."""

    def __init__(self) -> None:
        self.blocks: dict[str, list[bytes]] = defaultdict(list)
        self.open: dict[str, list[bytes]] = {}
        self.lengths: dict[str, int] = defaultdict(int)
        """Of the bodies as JSON, in bytes."""
        self.length = 0
        """Of all of them."""

    def add(self, resource: str, text: bytes) -> None:
        self.open.setdefault(resource, []).append(text)
        self.lengths[resource] += len(text)
        self.length += len(text)

    def drop(self, resource: str) -> None:
        """Forget what there is of a resource."""
        self.length -= self.lengths.pop(resource, 0)
        self.blocks.pop(resource, None)
        self.open.pop(resource, None)

    def close(self, resource: str) -> int:
        """Pack what is open of a resource. Returns its length packed, in bytes."""
        block = zlib.compress(b",".join(self.open.pop(resource, ())), QUICK)
        self.blocks[resource].append(block)
        return len(block)


class PackedBodies:
    """Bodies by group. INVARIANT: what they take, with the largest group as objects, is never more than `memory` bytes.

    Students come before what is theirs, and that before contacts and incidents, which go with each student that names them.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self.resources: list[str] = []
        """Those that the system has, also without a body."""
        self.students: dict[str, int] = {}
        """The group of each student, by the id that the system knows them by."""
        self._groups: list[_Group] = [_Group()]
        self._contacts: dict[str, set[int]] = {}
        self._incidents: dict[Key, set[int]] = {}
        self._numbers: dict[str, int] = {}
        self._packed: dict[str, int] = {}
        self._open: dict[tuple[int, str], int] = {}

    @property
    def needed(self) -> int:
        """Bytes that reading all of it takes at the most, as far as it is there."""
        ids = len(self.students) + len(self._contacts) + len(self._incidents)
        largest = max(group.length for group in self._groups)
        return sum(self._packed.values()) + sum(self._open.values()) + ids * OF_AN_ID + largest * OF_A_DOCUMENT

    def begin(self, resource: str) -> None:
        """A resource is read from its first body on, be it again: what was kept of it goes."""
        if resource not in self.resources:
            self.resources.append(resource)
        self._numbers[resource] = self._packed[resource] = 0
        for group in self._groups:
            group.drop(resource)
        self._open = {place: length for place, length in self._open.items() if place[1] != resource}
        if resource == "students":
            self.students.clear()

    def add(self, resource: str, bodies: Iterable[Body]) -> None:
        """Keep some more of a resource. Raises RosterTooLargeHere."""
        for body in bodies:
            self._numbers[resource] += 1
            text = json.dumps([self._numbers[resource], body], separators=(",", ":")).encode()
            for number in self._groups_of(resource, body):
                place = (number, resource)
                self._groups[number].add(resource, text)
                self._open[place] = self._open.get(place, 0) + len(text)
                if self._open[place] > BLOCK:
                    self._close(place)
        if self.needed > self._memory:
            raise RosterTooLargeHere

    def drop(self, resource: str) -> None:
        """The system has no such resource, or has it no more."""
        if resource in self.resources:
            self.begin(resource)
            self.resources.remove(resource)

    def end(self, resource: str) -> None:
        """All of a resource is there."""
        for place in [place for place in self._open if place[1] == resource]:
            self._close(place)

    def groups(self) -> int:
        """How many there are."""
        return len(self._groups)

    def group(self, number: int) -> Mapping[str, Numbered]:
        """The bodies of one group, by resource; each resource is there."""
        blocks = self._groups[number].blocks
        return {resource: [one for block in blocks.get(resource, ()) for one in _unpacked(block)] for resource in self.resources}

    def named_contacts(self) -> list[str]:
        """Contacts whom a student names."""
        return sorted(self._contacts)

    def named_incidents(self) -> list[Key]:
        """Incidents in which a student has a part."""
        return sorted(self._incidents)

    def _close(self, place: tuple[int, str]) -> None:
        del self._open[place]
        self._packed[place[1]] += self._groups[place[0]].close(place[1])

    def _groups_of(self, resource: str, body: Body) -> Iterable[int]:
        """The last group has what is of nobody, or of a student who is not there."""
        last = len(self._groups) - 1
        if resource == "students":
            return (self._group_of_student(student_of(body, resource)),)
        if resource == "contacts":
            return sorted(self._contacts.get(str(body.get("contactUniqueId")), {last}))
        if resource == "disciplineIncidents":
            return sorted(self._incidents.get(key_of(body), {last}))
        number = self.students.get(student_of(body) or "", last)
        self._note(body, number)
        return (number,)

    def _group_of_student(self, identifier: str | None) -> int:
        if not identifier:
            return len(self._groups) - 1
        if identifier not in self.students:
            number = len(self.students) // GROUP
            if number == len(self._groups):
                self._groups.append(_Group())
            self.students[identifier] = number
        return self.students[identifier]

    def _note(self, body: Body, number: int) -> None:
        """Which contacts and incidents a group needs."""
        contact = body.get("contactReference")
        if isinstance(contact, dict):
            self._contacts.setdefault(str(contact.get("contactUniqueId")), set()).add(number)
        followed = body.get(f"{BEHAVIOR}s")
        parts = [body.get("disciplineIncidentReference")]
        parts += [one.get(f"{BEHAVIOR}Reference") for one in followed if isinstance(one, dict)] if isinstance(followed, list) else []
        for part in parts:
            if isinstance(part, dict):
                self._incidents.setdefault(named_in(part), set()).add(number)


def _unpacked(block: bytes) -> Numbered:
    return [(number, body) for number, body in json.loads(b"[" + zlib.decompress(block) + b"]")]
