"""What is made of the classes that students are in is the same of what each class says once, and that grows with the classes alone."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4, uuid5

import pytest

from services.records.formats.oneroster_classes import Class, ClassKey, Taught
from services.records.formats.oneroster_places import Directory, Links, Sessions
from services.records.oneroster.found_classes import FoundClasses
from tests.records.formats.test_oneroster_csv import ORGS

SPACE, LINKS = UUID(int=7), Links("https://node.example")
DIRECTORY = Directory(ORGS, links=LINKS)
SCHOOL = next(one for one in ORGS if one.kind == "school")
CODES = (None, "02052", "02072", "04101")


def pairwise(*named: str) -> UUID:
    return uuid5(SPACE, "/".join(named))


def taught() -> Taught:
    return Taught(DIRECTORY, pairwise, links=LINKS, sessions=Sessions(pairwise, links=LINKS), year=2027)


def said(random: Random) -> Class:
    """A section of one of four classes of two courses, changed at one of three instants."""
    section, code = random.choice("12"), random.choice(CODES)
    key = ClassKey(str(SCHOOL.id), section, "Algebra I", random.choice("AB"), "")
    course = {"title": "Algebra I"} | ({} if code is None else {"sced_code": code})
    return Class(key, SCHOOL, course, datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=random.randrange(3)))


@pytest.mark.parametrize("seed", range(20))
def test_classes_and_courses_of_many_are_those_of_what_each_class_says_once(seed: int) -> None:
    random, found, shapes = Random(seed), FoundClasses(), taught()
    every = [(said(random), uuid4()) for _ in range(3 if seed % 2 else 400)]
    for held, student_id in every:
        found.add(held, student_id)
    assert shapes.classes(found.told) == shapes.classes(held for held, _ in every)
    assert shapes.courses(found.told) == shapes.courses(held for held, _ in every)
    assert len(list(found.told)) <= 2 * 2 * len(CODES)
    by_course = found.students_by(shapes.course_id)
    assert {one: set(those) for one, those in by_course.items()} == {
        one: {student_id for held, student_id in every if shapes.course_id(held) == one} for one in by_course
    }
    assert set(by_course) == {value["sourcedId"] for value in shapes.courses(found.told)}
