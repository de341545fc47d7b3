"""What all evidence of a basis has in common: elements and purposes of the closed lists, a recipient that the node knows."""

import re
from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.elements import BY_ID
from safepassage.problems.privacy import NoSuchRecipient, UnknownElement, UnknownPurpose
from services.privacy.policy import PURPOSES
from services.privacy.tables import OrganisationRow

IDENTIFIER: Final = re.compile(r"[!-~]{1,64}")
"""Of an organisation behind another node."""


def require_elements(elements: Collection[str]) -> None:
    """Raises UnknownElement."""
    if not BY_ID.keys() >= set(elements):
        raise UnknownElement(field="elements")


def require_purposes(purposes: Collection[str]) -> None:
    """Raises UnknownPurpose."""
    if not PURPOSES.keys() >= set(purposes):
        raise UnknownPurpose("one of " + ", ".join(PURPOSES), field="purposes")


async def require_party(tx: AsyncSession, party: str, *, kinds: Collection[str]) -> None:
    """Raises NoSuchRecipient unless it is an organisation here of one of the kinds, or one behind another node that this node knows."""
    if await _is_here(tx, party, kinds) or await _is_behind_a_peer(tx, party):
        return
    raise NoSuchRecipient(field="recipient_id")


async def _is_here(tx: AsyncSession, party: str, kinds: Collection[str]) -> bool:
    try:
        identifier = UUID(party)
    except ValueError:
        return False
    query = select(OrganisationRow.id).where(OrganisationRow.id == identifier, OrganisationRow.kind.in_(kinds))
    # the policies compare text: another spelling of the same UUID would name nobody
    return str(identifier) == party and (await tx.execute(query)).scalar_one_or_none() is not None


async def _is_behind_a_peer(tx: AsyncSession, party: str) -> bool:
    """`<entity id>#<its id there>`."""
    entity_id, hash_sign, identifier = party.partition("#")
    if not hash_sign or not IDENTIFIER.fullmatch(identifier):
        return False
    query = select(OrganisationRow.id).where(OrganisationRow.entity_id == entity_id, OrganisationRow.kind == "peer").limit(1)
    return (await tx.execute(query)).scalar_one_or_none() is not None
