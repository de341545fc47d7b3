"""OAuth clients of this node's organisations: registered with public keys, given scopes and purposes, disabled, their keys replaced.

These functions are called by the routes and by the operator's command alike, each in one transaction with the log's entry.
"""

from collections.abc import Collection
from datetime import datetime
from ipaddress import ip_network
from typing import Final, get_args
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.access import ScopeNotGrantable
from safepassage.problems.registrations import RegistrationNotApproved
from safepassage.problems.requests import InvalidRequest, NotFound, VersionConflict
from safepassage.wire_clients import Client, ClientGrants, ClientKeys, GrantType, JwkSet, NewClient, TlsSubject
from safepassage.wire_organisations import OrganisationKind
from services.gateway.oauth.client_certificates import require_subject
from services.gateway.oauth.client_keys import client_keys
from services.gateway.oauth.codes.authorizations import end_of_client
from services.gateway.oauth.codes.redirects import is_loopback
from services.gateway.oauth.scopes import LEGACY_SCOPES, require_grantable, require_own
from services.gateway.registry.standing_parties import keep_out, lock_party_of, require_not_suspended
from services.gateway.tables import ClientRow, OrganisationRow, RegistrationRow
from shared.contracts.audit import Actor, Context, Event
from shared.internal_token import CallerClaims
from shared.outbox import Outbox
from shared.tenancy import within

GRANT_TYPES: Final[tuple[GrantType, ...]] = get_args(GrantType)

Granter = tuple[OrganisationKind, Collection[str]] | None
"""Kind of organisation and scopes of the client that grants; None for the operator."""


def granter_of(caller: CallerClaims) -> Granter:
    """A client that calls, as one who grants."""
    return (caller.organisation_kind, caller.scopes)


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
    tx: AsyncSession, outbox: Outbox, new: NewClient, *, granter: Granter, development: bool, actor: Actor, now: datetime
) -> Client:
    """Register a client. `development`: whether it may be answered on loopback.

    Raises InvalidRequest, ClientKeyNotUsable, ScopeNotGrantable, PartySuspended.
    """
    organisation = await tx.get(OrganisationRow, new.organisation_id, with_for_update=True)
    if organisation is None or organisation.kind == "peer":
        raise InvalidRequest("there is no such organization that may have clients", field="organisation_id")
    await require_not_suspended(tx, organisation.id)
    require_grants(new.scopes, organisation, granter)
    grant_types = _grant_types(new, development=development)
    if new.jwks is not None:
        client_keys(new.jwks)
    if new.authentication == "client_secret":
        require_legacy(new)
    if new.tls_subject is not None:
        _require_name(new.tls_subject)
    await require_exchangeable(tx, new.may_exchange, organisation.id)
    row = ClientRow(
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
    tx.add(row)
    try:
        await tx.flush()
    except IntegrityError as error:  # the store says so, since two organizations may register one at the same time
        raise InvalidRequest("there is a client for that resource already", field="resource") from error
    _record(tx, outbox, row, "client-registered", actor, now)
    return client_of(row)


async def change_grants(
    tx: AsyncSession, outbox: Outbox, client_id: UUID, grants: ClientGrants, *, granter: Granter, actor: Actor, now: datetime
) -> Client:
    """Replace a client's scopes and purposes. Tokens that say more count no more, and what people agreed to and is more ends.

    Raises NotFound, VersionConflict, ScopeNotGrantable.
    """
    row = await _locked(tx, client_id, grants.version)
    organisation = await tx.get(OrganisationRow, row.organisation_id)
    if organisation is None:
        raise NotFound
    require_grants(grants.scopes, organisation, granter)
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
        _require_name(keys.tls_subject)
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
    row.tokens_ended_at, row.disabled_at, row.changed_at = row.disabled_at, None, now
    return await _changed(tx, outbox, row, "client-enabled", actor, now)


def _grant_types(new: NewClient, *, development: bool) -> tuple[GrantType, ...]:
    """In their order. Raises InvalidRequest for what does not go together."""
    asked = set(new.grant_types)
    if "client_credentials" not in asked:
        raise InvalidRequest("client_credentials is always one of them", field="grant_types")
    if "refresh_token" in asked and "authorization_code" not in asked:
        raise InvalidRequest("refresh_token needs authorization_code", field="grant_types")
    if ("authorization_code" in asked) != bool(new.redirect_uris):
        raise InvalidRequest("authorization_code and redirect_uris need each other", field="redirect_uris")
    if not development and any(is_loopback(uri) for uri in new.redirect_uris):
        raise InvalidRequest("only a node in development sends people to loopback addresses", field="redirect_uris")
    return tuple(one for one in GRANT_TYPES if one in asked)


def require_grants(scopes: Collection[str], organisation: OrganisationRow, granter: Granter) -> None:
    """Check that clients of an organisation may be given `scopes`, each once, by the granter. Raises ScopeNotGrantable."""
    by, granter_scopes = granter if granter is not None else (None, ())
    require_grantable(scopes, to=organisation.organisation.kind, by=by, granter_scopes=granter_scopes)
    if len(set(scopes)) != len(scopes):
        raise ScopeNotGrantable("a scope comes twice", field="scopes")


def _require_name(subject: TlsSubject) -> None:
    try:
        require_subject(subject)
    except ValueError as error:
        raise InvalidRequest("not a name of that kind", field="tls_subject") from error


def require_legacy(about: NewClient | ClientGrants) -> None:
    """What a client with a secret may have: rosters, nothing that people or other servers rest on. Raises InvalidRequest."""
    if not LEGACY_SCOPES.issuperset(about.scopes):
        raise InvalidRequest("a client with a secret reads or loads rosters, and does nothing else", field="scopes")
    if about.may_exchange or (isinstance(about, NewClient) and about.resource is not None):
        raise InvalidRequest("a client with a secret exchanges no tokens, and is no resource server", field="authentication")
    if isinstance(about, NewClient):
        if about.redirect_uris or about.grant_types != ("client_credentials",):
            raise InvalidRequest("a client with a secret acts for no person", field="grant_types")
        try:
            networks = [ip_network(one) for one in about.addresses]
        except ValueError as error:
            raise InvalidRequest("not a network", field="addresses") from error
        if any(one.prefixlen < (24 if one.version == 4 else 64) for one in networks):
            raise InvalidRequest("a network has 256 addresses at the most (IPv6: a /64)", field="addresses")


def require_own_client(row: ClientRow, granter: Granter, actor: Actor) -> None:
    """Check that a client has no scope that the granter could not give it.

    INVARIANT: whoever says by what a client proves who it is, or lets it in again, could come as that client. Its own keys a client may
    replace: it gains nothing. Raises ScopeNotGrantable.
    """
    if granter is not None and actor.client_id != str(row.id):
        require_own(row.scopes.split(), by=granter[0], granter_scopes=granter[1])


async def require_exchangeable(tx: AsyncSession, client_ids: Collection[UUID], organisation_id: UUID) -> None:
    """Each is a client of the organisation or of one below it: nobody acts for whom they have no say over. Raises InvalidRequest."""
    query = select(ClientRow.id).where(
        ClientRow.id.in_(client_ids), ClientRow.organisation_id.in_(within(OrganisationRow, organisation_id))
    )
    if len(set(client_ids)) != len(client_ids) or not set((await tx.execute(query)).scalars()).issuperset(client_ids):
        raise InvalidRequest("each is a client of the organization or of one below it, once", field="may_exchange")


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
