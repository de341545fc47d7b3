"""Two systems that know some children in common: invented records with who is who, for training, for the thresholds, and for the report.

Each of the three takes a seed of its own; nothing of one is in another. Every naming tradition has the same share, so that the figures of
each are equally sure.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from uuid import UUID

from node.synthetic import ALDER, people
from node.synthetic.calendar import SchoolCalendar
from node.synthetic.names import ALIKE_TWINS, ORIGINS
from node.synthetic.people import Document
from node.synthetic.spellings import plain, written_elsewhere
from safepassage.record import StudentRecord
from safepassage.record.identity import Identity
from services.records.linking.persons import LinkedPerson, linked_person, without_crowded
from services.records.matching_person import candidate_of

DAY = date(2026, 11, 26)
IN_BOTH = 0.5
"""Of the records of a side: children whom the other side knows too. The others are in one side only."""
TWINS = 0.0153
"""Of families: with twins, so that 3 % of children are; half of them with names alike; of one in four pairs each side knows one only."""
TWIN_UNSAID = 0.3
MOVED = 0.8
"""Of children in both: with another address."""
SAME_TELEPHONE = 0.5
GUARDIAN_MISSING = 0.12
NO_CONTACTS = 0.015


@dataclass(frozen=True)
class Truth:
    """Who a record is of."""

    person: int
    origin: str
    twin: bool
    written: tuple[str, ...]


@dataclass(frozen=True)
class MatchingSet:
    """Two sides, and the truth of each record by its key."""

    left: list[LinkedPerson]
    right: list[LinkedPerson]
    truth: dict[str, Truth]
    identities: dict[str, Identity]
    """By key, as each side has written the child down."""

    def people(self) -> dict[str, LinkedPerson]:
        """Both sides by key."""
        return {one.key: one for one in (*self.left, *self.right)}

    def pairs(self) -> dict[str, str]:
        """Left key to right key of every child that both sides know."""
        right = {self.truth[one.key].person: one.key for one in self.right}
        return {one.key: right[self.truth[one.key].person] for one in self.left if self.truth[one.key].person in right}


def matching_set(seed: int, size: int) -> MatchingSet:
    """`size` records on each side."""
    made = _Maker(seed, size)
    family = 0
    while len(made.left) < size or len(made.right) < size:
        made.family(family)
        family += 1
    return MatchingSet(without_crowded(made.left), without_crowded(made.right), made.truth, made.identities)


class _Maker:
    def __init__(self, seed: int, size: int) -> None:
        self.seed, self.size = seed, size
        self.calendar = SchoolCalendar(DAY)
        self.left: list[LinkedPerson] = []
        self.right: list[LinkedPerson] = []
        self.truth: dict[str, Truth] = {}
        self.identities: dict[str, Identity] = {}
        self.person = 0

    def family(self, number: int) -> None:
        random = Random(f"{self.seed}/{number}")
        home = people.family(ALDER, random, number, origin=ORIGINS[number % len(ORIGINS)])
        born = people.birth_date(self.calendar, random.randrange(13), random)
        girl = random.random() < 0.5
        if random.random() >= TWINS:
            self._place(self._child(home, random, born, girl, None, 0), home, random, random.random(), twin=False)
            return
        names = (
            random.choice(ALIKE_TWINS)
            if random.random() < 0.5
            else tuple(random.sample(home.origin.girls if girl else home.origin.boys, 2))
        )
        where, split = random.random(), random.random() < 0.25
        for order, given in enumerate(names):
            child = self._child(home, random, born, girl, given, order + 1)
            self._place(child, home, random, (0.5 + 0.4 * order) if split else where, twin=True)

    def _child(self, home: people.Family, random: Random, born: date, girl: bool, given: str | None, order: int) -> Document:
        identity = people.identity(home, random, born=born, girl=girl, given=given)
        if order:
            identity["multiple_birth"] = {"indicator": True, "order": order}
            if random.random() < TWIN_UNSAID:
                del identity["multiple_birth"]
        return {"identity": identity, "contacts": people.contacts(home, str(self.person))}

    def _place(self, document: Document, home: people.Family, random: Random, where: float, *, twin: bool) -> None:
        """In both sides, in the left, or in the right alone."""
        person, self.person = self.person, self.person + 1
        only_one = (1 - IN_BOTH / (2 - IN_BOTH)) / 2
        both = where < IN_BOTH / (2 - IN_BOTH)
        if (both or where < 1 - only_one) and len(self.left) < self.size:
            self._add(self.left, f"left-{person:06d}", document, Truth(person, home.origin.name, twin, ()))
        if (both or where >= 1 - only_one) and len(self.right) < self.size:
            elsewhere, written = _elsewhere(document, home, random, person)
            self._add(self.right, f"right-{person:06d}", elsewhere, Truth(person, home.origin.name, twin, written))

    def _add(self, side: list[LinkedPerson], key: str, document: Document, truth: Truth) -> None:
        record = _record(document)
        side.append(linked_person(key, record, candidate_of(UUID(int=truth.person), record)))
        self.truth[key] = truth
        if record.identity is not None:
            self.identities[key] = record.identity


def _elsewhere(document: Document, home: people.Family, random: Random, person: int) -> tuple[Document, tuple[str, ...]]:
    identity, written = written_elsewhere(document["identity"], random)
    if "multiple_birth" in identity and random.random() < TWIN_UNSAID:
        del identity["multiple_birth"]
    contacts = _copy(document["contacts"])
    if random.random() < MOVED:
        new = people.family(ALDER, random, person + 500_000)
        contacts["addresses"] = [new.address]
        telephone = home.telephone if random.random() < SAME_TELEPHONE else new.telephone
        contacts["telephones"] = [{"number": telephone}]
        for guardian in contacts["guardians"]:
            guardian |= {"addresses": [new.address], "telephones": [{"number": telephone}]}
    for guardian in contacts["guardians"]:
        if random.random() < 0.5:
            guardian["name"] = {part: plain(text) for part, text in guardian["name"].items()}
    if random.random() < GUARDIAN_MISSING:
        contacts["guardians"] = [random.choice(contacts["guardians"])]
    if random.random() < NO_CONTACTS:
        return {"identity": identity}, (*written, "no_contacts")
    return {"identity": identity, "contacts": contacts}, written


def _copy(contacts: dict[str, Any]) -> dict[str, Any]:
    return {**contacts, "guardians": [{**one, "name": dict(one["name"])} for one in contacts["guardians"]]}


_ORIGIN = {
    "originating_agency": "x",
    "source_system": "y",
    "as_of": datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
}


def _record(document: Document) -> StudentRecord:
    return StudentRecord.model_validate(document | {"provenance": dict.fromkeys(document, _ORIGIN)})
