"""The profile for Ed-Fi and OneRoster systems that can do no better than a secret (RFC 6749 section 2.3.1): off unless a setting says so.

What it lacks in proof it is narrowed in everything else: rosters alone, from registered addresses alone, five minutes, on the log as
`legacy` at every use. A token of it is a bearer token: whoever has it at one of those addresses can use it until it ends.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from safepassage.problems.access import AccessTokenNotValid
from services.gateway.door.client_address import counted_as
from services.gateway.oauth.client_secrets import Kept, Presented, kid_of, secret_id_of, verify_secret
from services.gateway.oauth.known_clients import KnownClient, registered_client
from services.gateway.oauth.oauth_errors import ClientNotAuthenticated
from services.gateway.oauth.secret_attempts import SecretAttempts
from services.gateway.tables import ClientSecretRow
from shared.database import Database

LIFETIME_SECONDS: Final = 300


@dataclass(frozen=True)
class LegacyClient:
    """A client that proved to have a secret of its own."""

    client: KnownClient
    secret_id: UUID

    def claims(self) -> dict[str, Any]:
        """What a token of it says beside what is granted (AccessTokens.issue)."""
        return {
            "jkt": None,
            "profile": "legacy",
            "addresses": self.client.addresses,
            "client_id": self.client.client_id,
            "client_kid": kid_of(self.secret_id),
        }


@dataclass(frozen=True)
class LegacyProfile:
    """Authenticates by secret."""

    database: Database
    attempts: SecretAttempts

    async def authenticate(self, presented: Presented, *, address: str | None, now: datetime) -> LegacyClient:
        """The client. Raises TooManyAttempts, ClientNotAuthenticated. Not within a transaction.

        INVARIANT: whether there is such a client, secret or address takes the same work to refuse, and is answered alike.
        """
        whence = counted_as(address)
        self.attempts.require(presented.client_id, whence, now)
        try:
            async with self.attempts.slot():
                return await self._authenticated(presented, address, now)
        except ClientNotAuthenticated as error:
            self.attempts.failed(presented.client_id, whence, now)
            error.basic = presented.in_header
            raise

    async def _authenticated(self, presented: Presented, address: str | None, now: datetime) -> LegacyClient:
        client, secret_id, kept = await self._kept(presented, now)
        await verify_secret(presented.secret, kept)
        if client is None or secret_id is None or client.authentication != "client_secret":
            raise ClientNotAuthenticated("secret")
        if not is_within(address, client.addresses):
            raise ClientNotAuthenticated("address")
        return LegacyClient(client, secret_id)

    async def _kept(self, presented: Presented, now: datetime) -> tuple[KnownClient | None, UUID | None, Kept | None]:
        secret_id, client_id = secret_id_of(presented.secret), _uuid(presented.client_id)
        async with self.database.reading() as tx:
            query = select(ClientSecretRow).where(ClientSecretRow.id == secret_id, ClientSecretRow.client_id == client_id)
            row = (await tx.execute(query)).scalar_one_or_none()
            client = await registered_client(tx, client_id, now=now) if client_id is not None else None
        if row is None:
            return client, None, None
        return client, row.id, Kept(row.salt, row.digest, row.cost, row.block_size, row.parallelism)


def require_address(addresses: tuple[str, ...] | None, address: str | None) -> None:
    """Raises AccessTokenNotValid where a token of the profile comes from elsewhere."""
    if not is_within(address, addresses or ()):
        raise AccessTokenNotValid("the token is not for this address")


@lru_cache(maxsize=4096)
def is_within(address: str | None, networks: tuple[str, ...]) -> bool:
    """Whether an address (services.gateway.door.client_address) is of one of the networks."""
    return address is not None and any(ip_address(address) in ip_network(one) for one in networks)


def _uuid(client_id: str) -> UUID | None:
    try:
        identifier = UUID(client_id)
    except ValueError:
        return None
    return identifier if str(identifier) == client_id else None
