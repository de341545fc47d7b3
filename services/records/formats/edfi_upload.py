"""Bodies of one upload of Ed-Fi API JSON, in any order: each with its student, or among those that many students share.

It may come in groups of students, each with all that is theirs: a contact of students of two groups is in both, under one place.

Of a body that is not as its schema says, what is wrong is left, or all of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from safepassage.problems.records import UnreadableRoster
from services.records.formats.edfi_api_discipline import Key, key_of
from services.records.formats.edfi_as_before import NOBODY, Before, KeptOf, StudentAsBefore, Told
from services.records.formats.edfi_members import SERVERS, Members
from services.records.formats.edfi_organizations import AGENCIES, Organizations
from services.records.formats.edfi_validation import RESOURCES, conformity, known_members
from services.records.formats.edfi_whose import student_of
from services.records.formats.not_valid import Fault
from services.records.formats.parsed import Findings

NAMING: Final = ("studentUniqueId", "beginDate")
"""Beside references, the members that say of which body something was left."""
SHARED: Final = ("contacts", "disciplineIncidents")
"""Resources of several students each."""
EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})
DEEPEST: Final = 20
"""Of what is kept: no resource of the standard is nested half as deep."""


class Student:
    """What the bodies say of one student."""

    def __init__(self, item: Members) -> None:
        self.item = item
        self.items: dict[str, list[Members]] = defaultdict(list)
        self.kept: dict[str, list[Any]] = defaultdict(list)
        self.told_of: list[KeptOf] = []
        """What was left of bodies that are read."""

    def of(self, resource: str) -> Sequence[Members]:
        """The bodies of a resource."""
        return self.items.get(resource, ())

    def unread(self) -> None:
        """Something of it was not valid, so that whatever was read may be what is missing in the record."""
        for item in (self.item, *(item for those in self.items.values() for item in those)):
            item.unread()


class Upload:
    """Bodies of one upload, in any order."""

    def __init__(self, findings: Findings, before: Before = NOBODY, resources: Iterable[str] = ()) -> None:
        self.findings, self.organizations, self._before = findings, Organizations(), before
        self.resources = frozenset(resources)
        """All that the upload has, whoever is in them."""
        self.students: dict[str, Student | StudentAsBefore] = {}
        self.contacts: dict[str, list[Members]] = {}
        """All of one id; the last one counts."""
        self.incidents: dict[Key, Members] = {}
        self._agencies: list[tuple[str, Members]] = []
        self._related: set[str] = set()
        self._taken: set[str] = set()
        """Places of the contacts and incidents of this group."""
        self._earlier: set[str] = set()
        """And of earlier groups: what is wrong with these is said."""
        self._strangers: dict[str, list[str]] = {}
        """Contacts of whom no student was there yet, by id, with their places."""
        self._incidents_left: dict[Key, tuple[tuple[str, ...], str]] = {}
        """Members of incidents that no record says, with the place of each incident."""
        self._waiting: list[tuple[str, str | None, Members | Any, str]] = []
        self._told: set[tuple[str, str, str]] = set()
        self._ids_untold: dict[str, set[str]] = defaultdict(lambda: set(SERVERS))
        self._ids_untold["contacts"].add("contactUniqueId")
        self._faulty: set[str] = set()
        """Students and contacts of whom a body is not as its schema says."""

    def take(self, resource: str, body: Any, position: str) -> None:
        """Keep what is read of, or is a student's; count the rest."""
        if not isinstance(body, dict):
            self.findings.not_valid(position, [Fault("*", "object")])
            return
        self._tell_ids(resource, body, position)
        if resource in SHARED:
            self._taken.add(position)
        if self._before.students and self._is_as_before(resource, body, position):
            return
        item: Members | None = None
        if resource in RESOURCES:
            found = conformity(resource, body)
            if (not found.whole or found.refused) and position not in self._earlier:
                self.findings.not_valid(position, found.faults)
            if not found.whole or found.refused:
                self._faulty.add(str(body.get("contactUniqueId") if resource == "contacts" else student_of(body, resource)))
            item = Members(body, position, refused=found.refused) if found.whole else None
        if item is None:
            self._waiting.append((resource, student_of(body, resource), body, position))
        elif resource == "students":
            self._take_student(item)
        elif resource == "contacts":
            self._take_contact(item)
        elif resource == "disciplineIncidents":
            self._once(self.incidents.get(key_of(body)), item)
            self.incidents[key_of(body)] = item
        elif resource in AGENCIES:
            same = [one for kind, one in self._agencies if kind == resource and one.body[AGENCIES[kind]] == body[AGENCIES[kind]]]
            self._once(same[-1] if same else None, item)
            self.organizations.take_resource(resource, item)
            self._agencies.append((resource, item))
        else:
            self._waiting.append((resource, student_of(body), item, position))

    def _is_as_before(self, resource: str, body: Mapping[str, Any], position: str) -> bool:
        """Whether a body need not be read, since all is as before of those whose it is."""
        if resource == "contacts":
            return self._before.has_contact(body, position)
        identifier = student_of(body, resource) or ""
        student = self._before.students.get(identifier)
        if student is None:
            return False
        student.take(resource, body, position)
        if resource == "students":
            self.students[identifier] = student
        elif resource not in RESOURCES:
            self._waiting.append((resource, identifier, body, position))
        return True

    def _once(self, before: Members | None, item: Members) -> None:
        if before is not None and before.body != item.body and item.position not in self._earlier:
            self.findings.missed("id-twice", before.position)

    def _take_contact(self, item: Members) -> None:
        those = self.contacts.setdefault(str(item.body["contactUniqueId"]), [])
        if not any(one.body == item.body for one in those):
            self._once(those[-1] if those else None, item)
            those.append(item)

    def _take_student(self, item: Members) -> None:
        identifier = str(item.body["studentUniqueId"]).strip()
        if not identifier or identifier in self.students:
            self.findings.missed("student-id-twice" if identifier else "student-id-missing", item.position)
            there = self.students.get(identifier)
            if isinstance(there, Student) and item.body != there.item.body:
                self._waiting.append(("students", identifier, item.body, item.position))
            return
        self.students[identifier] = Student(item)

    def settle(self) -> None:
        """Give every body to its student. One whose student is not there is reported, and so is one that is no student's."""
        for resource, identifier, item, position in self._waiting:
            student = self.students.get(identifier or "")
            if student is None and position in self._earlier:
                continue
            if student is None:
                self.findings.missed("student-unknown" if identifier else "resource-not-read", position)
            elif isinstance(student, StudentAsBefore):
                self._tell_kept(resource, (), position)
            elif isinstance(item, Members):
                student.items[resource].append(item)
            else:
                self.keep(student, resource, item, position)
        self._waiting.clear()

    def related(self, student: Student) -> Iterator[Members]:
        """The contacts of a student, each once, those of one id together."""
        named = (item.peek("contactReference") or {} for item in student.of("studentContactAssociations"))
        for identifier in dict.fromkeys(str(one.get("contactUniqueId")) for one in named):
            self._related.add(identifier)
            yield from self.contacts.get(identifier, ())

    def own(self, student: Student) -> frozenset[str]:
        """The ids of the schools in which the student is, and of their districts: the enrolments name them."""
        schools = [str((item.peek("schoolReference") or {}).get("schoolId")) for item in student.of("studentSchoolAssociations")]
        districts = [self.organizations.district_id_of(school) for school in schools]
        return frozenset({*schools, *(one for one in districts if one is not None)})

    def keep(self, student: Student, resource: str, left: dict[str, Any], position: str, *, named: Mapping[str, Any] = EMPTY) -> None:
        """Put a body, or what was left of one, beside the student's record with what names it, and say where it came from.

        Raises UnreadableRoster.
        """
        if _depth(left) > DEEPEST:
            raise UnreadableRoster("a resource is nested deeper than any of the standard")
        student.kept[resource].append({**named, **left})
        self._tell_kept(resource, left, position)

    def _tell_kept(self, resource: str, members: Iterable[str], position: str) -> None:
        self.findings.counts["kept-beside-the-record"] += 1
        self._tell("member-kept", resource, members, position)

    def told_of(self, student: Student) -> Told | None:
        """What was told while the student was read; None for one of whom a body is not as its schema says."""
        if self._faulty:
            contacts = (str(one.body["contactUniqueId"]) for one in self.related(student))
            if not self._faulty.isdisjoint((str(student.item.body["studentUniqueId"]).strip(), *contacts)):
                return None
        return Told(student.told_of, sorted(self.organizations.named_since))

    def tell_again(self, student: StudentAsBefore) -> None:
        """What was told when the same was read."""
        for one in student.told.kept:
            self._tell_kept(one.resource, one.members, self._before.places_of(student, one.resource)[one.number])
        for identifier in student.told.named:
            self.organizations.school(identifier)
        self._related.update(student.contacts)

    def forget(self) -> None:
        """The students of a group are read. Organisations stay, and what there is to tell of the others in the end."""
        for key, incident in self.incidents.items():
            self._incidents_left.setdefault(key, (tuple(incident.left()), incident.position))
        for identifier, those in self.contacts.items():
            places = self._strangers.setdefault(identifier, [])
            places += [item.position for item in those if item.position not in places] if identifier not in self._related else []
        self._earlier |= self._taken
        for group in (self.students, self.contacts, self.incidents, self._taken):
            group.clear()

    def tell_the_rest(self) -> None:
        """What is of no student alone stays with the source: of organisations and incidents what no record says, contacts of nobody."""
        for resource, item in self._agencies:
            identifier = str(item.body[AGENCIES[resource]])
            left = item.left() if self.organizations.is_named(identifier) else {"*": identifier}
            left |= {} if self.organizations.has_district(identifier) else {"localEducationAgencyReference": identifier}
            self._tell("of-no-student-alone", resource, left, item.position)
        for members, position in self._incidents_left.values():
            self._tell("of-no-student-alone", "disciplineIncidents", dict.fromkeys(members), position)
        for identifier, places in self._strangers.items():
            for position in places if identifier not in self._related else ():
                self._tell("of-no-student-alone", "contacts", {"*": identifier}, position)

    def _tell_ids(self, resource: str, body: Mapping[str, Any], position: str) -> None:
        """By what the source's own system knows a body, once for each resource: it says nothing of anybody and stays there."""
        untold = self._ids_untold[resource]
        if not untold:
            return
        ids = [name for name in untold if name in body]
        if "link" in untold and "link" not in ids and _has_link(body):
            ids.append("link")
        for name in sorted(ids):
            untold.remove(name)
            self.findings.missed("source-id-left", f"{position}:{name}")

    def _tell(self, reason: str, resource: str, left: Iterable[str], position: str) -> None:
        """Each member once, with the first place that has it."""
        for member in as_told(resource, left):
            place = (reason, resource, member)
            if place in self._told:
                self.findings.reasons[reason] += 1
            else:
                self._told.add(place)
                self.findings.missed(reason, f"{position}:{member}")


def as_told(resource: str, members: Iterable[str]) -> list[str]:
    """How a report names members of a resource: one that the standard does not have by no name."""
    known = known_members(resource)
    return [member if member in known else "*" for member in members] if known else ["*"]


def _has_link(body: Mapping[str, Any]) -> bool:
    """Whether a reference in it has one."""
    for value in body.values():  # noqa: SIM110 asked of each body: a generator takes twice as long
        if type(value) is dict and "link" in value:
            return True
    return False


def _depth(value: Any) -> int:
    """How deep objects and lists are nested, looking no deeper than matters."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        level = [inner for one in level if isinstance(one, (dict, list)) for inner in (one.values() if isinstance(one, dict) else one)]
        depth += 1
    return depth
