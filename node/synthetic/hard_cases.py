"""The cases that matter: the first students of each state, one a case (twins two), whatever the seed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import UUID

from node.synthetic import support
from node.synthetic.calendar import SchoolCalendar
from node.synthetic.identifiers import social_security_number
from node.synthetic.people import Document
from node.synthetic.states import StatePlan, SyntheticOrganisation

CASES: tuple[str, ...] = (
    "mover",
    "twins-alike",
    "twins-alike",
    "twins-swapped-ids",
    "twins-swapped-ids",
    "double-surname",
    "apostrophe",
    "diacritics",
    "parent-rights-ended",
    "iep",
    "homeless",
    "protected-address",
    "turned-18",
    "statement-of-disagreement",
    "meal-status",
    "ssn",
    "foster",
    "migrant",
    "military",
    "sealed-name",
    "same-name-elsewhere",
    "same-name-elsewhere",
    "default-birth-date",
    "placeholder-name",
)
"""The case of each of the first students, by index."""

SAME_BORN = 5_000
"""Days before 24 August of the school year: the birthday of the two who share a name."""


@dataclass(frozen=True)
class _Place:
    """Where a case happens."""

    index: int
    calendar: SchoolCalendar
    state: StatePlan
    random: Random
    school: SyntheticOrganisation


def apply_case(
    case: str, document: Document, *, index: int, calendar: SchoolCalendar, state: StatePlan, random: Random, school: SyntheticOrganisation
) -> None:
    """Change a student's sections (and statements) into the case."""
    _CHANGES[case](document, _Place(index, calendar, state, random, school))


def _mover(document: Document, place: _Place) -> None:
    """The child of the demo: two surnames, an IEP, a contested suspension; what must not travel is there too."""
    _double_surname(document, place)
    _iep(document, place)
    _statement(document, place)
    _meal_status(document, place)
    _ssn(document, place)


def _unchanged(document: Document, place: _Place) -> None:
    """Twins are made where households are."""


def _double_surname(document: Document, place: _Place) -> None:
    document["identity"]["name"] |= {"first": "Lucía", "middle": "Inés", "last_1": "García", "last_2": "López"}
    document["identity"]["sex"]["code"] = "Female"


def _apostrophe(document: Document, place: _Place) -> None:
    document["identity"]["name"] |= {"first": "Seán", "last_1": "O’Brien"}
    document["identity"]["name"].pop("last_2", None)


def _diacritics(document: Document, place: _Place) -> None:
    document["identity"]["name"] |= {"first": "Zoë", "last_1": "Núñez-Łukaszewska"}
    document["identity"]["name"].pop("last_2", None)


def _parent_rights_ended(document: Document, place: _Place) -> None:
    ended = place.calendar.begins - timedelta(days=400)
    reference = f"{place.state.name} Family Court 00-FC-{place.index:04d}"
    father = document["contacts"]["guardians"][1]
    father["rights"] = {"ended_on": ended.isoformat(), "ended_by": reference}
    father["court_documents"] = [{"kind": "rights-revoked", "reference": reference, "issued_on": ended.isoformat()}]
    father["lives_with_student"] = False
    father["contact_restriction"] = "No contact except as the order allows."
    father["addresses"] = [
        {"street": "7 Elsewhere Mews", "city": place.state.cities[-1], "state": place.state.code, "postal_code": "00099"}
    ]


def _iep(document: Document, place: _Place) -> None:
    document["special_education"] |= support.special_education(place.calendar, place.random)


def _homeless(document: Document, place: _Place) -> None:
    document["programmes"]["homeless"] = support.homeless(place.calendar, place.random)


def _protected_address(document: Document, place: _Place) -> None:
    for held in (document["contacts"], *document["contacts"]["guardians"]):
        held["addresses"] = [address | {"protected": True} for address in held["addresses"]]


def _turned_18(document: Document, place: _Place) -> None:
    today = place.calendar.as_of
    document["identity"]["birth_date"]["birth_date"] = (
        date(today.year - 18, today.month, min(today.day, 28)) - timedelta(days=40)
    ).isoformat()


def _statement(document: Document, place: _Place) -> None:
    document["discipline"] = {"incidents": [support.incident(place.calendar, place.school.nces_id, place.random)]}
    document["statements"] = [
        {
            "id": str(UUID(int=place.random.getrandbits(128), version=4)),
            "relates_to": ["discipline.incidents"],
            "statement": "We do not agree with this account. Our child was not in the hall at that time; two teachers said so.",
            "placed_by": "parent",
            "placed_on": (place.calendar.begins - timedelta(days=30)).isoformat(),
            "hearing_reference": f"hearing {place.index}",
        }
    ]


def _meal_status(document: Document, place: _Place) -> None:
    document["programmes"]["meal_status"] = support.meal_status(place.calendar, place.random)


def _ssn(document: Document, place: _Place) -> None:
    document["identity"]["ssn"] = social_security_number(place.index)


def _foster(document: Document, place: _Place) -> None:
    document["programmes"]["foster"] = support.foster(place.calendar, place.state.name)


def _migrant(document: Document, place: _Place) -> None:
    document["programmes"]["migrant"] = support.migrant(place.calendar)


def _military(document: Document, place: _Place) -> None:
    document["demographics"]["military_connection"] = support.military(place.calendar)


def _sealed_name(document: Document, place: _Place) -> None:
    document["identity"]["other_names"] = [
        {"kind": "previous-legal", "first": "Formerly", "last": "Called", "end_date": place.calendar.begins.isoformat(), "sealed": True}
    ]


def _same_name(document: Document, place: _Place) -> None:
    document["identity"]["name"] = {"first": "Maria", "middle": "Rose", "last_1": "Hadley"}
    document["identity"]["birth_date"]["birth_date"] = (place.calendar.begins - timedelta(days=SAME_BORN)).isoformat()


def _default_birth_date(document: Document, place: _Place) -> None:
    born = document["identity"]["birth_date"]
    born["birth_date"] = f"{born['birth_date'][:4]}-01-01"


def _placeholder(document: Document, place: _Place) -> None:
    document["identity"]["name"] = {"first": "FNU", "last_1": "Rahimi"}


_CHANGES: dict[str, Callable[[Document, _Place], None]] = {
    "mover": _mover,
    "twins-alike": _unchanged,
    "twins-swapped-ids": _unchanged,
    "double-surname": _double_surname,
    "apostrophe": _apostrophe,
    "diacritics": _diacritics,
    "parent-rights-ended": _parent_rights_ended,
    "iep": _iep,
    "homeless": _homeless,
    "protected-address": _protected_address,
    "turned-18": _turned_18,
    "statement-of-disagreement": _statement,
    "meal-status": _meal_status,
    "ssn": _ssn,
    "foster": _foster,
    "migrant": _migrant,
    "military": _military,
    "sealed-name": _sealed_name,
    "same-name-elsewhere": _same_name,
    "default-birth-date": _default_birth_date,
    "placeholder-name": _placeholder,
}
