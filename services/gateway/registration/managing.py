"""`GET`, `PUT` and `DELETE /oauth/register/{client_id}` (RFC 7592): a client reads, changes or ends its own registration.

It proves with its registration access token that the registration is its own; each change gives it another. An update never widens.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import sha256
from services.gateway.oauth.codes.authorizations import end_of_client
from services.gateway.oauth.standing import Standing
from services.gateway.registration.bounds import require_no_more
from services.gateway.registration.key_sets import KeySets
from services.gateway.registration.metadata import NEVER_SENT, client_metadata, read_body
from services.gateway.registration.registering import described, fetched_or_given, record
from services.gateway.registration.registration_errors import MetadataRefused, RegistrationTokenRefused
from services.gateway.registration.software_statements import words_of
from services.gateway.registry.standing_parties import lock_party_of
from services.gateway.tables import ClientRow, RegistrationRow
from shared.contracts.audit import Actor
from shared.database import Database
from shared.outbox import Outbox

_NOBODY = bytes(32)


@dataclass(frozen=True)
class Managing:
    """What the endpoints need."""

    issuer: str
    database: Database
    outbox: Outbox
    key_sets: KeySets
    standing: Standing
    development: bool

    async def read(self, client_id: str, *, bearer: str | None) -> dict[str, Any]:
        """The registration; the token that it was read with stays. Raises RegistrationTokenRefused."""
        async with self.database.reading() as tx:
            row, registration = await _own(tx, client_id, bearer)
            return described(row, registration, issuer=self.issuer, token=bearer)

    async def change(
        self, client_id: str, body: bytes, *, content_type: str, bearer: str | None, address: str | None, now: datetime
    ) -> dict[str, Any]:
        """Replace what the client says of itself; gives the answer with its next token. What it holds and is more ends.

        What it read may come back whole, its statement too (RFC 7592 section 2.2).

        # INVARIANT: a client whose publisher vouched for its name goes by no other: people agree to an application by it.

        Raises OAuth2Error.
        """
        async with self.database.reading() as tx:
            _, held = await _own(tx, client_id, bearer)
        members = read_body(body, content_type=content_type)
        if NEVER_SENT & members.keys():
            raise MetadataRefused("registration-malformed", "an update repeats nothing that the node gave with the client_id")
        if members.get("client_id") != client_id:
            raise MetadataRefused("registration-malformed", "client_id is the one of the URL")
        if members.pop("software_statement", held.statement) != held.statement:
            raise MetadataRefused("registration-malformed", "with another software statement a client registers anew")
        metadata = client_metadata(members | words_of(held.statement), development=self.development)
        jwks = await fetched_or_given(self.key_sets, metadata)
        token = secrets.token_urlsafe(32)
        async with self.database.transaction() as tx:
            row, registration = await _own(tx, client_id, bearer, locked=True)
            if metadata.organisation_id not in (None, row.organisation_id):
                raise MetadataRefused("registration-organisation", "organisation_id never changes")
            _require_same_software(registration, metadata.software_id)
            require_no_more(metadata, row)
            row.name, row.scopes, row.purposes = metadata.client_name, " ".join(metadata.scopes), " ".join(sorted(set(metadata.purposes)))
            row.redirect_uris, row.grant_types = " ".join(metadata.redirect_uris), " ".join(metadata.grant_types)
            row.jwks, row.jwks_uri = jwks, metadata.jwks_uri
            row.jwks_fetched_at = None if metadata.jwks_uri is None else now
            row.changed_at, row.version = now, row.version + 1
            registration.software_version, registration.contacts = metadata.software_version, " ".join(metadata.contacts)
            registration.token_digest = sha256(token.encode())
            within = (frozenset(metadata.scopes), metadata.purposes, frozenset(metadata.grant_types))
            await end_of_client(tx, self.outbox, row.id, "grants-changed", actor=_actor(row, address), now=now, unless=within)
            await tx.flush()
            record(tx, self.outbox, row, registration, "client-registration-changed", _actor(row, address), now)
        await self.standing.refresh()
        return described(row, registration, issuer=self.issuer, token=token)

    async def end(self, client_id: str, *, bearer: str | None, address: str | None, now: datetime) -> None:
        """End the registration for good: no token more, and those that are out count no more, nor what people let it do.

        Raises RegistrationTokenRefused.
        """
        async with self.database.transaction() as tx:
            row, registration = await _own(tx, client_id, bearer, locked=True)
            row.disabled_at = row.changed_at = now
            row.version += 1
            registration.state, registration.token_digest, registration.decided_at = "ended", None, now
            await end_of_client(tx, self.outbox, row.id, "registration-ended", actor=_actor(row, address), now=now)
            await tx.flush()
            record(tx, self.outbox, row, registration, "client-registration-ended", _actor(row, address), now)
        await self.standing.refresh()


async def _own(tx: AsyncSession, client_id: str, bearer: str | None, *, locked: bool = False) -> tuple[ClientRow, RegistrationRow]:
    """The client and its registration, if the token is its own and it was not sent away. Raises RegistrationTokenRefused, alike."""
    refused = RegistrationTokenRefused("registration-token")
    try:
        identifier = UUID(client_id)
    except ValueError as error:
        raise refused from error
    query = select(RegistrationRow).where(RegistrationRow.client_id == identifier)
    registration = (await tx.execute(query.with_for_update() if locked else query)).scalar_one_or_none()
    held = _NOBODY if registration is None or registration.token_digest is None else registration.token_digest
    if not hmac.compare_digest(sha256((bearer or "").encode()), held) or registration is None or str(identifier) != client_id:
        raise refused
    if locked:
        await lock_party_of(tx, identifier)
    row = await tx.get(ClientRow, identifier, with_for_update=locked)
    if row is None or (row.disabled_at is not None and registration.state != "pending"):
        raise refused
    return row, registration


def _require_same_software(registration: RegistrationRow, software_id: str | None) -> None:
    if software_id != registration.software_id:
        raise MetadataRefused("registration-software", "software_id never changes")


def _actor(row: ClientRow, address: str | None) -> Actor:
    return Actor(kind="client", client_id=str(row.id), organisation_id=row.organisation_id, role=row.role, address=address)
