"""The students of a state: seeded, deterministic, one at a time, so that a quarter of a million need no more memory than one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random
from uuid import UUID

from node.synthetic import people, schooling, support
from node.synthetic.calendar import SchoolCalendar
from node.synthetic.filling import fill_up
from node.synthetic.hard_cases import CASES, apply_case
from node.synthetic.identifiers import local_student_id, social_security_number, state_student_id
from node.synthetic.names import ALIKE_TWINS
from node.synthetic.people import Document
from node.synthetic.rates import DEFAULT, SUPPORT, Rates
from node.synthetic.states import StatePlan, SyntheticOrganisation, organisations
from safepassage.record.loads import NewStudent
from safepassage.wire_exchange import PersonSelector


@dataclass(frozen=True)
class SyntheticStudent:
    """A student to load, and what is true of the person, which no service is ever told."""

    index: int
    case: str | None
    """The hard case (hard_cases.CASES), None for an ordinary student."""
    person_id: UUID
    """Ground truth: who this is."""
    twin_of: int | None
    """Index of the twin."""
    true_state_id: str
    """The id that the state meant to give: the family knows it; the record of a swapped twin bears the other's."""
    district: SyntheticOrganisation
    school: SyntheticOrganisation
    load: NewStudent
    state: StatePlan
    origin: str
    """The naming tradition of the family."""

    @property
    def document(self) -> Document:
        """The record as JSON has it."""
        return self.load.record.document()

    @property
    def source_id(self) -> str:
        """The id in the state's own system."""
        return self.load.source_id

    @property
    def selector(self) -> PersonSelector:
        """How the family and a new school would describe the child to another state."""
        identity, contacts = self.load.record.identity, self.load.record.contacts
        assert identity is not None and identity.name is not None and identity.birth_date is not None  # noqa: S101, PT018 every one has
        guardians = (contacts.guardians or ()) if contacts else ()
        return PersonSelector(
            first_name=identity.name.first or "FNU",
            middle_name=identity.name.middle,
            last_name=" ".join(part for part in (identity.name.last_1, identity.name.last_2) if part),
            birth_date=identity.birth_date.birth_date,
            state_student_id=self.true_state_id,
            former_school_nces_id=self.school.nces_id,
            former_district_nces_id=self.district.nces_id,
            guardian_last_name=guardians[0].name.last_1 if guardians else None,
        )


def students(
    state: StatePlan, *, as_of: date, seed: int = 1, count: int = 200, size_bytes: int | None = None
) -> Iterator[SyntheticStudent]:
    """The first `count` students of `state` as of a day; the same seed and day give the same students, whatever the count.

    The hard cases come first, in the order of `hard_cases.CASES`. With `size_bytes` each record's JSON has about that size.

    Less than what `population.Population` makes of the same seed, by design. Families, names, births, sections, ids of the state and hard
    cases are made by the same functions (World); left out are moves, years repeated, those who have left, particulars, details and what a
    second school writes. The demo tells its story, and tests of the exchange name their children, by who is at which school: a cast of one
    record each that never moved, in one node, pinned by a digest. It takes the size that a measurement asks for, too.
    """
    world = World(state, SchoolCalendar(as_of), seed)
    for index in range(count):
        yield world.student(index, size_bytes)


def source_system(state: StatePlan) -> str:
    """The name of the system that loads a state's students."""
    return f"{state.name} synthetic SIS"


def source_id(state: StatePlan, number: int) -> str:
    """The id of its record `number`."""
    return f"{state.code}{number:07d}"


