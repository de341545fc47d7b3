"""The person who acts on a page, as the services' official: an id that is theirs alone, their role, when they proved who they are."""

from safepassage.wire_policy_sets import ActingOfficial
from services.gateway.people.person import Person
from shared.officials import official_of


def acting_official(person: Person) -> ActingOfficial:
    """For a request that asks who acts."""
    return ActingOfficial(pairwise_id=official_of(person.identifier), role=person.role, authenticated_at=person.authenticated_at)
