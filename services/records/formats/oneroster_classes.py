"""What is taught: OneRoster 1.2 classes and courses, as the sections of students say them. Pure.

Records name a course alike and may give it different SCED codes: none is dropped and none is taken for another. The object has that of the
record that changed last where a reader looks for one, the others beside it; each place in a class says the student's own.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from safepassage.wire_organisations import Organisation
from services.records.formats.oneroster_places import Directory, Links, Pairwise, Sessions
from services.records.formats.oneroster_query import Object, instant

Key = TypeVar("Key")

WITHIN: Final = "."
"""In an id made of two: the object that it belongs to, by which it is found again, and its own."""
SCED: Final = "safepassage.sced"
"""In the metadata: a SCED code, five digits."""
OTHER_SCED: Final = "safepassage.otherSced"
"""In the metadata: the SCED codes that other records give the same course."""


class ClassKey(NamedTuple):
    """What makes two students' sections the same class."""

    school_id: str
    section: str
    title: str
    course: str
    term: str


@dataclass
class Class:
    """A class, as the section of one student says it."""

    key: ClassKey
    school: Organisation
    course: Mapping[str, Any]
    changed_at: datetime


class Taught:
    """Makes classes and courses for one recipient, for a school year."""

    def __init__(self, directory: Directory, pairwise: Pairwise, *, links: Links, sessions: Sessions, year: int) -> None:
        self._directory, self._pairwise, self._links = directory, pairwise, links
        self._sessions, self._year = sessions, year
        self._class_ids: dict[ClassKey, str] = {}

    def class_id(self, key: ClassKey) -> str:
        """The sourcedId of a class, for a school year."""
        known = self._class_ids.get(key)
        if known is None:
            known = self._class_ids[key] = f"{key.school_id}{WITHIN}{self._pairwise('class', str(self._year), *key)}"
        return known

    def course_id(self, held: Class) -> str:
        """The sourcedId of its course, for a school year."""
        district = str(self._directory.district_of(held.school).id)
        return f"{district}{WITHIN}{self._pairwise('course', str(self._year), district, held.key.course, held.key.title)}"

    def classes(self, found: Iterable[Class]) -> list[Object]:
        """The collection `classes`, by school, title and section."""
        made = []
        for key, those in _grouped(found, lambda held: held.key):
            held = those[0]
            made.append(
                _present(
                    {
                        "sourcedId": self.class_id(key),
                        "status": "active",
                        "dateLastModified": _latest(those),
                        "metadata": {"safepassage.term": key.term} if key.term else None,
                        "title": key.title,
                        "classCode": key.section or None,
                        "classType": "scheduled",
                        "course": self._links.to("course", self.course_id(held)),
                        "school": self._links.to("org", held.school.id),
                        "terms": [self._sessions.term(self._year)],
                        **_subjects(those),
                    }
                )
            )
        return made

    def courses(self, found: Iterable[Class]) -> list[Object]:
        """The collection `courses`: what is taught in the classes, by district."""
        made = []
        for sourced_id, those in _grouped(found, self.course_id):
            held, codes = those[0], _sced_codes(those)
            made.append(
                _present(
                    {
                        "sourcedId": sourced_id,
                        "status": "active",
                        "dateLastModified": _latest(those),
                        "metadata": _present({SCED: next(iter(codes), None), OTHER_SCED: codes[1:] or None}) or None,
                        "title": held.key.title,
                        "schoolYear": self._sessions.year(self._year),
                        "courseCode": held.key.course,
                        "org": self._links.to("org", self._directory.district_of(held.school).id),
                        **_subjects(those),
                    }
                )
            )
        return made


def _grouped(found: Iterable[Class], key_of: Callable[[Class], Key]) -> list[tuple[Key, list[Class]]]:
    """Those of one key together, in the order of their classes."""
    made: dict[Key, list[Class]] = defaultdict(list)
    for held in sorted(found, key=lambda one: one.key):
        made[key_of(held)].append(held)
    return list(made.items())


def _latest(those: Iterable[Class]) -> str:
    return instant(max(held.changed_at for held in those))


def _sced_codes(those: Iterable[Class]) -> list[str]:
    """Each once: that of the record that changed last first, the others by number."""
    said = sorted((held.course["sced_code"], held.changed_at) for held in those if "sced_code" in held.course)
    codes = list(dict.fromkeys(code for code, _ in said))
    first = max(said, key=lambda one: one[1], default=None)
    return codes if first is None else [first[0], *(code for code in codes if code != first[0])]


def _subjects(those: Iterable[Class]) -> Object:
    """The subject areas of SCED, the first two digits of a code: as codes, and as many names, which the standard wants beside them."""
    areas = list(dict.fromkeys(code[:2] for code in _sced_codes(those)))
    return {"subjects": [f"SCED {area}" for area in areas], "subjectCodes": areas} if areas else {}


def _present(values: Object) -> Object:
    return {name: value for name, value in values.items() if value is not None}
