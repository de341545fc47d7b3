"""The authorization code, exchanged for tokens (RFC 6749 section 4.1.3): by the client, the key and the verifier that it was made for.

A code counts once. Used again by its own client it has been copied, and all that came of it ends (section 4.1.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.gateway.oauth.authenticated import Authenticated
from services.gateway.oauth.codes import authorizations
from services.gateway.oauth.codes.challenge import require_verifier
from services.gateway.oauth.codes.persons_tokens import PersonsTokens, spend
from services.gateway.oauth.codes.redirects import is_registered
from services.gateway.oauth.codes.refresh_tokens import digest_of_token
from services.gateway.oauth.known_clients import KnownClient
from services.gateway.oauth.oauth_errors import (
    ClientNotInForce,
    GrantRefused,
    GrantTypeNotRegistered,
    ProofRefused,
    ResourceNotServed,
    TokenRequestInvalid,
)
from services.gateway.oauth.proof_of_possession import Proof
from services.gateway.tables import GivenAuthorizationRow

GRANT_TYPE: Final = "authorization_code"
LASTS: Final = timedelta(seconds=60)
"""FAPI 2.0 section 5.3.2.1."""


@dataclass(frozen=True)
class CodeGrant:
    """The grant."""

    persons: PersonsTokens

    async def answer(
        self, authenticated: Authenticated, form: Mapping[str, str], proof: Proof, *, address: str | None, now: datetime
    ) -> dict[str, Any]:
        """The answer's document. Raises OAuth2Error."""
        client = authenticated.client
        require_registered(client, GRANT_TYPE)
        code = form.get("code")
        if code is None:
            raise TokenRequestInvalid("code is needed")
        reach = await self.persons.reach(client, GivenAuthorizationRow.code_digest == digest_of_token(code), now)
        async with self.persons.database.transaction() as tx:
            await spend(tx, authenticated, proof, now)
            row = await _locked(tx, code, client)
            copied = row.code_used_at is not None
            if not copied:
                require_exchange(row, form, client, proof, development=self.persons.development, now=now)
                await self._require_standing(tx, row, client, now)
                if reach is None:
                    raise GrantRefused(
                        "out-of-reach", "the client may not, or no longer, act for the person's organization and for that purpose"
                    )
                row.code_used_at = now
                refresh_token = self.persons.refresh_tokens.first() if "refresh_token" in client.grant_types else None
                if refresh_token is not None:
                    self.persons.keep(tx, row, refresh_token, now)
                return self.persons.issue(
                    tx,
                    row,
                    authenticated,
                    reach,
                    key=proof.thumbprint,
                    scope=row.scope,
                    refresh_token=refresh_token,
                    address=address,
                    now=now,
                )
            if row.ended_at is None:
                self.persons.end(tx, row, "code-used-again", authenticated, address=address, now=now)
        raise GrantRefused("code-used", "the code was used before: all that came of it has ended")

    async def _require_standing(self, tx: AsyncSession, row: GivenAuthorizationRow, client: KnownClient, now: datetime) -> None:
        if row.ended_at is not None:
            raise GrantRefused("authorization-ended", "what the person agreed to has ended")
        if not authorizations.fits(row, scopes=client.scopes, purposes=client.purposes, grant_types=client.grant_types):
            raise GrantRefused("grants-changed", "the client is no longer registered for what the person agreed to")
        if not await authorizations.person_may(tx, row, now, people=self.persons.people):
            raise GrantRefused("person-may-no-more", "the person can no longer agree to this")


def require_registered(client: KnownClient, grant_type: str) -> None:
    """Raises ClientNotInForce, GrantTypeNotRegistered."""
    if not client.in_force:
        raise ClientNotInForce("the client or its organization is not in force")
    if not client.check_grant_type(grant_type):
        raise GrantTypeNotRegistered


def require_exchange(
    row: GivenAuthorizationRow, form: Mapping[str, str], client: KnownClient, proof: Proof, *, development: bool, now: datetime
) -> None:
    """Whether the code may be exchanged by who holds it. Pure. Raises GrantRefused, ProofRefused, ResourceNotServed."""
    if now >= row.code_expires_at:
        raise GrantRefused("code-expired", f"a code lasts {int(LASTS.total_seconds())} seconds")
    if form.get("redirect_uri") != row.redirect_uri:
        raise GrantRefused("code-redirect-uri", "redirect_uri is needed, as it was pushed")
    if not is_registered(row.redirect_uri, client.redirect_uris, development=development):
        raise GrantRefused("code-redirect-uri-gone", "redirect_uri is no longer registered for this client")
    require_verifier(form, challenge=row.code_challenge)
    if row.jkt is not None and proof.thumbprint != row.jkt:
        raise ProofRefused("the code is bound to another key")
    if "resource" in form and form["resource"] != row.audience:
        raise ResourceNotServed("resource is the one that was pushed, or left out")


async def _locked(tx: AsyncSession, code: str, client: KnownClient) -> GivenAuthorizationRow:
    """INVARIANT: the row is locked before it is looked at, so of two who have the code one sees that the other used it."""
    query = select(GivenAuthorizationRow).where(
        GivenAuthorizationRow.code_digest == digest_of_token(code), GivenAuthorizationRow.client_id == UUID(client.client_id)
    )
    row = (await tx.execute(query.with_for_update())).scalar_one_or_none()
    if row is None:
        raise GrantRefused("code", "not a code of this client")
    return row
