"""A student's permitted elements → OneRoster 1.2 objects: user, guardians, demographics, enrolments. Pure.

What the standard requires and the record does not give, or may not, is empty: a name that is withheld looks like one that nobody knows.
A statement of disagreement stands in the metadata of each object that its student's record made (34 CFR 99.21(c)).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from safepassage.wire_organisations import Organisation
from services.records.formats.oneroster_classes import SCED, WITHIN, Class, ClassKey, Taught
from services.records.formats.oneroster_places import Directory, Links, Pairwise, Sessions, school_year_of
from services.records.formats.oneroster_query import METADATA, Object, instant
from services.records.formats.oneroster_unsaid import (
    MADE_OF,
    NOT_SAID,
    READ_IN_PART,
    NotSaid,
    of_demographics,
    of_guardian,
    of_sections,
    of_user,
)
from services.records.formats.oneroster_vocabulary import GRADES, MOBILE, RACES, SEXES

STATEMENTS: Final = "safepassage.statementsOfDisagreement"
LEFT: Final = "safepassage.leftWithDistrict"
"""The district keeps the record itself: that something is not here does not say that it is not so."""
RIGHTS_HOLDER: Final = "parent"
RELATIVE: Final = "relative"


@dataclass(frozen=True)
class Rostered:
    """A student under the recipient's pseudonym, with what is permitted of the record."""

    student_id: UUID
    """Of this node: for the log, and in no object."""
    pseudonym: UUID
    changed_at: datetime
    document: Mapping[str, Any]
    """Permitted elements by section, and `statements`."""
    is_left: bool = False
    """Something that is permitted is with the district's own system, and not here."""
    in_part: tuple[str, ...] = ()
    """Permitted elements of which a peer of a later version said more than was read."""

    def element(self, section: str, member: str) -> Any:
        """An element; None where it is not there."""
        return self.document.get(section, {}).get(member)


class Shapes:
    """Makes objects for one recipient under one agreement."""

    def __init__(self, directory: Directory, pairwise: Pairwise, *, links: Links, top: Organisation, today: date) -> None:
        self._directory, self._pairwise, self._links = directory, pairwise, links
        self._top, self._today = top, today
        self.sessions, self.year = Sessions(pairwise, links=links), school_year_of(today)
        self.taught = Taught(directory, pairwise, links=links, sessions=self.sessions, year=self.year)

    def user(self, one: Rostered) -> Object:
        """The student as a user."""
        name, preferred = one.element("identity", "name") or {}, one.element("identity", "preferred_name") or {}
        enrolled = self.enrolled(one)
        numbers = list(one.element("contacts", "telephones") or ())
        identifiers = list(one.element("identity", "identifiers") or ())
        grades = [GRADES.get(grade, grade) for grade in (_code(row.get("grade")) for row, _ in enrolled) if grade]
        value = {
            **self._record(str(one.pseudonym), one),
            "userMasterIdentifier": next((i["value"] for i in identifiers if i["kind"] == "state"), None),
            "userIds": [{"type": i["system"], "identifier": i["value"]} for i in identifiers] or None,
            "enabledUser": "true",
            **_named(name),
            "preferredFirstName": preferred.get("first"),
            "preferredLastName": preferred.get("last"),
            "roles": self._roles(enrolled),
            "primaryOrg": self._links.to("org", enrolled[0][1].id) if enrolled else None,
            "identifier": next((i["value"] for i in identifiers if i["kind"] in ("district", "school")), None),
            **_reached(numbers, one.element("contacts", "emails")),
            "agents": [self._links.to("user", user["sourcedId"]) for user in self.guardians(one)] or None,
            "grades": list(dict.fromkeys(grades)) or None,
        }
        left = of_user(one.document, enrolled, list(self._directory.by_id.values()))
        # Contacts are users of their own, and there may be none of them.
        return _telling(_present(value), left, _unread(one, "user", "guardian"))

    def enrolled(self, one: Rostered) -> list[tuple[Mapping[str, Any], Organisation]]:
        """The enrolments that hold today, with their schools, the primary ones first."""
        rows = [row for row in one.element("enrollment", "enrollments") or () if _holds(row, self._today)]
        rows.sort(key=lambda row: not row.get("primary", True))
        found = [(row, self._directory.find(row["school"], self._today, district=row.get("district"))) for row in rows]
        return [(row, school) for row, school in found if school is not None]

    def _roles(self, enrolled: Sequence[tuple[Mapping[str, Any], Organisation]]) -> list[Object]:
        """A role at each school; at the agreement's top where no enrolment is permitted."""
        if not enrolled:
            return [{"roleType": "primary", "role": "student", "org": self._links.to("org", self._top.id)}]
        return [
            _present(
                {
                    "roleType": "primary" if place == 0 else "secondary",
                    "role": "student",
                    "org": self._links.to("org", school.id),
                    "beginDate": row["entry_date"],
                    "endDate": _day_after(row.get("exit_date")),
                }
            )
            for place, (row, school) in enumerate(enrolled)
        ]

    def guardians(self, one: Rostered) -> list[Object]:
        """Parents, guardians and others to reach, as users whom the student's object names as agents."""
        made: list[Object] = []
        seen: Counter[str] = Counter()
        for guardian in one.element("contacts", "guardians") or ():
            words = "|".join(str(guardian["name"].get(part, "")) for part in ("first", "middle", "last_1", "last_2"))
            seen[words] += 1
            sourced_id = f"{one.pseudonym}{WITHIN}{self._pairwise('guardian', str(one.pseudonym), words, str(seen[words]))}"
            role = RIGHTS_HOLDER if guardian.get("rights") is not None else RELATIVE
            value = {
                **self._record(sourced_id, one),
                "enabledUser": "false",
                **_named(guardian["name"]),
                "roles": [{"roleType": "primary", "role": role, "org": self._org_of(one)}],
                **_reached(list(guardian.get("telephones") or ()), guardian.get("emails")),
            }
            value["metadata"] = {**value.get("metadata", {}), "safepassage.relation": guardian["relation"]["code"]}
            made.append(_telling(_present(value), of_guardian(guardian), _unread(one, "guardian")))
        return made

    def _org_of(self, one: Rostered) -> Object:
        enrolled = self.enrolled(one)
        return self._links.to("org", enrolled[0][1].id if enrolled else self._top.id)

    def demographics(self, one: Rostered) -> Object | None:
        """The student's demographics; None where none is there."""
        born, place = one.element("identity", "birth_date") or {}, one.element("identity", "birth_place") or {}
        sex, answer = _code(one.element("identity", "sex")), one.element("demographics", "race_ethnicity") or {}
        races = {RACES[code]: "true" for code in (_code(race) for race in answer.get("races") or ()) if code in RACES}
        hispanic = answer.get("hispanic_or_latino")
        value = _present(
            {
                "birthDate": born.get("birth_date"),
                "sex": SEXES.get(sex.casefold(), "other") if sex else None,
                **races,
                "hispanicOrLatinoEthnicity": None if hispanic is None else str(hispanic).lower(),
                "countryOfBirthCode": place.get("country"),
                "stateOfBirthAbbreviation": place.get("state"),
                "cityOfBirth": place.get("city"),
            }
        )
        left, unread = of_demographics(one.document), _unread(one, "demographics")
        return _telling({**self._record(str(one.pseudonym), one), **value}, left, unread) if value or left or unread else None

    def classes_of(self, one: Rostered) -> list[tuple[Class, Mapping[str, Any]]]:
        """The classes of the student's sections in progress, each with its section."""
        made = []
        enrolled = self.enrolled(one)
        for row in one.element("academics", "current_courses") or ():
            school = self._directory.find(row.get("school"), self._today) or (enrolled[0][1] if enrolled else self._top)
            course = row["course"]
            code = _code(course.get("local_code")) or course.get("sced_code") or ""
            key = ClassKey(str(school.id), row.get("section", ""), course["title"], code, _code(row.get("term")) or "")
            made.append((Class(key, school, course, one.changed_at), row))
        return made

    def enrollments(self, one: Rostered) -> list[Object]:
        """The student's places in classes. Sections of one class are one place, and the last of them is what it says."""
        together: dict[ClassKey, list[tuple[Class, Mapping[str, Any]]]] = {}
        for held, row in self.classes_of(one):
            together.setdefault(held.key, []).append((held, row))
        made = []
        for key, those in together.items():
            held, row = those[-1]
            value = {
                **self._record(f"{one.pseudonym}{WITHIN}{self._pairwise('enrollment', str(one.pseudonym), *key)}", one),
                "user": self._links.to("user", one.pseudonym),
                "class": self._links.to("class", self.taught.class_id(key)),
                "school": self._links.to("org", held.school.id),
                "role": "student",
                "primary": "false",
                "beginDate": row.get("begin_date"),
            }
            if "sced_code" in held.course:
                value[METADATA] = {**value.get(METADATA, {}), SCED: held.course["sced_code"]}
            left = of_sections(row, held.school, [other for _, other in those[:-1]])
            made.append(_telling(_present(value), left, _unread(one, "section")))
        return made

    def _record(self, sourced_id: str, one: Rostered) -> Object:
        """What every object of a student has."""
        value: Object = {"sourcedId": sourced_id, "status": "active", "dateLastModified": instant(one.changed_at)}
        statements = one.document.get("statements")
        metadata = ({STATEMENTS: list(statements)} if statements else {}) | ({LEFT: "true"} if one.is_left else {})
        return value | ({"metadata": metadata} if metadata else {})


