"""Whether a token that is out still counts: nobody took it back, its client is in force and still has the key that asked for it.

What changed within a token's lifetime is loaded each second and at once after a change made here; older changes meet no living token.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from safepassage.problems.access import AccessTokenNotValid
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.problems.trust import NotAMember
from services.gateway.oauth import client_certificates
from services.gateway.oauth.client_secrets import kid_of
from services.gateway.oauth.known_clients import keys_of
from services.gateway.oauth.tokens import AccessClaims
from services.gateway.tables import ClientRow, ClientSecretRow, GivenAuthorizationRow, RevokedTokenRow
from shared.clock import Clock
from shared.database import Database
from shared.peer_statements import PeerStatements

BELIEVED_FOR: Final = timedelta(seconds=15)
"""What was loaded counts for so long; then nobody is let in until it can be loaded again."""
MARGIN: Final = timedelta(minutes=2)


class Standing:
    """What changed lately: tokens that were taken back, what people agreed to and is over, clients that are out, keys of the others."""

    def __init__(self, database: Database, statements: PeerStatements, clock: Clock, *, token_seconds: int) -> None:
        self._database, self._statements, self._clock = database, statements, clock
        self._looks_back = timedelta(seconds=token_seconds) + MARGIN
        self._kids: dict[str, frozenset[str]] = {}
        self._taken_back: frozenset[UUID] = frozenset()
        self._ended: frozenset[UUID] = frozenset()
        self._loaded_at: datetime | None = None

    async def refresh(self) -> None:
        """Load what changed within the lifetime of a token."""
        now = self._clock()
        async with self._database.reading() as tx:
            query = select(ClientRow.id, ClientRow.jwks, ClientRow.disabled_at, ClientRow.tls_certificates, ClientRow.tls_subject).where(
                ClientRow.changed_at > now - self._looks_back
            )
            rows = (await tx.execute(query)).all()
            revoked = select(RevokedTokenRow.jti).where(RevokedTokenRow.revoked_at > now - self._looks_back)
            self._taken_back = frozenset((await tx.execute(revoked)).scalars())
            ended = select(GivenAuthorizationRow.id).where(GivenAuthorizationRow.ended_at > now - self._looks_back)
            self._ended = frozenset((await tx.execute(ended)).scalars())
            secrets = select(ClientSecretRow.client_id, ClientSecretRow.id).where(ClientSecretRow.client_id.in_([row.id for row in rows]))
            held = (await tx.execute(secrets)).all()
        secrets_of: dict[UUID, list[UUID]] = {row.id: [] for row in rows}
        for one in held:
            secrets_of[one.client_id].append(one.id)
        self._kids = {str(UUID(str(row.id))): _kids(row, secrets_of[row.id]) for row in rows}
        self._loaded_at = now

    async def require(self, claims: AccessClaims, now: datetime) -> None:
        """Raises AccessTokenNotValid for a token that counts no more; TemporarilyUnavailable while that cannot be known.

        A key that is not known here may be newer than what was loaded: it is looked for before the token is refused.
        """
        if (
            not self._taken_back.isdisjoint((claims.jti, *(source.jti for source in claims.made_from)))
            or claims.authorization_id in self._ended
        ):
            raise AccessTokenNotValid("the token was taken back")
        if claims.organisation_kind == "peer":
            await self._require_peer(claims)
            return
        if self._loaded_at is None or now > self._loaded_at + BELIEVED_FOR:
            raise TemporarilyUnavailable("it cannot be known whether the token still counts")
        if not self._counts(claims):
            await self.refresh()
            if not self._counts(claims):
                raise AccessTokenNotValid("the token was taken back")

    def _counts(self, claims: AccessClaims) -> bool:
        sources = ((source.client_id, source.client_kid) for source in claims.made_from)
        return all(self._has(client_id, kid) for client_id, kid in ((claims.client_id, claims.client_kid), *sources))

    def _has(self, client_id: str, kid: str) -> bool:
        kids = self._kids.get(client_id)
        return kids is None or kid in kids

    async def _require_peer(self, claims: AccessClaims) -> None:
        """INVARIANT: the trust list in force is asked at each request, so a revoked member is out at once."""
        try:
            statement = (await self._statements.of(claims.client_id, kid=claims.client_kid)).message
        except NotAMember as error:
            raise AccessTokenNotValid("the node is no active member") from error
        if claims.client_kid not in {jwk.kid for jwk in statement.client_authentication}:
            raise AccessTokenNotValid("the token was taken back")


def _kids(row: Any, secrets: Iterable[UUID]) -> frozenset[str]:
    """By what tokens name the keys, secrets and certificates that a client has now."""
    if row.disabled_at is not None:
        return frozenset()
    certificates = {client_certificates.kid_of(one) for one in row.tls_certificates.split()}
    subject = {client_certificates.BY_SUBJECT} if row.tls_subject else set()
    return frozenset(keys_of(row.jwks)) | {kid_of(secret) for secret in secrets} | certificates | subject
