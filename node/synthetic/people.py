"""Children and their families: names, dates of birth, homes, guardians."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from node.synthetic.calendar import SchoolCalendar
from node.synthetic.names import MIDDLE, ORIGINS, STREETS, Origin
from node.synthetic.states import StatePlan

Document = dict[str, Any]


@dataclass(frozen=True)
class Family:
    """A household: two guardians, a home, a telephone."""

    origin: Origin
    father: str
    mother: str
    """Surnames."""
    guardians: tuple[tuple[str, str, str], ...]
    """Relation, given name, surname."""
    address: Document
    telephone: str


def family(state: StatePlan, random: Random, number: int, *, origin: Origin | None = None) -> Family:
    """The family number `number` of a state; of `origin`, or as often of each as families are."""
    drawn = random.choices(ORIGINS, weights=[one.share for one in ORIGINS])[0]
    origin = origin or drawn
    father, mother = random.sample(origin.surnames, 2)
    guardians = (("Mother", random.choice(origin.girls), mother), ("Father", random.choice(origin.boys), father))
    city = random.choice(state.cities)
    address = {
        "kind": {"system": "ceds:000010", "code": "PermanentStudent"},
        "street": f"{1 + number % 997} {random.choice(STREETS)}",
        "city": city,
        "state": state.code,
        "postal_code": f"{state.zip_prefix}{state.cities.index(city)}",
        "country": "US",
    }
    return Family(origin, father, mother, guardians, address, f"({200 + number // 100 % 700}) 555-01{number % 100:02d}")


def surnames_of(home: Family) -> tuple[str, str | None]:
    """What a child of the family is called: both parents' surnames where that is the custom."""
    return (home.father, home.mother) if home.origin.two_surnames else (home.father, None)


def identity(home: Family, random: Random, *, born: date, girl: bool, given: str | None = None) -> Document:
    """The identity section without identifiers."""
    last_1, last_2 = surnames_of(home)
    name: Document = {"first": given or random.choice(home.origin.girls if girl else home.origin.boys), "last_1": last_1}
    if last_2 is not None:
        name["last_2"] = last_2
    if random.random() < 0.6:
        name["middle"] = random.choice(MIDDLE)
    section: Document = {
        "name": name,
        "birth_date": {"birth_date": born.isoformat(), "verification": {"system": "ceds:000428", "code": "01003"}},
        "sex": {"system": "ceds:000255", "code": "Female" if girl else "Male"},
        "multiple_birth": {"indicator": False},
    }
    if random.random() < 0.15:
        section["preferred_name"] = {"first": name["first"][:3]}
    return section


def birth_date(calendar: SchoolCalendar, grade: int, random: Random) -> date:
    """Of a child who is 5 + grade years old on 1 September."""
    return date(calendar.begins.year - 6 - grade, 9, 2) + timedelta(days=random.randrange(365))


def demographics(home: Family, random: Random) -> Document:
    """The demographics section. Half of the schools ask about race and ethnicity in one question, half in two."""
    race = random.choice(("White", "BlackOrAfricanAmerican", "Asian", "AmericanIndianOrAlaskaNative", "DemographicRaceTwoOrMoreRaces"))
    answer: Document = {"hispanic_or_latino": home.origin.two_surnames, "races": [{"system": "ceds:001943", "code": race}]}
    if random.random() < 0.5:
        answer = {"combined": [{"system": "local:combined-question", "code": "Hispanic" if home.origin.two_surnames else race}]}
    return {
        "race_ethnicity": answer,
        "languages": [{"language": home.origin.language, "use": {"system": "ceds:000316", "code": "Home"}}],
    }


def contacts(home: Family, local_id: str) -> Document:
    """The contacts section: where the child is reached, and two parents with full rights."""
    return {
        "addresses": [home.address],
        "telephones": [{"number": home.telephone, "kind": {"system": "ceds:000280", "code": "Home"}, "primary": True}],
        "emails": [{"address": f"student{local_id}@schools.example"}],
        "guardians": [
            {
                "name": {"first": given, "last_1": surname},
                "relation": {"system": "ceds:000425", "code": relation},
                "rights": {},
                "lives_with_student": True,
                "priority": place,
                "addresses": [home.address],
                "telephones": [{"number": home.telephone}],
                "language": home.origin.language,
            }
            for place, (relation, given, surname) in enumerate(home.guardians, start=1)
        ],
    }
