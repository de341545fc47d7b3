"""`POST /oauth/register` (RFC 7591): a client with a word for it is registered, once for each word, and waits for approval or comes in."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import sha256
from safepassage.ids import uuid7
from safepassage.problems.registrations import KeySetNotHad
from safepassage.wire_clients import JwkSet, TlsSubject
from services.gateway.oauth.replay import insert_spent
from services.gateway.registration.authorities import Authority, by_initial_token, by_statement
from services.gateway.registration.bounds import require_of_kind, require_within
from services.gateway.registration.key_sets import KeySets
from services.gateway.registration.metadata import NEVER_SENT, SUBJECT, ClientMetadata, client_metadata, read_body
from services.gateway.registration.registration_errors import (
    MetadataRefused,
    RegistrationTokenRefused,
    StatementNotApproved,
    StatementRefused,
    TwoAuthorities,
)
from services.gateway.registry.standing_parties import standing
from services.gateway.tables import ClientRow, InitialTokenRow, OrganisationRow, PublisherRow, RegistrationRow
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database
from shared.outbox import Outbox

PATH = "/oauth/register"


@dataclass(frozen=True)
class Registering:
    """What the endpoints need."""

    issuer: str
    database: Database
    outbox: Outbox
    key_sets: KeySets
    development: bool
    certificates: bool
    """Whether clients with a certificate are let in."""

    async def register(self, body: bytes, *, content_type: str, bearer: str | None, address: str | None, now: datetime) -> dict[str, Any]:
        """Register a client; gives the answer, in which its registration access token is told. Raises OAuth2Error.

        bearer  the initial access token
        """
        members = read_body(body, content_type=content_type)
        if NEVER_SENT & members.keys() or "client_id" in members:
            raise MetadataRefused("registration-malformed", "client_id and what the node gives with it are not chosen by a client")
        authority = await self._authority(members.get("software_statement"), bearer, now)
        stated = None if authority.statement is None else authority.statement.claims
        metadata = client_metadata(members, stated, development=self.development)
        if metadata.tls_subject is not None and not self.certificates:
            raise MetadataRefused("registration-no-certificates", "this node lets nobody in by a certificate")
        if metadata.organisation_id not in (None, authority.organisation_id):
            raise MetadataRefused("registration-organisation", "organisation_id is another one than the token is for")
        require_within(scopes=metadata.scopes, purposes=metadata.purposes, most_scopes=authority.scopes, most_purposes=authority.purposes)
        jwks = await fetched_or_given(self.key_sets, metadata)
        token, client_id = secrets.token_urlsafe(32), uuid7(now)
        async with self.database.transaction() as tx:
            await _use_up(tx, authority, now)
            organisation = await tx.get(OrganisationRow, authority.organisation_id)
            if organisation is None:
                raise MetadataRefused("registration-organisation", "there is no such organization")
            require_of_kind(metadata.scopes, kind=organisation.organisation.kind)
            row = _client(client_id, authority, metadata, jwks, now)
            registration = _registration(client_id, authority, metadata, members.get("software_statement"), token, now)
            tx.add(row)
            await tx.flush()
            tx.add(registration)
            await tx.flush()
            actor = Actor(
                kind="client", client_id=str(client_id), organisation_id=authority.organisation_id, role=authority.role, address=address
            )
            record(tx, self.outbox, row, registration, "client-registered-itself", actor, now)
        return described(row, registration, issuer=self.issuer, token=token)

    async def _authority(self, statement: object, bearer: str | None, now: datetime) -> Authority:
        if statement is not None and bearer is not None:
            raise TwoAuthorities
        async with self.database.reading() as tx:
            if statement is not None:
                return await by_statement(tx, statement, audience=self.issuer, now=now)
            if bearer is None:
                raise RegistrationTokenRefused("registration-no-authority")
            return await by_initial_token(tx, bearer, now=now)


async def fetched_or_given(key_sets: KeySets, metadata: ClientMetadata) -> str:
    """The keys as they are stored, got from where the client says that they are; of a client with a certificate nothing.

    Raises MetadataRefused. Not within a transaction.
    """
    jwks: JwkSet | None = metadata.jwks
    if metadata.jwks_uri is not None:
        try:
            jwks = await key_sets.fetch(metadata.jwks_uri)
        except KeySetNotHad as error:
            raise MetadataRefused("registration-keys", f"jwks_uri: {error.detail or 'no key set can be had there'}") from error
    return "" if jwks is None else jwks.model_dump_json(exclude_none=True)


def comes_in(authority: Authority, metadata: ClientMetadata) -> bool:
    """Whether no administrator needs to look at it. Who is to act for people is always looked at: where they are sent back to counts."""
    return authority.trusted and not metadata.acts_for_people


async def _use_up(tx: AsyncSession, authority: Authority, now: datetime) -> None:
    """INVARIANT: of two that come with one word at the same time, one registers; what was taken back meanwhile counts no more."""
    if (await tx.scalars(standing(authority.organisation_id))).first() is not None:
        raise RegistrationTokenRefused("party-suspended")
    statement = authority.statement
    if statement is None:
        unused = update(InitialTokenRow).where(
            InitialTokenRow.id == authority.authority_id, InitialTokenRow.used_at.is_(None), InitialTokenRow.withdrawn_at.is_(None)
        )
        if (await tx.execute(unused.values(used_at=now).returning(InitialTokenRow.id))).scalar_one_or_none() is None:
            raise RegistrationTokenRefused("initial-token-spent")
        return
    publisher = select(PublisherRow.disabled_at).where(PublisherRow.id == authority.authority_id).with_for_update()
    if (await tx.execute(publisher)).scalar_one() is not None:
        raise StatementNotApproved("statement-publisher", "its iss is no publisher that is registered with this node")
    if not await insert_spent(tx, [(statement.digest, statement.expires_at)]):
        raise StatementRefused("statement-replayed", "it was used before: ask the publisher for a new one, with a new jti")


def _client(client_id: UUID, authority: Authority, metadata: ClientMetadata, jwks: str, now: datetime) -> ClientRow:
    return ClientRow(
        id=client_id,
        organisation_id=authority.organisation_id,
        name=metadata.client_name,
        kind=authority.kind,
        role=authority.role,
        scopes=" ".join(metadata.scopes),
        purposes=" ".join(sorted(set(metadata.purposes))),
        authentication=metadata.token_endpoint_auth_method,
        jwks=jwks,
        jwks_uri=metadata.jwks_uri,
        jwks_fetched_at=None if metadata.jwks_uri is None else now,
        tls_subject="" if metadata.tls_subject is None else metadata.tls_subject.model_dump_json(),
        assertion_audience="issuer",
        resource=None,
        redirect_uris=" ".join(metadata.redirect_uris),
        grant_types=" ".join(metadata.grant_types),
        version=1,
        created_at=now,
        disabled_at=None if comes_in(authority, metadata) else now,
        changed_at=now,
    )


def _registration(
    client_id: UUID, authority: Authority, metadata: ClientMetadata, statement: object, token: str, now: datetime
) -> RegistrationRow:
    return RegistrationRow(
        client_id=client_id,
        state="approved" if comes_in(authority, metadata) else "pending",
        token_digest=sha256(token.encode()),
        registered_by=authority.registered_by,
        software_id=metadata.software_id,
        software_version=metadata.software_version,
        contacts=" ".join(metadata.contacts),
        statement=statement,
        decided_at=now if comes_in(authority, metadata) else None,
    )


def record(
    tx: AsyncSession, outbox: Outbox, row: ClientRow, registration: RegistrationRow, operation: str, actor: Actor, now: datetime
) -> None:
    """The log's entry of one act on a registration."""
    context = Context(
        operation=operation,
        outcome=registration.state,
        about=f"client:{row.id}",
        basis=registration.registered_by,
        recipient_organisation=str(row.organisation_id),
    )
    outbox.record(tx, Event(class_="administration", key=f"client:{uuid7(now)}", actor=actor, context=context))