class World:
    """A state with its schools, and whatever is drawn for its students: each draw has a name of its own, so that none moves another."""

    def __init__(self, state: StatePlan, calendar: SchoolCalendar, seed: int, rates: Rates = DEFAULT) -> None:
        self.state, self.calendar, self.seed, self.rates = state, calendar, seed, rates
        all_of_them = organisations(state)
        self.districts = [one for one in all_of_them if one.kind == "lea"]
        self.schools = {
            district.key: [one for one in all_of_them if one.kind == "school" and one.parent == district.key] for district in self.districts
        }

    def random(self, *what: object) -> Random:
        """The draws of this name."""
        return Random("/".join(str(part) for part in (self.seed, self.state.code, *what)))

    def student(self, index: int, size_bytes: int | None) -> SyntheticStudent:
        """The student as one state knows them who never moved."""
        case = CASES[index] if index < len(CASES) else None
        twin_of = self.twin_of(index, case)
        household = min(index, twin_of) if twin_of is not None else index
        shared, own = self.random("household", household), self.random("student", index)
        home = people.family(self.state, shared, household)
        grade = 12 if case == "turned-18" else shared.randrange(13)
        born = people.birth_date(self.calendar, grade, shared)
        district, school, attended = self._attended(grade, shared)
        girl = (shared if twin_of is not None else own).random() < 0.5
        given = shared.choice(ALIKE_TWINS)[index - household] if twin_of is not None else None
        document = self.document(home, own, born=born, girl=girl, given=given, index=index, attended=attended, district=district)
        true_id = self.number_and_change(document, own, case=case, index=index, number=index, twin_of=twin_of, school=school)
        fill_up(document, size_bytes, self.calendar, own)
        load = NewStudent.model_validate(
            {
                "source_system": source_system(self.state),
                "source_id": source_id(self.state, index),
                "as_of": datetime(self.calendar.as_of.year, self.calendar.as_of.month, self.calendar.as_of.day, tzinfo=UTC),
                "record": {name: section for name, section in document.items() if section},
            }
        )
        person_id = UUID(int=self.random("person", index).getrandbits(128), version=4)
        return SyntheticStudent(index, case, person_id, twin_of, true_id, district, school, load, self.state, home.origin.name)

    def number_and_change(
        self,
        document: Document,
        own: Random,
        *,
        case: str | None,
        index: int,
        number: int,
        twin_of: int | None,
        school: SyntheticOrganisation,
    ) -> str:
        """Give the record the state's id, say which twin it is, and make the hard case of it. Gives the id that the state meant to give.

        own     the draws of the student, as `document` left them
        index   of the student in the state where it is first
        number  of the record in this state
        """
        true_id = state_student_id(self.state, number, self.seed)
        identity = document["identity"]
        bears = true_id if case != "twins-swapped-ids" or twin_of is None else state_student_id(self.state, twin_of, self.seed)
        identity["identifiers"][0]["value"] = bears
        if twin_of is not None:
            identity["multiple_birth"] = {"indicator": True, "order": 1 + (index > twin_of)}
        if case is not None:
            apply_case(case, document, index=index, calendar=self.calendar, state=self.state, random=own, school=school)
        return true_id

    def twin_of(self, index: int, case: str | None) -> int | None:
        """Cases of two stand one after the other; elsewhere a slot of two is one of twins as often as births are."""
        if case is not None:
            first = CASES.index(case)
            return (2 * first + 1 - index) if case.startswith("twins") else None
        offset = index - len(CASES)
        if self.random("slot", offset // 2).random() >= self.rates.twins:
            return None
        return index + 1 if offset % 2 == 0 else index - 1

    def _attended(self, grade: int, random: Random) -> tuple[SyntheticOrganisation, SyntheticOrganisation, schooling.Attended]:
        """District, present school, and the schools of the last years, without those of a level that the district does not have."""
        level = schooling.level_of(grade)
        having = [one for one in self.districts if any(school.level == level for school in self.schools[one.key])]
        district = random.choices(having, weights=[6, *([1] * (len(having) - 1))])[0]
        by_level = {
            wanted: random.choice(those)
            for wanted in ("elementary", "middle", "high")
            if (those := [school for school in self.schools[district.key] if school.level == wanted])
        }
        attended = [
            schooling.year_at(
                self.calendar.year - back, grade - back, by_level[schooling.level_of(grade - back)], district, present=back == 0
            )
            for back in range(schooling.YEARS)
            if grade - back >= 0 and schooling.level_of(grade - back) in by_level
        ]
        return district, by_level[level], attended

    def document(
        self,
        home: people.Family,
        own: Random,
        *,
        born: date,
        girl: bool,
        given: str | None,
        index: int,
        attended: schooling.Attended,
        district: SyntheticOrganisation,
        number: int | None = None,
    ) -> Document:
        """The sections, empty ones among them; no state id yet.

        number  by which the record's own numbers are made, where it is not the student's index
        """
        number = index if number is None else number
        has = {name: own.random() < getattr(self.rates, name) for name in SUPPORT}
        calendar, state = self.calendar, self.state
        identity = people.identity(home, own, born=born, girl=girl, given=given)
        identity["identifiers"] = [
            {"kind": "state", "system": state.code, "value": ""},
            {"kind": "district", "system": str(district.nces_id), "value": local_student_id(number)},
        ]
        if own.random() < 0.2:
            identity["ssn"] = social_security_number(number)
        demographics = people.demographics(home, own)
        if has["military"]:
            demographics["military_connection"] = support.military(calendar)
        programmes: Document = {
            name: made
            for name, made in (
                ("english_learner", support.english_learner(calendar) if has["english_learner"] else None),
                ("migrant", support.migrant(calendar) if has["migrant"] else None),
                ("homeless", support.homeless(calendar, own) if has["homeless"] else None),
                ("foster", support.foster(calendar, state.name) if has["foster"] else None),
                ("meal_status", support.meal_status(calendar, own) if own.random() < self.rates.meal_status else None),
            )
            if made is not None
        }
        special = support.special_education(calendar, own) if has["iep"] else {}
        if has["section_504"]:
            special["section_504"] = support.section_504(calendar)
        return {
            "identity": identity,
            "demographics": demographics,
            "contacts": people.contacts(home, local_student_id(number)),
            "enrollment": schooling.enrollment(attended, district, state),
            "attendance": schooling.attendance(attended, calendar, own, events_a_year=8),
            "academics": schooling.academics(attended, calendar, own, state),
            "assessments": schooling.assessments(attended, own, state, english_learner=has["english_learner"]),
            "special_education": special,
            "programmes": programmes,
            "health": support.health(born, own),
            "discipline": {"incidents": [support.incident(calendar, attended[0].school.nces_id, own)]} if own.random() < 0.05 else {},
        }
