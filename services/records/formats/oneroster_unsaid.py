"""What OneRoster's objects do not say of the elements that they are made of, by element and member: never a value. Pure.

It stands in the metadata of the object, unless fields are selected without it. The whole is in our own form, under the same agreement:
`GET /v1/roster-entries`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from safepassage.wire_organisations import Organisation
from services.records.formats.oneroster_vocabulary import MOBILE, RACES, SEXES
from services.records.formats.unsaid import unsaid

NOT_SAID: Final = "safepassage.notSaid"
"""In the metadata: element → paths of members."""

READ_IN_PART: Final = "safepassage.readInPart"
"""In the metadata: elements that came from a node of a later version, and of which this one has not read all."""
MADE_OF: Final[Mapping[str, frozenset[str]]] = {
    "user": frozenset(
        {
            "identity.name",
            "identity.preferred_name",
            "identity.identifiers",
            "contacts.telephones",
            "contacts.emails",
            "enrollment.enrollments",
        }
    ),
    "guardian": frozenset({"contacts.guardians"}),
    "demographics": frozenset({"identity.birth_date", "identity.birth_place", "identity.sex", "demographics.race_ethnicity"}),
    "section": frozenset({"academics.current_courses"}),
}
"""The elements of which each object tells."""

Value = Mapping[str, Any]
NotSaid = dict[str, list[str]]

_NAME: Final = frozenset({"first", "middle", "last_1", "last_2"})
_SECTION: Final = frozenset({"section", "course.title", "course.sced_code", "course.local_code.code", "term.code", "begin_date"})


def of_user(document: Value, enrolled: Sequence[tuple[Value, Organisation]], organisations: Sequence[Organisation]) -> NotSaid:
    """Of a student as a user. `enrolled`: the enrolments that are roles; `organisations`: those that the recipient reads.

    A contact is a user too, and tells of itself.
    """
    identity, contacts = document.get("identity", {}), document.get("contacts", {})
    rows = document.get("enrollment", {}).get("enrollments") or ()
    said = {id(row): _of_role(row, school, organisations, is_primary=place == 0) for place, (row, school) in enumerate(enrolled)}
    return _present(
        {
            "identity.name": unsaid(identity.get("name"), _NAME),
            "identity.preferred_name": unsaid(identity.get("preferred_name"), frozenset({"first", "last"})),
            "identity.identifiers": unsaid(identity.get("identifiers"), frozenset({"system", "value"})),
            **_of_contacts(contacts, "contacts."),
            "enrollment.enrollments": _each(unsaid(row, said.get(id(row), frozenset())) for row in rows),
        }
    )


def of_guardian(guardian: Value) -> NotSaid:
    """Of a contact as a user."""
    said = frozenset({*(f"name.{part}" for part in _NAME), "relation.code"})
    left = [path for path in unsaid(guardian, said) if path.split(".")[0] not in ("telephones", "emails")]
    reached = [f"{name}.{path}" for name, paths in _of_contacts(guardian, "").items() for path in paths]
    return _present({"contacts.guardians": [*left, *reached]})


def of_demographics(document: Value) -> NotSaid:
    """Of a student's demographics."""
    identity, answer = document.get("identity", {}), document.get("demographics", {}).get("race_ethnicity") or {}
    sex = identity.get("sex") or {}
    races = _each(unsaid(race, frozenset({"code"} if race["code"] in RACES else ())) for race in answer.get("races") or ())
    rest = unsaid({name: value for name, value in answer.items() if name != "races"}, frozenset({"hispanic_or_latino"}))
    return _present(
        {
            "identity.birth_date": unsaid(identity.get("birth_date"), frozenset({"birth_date"})),
            "identity.birth_place": unsaid(identity.get("birth_place"), frozenset({"city", "state", "country"})),
            "identity.sex": unsaid(sex, frozenset({"code"} if sex.get("code", "").casefold() in SEXES else ())),
            "demographics.race_ethnicity": [*(f"races.{path}" for path in races), *rest],
        }
    )


def of_sections(shown: Value, school: Organisation, others: Sequence[Value]) -> NotSaid:
    """Of a section in progress as a place in a class. `others`: sections that are the same class, of which the object is not made."""
    said = _SECTION | _of_place(shown.get("school"), school)
    left = unsaid(shown, said)
    differing = [path for other in others if other != shown for path in unsaid(other, frozenset())]
    return _present({"academics.current_courses": list(dict.fromkeys([*left, *differing]))})


def _of_contacts(contacts: Value, before: str) -> NotSaid:
    """The first e-mail address has a place, the first number that takes messages, and the first other one."""
    numbers, emails = contacts.get("telephones") or (), contacts.get("emails") or ()
    mobile = [str((one.get("kind") or {}).get("code")).casefold() in MOBILE for one in numbers]
    is_first = [place == mobile.index(kind) for place, kind in enumerate(mobile)]
    telephones = _each(unsaid(one, frozenset({"number"}) if first else frozenset()) for one, first in zip(numbers, is_first, strict=True))
    addresses = _each(unsaid(one, frozenset({"address"} if place == 0 else ())) for place, one in enumerate(emails))
    return _present({f"{before}telephones": telephones, f"{before}emails": addresses})


def _of_role(row: Value, school: Organisation, organisations: Sequence[Organisation], *, is_primary: bool) -> frozenset[str]:
    """What a role says: where, from when until when, whether it is the primary one, and the grade beside it."""
    said = {"entry_date", "exit_date", "grade.code", *_of_place(row.get("school"), school)}
    said |= {"primary"} if row.get("primary", True) == is_primary else set()
    district = next((one for one in organisations if one.id == school.parent_id), None)
    return frozenset(said | (_of_place(row.get("district"), district, "district") if district is not None else set()))


def _of_place(reference: Value | None, organisation: Organisation, name: str = "school") -> set[str]:
    """What the object of the organisation says as well: its name, and the number by which it goes."""
    number = {"nces_id": organisation.nces_id} if organisation.nces_id else {"state_id": organisation.state_id}
    there = {"name": organisation.name, **number}
    return {f"{name}.{member}" for member, value in there.items() if value is not None and (reference or {}).get(member) == value}


def _each(those: Any) -> list[str]:
    return list(dict.fromkeys(path for paths in those for path in paths))


def _present(found: NotSaid) -> NotSaid:
    return {element: paths for element, paths in found.items() if paths}
