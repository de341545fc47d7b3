"""Who may ask for a token: registered clients, and the active members of the trust list with the keys of their statements."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems import SuiteError
from safepassage.problems.trust import NotAMember
from safepassage.wire_clients import AssertionAudience, AuthenticationMethod, JwkSet, TlsSubject
from safepassage.wire_organisations import OrganisationKind
from services.gateway.oauth.client_keys import ClientKey, client_keys, peer_key
from services.gateway.oauth.fetched_key_sets import still_counts
from services.gateway.oauth.oauth_errors import PeerNotVerifiable, ResourceNotServed
from services.gateway.oauth.scopes import PEER_SCOPE, SCOPES
from services.gateway.registry.in_force import IN_FORCE, is_in_force, zone_of
from services.gateway.tables import ClientRow, OrganisationRow
from shared import prepared
from shared.clock import EPOCH
from shared.database import Database
from shared.peer_statements import PeerStatements

PEER_ROLE: Final = "peer-node"
UTC_ZONE: Final = ZoneInfo("UTC")

_FIND: Final = (
    select(
        ClientRow.organisation_id,
        ClientRow.role,
        ClientRow.scopes,
        ClientRow.purposes,
        ClientRow.jwks,
        ClientRow.jwks_uri,
        ClientRow.jwks_fetched_at,
        ClientRow.assertion_audience,
        ClientRow.resource,
        ClientRow.may_exchange,
        ClientRow.authentication,
        ClientRow.addresses,
        ClientRow.agreement_id,
        ClientRow.redirect_uris,
        ClientRow.grant_types,
        ClientRow.tls_subject,
        ClientRow.tls_certificates,
        ClientRow.disabled_at,
        OrganisationRow.kind,
        *IN_FORCE,
    )
    .join(OrganisationRow, ClientRow.organisation_id == OrganisationRow.id)
    .where(ClientRow.id == bindparam("client_id"))
)


@dataclass(frozen=True, kw_only=True)
class KnownClient:
    """A client as it is registered now, on a plain object: what Authlib's grant asks of it, it answers without a store."""

    client_id: str
    organisation_id: UUID
    organisation_kind: OrganisationKind
    role: str
    scopes: frozenset[str]
    purposes: tuple[str, ...]
    keys: Mapping[str, ClientKey]
    in_force: bool
    """Neither it nor its organisation is ended."""
    assertion_audience: AssertionAudience = "issuer"
    resource: str | None = None
    """Of a resource server: what it is known by."""
    may_exchange: frozenset[str] = frozenset()
    """Clients of whose tokens it may make its own (RFC 8693), beside itself."""
    authentication: AuthenticationMethod = "private_key_jwt"
    addresses: tuple[str, ...] = ()
    """Of a client with a secret: the networks that it comes from."""
    tls_subject: TlsSubject | None = None
    tls_certificates: frozenset[str] = frozenset()
    agreement_id: UUID | None = None
    """What its tokens are for where it asks for no agreement."""
    jwks_uri: str | None = None
    """Where its keys were got from, if not given: then they are got again now and then."""
    keys_fetched_at: datetime = EPOCH
    keys_had: bool = True
    """False where they could not be got for a day: they authenticate nobody any more, and tell only who may hear why."""
    redirect_uris: tuple[str, ...] = ()
    grant_types: frozenset[str] = frozenset({"client_credentials"})
    zone: ZoneInfo = UTC_ZONE
    """Of the state agency: by its days tokens end."""

    def get_client_id(self) -> str:
        """Authlib's ClientMixin."""
        return self.client_id

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Authlib's ClientMixin: one method, at the token endpoint."""
        return method == "private_key_jwt" and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        """Authlib's ClientMixin."""
        return grant_type in self.grant_types


class RenewsKeys(Protocol):
    """Gets the key set of a client again that has it at a URL (services.gateway.registration.key_sets)."""

    async def look_again(self, client_id: UUID, url: str, *, fetched_at: datetime, knows_kid: bool, now: datetime) -> bool:
        """Whether there is a new one. Not within a transaction."""
        ...


