"""What ends with an organisation: whatever lets somebody in on its behalf, at once, in the transaction that ends it.

An organisation ends by a change, or by the day that was set before; then it is found out by whoever asks whether it is in force: at each
request of a session or a visit, and each second for tokens (services.gateway.oauth.standing). What ended does not come back with it.
"""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from services.gateway.family.links import withdraw_all_of
from services.gateway.oauth.codes.authorizations import end_of_organisation
from services.gateway.people.sessions import end_sessions_of
from services.gateway.tables import ClientRow, OrganisationRow
from shared.contracts.audit import Actor
from shared.outbox import Outbox


async def end_what_came_of(tx: AsyncSession, outbox: Outbox, row: OrganisationRow, *, actor: Actor, now: datetime) -> None:
    """Tokens of its clients, or its own where it is a peer; what people agreed to; sessions of its people; families' links and visits.

    row  the organisation, locked
    """
    row.tokens_ended_at = now
    await tx.execute(update(ClientRow).where(ClientRow.organisation_id == row.id).values(changed_at=now))
    await end_of_organisation(tx, outbox, row.id, actor=actor, now=now)
    await end_sessions_of(tx, row.id)
    await withdraw_all_of(tx, outbox, row.id, actor=actor, now=now)
