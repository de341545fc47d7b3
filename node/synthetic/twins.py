"""Pairs of twins, for the one test that matters most to matching."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from uuid import UUID

from node.synthetic import people, schooling
from node.synthetic.calendar import SchoolCalendar
from node.synthetic.identifiers import local_student_id, state_student_id
from node.synthetic.names import ALIKE_TWINS
from node.synthetic.people import Document
from node.synthetic.states import ALDER, organisations
from safepassage.record import StudentRecord
from safepassage.wire_exchange import PersonSelector


@dataclass(frozen=True)
class Twin:
    """One of two: the record as the state has it, and how the family describes the child, with the id that the family knows."""

    student_id: UUID
    record: StudentRecord
    selector: PersonSelector


def twin_pairs(n: int, seed: int = 1, *, as_of: date = date(2026, 10, 20)) -> Iterator[tuple[Twin, Twin]]:
    """`n` pairs. All share surname, date of birth and home; names are alike in half of them.

    Every 4th pair has its state ids swapped, every 3rd says nothing of a multiple birth, every 5th goes to two schools, every 7th has no
    contacts, every 9th has the same id on both.
    """
    for number in range(n):
        random = Random(f"{seed}/twins/{number}")
        home = people.family(ALDER, random, number)
        yield _twin(number, 0, home, random, as_of, seed), _twin(number, 1, home, random, as_of, seed)


def _twin(number: int, place: int, home: people.Family, random: Random, as_of: date, seed: int) -> Twin:
    calendar = SchoolCalendar(as_of)
    shared = Random(f"{seed}/twins/{number}/shared")
    grade = shared.randrange(13)
    born = people.birth_date(calendar, grade, shared)
    girl = shared.random() < 0.5
    alike = shared.choice(ALIKE_TWINS)[place] if number % 2 else random.choice(home.origin.girls if girl else home.origin.boys)
    identity = people.identity(home, random, born=born, girl=girl, given=alike)
    identity["multiple_birth"] = {"indicator": True, "order": place + 1}
    if number % 3 == 0:
        del identity["multiple_birth"]
    known = state_student_id(ALDER, 2 * number + place, seed)
    bears = known
    if number % 4 == 0:
        bears = state_student_id(ALDER, 2 * number + 1 - place, seed)
    if number % 9 == 0:
        bears = state_student_id(ALDER, 2 * number, seed)
    identity["identifiers"] = [{"kind": "state", "system": ALDER.code, "value": bears}]
    everything = organisations(ALDER)
    schools = [one for one in everything if one.kind == "school" and one.level == schooling.level_of(grade)]
    school = schools[(number + (place if number % 5 == 0 else 0)) % len(schools)]
    district = next(one for one in everything if one.key == school.parent)
    document: Document = {
        "identity": identity,
        "contacts": people.contacts(home, local_student_id(number)),
        "enrollment": schooling.enrollment([schooling.year_at(calendar.year, grade, school, district, present=True)], district, ALDER),
    }
    if number % 7 == 0:
        del document["contacts"]
    origin = {"originating_agency": str(district.nces_id), "source_system": "twins", "as_of": f"{as_of}T00:00:00.000Z"}
    record = StudentRecord.model_validate(document | {"provenance": dict.fromkeys(document, origin)})
    last_1, last_2 = people.surnames_of(home)
    selector = PersonSelector(
        first_name=identity["name"]["first"],
        middle_name=identity["name"].get("middle"),
        last_name=f"{last_1} {last_2}" if last_2 else last_1,
        birth_date=born,
        state_student_id=known,
        former_school_nces_id=school.nces_id,
        former_district_nces_id=district.nces_id,
        guardian_last_name=home.mother,
    )
    return Twin(UUID(int=random.getrandbits(128), version=4), record, selector)
