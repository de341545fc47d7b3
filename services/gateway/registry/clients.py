"""OAuth clients of this node's organisations: registered with public keys, given scopes and purposes, disabled, their keys replaced.

These functions are called by the routes and by the operator's command alike, each in one transaction with the log's entry.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.registrations import RegistrationNotApproved
from safepassage.problems.requests import InvalidRequest, NotFound, VersionConflict
from safepassage.wire_clients import Client, ClientGrants, ClientKeys, GrantType, JwkSet, NewClient, TlsSubject
from services.gateway.oauth.client_keys import client_keys
from services.gateway.oauth.codes.authorizations import end_of_client
from services.gateway.registry.client_grants import (
    GRANT_TYPES,
    Granter,
    grant_types_of,
    require_exchangeable,
    require_grants,
    require_legacy,
    require_name,
    require_own_client,
    require_purposes,
)
from services.gateway.registry.standing_parties import keep_out, lock_party_of, require_not_suspended
from services.gateway.tables import ClientRow, OrganisationRow, RegistrationRow
from shared.contracts.audit import Actor, Context, Event
from shared.outbox import Outbox

ONE_SECOND: Final = timedelta(seconds=1)
"""A token says its second: one that is asked for at once is of a later one."""


def client_of(row: ClientRow) -> Client:
    """The row as it is said aloud."""
    return Client(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        organisation_id=row.organisation_id,
        name=row.name,
        kind=row.kind,
        role=row.role,
        scopes=tuple(row.scopes.split()),
        purposes=tuple(row.purposes.split()),
        authentication=row.authentication,
        jwks=JwkSet.model_validate_json(row.jwks) if row.jwks else None,
        tls_subject=TlsSubject.model_validate_json(row.tls_subject) if row.tls_subject else None,
        tls_certificates=tuple(row.tls_certificates.split()),
        addresses=tuple(row.addresses.split()),
        agreement_id=row.agreement_id,
        assertion_audience=row.assertion_audience,
        resource=row.resource,
        may_exchange=tuple(UUID(one) for one in row.may_exchange.split()),
        jwks_uri=row.jwks_uri,
        redirect_uris=tuple(row.redirect_uris.split()),
        grant_types=tuple(one for one in GRANT_TYPES if one in row.grant_types.split()),
    )


async def register_client(
    tx: AsyncSession, outbox: Outbox, new: NewClient, *, granter: Granter, issuer: str, development: bool, actor: Actor, now: datetime
) -> Client:
    """Register a client. `issuer`: this node; `development`: whether people may be sent back to loopback addresses.

    Raises InvalidRequest, ClientKeyNotUsable, ScopeNotGrantable, UnknownPurpose, PartySuspended.
    """
    organisation = await tx.get(OrganisationRow, new.organisation_id, with_for_update=True)
    if organisation is None or organisation.kind == "peer":
        raise InvalidRequest("there is no such organization that may have clients", field="organisation_id")
    await require_not_suspended(tx, organisation.id)
    require_grants(new.scopes, organisation, granter)
    require_purposes(new.purposes)
    grant_types = grant_types_of(new, development=development)
    if new.jwks is not None:
        client_keys(new.jwks)
    if new.authentication == "client_secret":
        require_legacy(new)
    if new.tls_subject is not None:
        require_name(new.tls_subject)
    if new.resource is not None and f"{new.resource}/".startswith(f"{issuer}/"):
        # INVARIANT: whoever is a resource server is told of every token that is for it, whosever it is (RFC 7662): nobody is this node.
        raise InvalidRequest("the node itself is no resource server outside of it", field="resource")
    await require_exchangeable(tx, new.may_exchange, organisation.id)
    row = _row_of(new, grant_types, now)
    tx.add(row)
    try:
        await tx.flush()
    except IntegrityError as error:  # the store says so, since two organizations may register one at the same time
        raise InvalidRequest("there is a client for that resource already", field="resource") from error
    _record(tx, outbox, row, "client-registered", actor, now)
    return client_of(row)


def _row_of(new: NewClient, grant_types: tuple[GrantType, ...], now: datetime) -> ClientRow:
    return ClientRow(
        id=uuid7(now),
        organisation_id=new.organisation_id,
        name=new.name,
        kind=new.kind,
        role=new.role,
        scopes=" ".join(sorted(set(new.scopes))),
        purposes=" ".join(sorted(set(new.purposes))),
        authentication=new.authentication,
        jwks="" if new.jwks is None else new.jwks.model_dump_json(exclude_none=True),
        tls_subject="" if new.tls_subject is None else new.tls_subject.model_dump_json(),
        tls_certificates=" ".join(new.tls_certificates),
        addresses=" ".join(new.addresses),
        agreement_id=new.agreement_id,
        jwks_uri=None,
        jwks_fetched_at=None,
        assertion_audience=new.assertion_audience,
        resource=new.resource,
        may_exchange=" ".join(str(one) for one in new.may_exchange),
        redirect_uris=" ".join(dict.fromkeys(new.redirect_uris)),
        grant_types=" ".join(grant_types),
        version=1,
        created_at=now,
        disabled_at=None,
        changed_at=now,
    )


async def change_grants(
    tx: AsyncSession, outbox: Outbox, client_id: UUID, grants: ClientGrants, *, granter: Granter, actor: Actor, now: datetime
) -> Client:
    """Replace a client's scopes and purposes. Tokens that say more count no more, and what people agreed to and is more ends.

    Raises NotFound, VersionConflict, ScopeNotGrantable, UnknownPurpose.
    """
    row = await _locked(tx, client_id, grants.version)
    organisation = await tx.get(OrganisationRow, row.organisation_id)
    if organisation is None:
        raise NotFound
    require_grants(grants.scopes, organisation, granter)
    require_purposes(grants.purposes, held=row.purposes.split())
    if row.authentication == "client_secret":
        require_legacy(grants)
    await require_exchangeable(tx, grants.may_exchange, organisation.id)
    row.may_exchange, row.changed_at = " ".join(str(one) for one in grants.may_exchange), now
    row.scopes, row.purposes = " ".join(sorted(set(grants.scopes))), " ".join(sorted(set(grants.purposes)))
    within = (frozenset(grants.scopes), grants.purposes, frozenset(row.grant_types.split()))
    await end_of_client(tx, outbox, row.id, "grants-changed", actor=actor, now=now, unless=within)
    return await _changed(tx, outbox, row, "client-grants-changed", actor, now)


async def replace_keys(
    tx: AsyncSession, outbox: Outbox, client_id: UUID, keys: ClientKeys, *, granter: Granter, actor: Actor, now: datetime
) -> Client:
    """Replace a client's keys, which are then got from no URL, its certificates or their name; tokens of what is gone count no more.

    Raises NotFound, VersionConflict, ClientKeyNotUsable, InvalidRequest, ScopeNotGrantable.
    """
    if keys.jwks is not None:
        client_keys(keys.jwks)
    row = await _locked(tx, client_id, keys.version)
    require_own_client(row, granter, actor)
    said = {
        "private_key_jwt": keys.jwks is not None,
        "self_signed_tls_client_auth": bool(keys.tls_certificates),
        "tls_client_auth": keys.tls_subject is not None,
    }
    if [method for method, it in said.items() if it] != [row.authentication]:
        raise InvalidRequest("the client does not authenticate by that", field="jwks")
    if keys.tls_subject is not None:
        require_name(keys.tls_subject)
    row.tls_subject = "" if keys.tls_subject is None else keys.tls_subject.model_dump_json()
    row.jwks = "" if keys.jwks is None else keys.jwks.model_dump_json(exclude_none=True)
    row.tls_certificates, row.changed_at = " ".join(keys.tls_certificates), now
    row.jwks_uri = row.jwks_fetched_at = None
    return await _changed(tx, outbox, row, "client-keys-replaced", actor, now)


async def disable_client(tx: AsyncSession, outbox: Outbox, client_id: UUID, *, actor: Actor, now: datetime) -> Client:
    """Disable a client: no new token, and those that are out count no more, nor what people let it do. Again is no change.

    One that is out because its party is suspended stays out when that is lifted. Raises NotFound.
    """
    row = await _locked(tx, client_id, None)
    if row.disabled_at is not None:
        stays_out = await keep_out(tx, row)
        return await _changed(tx, outbox, row, "client-disabled", actor, now) if stays_out else client_of(row)
    row.disabled_at = row.changed_at = now
    await end_of_client(tx, outbox, row.id, "client-disabled", actor=actor, now=now)
    return await _changed(tx, outbox, row, "client-disabled", actor, now)


async def enable_client(tx: AsyncSession, outbox: Outbox, client_id: UUID, *, granter: Granter, actor: Actor, now: datetime) -> Client:
    """Let a disabled client in again; it asks for new tokens.

    Raises NotFound; RegistrationNotApproved for one that was never let in, or has ended it itself; PartySuspended; ScopeNotGrantable.
    """
    row = await _locked(tx, client_id, None)
    if row.disabled_at is None:
        return client_of(row)
    require_own_client(row, granter, actor)
    await require_not_suspended(tx, row.organisation_id)
    state = (await tx.execute(select(RegistrationRow.state).where(RegistrationRow.client_id == client_id))).scalar_one_or_none()
    if state not in (None, "approved"):
        raise RegistrationNotApproved
    # Tokens of whom nobody had put out yet may be younger than that somebody asked to: they came while that waited for its turn.
    row.tokens_ended_at, row.disabled_at, row.changed_at = max(row.disabled_at, now - ONE_SECOND), None, now
    return await _changed(tx, outbox, row, "client-enabled", actor, now)


async def _locked(tx: AsyncSession, client_id: UUID, version: int | None) -> ClientRow:
    await lock_party_of(tx, client_id)
    row = (await tx.execute(select(ClientRow).where(ClientRow.id == client_id).with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound
    if version is not None and row.version != version:
        raise VersionConflict
    return row


async def _changed(tx: AsyncSession, outbox: Outbox, row: ClientRow, operation: str, actor: Actor, now: datetime) -> Client:
    row.version += 1
    await tx.flush()
    _record(tx, outbox, row, operation, actor, now)
    return client_of(row)


def _record(tx: AsyncSession, outbox: Outbox, row: ClientRow, operation: str, actor: Actor, now: datetime) -> None:
    context = Context(operation=operation, outcome="done", about=f"client:{row.id}", recipient_organisation=str(row.organisation_id))
    outbox.record(tx, Event(class_="administration", key=f"client:{uuid7(now)}", actor=actor, context=context))
