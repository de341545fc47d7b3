"""What the rostering service's collections hold, whole or of a school, a class, a student; each object with the student it tells of.

Of teachers and grading periods the record has none, so those collections are there and empty.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from safepassage.problems.oneroster import NoSuchObject
from services.records.formats.oneroster_classes import WITHIN
from services.records.formats.oneroster_query import Object
from services.records.formats.oneroster_vocabulary import OF_CLASSES, OF_DEMOGRAPHICS, OF_USERS
from services.records.oneroster.found_classes import FoundClasses
from services.records.oneroster.item import Item
from services.records.oneroster.reading import Reading
from shared.turns import in_turns

SCHOOL: Final = "school_sourced_id"
CLASS: Final = "class_sourced_id"
COURSE: Final = "course_sourced_id"
TERM: Final = "term_sourced_id"
USER: Final = "user_sourced_id"


class Made(NamedTuple):
    """An object, and the student of whom it tells; None for what tells of nobody."""

    value: Object
    item: Item | None
    of: tuple[UUID, ...] = ()
    """Of what tells of nobody, the students by whose records it is as it is."""

    @property
    def students(self) -> tuple[UUID, ...]:
        """Whose records have to be opened for it."""
        return self.of if self.item is None else (self.item.rostered.student_id,)


Ids = Mapping[str, str]
"""The ids of the path, by name."""


def of_nobody(values: Iterable[Object]) -> list[Made]:
    """Objects that tell of no student."""
    return [Made(value, None) for value in values]


async def orgs(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """The agreement's districts, their schools, and the state."""
    return of_nobody(reading.directory.objects())


