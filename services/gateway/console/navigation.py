"""The pages of the console by group, and which roles each is there for. What a person's role does not open is not shown to them."""

from dataclasses import dataclass
from typing import Final

from services.gateway.people.person import Person
from services.gateway.people.roles import ROLES, Role

HOME: Final = "/console"

EVERYBODY: Final = frozenset(ROLES)
OF_THE_STATE: Final = EVERYBODY - {"district-officer"}
OVERSEERS: Final[frozenset[Role]] = EVERYBODY - {"operator"}
RULE_READERS: Final[tuple[Role, ...]] = ("auditor", "privacy-officer", "approver")
"""They read the rules that decide, and suppose; they have a scope of the policies."""


STUDENT_ROLES: Final[frozenset[Role]] = frozenset({"auditor", "privacy-officer", "district-officer"})
"""Who answers a family, or looks whether it was answered."""


@dataclass(frozen=True)
class Place:
    """A page that the menu leads to."""

    path: str
    name: str
    """In English: the message that is translated."""
    roles: frozenset[Role]


MENU: Final[tuple[tuple[str, tuple[Place, ...]], ...]] = (
    (
        "Watch",
        (
            Place(HOME, "Today", EVERYBODY),
            Place("/console/log", "Who saw what", OVERSEERS),
            Place("/console/exchanges", "Exchanges", EVERYBODY),
            Place("/console/blast-radius", "Blast radius", OVERSEERS),
        ),
    ),
    (
        "Govern",
        (
            Place("/console/decisions", "Decisions", OVERSEERS),
            Place("/console/agreements", "Agreements and vendors", OVERSEERS),
            Place("/console/duties", "Duties and rights", EVERYBODY),
            Place("/console/students", "One student", STUDENT_ROLES),
            Place("/console/readiness", "Readiness", OF_THE_STATE),
        ),
    ),
    (
        "Node",
        (
            Place("/console/states", "States", OF_THE_STATE),
            Place("/console/ed-fi-systems", "Ed-Fi systems", EVERYBODY),
            Place("/console/statistics", "Statistics", OVERSEERS),
            Place("/console/settings", "Keys and settings", OF_THE_STATE),
        ),
    ),
)


def roles_of(path: str) -> tuple[Role, ...]:
    """The roles that a page of the menu is there for, in the order of their list."""
    place = next(place for _, places in MENU for place in places if place.path == path)
    return tuple(role for role in ROLES if role in place.roles)


def menu_of(person: Person) -> list[tuple[str, list[Place]]]:
    """What the menu shows to a person: groups with at least one page."""
    shown = [(group, [place for place in places if person.role in place.roles]) for group, places in MENU]
    return [(group, places) for group, places in shown if places]
