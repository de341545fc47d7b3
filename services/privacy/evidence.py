"""What all evidence of a basis has in common: elements and purposes of the closed lists, a recipient that the node knows."""

import re
from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.elements import BY_ID
from safepassage.problems.privacy import NoSuchRecipient, UnknownElement, UnknownPurpose
from services.privacy.policy.taxonomy import PURPOSES
from services.privacy.tables import OrganisationRow

BEHIND_ANOTHER_NODE: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?#[!-~]{1,64}")


def require_elements(elements: Collection[str]) -> None:
    """Raises UnknownElement."""
    if not BY_ID.keys() >= set(elements):
        raise UnknownElement(field="elements")


def require_purposes(purposes: Collection[str]) -> None:
    """Raises UnknownPurpose."""
    if not PURPOSES.keys() >= set(purposes):
        raise UnknownPurpose("one of " + ", ".join(PURPOSES), field="purposes")


async def require_party(tx: AsyncSession, party: str, *, kinds: Collection[str]) -> None:
    """Raises NoSuchRecipient unless it is an organisation here of one of the kinds, or `<entity id>#<its id there>` behind another node."""
    if BEHIND_ANOTHER_NODE.fullmatch(party):
        return
    try:
        recipient_id = UUID(party)
    except ValueError as error:
        raise NoSuchRecipient(field="recipient_id") from error
    if str(recipient_id) != party:
        raise NoSuchRecipient("an organisation's id has 36 characters, lower case", field="recipient_id")
    query = select(OrganisationRow.id).where(OrganisationRow.id == recipient_id, OrganisationRow.kind.in_(kinds))
    if (await tx.execute(query)).scalar_one_or_none() is None:
        raise NoSuchRecipient(field="recipient_id")