class KnownClients:
    """Looks clients up; never creates one."""

    def __init__(self, issuer: str, database: Database, statements: PeerStatements, key_sets: RenewsKeys) -> None:
        self._issuer, self._database, self._statements, self._key_sets = issuer, database, statements, key_sets

    async def find(self, client_id: str, *, kid: str, now: datetime) -> KnownClient | None:
        """The client, or None. `kid` is the key that its assertion names: a peer's statement is looked at again for a new one.

        Raises PeerNotVerifiable. Not within a transaction.
        """
        identifier = _uuid(client_id)
        if identifier is None:
            return await self._peer(client_id, kid, now)
        client = await self._registered(identifier, now)
        if client is None or client.jwks_uri is None:
            return client
        fetched_at = client.keys_fetched_at
        if await self._key_sets.look_again(identifier, client.jwks_uri, fetched_at=fetched_at, knows_kid=kid in client.keys, now=now):
            client = await self._registered(identifier, now)
        if client is not None and not still_counts(fetched_at=client.keys_fetched_at, now=now):
            return replace(client, keys_had=False)
        return client

    async def _registered(self, identifier: UUID, now: datetime) -> KnownClient | None:
        found = await self._database.find(_FIND, {"client_id": identifier})
        return _client_of(found[0], identifier, now) if found else None

    async def audience(self, resource: str | None, *, now: datetime) -> str:
        """For whom a token is (RFC 8707): this node, or one other resource server that it knows. Raises ResourceNotServed."""
        if resource is None or resource == self._issuer:
            return self._issuer
        if not await self.serves(resource, now=now):
            raise ResourceNotServed
        return resource

    async def serves(self, resource: str, *, now: datetime) -> bool:
        """Whether a client in force is the resource server of that name."""
        query = (
            select(*IN_FORCE)
            .join(ClientRow, ClientRow.organisation_id == OrganisationRow.id)
            .where(ClientRow.resource == resource, ClientRow.disabled_at.is_(None))
        )
        async with self._database.reading() as tx:
            found = (await tx.execute(query)).one_or_none()
        return found is not None and is_in_force(found, now)

    async def _peer(self, entity_id: str, kid: str, now: datetime) -> KnownClient | None:
        try:
            statement = (await self._statements.of(entity_id, kid=kid)).message
        except NotAMember:
            return None
        except SuiteError as error:
            raise PeerNotVerifiable from error
        async with self._database.reading() as tx:
            query = select(OrganisationRow.id, *IN_FORCE)
            query = query.where(OrganisationRow.entity_id == entity_id, OrganisationRow.kind == "peer")
            organisation = (await tx.execute(query)).one_or_none()
        if organisation is None:
            return None
        keys = {jwk.kid: peer_key(jwk) for jwk in statement.client_authentication}
        in_force, zone = is_in_force(organisation, now), zone_of(organisation.agency)
        return KnownClient(
            client_id=entity_id,
            organisation_id=organisation.id,
            organisation_kind="peer",
            role=PEER_ROLE,
            scopes=frozenset({PEER_SCOPE}),
            purposes=(),
            keys=keys,
            in_force=in_force,
            zone=zone,
        )


async def registered_client(tx: AsyncSession, client_id: UUID, *, now: datetime) -> KnownClient | None:
    """The registered client with this id, or None."""
    return await tx.run_sync(lambda session: _registered(session.connection(), client_id, now))


def _registered(connection: Connection, client_id: UUID, now: datetime) -> KnownClient | None:
    found = prepared.row(connection, _FIND, {"client_id": client_id})
    return None if found is None else _client_of(found, client_id, now)


def _client_of(found: Any, client_id: UUID, now: datetime) -> KnownClient:
    scopes = frozenset(scope for scope in found.scopes.split() if scope in SCOPES and found.kind in SCOPES[scope].kinds)
    return KnownClient(
        client_id=str(client_id),
        organisation_id=found.organisation_id,
        organisation_kind=found.kind,
        role=found.role,
        scopes=scopes,
        purposes=tuple(found.purposes.split()),
        keys=keys_of(found.jwks),
        in_force=found.disabled_at is None and is_in_force(found, now),
        assertion_audience=found.assertion_audience,
        resource=found.resource,
        may_exchange=frozenset(found.may_exchange.split()),
        authentication=found.authentication,
        addresses=tuple(found.addresses.split()),
        tls_subject=TlsSubject.model_validate_json(found.tls_subject) if found.tls_subject else None,
        tls_certificates=frozenset(found.tls_certificates.split()),
        agreement_id=found.agreement_id,
        jwks_uri=found.jwks_uri,
        keys_fetched_at=found.jwks_fetched_at or EPOCH,
        redirect_uris=tuple(found.redirect_uris.split()),
        grant_types=frozenset(found.grant_types.split()),
        zone=zone_of(found.agency),
    )


@lru_cache(maxsize=1024)
def keys_of(jwks: str) -> Mapping[str, ClientKey]:
    """The keys of a stored JWK Set; none of a client that has another method."""
    return {} if not jwks else client_keys(JwkSet.model_validate_json(jwks))


def _uuid(client_id: str) -> UUID | None:
    try:
        identifier = UUID(client_id)
    except ValueError:
        return None
    return identifier if str(identifier) == client_id else None
