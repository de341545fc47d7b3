"""Organisations and school years as OneRoster objects, and what their ids are. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from safepassage.wire_organisations import Organisation
from services.records.formats.numbered_organisations import NumberedOrganisations, Numbers
from services.records.formats.oneroster_query import Object, instant

PREFIX: Final = "/ims/oneroster/rostering/v1p2"

Pairwise = Callable[..., UUID]
"""A recipient's own id of something, from words: the same words give the same id, and nothing leads back."""

ORG_TYPES: Final = {"sea": "state", "lea": "district", "school": "school"}
PATHS: Final = {
    "org": "orgs", "academicSession": "academicSessions", "course": "courses", "class": "classes", "user": "users",
}  # fmt: skip
"""Type of a reference → where it is read."""


class Links:
    """References to other objects (GUIDRef): where an object is read, its sourcedId and its type."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url + PREFIX

    def to(self, type_: str, sourced_id: UUID | str) -> Object:
        """A reference."""
        return {"href": f"{self._base}/{PATHS[type_]}/{sourced_id}", "sourcedId": str(sourced_id), "type": type_}


class Directory:
    """The organisations that an agreement reaches, with the state agency above them."""

    def __init__(self, organisations: Iterable[Organisation], *, links: Links) -> None:
        self.by_id = {one.id: one for one in organisations if one.kind in ORG_TYPES}
        self._links = links
        self._numbered = NumberedOrganisations(self.by_id.values())

    def find(self, reference: Mapping[str, Any] | None, on: date, *, district: Mapping[str, Any] | None = None) -> Organisation | None:
        """The organisation that a record names; None where it is none of these, or one of several of which it may be another.

        on        of several that follow one another with one number that of this day
        district  named with a school: of several schools with one number its own
        """
        if not reference:
            return None
        return self._numbered.find(_numbers(reference), on, within=_numbers(district) if district else None)

    def district_of(self, organisation: Organisation) -> Organisation:
        """The district above a school; of any other, itself."""
        parent = self.by_id.get(organisation.parent_id) if organisation.parent_id else None
        return parent if organisation.kind == "school" and parent is not None else organisation

    def top(self, district_ids: Iterable[UUID]) -> Organisation:
        """Of whom a student is whose school is withheld: the agreement's one district, or the state where it has several.

        # INVARIANT: which of several districts a student is in is told by an enrolment that is permitted, and by nothing else.
        """
        named = list(district_ids)
        if len(named) == 1 and named[0] in self.by_id:
            return self.by_id[named[0]]
        return next(one for one in self.by_id.values() if one.kind == "sea")

    def objects(self) -> list[Object]:
        """The collection `orgs`, the state first, then districts, then schools, each by name."""
        ranked = sorted(self.by_id.values(), key=lambda one: (list(ORG_TYPES).index(one.kind), one.name, str(one.id)))
        children: dict[UUID, list[Organisation]] = {}
        for one in ranked:
            if one.parent_id is not None:
                children.setdefault(one.parent_id, []).append(one)
        return [self._object(one, children.get(one.id, [])) for one in ranked]

    def _object(self, one: Organisation, children: list[Organisation]) -> Object:
        value: Object = {
            "sourcedId": str(one.id),
            "status": "active",
            "dateLastModified": instant(datetime.combine(one.valid_from, time(), UTC)),
            "name": one.name,
            "type": ORG_TYPES[one.kind],
            "identifier": one.nces_id or one.state_id or str(one.id),
        }
        if one.parent_id in self.by_id:
            value["parent"] = self._links.to("org", str(one.parent_id))
        if children:
            value["children"] = [self._links.to("org", child.id) for child in children]
        return value


def _numbers(reference: Mapping[str, Any]) -> Numbers:
    return Numbers(*(reference.get(member) for member in Numbers._fields))


def school_year_of(day: date) -> int:
    """The school year that a day is in, by the year in which it ends: it begins on the first of July."""
    return day.year + 1 if day.month >= 7 else day.year


class Sessions:
    """School years as sessions: the year, and one term that is as long. The record has no calendar, so none is made up.

    A session's end, like that of a role, is the first day that is no longer in it (1EdTech OneRoster 1.2, AcademicSession).
    """

    def __init__(self, pairwise: Pairwise, *, links: Links) -> None:
        self._pairwise, self._links = pairwise, links

    def year(self, year: int) -> Object:
        """A reference to the session of the year."""
        return self._links.to("academicSession", self._pairwise("session", str(year)))

    def term(self, year: int) -> Object:
        """A reference to its term."""
        return self._links.to("academicSession", self._pairwise("term", str(year)))

    def objects(self, years: Iterable[int]) -> list[Object]:
        """The collection `academicSessions` of these years."""
        made = []
        for year in sorted(set(years)):
            shared = {
                "status": "active",
                "dateLastModified": f"{year - 1}-07-01T00:00:00.000Z",
                "title": f"{year - 1}-{year}",
                "startDate": f"{year - 1}-07-01",
                "endDate": f"{year}-07-01",
                "schoolYear": str(year),
            }
            whole, term = self.year(year), self.term(year)
            made.append({"sourcedId": whole["sourcedId"], **shared, "type": "schoolYear", "children": [term]})
            made.append({"sourcedId": term["sourcedId"], **shared, "type": "term", "parent": whole})
        return made