def described(row: ClientRow, registration: RegistrationRow, *, issuer: str, token: str | None) -> dict[str, Any]:
    """The client information of RFC 7591 section 3.2.1 and RFC 7592 section 3. `token`: a new registration access token."""
    grant_types = row.grant_types.split()
    told = {
        "client_id": str(row.id),
        "client_id_issued_at": int(row.created_at.timestamp()),
        "registration_client_uri": f"{issuer}{PATH}/{row.id}",
        "registration_access_token": token,
        "registration_state": registration.state,
        "client_name": row.name,
        "organisation_id": str(row.organisation_id),
        "scope": row.scopes,
        "purposes": row.purposes.split(),
        **_proof(row),
        "token_endpoint_auth_method": row.authentication,
        "grant_types": grant_types,
        "response_types": ["code"] if "authorization_code" in grant_types else [],
        "redirect_uris": row.redirect_uris.split() or None,
        "software_id": registration.software_id,
        "software_version": registration.software_version,
        "contacts": registration.contacts.split() or None,
        "software_statement": registration.statement,
    }
    return {name: value for name, value in told.items() if value is not None}


def _proof(row: ClientRow) -> Mapping[str, Any]:
    """By what it proves who it is, in the words of RFC 7591 section 2 and RFC 8705 section 2.1.2."""
    if row.tls_subject:
        subject = TlsSubject.model_validate_json(row.tls_subject)
        return {SUBJECT + subject.kind: subject.value}
    return {"jwks": json.loads(row.jwks)} if row.jwks_uri is None else {"jwks_uri": row.jwks_uri}
