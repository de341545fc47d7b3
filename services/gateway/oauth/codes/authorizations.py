"""What people let applications do, in the store: found, ended. When one ends, every token that came of it counts no more.

These functions run in the transaction of what ends it, with the log's entry.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.gateway.oauth.authorization_details import StudentDataAccess
from services.gateway.oauth.codes.refresh_tokens import digest_of_token
from services.gateway.oauth.codes.role_scopes import grantable
from services.gateway.people.settings import PeopleSettings
from services.gateway.registry.in_force import agency_zone, day_in, is_there
from services.gateway.tables import ClientRow, GivenAuthorizationRow, OrganisationRow, PushedRequestRow, RefreshTokenRow
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database
from shared.outbox import Outbox

EndedBecause = Literal[
    "code-used-again",
    "refresh-token-used-again",
    "client-disabled",
    "registration-ended",
    "grants-changed",
    "person-may-no-more",
    "out-of-reach",
    "organisation-ended",
    "signed-out",
    "taken-back",
]

ROW: Final = GivenAuthorizationRow


def details_of(row: GivenAuthorizationRow) -> StudentDataAccess | None:
    """What its tokens are for."""
    return None if row.authorization_details is None else StudentDataAccess.model_validate_json(row.authorization_details)


def fits(row: GivenAuthorizationRow, *, scopes: frozenset[str], purposes: Sequence[str], grant_types: frozenset[str]) -> bool:
    """Whether a client that is registered for this could still be given the authorization."""
    details = details_of(row)
    return "authorization_code" in grant_types and scopes.issuperset(row.scope.split()) and (details is None or details.purpose in purposes)


async def person_may(tx: AsyncSession, row: GivenAuthorizationRow, now: datetime, *, people: PeopleSettings) -> bool:
    """Whether a person of that role, in that organisation, could still give it. `people`: what the settings say now."""
    organisation = await tx.get(OrganisationRow, row.organisation_id)
    if organisation is None or not people.gives(row.role, row.granted_by):
        return False
    one, scopes, today = organisation.organisation, row.scope.split(), day_in(await agency_zone(tx), now)
    return is_there(one.valid_from, one.valid_until, today) and len(
        grantable(scopes, registered=scopes, role=row.role, kind=one.kind)
    ) == len(scopes)


def end(tx: AsyncSession, outbox: Outbox, row: GivenAuthorizationRow, because: EndedBecause, *, actor: Actor, now: datetime) -> None:
    """End one that is locked and has not ended."""
    row.ended_at, row.ended_because = now, because
    context = Context(operation="authorization-ended", outcome="done", reason=because, about=f"authorization:{row.id}")
    outbox.record(tx, Event(class_="authentication", key=f"authorization-ended:{row.id}", actor=actor, context=context))


async def end_of_client(
    tx: AsyncSession,
    outbox: Outbox,
    client_id: UUID,
    because: EndedBecause,
    *,
    actor: Actor,
    now: datetime,
    unless: tuple[frozenset[str], Sequence[str], frozenset[str]] | None = None,
) -> int:
    """End those of a client. `unless`: scopes, purposes and grant types that are registered now; what fits them stays. Gives how many."""
    ended = 0
    for row in await _living(tx, ROW.client_id == client_id):
        if unless is None or not fits(row, scopes=unless[0], purposes=unless[1], grant_types=unless[2]):
            end(tx, outbox, row, because, actor=actor, now=now)
            ended += 1
    return ended


async def end_of_person(tx: AsyncSession, outbox: Outbox, person: str, *, actor: Actor, now: datetime) -> int:
    """A person signs out: whatever they let applications do is over. Gives how many ended."""
    rows = await _living(tx, ROW.person == person)
    for row in rows:
        end(tx, outbox, row, "signed-out", actor=actor, now=now)
    return len(rows)


async def end_of_provider_session(tx: AsyncSession, outbox: Outbox, provider_session: str, *, person: str | None, now: datetime) -> None:
    """A session of the provider's is over: whatever was let be done in it is over, also where ours that came of it had ended before.

    person  whose it has to be; None: whoever's
    """
    of_whom = ROW.provider_session == provider_session
    for row in await _living(tx, of_whom if person is None else and_(of_whom, ROW.person == person)):
        end(tx, outbox, row, "signed-out", actor=Actor(kind="person", person=row.person), now=now)


async def end_of_organisation(tx: AsyncSession, outbox: Outbox, organisation_id: UUID, *, actor: Actor, now: datetime) -> int:
    """An organisation ends: what its people let applications do, and what others' people let its applications do. Gives how many ended."""
    own = select(ClientRow.id).where(ClientRow.organisation_id == organisation_id)
    rows = await _living(tx, or_(ROW.organisation_id == organisation_id, ROW.client_id.in_(own)))
    for row in rows:
        end(tx, outbox, row, "organisation-ended", actor=actor, now=now)
    return len(rows)


async def end_of_refresh_token(tx: AsyncSession, outbox: Outbox, token: str, client_id: str, *, actor: Actor, now: datetime) -> None:
    """A client gives up what came of a refresh token of its own, used or not; of anything else nothing happens."""
    of_token = select(RefreshTokenRow.authorization_id).where(RefreshTokenRow.digest == digest_of_token(token))
    for row in await _living(tx, ROW.id.in_(of_token)):
        if str(row.client_id) == client_id:
            end(tx, outbox, row, "taken-back", actor=actor, now=now)


async def _living(tx: AsyncSession, of_whom: object) -> Sequence[GivenAuthorizationRow]:
    """INVARIANT: locked in one order, so that two who end the same ones do not wait for each other."""
    query = select(ROW).where(of_whom, ROW.ended_at.is_(None)).order_by(ROW.id).with_for_update()  # type: ignore[arg-type]
    return (await tx.execute(query)).scalars().all()


async def forget_over(database: Database, now: datetime) -> None:
    """Delete what can be of no use to anybody: no token of an authorization outlives it."""
    over = select(ROW.id).where(ROW.expires_at <= now)
    async with database.transaction() as tx:
        await tx.execute(delete(RefreshTokenRow).where(RefreshTokenRow.authorization_id.in_(over)))
        await tx.execute(delete(ROW).where(ROW.expires_at <= now))
        await tx.execute(delete(PushedRequestRow).where(PushedRequestRow.expires_at <= now))
