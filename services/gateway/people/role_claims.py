"""Which role a person has here: what the provider says of them, and what the settings make of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from safepassage.problems.people import GroupsNotTold, NoRoleHere
from services.gateway.people.roles import OF_A_DISTRICT, Role
from services.gateway.people.settings import PeopleSettings

MOST_WORDS: Final = 1000


@dataclass(frozen=True)
class GivenRole:
    """The one role, the word that gives it, and how the provider names the district of an officer of one."""

    role: Role
    granted_by: str
    district: str | None


def role_of(claims: Mapping[str, Any], settings: PeopleSettings) -> GivenRole:
    """Raises NoRoleHere for nobody's role, for two, and for an officer of no district; GroupsNotTold where the provider left words out."""
    claim = settings.people_role_claim
    if _left_out(claims, claim):
        raise GroupsNotTold
    said = claims.get(claim)
    words = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    given = sorted({word for word in words[:MOST_WORDS] if isinstance(word, str) and word in settings.people_roles})
    roles = {settings.people_roles[word] for word in given}
    if not roles:
        raise NoRoleHere("the agency's sign-in knows you, and gives you no role at this node")
    if len(roles) > 1:
        raise NoRoleHere("the agency's sign-in gives you more than one role at this node, which no person has")
    role = roles.pop()
    district = claims.get(settings.people_organisation_claim) if role in OF_A_DISTRICT else None
    if role in OF_A_DISTRICT and (not isinstance(district, str) or not 1 <= len(district) <= 64):
        raise NoRoleHere("the agency's sign-in does not say of which district you are")
    return GivenRole(role, given[0], district)


def _left_out(claims: Mapping[str, Any], claim: str) -> bool:
    """Entra ID puts a pointer in a claim's place where there are too many groups (`_claim_names`, or `hasgroups`)."""
    elsewhere = claims.get("_claim_names")
    return (isinstance(elsewhere, dict) and claim in elsewhere) or (claim == "groups" and claims.get("hasgroups") is True)
