"""Refresh tokens, exchanged for new ones (RFC 6749 section 6, RFC 9700 section 4.14.2): rotated at each use, by the same client.

Whose token it is is told by how the client authenticates, and not by the key of its proofs: a client may have another one at each start
(RFC 9449 section 5), and the new access token is bound to that. A refresh token that comes again has been copied: everything that came of
that authorization ends. Within a minute the client itself may have lost the answer (services.gateway.oauth.codes.refresh_tokens).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.gateway.oauth.authenticated import Authenticated
from services.gateway.oauth.codes import authorizations
from services.gateway.oauth.codes.authorizations import EndedBecause
from services.gateway.oauth.codes.code_grant import require_registered
from services.gateway.oauth.codes.persons_tokens import PersonsTokens, spend
from services.gateway.oauth.codes.refresh_tokens import digest_of_token, may_repeat
from services.gateway.oauth.known_clients import KnownClient
from services.gateway.oauth.oauth_errors import GrantRefused, ResourceNotServed, ScopeNotGranted, TokenRequestInvalid
from services.gateway.oauth.proof_of_possession import Proof
from services.gateway.tables import GivenAuthorizationRow, RefreshTokenRow

GRANT_TYPE: Final = "refresh_token"
_TOLD: Final[Mapping[EndedBecause, str]] = {
    "refresh-token-used-again": "the refresh token was used before: all that came of it has ended",
    "grants-changed": "the client is no longer registered for what the person agreed to",
    "person-may-no-more": "the person can no longer agree to this",
    "out-of-reach": "the client may no longer act for the person's organization, or what it rests on (an agreement, a day) is over",
}


@dataclass(frozen=True)
class RefreshGrant:
    """The grant."""

    persons: PersonsTokens

    async def answer(
        self, authenticated: Authenticated, form: Mapping[str, str], proof: Proof, *, address: str | None, now: datetime
    ) -> dict[str, Any]:
        """The answer's document. Raises OAuth2Error."""
        require_registered(authenticated.client, GRANT_TYPE)
        token = form.get("refresh_token")
        if token is None:
            raise TokenRequestInvalid("refresh_token is needed")
        of_token = select(RefreshTokenRow.authorization_id).where(RefreshTokenRow.digest == digest_of_token(token))
        reach = await self.persons.reach(authenticated.client, GivenAuthorizationRow.id.in_(of_token), now)
        async with self.persons.database.transaction() as tx:
            await spend(tx, authenticated, proof, now)
            given, row = await _locked(tx, token, authenticated.client)
            require_refresh(given, row, form, now=now)
            over = await self._over(tx, given, row, token, authenticated.client, now)
            if over is None and reach is not None:
                scope = narrowed_scope(form, given)
                following = await self._following(tx, given, row, token, now)
                return self.persons.issue(
                    tx, given, authenticated, reach, key=proof.thumbprint, scope=scope, refresh_token=following, address=address, now=now
                )
            over = over or "out-of-reach"
            self.persons.end(tx, given, over, authenticated, address=address, now=now)
        raise GrantRefused(over, _TOLD[over])

    async def _over(
        self, tx: AsyncSession, given: GivenAuthorizationRow, row: RefreshTokenRow, token: str, client: KnownClient, now: datetime
    ) -> EndedBecause | None:
        """Why the authorization ends with this very request, if it does."""
        if row.used_at is not None:
            successor = await tx.get(RefreshTokenRow, digest_of_token(self.persons.refresh_tokens.following(token)))
            if not may_repeat(row, successor, now):
                return "refresh-token-used-again"
        if not authorizations.fits(given, scopes=client.scopes, purposes=client.purposes, grant_types=client.grant_types):
            return "grants-changed"
        may = await authorizations.person_may(tx, given, now, people=self.persons.people)
        return None if may else "person-may-no-more"

    async def _following(self, tx: AsyncSession, given: GivenAuthorizationRow, row: RefreshTokenRow, token: str, now: datetime) -> str:
        following = self.persons.refresh_tokens.following(token)
        if row.used_at is None:
            row.used_at = now
            self.persons.keep(tx, given, following, now)
        else:
            row.repeated_at = now
        return following


def require_refresh(given: GivenAuthorizationRow, row: RefreshTokenRow, form: Mapping[str, str], *, now: datetime) -> None:
    """Whether the refresh token may be used by who holds it. Pure. Raises GrantRefused, ResourceNotServed."""
    if given.ended_at is not None:
        raise GrantRefused("authorization-ended", "what the person agreed to has ended")
    if now >= given.expires_at:
        raise GrantRefused("authorization-expired", "what the person agreed to has had its time: they have to be asked again")
    if row.used_at is None and now >= row.expires_at:
        raise GrantRefused("refresh-token-expired", "the refresh token was not used for too long")
    if "resource" in form and form["resource"] != given.audience:
        raise ResourceNotServed("resource is the one that was pushed, or left out")
    if "authorization_details" in form:
        raise GrantRefused("refresh-details", "authorization_details are those that the person agreed to: leave them out")


def narrowed_scope(form: Mapping[str, str], given: GivenAuthorizationRow) -> str:
    """The scopes of the new access token: those of the authorization, or fewer. Raises ScopeNotGranted."""
    if "scope" not in form:
        return given.scope
    scopes, held = form["scope"].split(" "), given.scope.split()
    if len(set(scopes)) != len(scopes) or not set(scopes) <= set(held):
        raise ScopeNotGranted("a scope is not one that the person agreed to")
    return " ".join(scopes)


async def _locked(tx: AsyncSession, token: str, client: KnownClient) -> tuple[GivenAuthorizationRow, RefreshTokenRow]:
    """INVARIANT: both rows are locked before they are looked at, so of two who have the token one sees that the other used it."""
    query = (
        select(GivenAuthorizationRow, RefreshTokenRow)
        .join(RefreshTokenRow, RefreshTokenRow.authorization_id == GivenAuthorizationRow.id)
        .where(RefreshTokenRow.digest == digest_of_token(token), GivenAuthorizationRow.client_id == UUID(client.client_id))
        .with_for_update()
    )
    found = (await tx.execute(query)).one_or_none()
    if found is None:
        raise GrantRefused("refresh-token", "not a refresh token of this client")
    return found[0], found[1]
