"""Two states through four school years: each child in the states and districts through which it went, and who is who in all of them.

Nothing is kept: a record is drawn when its turn comes, from its own number, so that half a million need no more memory than one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from uuid import UUID

from node.synthetic import people
from node.synthetic.calendar import SchoolCalendar
from node.synthetic.claims import feigned, keep_enrolled, never_came, still_claimed
from node.synthetic.details import Child, add_details
from node.synthetic.details.things import Draws
from node.synthetic.hard_cases import CASES
from node.synthetic.identifiers import district_student_id
from node.synthetic.leaving import left_for_good
from node.synthetic.lives import GRADES, Schools, life
from node.synthetic.names import ALIKE_TWINS
from node.synthetic.particulars import add_particulars
from node.synthetic.persons import Person
from node.synthetic.profiles import Profile
from node.synthetic.rates import DEFAULT, Rates
from node.synthetic.schooling import Attended
from node.synthetic.spellings import USUAL, SpellingRates, written_elsewhere
from node.synthetic.states import StatePlan, SyntheticOrganisation
from node.synthetic.students import World, source_id, source_system
from node.synthetic.truth import Truth

ALIKE = 0.5
"""Of twins: whose given names are alike."""
TWIN_UNSAID = 0.3
"""Of records that a second school makes of a twin: that say nothing of a multiple birth."""


@dataclass(frozen=True)
class SyntheticRecord:
    """A student as one system has it, with who it is, which no service is told."""

    source_id: str
    school: SyntheticOrganisation
    """The present one, or the last."""
    load: dict[str, Any]
    """A `NewStudent` as JSON has it."""
    truth: Truth

    @property
    def document(self) -> dict[str, Any]:
        """The record."""
        return dict(self.load["record"])


class Population:
    """Both states of a profile as of a day; the same seed, day and rates give the same records."""

    def __init__(
        self, profile: Profile, *, as_of: date, seed: int = 1, rates: Rates = DEFAULT, spellings: SpellingRates = USUAL, students: int = 0
    ) -> None:
        self.profile, self.seed, self.rates, self.spellings = profile, seed, rates, spellings
        self.count = students or profile.students
        self.calendar = SchoolCalendar(as_of)
        self.states = profile.states()
        self._worlds = tuple(World(state, self.calendar, seed, rates) for state in self.states)
        self._schools = tuple(Schools(world.state, tuple(world.districts), world.schools) for world in self._worlds)

    def records(self, state: StatePlan) -> Iterator[SyntheticRecord]:
        """Every record of a state: first of those whose first state it is, then those that a second school made, then of who never came."""
        here = self.states.index(state)
        for index in range(self.count):
            person = self._person(here, index)
            yield self._record(here, here, person, person.attended(home=True, anew=False), number=index)
        number = self.count
        feigned_of: list[int] = []
        for origin, home, anew in ((here, True, True), (1 - here, False, False), (1 - here, False, True)):
            for index in range(self.count):
                person = self._person(origin, index)
                attended = person.attended(home=home, anew=anew)
                if person.feigned is not None and not home and not anew:
                    feigned_of.append(index)
                if attended:
                    yield self._record(here, origin, person, attended, number=number)
                    number += 1
        for place, index in enumerate(feigned_of):
            person = self._person(1 - here, index)
            assert person.feigned is not None  # noqa: S101 drawn as it was before
            yield self._record(here, 1 - here, person, [person.feigned], number=number + place)

    def _person(self, origin: int, index: int) -> Person:
        world = self._worlds[origin]
        case = CASES[index] if index < len(CASES) else None
        twin_of = world.twin_of(index, case)
        twin_of = None if twin_of is not None and twin_of >= self.count else twin_of
        household = index if twin_of is None else min(index, twin_of)
        shared, own = world.random("household", household), world.random("birth", index)
        home = people.family(world.state, shared, household)
        grade = shared.randrange(GRADES) if case is None else shared.randrange(13)
        grade = 12 if case == "turned-18" else grade
        repeated = shared.randrange(3) if case is None and grade <= 12 and shared.random() < self.rates.retained else None
        born = people.birth_date(self.calendar, grade + (repeated is not None), shared)
        girl = (shared if twin_of is not None else own).random() < 0.5
        given = None
        if twin_of is not None:
            alike, names = shared.choice(ALIKE_TWINS), shared.sample(home.origin.girls if girl else home.origin.boys, 2)
            given = (alike if case is not None or shared.random() < ALIKE else names)[index - household]
        rates = self.rates if case is None else _STAYS
        lived = life(
            self._schools[origin],
            self._schools[1 - origin],
            self.calendar,
            world.random("life", household),
            rates,
            grade=grade,
            repeated=repeated,
        )
        claimed = still_claimed(lived, Draws(f"{self.seed}/{world.state.code}/claimed/{household}"), rates, self.calendar)
        lived = left_for_good(lived, Draws(f"{self.seed}/{world.state.code}/leaving/{index}"), rates, self.calendar)
        draws = Draws(f"{self.seed}/{world.state.code}/never-there/{index}")
        # Of twins a claim would want both; of a hard case that is in one state its verdict would be another.
        alone = case is None and twin_of is None
        never = feigned(lived, draws, rates, self.calendar, self._schools[1 - origin]) if alone else None
        return Person(index, case, twin_of, home, born, girl, given, lived, claimed, never)

    def _record(self, here: int, origin: int, person: Person, attended: Attended, *, number: int) -> SyntheticRecord:
        world, state, first = self._worlds[here], self.states[here], number == person.index and here == origin
        own = self._worlds[origin].random("student", person.index)
        twin = None if person.twin_of is None else number + (1 if person.twin_of > person.index else -1)
        first_number = number if twin is None else min(number, twin)
        household = person.index if person.twin_of is None else min(person.index, person.twin_of)
        home = person.home if first else _moved(person.home, state, world.random("home", first_number), first_number)
        school, district = attended[0].school, attended[0].district
        document = world.document(
            home,
            own,
            born=person.born,
            girl=person.girl,
            given=person.given,
            index=person.index,
            attended=attended,
            district=district,
            number=number,
        )
        identity = document["identity"]
        if "ssn" in identity:
            identity["ssn"] = _number_of_person(person.index, origin)
        more = self._worlds[origin].random("particulars", person.index)
        add_particulars(
            document,
            more,
            self.rates,
            calendar=self.calendar,
            state=state,
            home=home,
            girl=person.girl,
            number=number,
            of_twins=None if twin is None else (self._worlds[origin].random("twins", household), first_number),
        )
        local = district_student_id(number, world.districts.index(district), self.count)
        identity["identifiers"][1]["value"] = local
        document["contacts"]["emails"] = [{"address": f"student{local}@d{district.nces_id}.schools.example"}]
        true_id = world.number_and_change(
            document, own, case=person.case, index=person.index, number=number, twin_of=person.twin_of, school=school
        )
        written: tuple[str, ...] = ()
        if person.case is None and not first:
            written = self._write_elsewhere(document, world.random("written", number), twin=person.twin_of is not None)
        for incident in document["discipline"].get("incidents", ()):
            if incident["identifier"].startswith("D"):
                incident["identifier"] += f"-{number}"  # four digits alone: other children have them too
        claim = person.claim(attended)
        if claim == "left":
            keep_enrolled(document, attended[0], self.calendar, state, self._worlds[origin].random("claimed", person.index))
        born = date.fromisoformat(identity["birth_date"]["birth_date"])
        child = Child(
            self.calendar,
            state,
            home,
            born,
            person.girl,
            number,
            school,
            tuple(world.districts),
            first_number,
            world.schools,
        )
        stream = f"{self.seed}/{self.states[origin].code}"
        add_details(document, child, self.rates, person=f"{stream}/details/{person.index}", household=f"{stream}/family/{household}")
        if claim == "never-there":
            document = never_came(document)
        person_id = UUID(int=self._worlds[origin].random("person", person.index).getrandbits(128), version=4)
        return SyntheticRecord(
            source_id(state, number),
            school,
            {
                "source_system": source_system(state),
                "source_id": source_id(state, number),
                "as_of": _instant(self.calendar.as_of),
                "record": {name: section for name, section in document.items() if section},
            },
            Truth(
                source_system=source_system(state),
                source_id=source_id(state, number),
                person_id=person_id,
                case=person.case,
                twin_of_source_id=None if twin is None else source_id(state, twin),
                true_state_id=true_id,
                origin=home.origin.name,
                written=written,
                claim=claim,
            ),
        )

    def _write_elsewhere(self, document: people.Document, random: Random, *, twin: bool) -> tuple[str, ...]:
        identity, written = written_elsewhere(document["identity"], random, self.spellings)
        if twin and random.random() < TWIN_UNSAID:
            del identity["multiple_birth"]
            written = (*written, "multiple_birth_unsaid")
        document["identity"] = identity
        return written


_STAYS = Rates(within_district=0, between_districts=0, interstate=0, leaving=0, dropping_out=0)


def _moved(home: people.Family, state: StatePlan, random: Random, number: int) -> people.Family:
    """The family at a new address, half of them with the telephone that they had."""
    new = people.family(state, random, number)
    return replace(home, address=new.address, telephone=home.telephone if random.random() < 0.5 else new.telephone)


def _number_of_person(index: int, origin: int) -> str:
    """A number in the form of a social security number that is never assigned; one for each person of both states."""
    one = 2 * index + origin
    return f"9{one // 10_000 % 100:02d}00{one % 10_000:04d}"


def _instant(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