async def schools(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """The schools among them."""
    return of_nobody(value for value in reading.directory.objects() if value["type"] == "school")


async def sessions(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """This school year and its term."""
    return of_nobody(reading.shapes.sessions.objects([reading.shapes.year]))


async def terms(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """The term, also as that of a school."""
    if SCHOOL in ids:
        reading.school(ids[SCHOOL])
    return [one for one in await sessions(reading, {}, None) if one.value["type"] == "term"]


async def grading_periods(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """None, also of a term."""
    if TERM in ids:
        await _require_term(reading, ids[TERM])
    return []


async def teachers(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """None, also of a school or a class."""
    if SCHOOL in ids:
        reading.school(ids[SCHOOL])
    if CLASS in ids:
        await _members(reading, ids, None)
    return []


async def students(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """Students as users: all, those enrolled at a school, those of a class."""
    if CLASS in ids:
        return [Made(reading.shapes.user(item.rostered), item) for item in await _members(reading, ids, since)]
    if SCHOOL not in ids:
        return await of_students(reading, await reading.gather(OF_USERS, reading.places(), changed_since=since))
    school = reading.school(ids[SCHOOL])
    gathered = await reading.gather(OF_USERS, [school.id], changed_since=since)
    # Who is enrolled at a school is told of those alone whose enrolment may be told.
    shapes = reading.shapes
    there = [item async for item in in_turns(gathered) if any(where.id == school.id for _, where in shapes.enrolled(item.rostered))]
    return await of_students(reading, there)


async def of_students(reading: Reading, items: Sequence[Item]) -> list[Made]:
    """These students as users."""
    return [Made(reading.shapes.user(item.rostered), item.as_user()) async for item in in_turns(items)]


async def users(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """Students, each followed by the guardians."""
    gathered = await reading.gather(OF_USERS, reading.places(), changed_since=since)
    return [one async for item in in_turns(gathered) for one in _people(reading, item)]


async def demographics(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """Demographics of students, under the ids of their users."""
    return await of_demographics(reading, await reading.gather(OF_DEMOGRAPHICS, reading.places(), changed_since=since))


async def of_demographics(reading: Reading, items: Sequence[Item]) -> list[Made]:
    """The same of these students."""
    made = [(reading.shapes.demographics(item.rostered), item) async for item in in_turns(items)]
    return [Made(value, item) for value, item in made if value is not None]


async def enrollments(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """Students' places in classes: all, those at a school, those in a class of one."""
    if CLASS in ids:
        items = await _members(reading, ids, since)
    else:
        places = reading.places_of(str(reading.school(ids[SCHOOL]).id)) if SCHOOL in ids else reading.places()
        items = await reading.gather(OF_CLASSES, places, changed_since=since)
    made = [Made(value, item) async for item in in_turns(items) for value in reading.shapes.enrollments(item.rostered)]
    if SCHOOL in ids:
        made = [one for one in made if one.value["school"]["sourcedId"] == ids[SCHOOL]]
    return [one for one in made if one.value["class"]["sourcedId"] == ids[CLASS]] if CLASS in ids else made


async def classes(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """Classes: all, or those of a school, a course, a term, a student. Raises NoSuchObject."""
    if USER in ids:
        item = await reading.one(OF_CLASSES, ids[USER])
        own = reading.shapes.taught.classes(held for held, _ in reading.shapes.classes_of(item.rostered))
        return [Made(value, item) for value in own] if ids[USER] == str(item.rostered.pseudonym) else []
    if TERM in ids:
        await _require_term(reading, ids[TERM])
    taught = reading.shapes.taught
    found = await _found(reading, ids)
    by_id = found.students_by(lambda held: taught.class_id(held.key))
    made = [Made(value, None, by_id[value["sourcedId"]]) for value in taught.classes(found.told)]
    if COURSE in ids:
        made = [one for one in made if one.value["course"]["sourcedId"] == ids[COURSE]]
        if not made:
            raise NoSuchObject
    return made


async def courses(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """Courses: all, or those taught at a school."""
    found, taught = await _found(reading, ids), reading.shapes.taught
    by_id = found.students_by(taught.course_id)
    return [Made(value, None, by_id[value["sourcedId"]]) for value in taught.courses(found.told)]


async def person(reading: Reading, sourced_id: str, *, with_guardians: bool) -> Made:
    """A student, or a guardian of one, by id. Raises NoSuchObject."""
    people = _people(reading, await reading.one(OF_USERS, sourced_id))
    return only(people if with_guardians else people[:1], sourced_id)


async def class_(reading: Reading, sourced_id: str) -> Made:
    """A class. Raises NoSuchObject."""
    found = await _found(reading, {COURSE: sourced_id})
    return only(of_nobody(reading.shapes.taught.classes(found.told)), sourced_id)


async def course(reading: Reading, sourced_id: str) -> Made:
    """A course. Raises NoSuchObject."""
    found = await _found(reading, {COURSE: sourced_id})
    return only(of_nobody(reading.shapes.taught.courses(found.told)), sourced_id)


async def no_teacher(reading: Reading, ids: Ids, since: datetime | None) -> list[Made]:
    """What a teacher has: there is none. Raises NoSuchObject."""
    raise NoSuchObject


async def demographics_of(reading: Reading, sourced_id: str) -> Made:
    """A student's demographics. Raises NoSuchObject."""
    return only(await of_demographics(reading, [await reading.one(OF_DEMOGRAPHICS, sourced_id)]), sourced_id)


async def enrollment(reading: Reading, sourced_id: str) -> Made:
    """A student's place in a class. Raises NoSuchObject."""
    item = await reading.one(OF_CLASSES, sourced_id)
    return only((Made(value, item) for value in reading.shapes.enrollments(item.rostered)), sourced_id)


def only(made: Iterable[Made], sourced_id: str) -> Made:
    """The one with an id. Raises NoSuchObject."""
    found = next((one for one in made if one.value["sourcedId"] == sourced_id), None)
    if found is None:
        raise NoSuchObject
    return found


def _people(reading: Reading, item: Item) -> list[Made]:
    values = (reading.shapes.user(item.rostered), *reading.shapes.guardians(item.rostered))
    return [Made(value, item.as_user()) for value in values]


async def _members(reading: Reading, ids: Ids, since: datetime | None) -> list[Item]:
    """The students of a class, of those who changed since. Raises NoSuchObject for a class that nobody is in, or not of the school."""
    if SCHOOL in ids:
        school = reading.school(ids[SCHOOL])
        if ids[CLASS].partition(WITHIN)[0] != str(school.id):
            raise NoSuchObject
    items = await reading.gather(OF_USERS, reading.places_of(ids[CLASS].partition(WITHIN)[0]), changed_since=None)
    shapes = reading.shapes
    members = [
        item
        async for item in in_turns(items)
        if any(shapes.taught.class_id(held.key) == ids[CLASS] for held, _ in shapes.classes_of(item.rostered))
    ]
    if not members:
        raise NoSuchObject
    return [item for item in members if since is None or item.rostered.changed_at >= since]


async def _found(reading: Reading, ids: Ids) -> FoundClasses:
    """The classes that students are in: of all, or of a school, or where an id of a course or a class says."""
    school = reading.school(ids[SCHOOL]) if SCHOOL in ids else None
    if school is not None:
        places = reading.places_of(str(school.id))
    else:
        places = reading.places_of(ids[COURSE].partition(WITHIN)[0]) if COURSE in ids else reading.places()
    items = await reading.gather(OF_CLASSES, places, changed_since=None)
    shapes, found = reading.shapes, FoundClasses()
    async for item in in_turns(items):
        for held, _ in shapes.classes_of(item.rostered):
            if school is None or held.school.id == school.id:
                found.add(held, item.rostered.student_id)
    return found


async def _require_term(reading: Reading, sourced_id: str) -> None:
    only(await terms(reading, {}, None), sourced_id)