def _named(name: Mapping[str, Any]) -> Object:
    """A legal name. OneRoster has one surname: both of two, apart by a space."""
    surname = " ".join(part for part in (name.get("last_1"), name.get("last_2")) if part)
    return {"givenName": name.get("first", ""), "familyName": surname, "middleName": name.get("middle")}


def _reached(numbers: Sequence[Mapping[str, Any]], emails: Sequence[Mapping[str, Any]] | None) -> Object:
    """The first e-mail address, the first number that takes messages, and the first other one."""
    mobile = [one["number"] for one in numbers if (_code(one.get("kind")) or "").casefold() in MOBILE]
    others = [one["number"] for one in numbers if one["number"] not in mobile]
    return {"email": emails[0]["address"] if emails else None, "sms": next(iter(mobile), None), "phone": next(iter(others), None)}


def _day_after(day: str | None) -> str | None:
    """OneRoster's end is the first day that is no longer in it; the record's the last that is."""
    return None if day is None else (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _code(coded: Mapping[str, Any] | None) -> str | None:
    return None if coded is None else str(coded["code"])


def _holds(row: Mapping[str, Any], today: date) -> bool:
    return date.fromisoformat(row["entry_date"]) <= today and date.fromisoformat(row.get("exit_date", "9999-12-31")) >= today


def _telling(value: Object, left: NotSaid, unread: Sequence[str]) -> Object:
    """With what it does not say, by names of members, and of which elements not all was read."""
    told = ({NOT_SAID: left} if left else {}) | ({READ_IN_PART: list(unread)} if unread else {})
    return {**value, METADATA: {**value.get(METADATA, {}), **told}} if told else value


def _unread(one: Rostered, *objects: str) -> list[str]:
    """Of what such an object is made of, what was not read whole."""
    return [element for element in one.in_part if any(element in MADE_OF[name] for name in objects)]


def _present(values: Object) -> Object:
    return {name: value for name, value in values.items() if value is not None}
