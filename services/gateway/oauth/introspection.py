"""`POST /oauth/introspect` (RFC 7662; signed, RFC 9701): whether a token counts now, and what it is for.

A resource server is told of tokens for itself, a client of its own; of every other token that it is not active.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from services.gateway.oauth.authenticated import ClientAuthentication, refused_by_name
from services.gateway.oauth.client_certificates import ClientCertificate
from services.gateway.oauth.known_clients import KnownClient
from services.gateway.oauth.oauth_errors import TokenRequestInvalid
from services.gateway.oauth.signing_keys import WatchedTokenKeys
from services.gateway.oauth.standing import Standing
from services.gateway.oauth.tokens import AccessClaims, AccessTokens
from shared.contracts.audit import Context, Event
from shared.database import Database
from shared.outbox import Outbox

PATH = "/oauth/introspect"
SIGNED: Final = "application/token-introspection+jwt"
TYPE: Final = "token-introspection+jwt"
_OWN: Final = {"client_kid", "client_key", "organisation_kind", "role", "made_from", "addresses"}
"""What this node alone goes by."""


@dataclass(frozen=True)
class Introspection:
    """What the endpoint needs."""

    issuer: str
    database: Database
    outbox: Outbox
    authentication: ClientAuthentication
    tokens: AccessTokens
    keys: WatchedTokenKeys
    standing: Standing

    async def tell(
        self,
        form: Mapping[str, str],
        *,
        authorization: bool,
        address: str | None,
        now: datetime,
        certificate: ClientCertificate | None = None,
    ) -> tuple[dict[str, Any], str]:
        """What is said of the token in `form`, and to which client. Raises OAuth2Error, TemporarilyUnavailable."""
        authenticated = await self.authentication.authenticate(form, authorization=authorization, now=now, certificate=certificate)
        with refused_by_name(authenticated.client):
            if "token" not in form:
                raise TokenRequestInvalid("the token to ask about is needed")
        client = authenticated.client
        claims = await self._counting(form["token"], now)
        seen = claims is not None and client.in_force and self._may_know(client, claims)
        async with self.database.transaction() as tx:
            await authenticated.spend(tx)
            context = Context(
                operation="token-introspected",
                outcome="active" if seen else "not-active",
                about=f"token:{claims.jti}" if claims is not None and seen else None,
            )
            key = f"token-introspected:{uuid7(now)}"
            self.outbox.record(tx, Event(class_="authentication", key=key, actor=authenticated.actor(address), context=context))
        return (_active(claims) if claims is not None and seen else {"active": False}), client.client_id

    def signed(self, told: Mapping[str, Any], *, client_id: str, now: datetime) -> str:
        """The answer as a JWT for the client that asked (RFC 9701 section 5)."""
        payload = {"iss": self.issuer, "aud": client_id, "iat": int(now.timestamp()), "token_introspection": dict(told)}
        return self.keys.current.active.sign_compact(typ=TYPE, payload=payload)

    def _may_know(self, client: KnownClient, claims: AccessClaims) -> bool:
        """INVARIANT: tokens for this node are their clients' own affair, whatever somebody was registered as."""
        return claims.client_id == client.client_id or (claims.aud == client.resource and claims.aud != self.issuer)

    async def _counting(self, token: str, now: datetime) -> AccessClaims | None:
        try:
            claims = self.tokens.read(token, now).claims
            await self.standing.require(claims, now)
        except SuiteError as error:
            if error.status != 401:
                raise
            return None
        return claims


def _active(claims: AccessClaims) -> dict[str, Any]:
    """RFC 7662 section 2.2; `cnf` and `authorization_details` as RFC 9449 section 6.2 and RFC 9396 section 9.2 have them."""
    told = claims.model_dump(mode="json", exclude_none=True, exclude=_OWN)
    return {"active": True, "token_type": "DPoP" if claims.key else "Bearer", **told}
