"""The person who acts on a page, as the services' official: an id that is theirs alone, their role, when they proved who they are."""

from collections.abc import Callable

from safepassage.wire_policy_sets import ActingOfficial
from services.gateway.people.person import Person
from shared.officials import official_of


def acting_official(person: Person) -> ActingOfficial:
    """For a request that asks who acts."""
    return ActingOfficial(pairwise_id=official_of(person.identifier), role=person.role, authenticated_at=person.authenticated_at)


def said_official(official: str, person: Person, translate: Callable[[str], str]) -> str:
    """An official's id as a page says it to `person`: no page knows anybody's name but the reader's."""
    if official == "release":
        return translate("It comes with the software")
    if official == official_of(person.identifier):
        return translate("You")
    return translate("Official %(id)s") % {"id": official[:8]}
