"""By whose word a client registers: a publisher's software statement, or an initial access token that an administrator has made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import sha256
from services.gateway.oauth.known_clients import keys_of
from services.gateway.registration.registration_errors import RegistrationTokenRefused, StatementNotApproved, StatementRefused
from services.gateway.registration.software_statements import Statement, read_statement, verify_statement
from services.gateway.registry.in_force import IN_FORCE, is_in_force
from services.gateway.tables import InitialTokenRow, OrganisationRow, PublisherRow, SpentRow
from shared.tenancy import within

INITIAL_TOKEN_LENGTH = 43


@dataclass(frozen=True, kw_only=True)
class Authority:
    """Who vouches for a client, for which organisation, and how far."""

    registered_by: str
    """`publisher:<id>` or `initial-token:<id>`."""
    authority_id: UUID
    organisation_id: UUID
    kind: str
    role: str
    scopes: tuple[str, ...]
    purposes: tuple[str, ...]
    trusted: bool
    """The client comes in without an administrator's approval."""
    statement: Statement | None = None


async def by_statement(tx: AsyncSession, token: object, *, audience: str, now: datetime) -> Authority:
    """Of a software statement that was not used yet. Raises StatementRefused, StatementNotApproved."""
    read = read_statement(token)
    row = (await tx.execute(select(PublisherRow).where(PublisherRow.issuer == read.issuer))).scalar_one_or_none()
    if row is None or row.disabled_at is not None or not await _in_force(tx, row.organisation_id, now):
        raise StatementNotApproved("statement-publisher", "its iss is no publisher that is registered with this node")
    statement = verify_statement(read, keys=keys_of(row.jwks), audience=audience, now=now)
    if await tx.get(SpentRow, statement.digest) is not None:
        raise StatementRefused("statement-replayed", "it was used before: ask the publisher for a new one, with a new jti")
    organisation_id = await _below(tx, statement.claims["organisation_id"], row.organisation_id, now)
    return Authority(
        registered_by=f"publisher:{row.id}",
        authority_id=row.id,
        organisation_id=organisation_id,
        kind=row.kind,
        role=row.role,
        scopes=tuple(row.scopes.split()),
        purposes=tuple(row.purposes.split()),
        trusted=row.trusted,
        statement=statement,
    )


async def by_initial_token(tx: AsyncSession, token: str, *, now: datetime) -> Authority:
    """Of an initial access token that counts now. Raises RegistrationTokenRefused, alike for each reason."""
    if len(token) != INITIAL_TOKEN_LENGTH or not token.isascii():
        raise RegistrationTokenRefused("initial-token-unknown")
    row = (await tx.execute(select(InitialTokenRow).where(InitialTokenRow.digest == sha256(token.encode())))).scalar_one_or_none()
    if row is None:
        raise RegistrationTokenRefused("initial-token-unknown")
    if row.used_at is not None:
        raise RegistrationTokenRefused("initial-token-spent")
    if row.withdrawn_at is not None:
        raise RegistrationTokenRefused("initial-token-withdrawn")
    if now >= row.expires_at:
        raise RegistrationTokenRefused("initial-token-expired")
    if not await _in_force(tx, row.organisation_id, now):
        raise RegistrationTokenRefused("initial-token-organisation")
    scopes, purposes = tuple(row.scopes.split()), tuple(row.purposes.split())
    # Who made the token named the organisation and the bounds for this one client; it is approved all the same.
    return Authority(
        registered_by=f"initial-token:{row.id}",
        authority_id=row.id,
        organisation_id=row.organisation_id,
        kind=row.kind,
        role=row.role,
        scopes=scopes,
        purposes=purposes,
        trusted=False,
    )


async def _below(tx: AsyncSession, said: Any, publisher_organisation_id: UUID, now: datetime) -> UUID:
    refused = StatementRefused(
        "statement-organisation", "its organisation_id is no organization that this publisher may register clients of"
    )
    try:
        organisation_id = UUID(said)
    except (ValueError, TypeError, AttributeError) as error:
        raise refused from error
    query = select(OrganisationRow.id).where(
        OrganisationRow.id == organisation_id, OrganisationRow.id.in_(within(OrganisationRow, publisher_organisation_id))
    )
    if (await tx.execute(query)).scalar_one_or_none() is None or not await _in_force(tx, organisation_id, now):
        raise refused
    return organisation_id


async def _in_force(tx: AsyncSession, organisation_id: UUID, now: datetime) -> bool:
    query = select(*IN_FORCE).where(OrganisationRow.id == organisation_id)
    found = (await tx.execute(query)).one_or_none()
    return found is not None and is_in_force(found, now)
