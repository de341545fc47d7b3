"""Whom a filter can mean, before anybody is opened: by what every object of a collection says alike, by its ids, and by its school. Pure.

A filter is asked of objects that were decided on, cut and made; that stays so. What can be told without them only leaves out students of
whom no object could meet it: a status that none has, the ids of others, another school.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from services.records.formats.oneroster_classes import WITHIN
from services.records.formats.oneroster_objects import RELATIVE, RIGHTS_HOLDER
from services.records.formats.oneroster_query import Filter, Object, Predicate
from services.records.oneroster import contents as made_of
from services.records.oneroster.asking import Asked

_ACTIVE: Final[Object] = {"status": "active"}
_STUDENT: Final[Object] = {**_ACTIVE, "enabledUser": "true", "roles": [{"role": "student"}]}
_GUARDIANS: Final[Sequence[Object]] = tuple(
    {**_ACTIVE, "enabledUser": "false", "roles": [{"role": role}]} for role in (RIGHTS_HOLDER, RELATIVE)
)
_ALIKE: Final[Mapping[Any, tuple[Object, Collection[str]]]] = {
    made_of.students: (_STUDENT, ("status", "enabledUser", "roles.role")),
    made_of.users: (_ACTIVE, ("status",)),
    made_of.demographics: (_ACTIVE, ("status",)),
    made_of.enrollments: ({**_ACTIVE, "role": "student"}, ("status", "role")),
    made_of.classes: (_ACTIVE, ("status",)),
    made_of.courses: (_ACTIVE, ("status",)),
}
"""What every object of a collection says of some fields."""
_IDS: Final[Mapping[Any, Collection[str]]] = {
    made_of.students: ("sourcedId", "agents.sourcedId"),
    made_of.users: ("sourcedId", "agents.sourcedId"),
    made_of.demographics: ("sourcedId",),
    made_of.enrollments: ("sourcedId", "user.sourcedId"),
}
"""Fields whose value begins with a student's pseudonym."""
_SCHOOLS: Final[Mapping[Any, Collection[str]]] = {
    made_of.students: ("roles.org.sourcedId", "primaryOrg.sourcedId"),
    made_of.users: ("roles.org.sourcedId", "primaryOrg.sourcedId"),
    made_of.enrollments: ("school.sourcedId", "class.sourcedId"),
    made_of.classes: ("school.sourcedId", "sourcedId"),
}
"""Fields whose value is the id of a school, or of a class, which begins with that of its school."""


@dataclass(frozen=True)
class Narrowed:
    """A question of a whole collection, and of whom it can be."""

    find: Any
    asked: Asked
    """Without what is so of every object."""
    pseudonyms: frozenset[UUID] | None = None
    """Of the students alone who are known by these; None: of anybody."""
    school: str | None = None
    """The id of the one school at which the students are, or the classes; None: any."""

    @property
    def is_of_nobody(self) -> bool:
        """Whether no object can meet it."""
        return self.pseudonyms == frozenset() or (self.asked.filter is not None and not self.asked.filter.alternatives)


def narrowed(find: Any, asked: Asked) -> Narrowed:
    """Of the collection that `find` makes, whole."""
    if asked.filter is None or find not in _ALIKE:
        return Narrowed(find, asked)
    if find is made_of.users and all(_without(asked.filter, one, _ALIKE[made_of.students][1]) == Filter(()) for one in _GUARDIANS):
        find = made_of.students
    left = _without(asked.filter, *_ALIKE[find])
    asked = replace(asked, filter=left)
    alternatives = () if left is None else left.alternatives
    if not alternatives:
        return Narrowed(find, asked)
    schools = {_school(every, _SCHOOLS.get(find, ())) for every in alternatives}
    return Narrowed(find, asked, _pseudonyms(alternatives, _IDS.get(find, ())), schools.pop() if len(schools) == 1 else None)


def _without(filter_: Filter, item: Object, fields: Collection[str]) -> Filter | None:
    """The filter without comparisons of these fields, which are as in `item` in every object; None for one that always holds."""
    left = [
        tuple(one for one in every if one.field not in fields)
        for every in filter_.alternatives
        if all(one.holds(item) for one in every if one.field in fields)
    ]
    return None if () in left else Filter(tuple(left))


def _pseudonyms(alternatives: Sequence[Sequence[Predicate]], fields: Collection[str]) -> frozenset[UUID] | None:
    """None where an alternative names nobody. One that names what is no id of ours can be of nobody."""
    found = set[UUID]()
    for every in alternatives:
        named = _first(every, fields)
        if named is None:
            return None
        try:
            found.add(UUID(named.partition(WITHIN)[0]))
        except ValueError:
            continue
    return frozenset(found)


def _school(every: Sequence[Predicate], fields: Collection[str]) -> str | None:
    named = _first(every, fields)
    return None if named is None else named.partition(WITHIN)[0]


def _first(every: Sequence[Predicate], fields: Collection[str]) -> str | None:
    """What one of the fields has to be."""
    return next((one.value.casefold() for one in every if one.operator == "=" and one.field in fields), None)
