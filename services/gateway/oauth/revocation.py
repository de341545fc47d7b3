"""`POST /oauth/revoke` (RFC 7009): a client takes back a token of its own. Within a second no process of the gateway lets it in.

With a refresh token it gives up all that the person let it do (section 2.1).

Whatever else is sent as a token is answered alike: nobody learns here whether a token exists, or whose it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.access import AccessTokenNotValid
from services.gateway.oauth.authenticated import ClientAuthentication, refused_by_name
from services.gateway.oauth.client_certificates import ClientCertificate
from services.gateway.oauth.codes.authorizations import end_of_refresh_token
from services.gateway.oauth.oauth_errors import TokenRequestInvalid
from services.gateway.oauth.standing import Standing
from services.gateway.oauth.tokens import AccessClaims, AccessTokens
from services.gateway.tables import RevokedTokenRow
from shared.contracts.audit import Context, Event
from shared.database import Database
from shared.inserts import insert_into
from shared.outbox import Outbox

PATH = "/oauth/revoke"


@dataclass(frozen=True)
class Revocation:
    """What the endpoint needs."""

    database: Database
    outbox: Outbox
    authentication: ClientAuthentication
    tokens: AccessTokens
    standing: Standing

    async def take_back(
        self,
        form: Mapping[str, str],
        *,
        authorization: bool,
        address: str | None,
        now: datetime,
        certificate: ClientCertificate | None = None,
    ) -> None:
        """Take the token in `form` back, if there is anything to take back. Raises OAuth2Error."""
        authenticated = await self.authentication.authenticate(form, authorization=authorization, now=now, certificate=certificate)
        with refused_by_name(authenticated.client):
            if "token" not in form:
                raise TokenRequestInvalid("the token to take back is needed")
        claims = self._own(form["token"], authenticated.client.client_id, now)
        async with self.database.transaction() as tx:
            await authenticated.spend(tx)
            if claims is not None and await _insert(tx, claims, now):
                context = Context(operation="token-taken-back", outcome="done", about=f"token:{claims.jti}")
                event = Event(
                    class_="authentication", key=f"token-taken-back:{claims.jti}", actor=authenticated.actor(address), context=context
                )
                self.outbox.record(tx, event)
            if claims is None:
                actor = authenticated.actor(address)
                await end_of_refresh_token(tx, self.outbox, form["token"], authenticated.client.client_id, actor=actor, now=now)
        await self.standing.refresh()

    def _own(self, token: str, client_id: str, now: datetime) -> AccessClaims | None:
        try:
            claims = self.tokens.read(token, now).claims
        except AccessTokenNotValid:
            return None
        return claims if claims.client_id == client_id else None


async def _insert(tx: AsyncSession, claims: AccessClaims, now: datetime) -> bool:
    """Whether it was not taken back before."""
    row = {"jti": claims.jti, "revoked_at": now, "expires_at": datetime.fromtimestamp(claims.exp, UTC)}
    statement = insert_into(tx, RevokedTokenRow).values(row).on_conflict_do_nothing().returning(RevokedTokenRow.jti)
    return (await tx.execute(statement)).scalar_one_or_none() is not None
