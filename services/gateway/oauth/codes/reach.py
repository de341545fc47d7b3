"""With whose reach an application acts for a person: its own organisation's or one above's, or a party's as far as an agreement goes.

Asked when the person is asked, when the code is exchanged and at each refresh: an agreement that is over ends what rests on it.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire_organisations import OrganisationKind
from services.gateway.oauth.agreed import Agreed
from services.gateway.oauth.authorization_details import StudentDataAccess
from services.gateway.oauth.known_clients import KnownClient
from services.gateway.oauth.oauth_errors import DetailsRefused
from services.gateway.tables import OrganisationRow
from shared.tenancy import above


@dataclass(frozen=True)
class Reach:
    """What the tokens say of it."""

    organisation_id: UUID
    organisation_kind: OrganisationKind
    details: StudentDataAccess | None


@dataclass(frozen=True)
class Reaching:
    """Asks the register of organisations, and privacy where an agreement is named."""

    agreed: Agreed

    async def reach(self, client: KnownClient, persons: UUID, details: StudentDataAccess | None) -> Reach | None:
        """How far `client` may act for a person of the organisation `persons`, for `details`; None: not at all.

        Within its own organisation or from one above, with the reach of the person's: that is the less. A vendor or another agency acts
        with its own, which the log and the accounting of disclosures then name, and for the person's district alone.

        Raises AgreementNotVerifiable. Not within a transaction.
        """
        async with self.agreed.database.reading() as tx:
            row = await tx.get(OrganisationRow, persons)
            within = row is not None and await is_above(tx, client.organisation_id, persons)
        if row is None:
            return None
        if within:
            left = details if details is None or details.agreement_id is None else await self._granted(client, details)
            return None if details is not None and left is None else Reach(persons, row.organisation.kind, left)
        if client.organisation_kind not in ("vendor", "agency") or details is None or details.agreement_id is None:
            return None
        if details.districts is not None and persons not in details.districts:
            return None
        left = await self._granted(client, details.model_copy(update={"districts": (persons,)}))
        return None if left is None else Reach(client.organisation_id, client.organisation_kind, left)

    async def _granted(self, client: KnownClient, details: StudentDataAccess) -> StudentDataAccess | None:
        try:
            return await self.agreed.granted(details, organisation_id=client.organisation_id, organisation_kind=client.organisation_kind)
        except DetailsRefused:
            return None


async def is_above(tx: AsyncSession, organisation_id: UUID, other: UUID) -> bool:
    """Whether an organisation is the other one, or above it."""
    query = select(OrganisationRow.id).where(OrganisationRow.id == organisation_id, OrganisationRow.id.in_(above(OrganisationRow, other)))
    return (await tx.execute(query)).first() is not None
