"""Whether a token that is out still counts: nobody took it back; its client is in force, still has the key that asked for it, and is
still registered for all that the token says.

What changed within a token's lifetime is loaded each second and at once after a change made here; older changes meet no living token.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from safepassage.problems.access import AccessTokenNotValid
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.problems.trust import NotAMember
from safepassage.wire_clients import TlsSubject
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


_REGISTERED: Final = (
    ClientRow.id,
    ClientRow.jwks,
    ClientRow.tls_certificates,
    ClientRow.tls_subject,
    ClientRow.scopes,
    ClientRow.purposes,
    ClientRow.may_exchange,
    ClientRow.disabled_at,
    ClientRow.tokens_ended_at,
)


@dataclass(frozen=True)
class Registered:
    """A client that changed lately, as it is now."""

    kids: frozenset[str]
    """By what tokens name its keys, secrets and certificates; none while it is out."""
    scopes: frozenset[str]
    purposes: frozenset[str]
    may_exchange: frozenset[str]
    tokens_ended_at: datetime | None
    """What was issued within this second or before counts no more, though the client was let in again."""

    @classmethod
    def of(cls, row: Any, secrets: Iterable[UUID]) -> "Registered":
        """From its row."""
        scopes, purposes, others = (frozenset(one.split()) for one in (row.scopes, row.purposes, row.may_exchange))
        return cls(_kids(row, secrets), scopes, purposes, others, row.tokens_ended_at)

    def bears(self, claims: AccessClaims, kid: str, before: str | None) -> bool:
        """Whether it may still have a token that says `claims`.

        kid     of its own that asked for the token, or for the one that it was made from
        before  of an exchanged token, the client whose token this one took; None where it is the first, or the same
        """
        return (
            kid in self.kids
            and self.scopes.issuperset(claims.scope.split())
            and self.purposes.issuperset(one.purpose for one in claims.authorization_details)
            and (before is None or before in self.may_exchange)
            and (self.tokens_ended_at is None or claims.iat > int(self.tokens_ended_at.timestamp()))
        )


class Standing:
    """What changed lately: tokens that were taken back, what people agreed to and is over, clients that are out, keys of the others."""

    def __init__(self, database: Database, statements: PeerStatements, clock: Clock, *, token_seconds: int) -> None:
        self._database, self._statements, self._clock = database, statements, clock
        self._looks_back = timedelta(seconds=token_seconds) + MARGIN
        self._changed: dict[str, Registered] = {}
        self._taken_back: frozenset[UUID] = frozenset()
        self._ended: frozenset[UUID] = frozenset()
        self._loaded_at: datetime | None = None

    async def refresh(self) -> None:
        """Load what changed within the lifetime of a token."""
        now = self._clock()
        async with self._database.reading() as tx:
            rows = (await tx.execute(select(*_REGISTERED).where(ClientRow.changed_at > now - self._looks_back))).all()
            revoked = select(RevokedTokenRow.jti).where(RevokedTokenRow.revoked_at > now - self._looks_back)
            self._taken_back = frozenset((await tx.execute(revoked)).scalars())
            ended = select(GivenAuthorizationRow.id).where(GivenAuthorizationRow.ended_at > now - self._looks_back)
            self._ended = frozenset((await tx.execute(ended)).scalars())
            secrets = select(ClientSecretRow.client_id, ClientSecretRow.id).where(ClientSecretRow.client_id.in_([row.id for row in rows]))
            held = (await tx.execute(secrets)).all()
        secrets_of: dict[UUID, list[UUID]] = {row.id: [] for row in rows}
        for one in held:
            secrets_of[one.client_id].append(one.id)
        self._changed = {str(row.id): Registered.of(row, secrets_of[row.id]) for row in rows}
        self._loaded_at = now

    async def require(self, claims: AccessClaims, now: datetime) -> None:
        """Raises AccessTokenNotValid for a token that counts no more; TemporarilyUnavailable while that cannot be known.

        A key or scope that is not known here may be newer than what was loaded: it is looked for before the token is refused.
        """
        taken_back = self._taken_back and not self._taken_back.isdisjoint((claims.jti, *(source.jti for source in claims.made_from)))
        if taken_back or (self._ended and claims.authorization_id in self._ended):
            raise AccessTokenNotValid("the token was taken back")
        if claims.organisation_kind == "peer":
            await self._require_peer(claims)
            return
        if self._loaded_at is None or now > self._loaded_at + BELIEVED_FOR:
            raise TemporarilyUnavailable("it cannot be known whether the token still counts")
        if self._changed and not self._counts(claims):
            await self.refresh()
            if not self._counts(claims):
                raise AccessTokenNotValid("the token was taken back")

    def _counts(self, claims: AccessClaims) -> bool:
        """INVARIANT: what a client may do no more, no token does that it has, or that was made from one of its own."""
        before: str | None = None
        own = (claims.client_id, claims.client_kid)
        for client_id, kid in (*((source.client_id, source.client_kid) for source in claims.made_from), own):
            client = self._changed.get(client_id)
            if client is not None and not client.bears(claims, kid, None if before == client_id else before):
                return False
            before = client_id
        return True

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
    names = {client_certificates.kid_of_name(TlsSubject.model_validate_json(row.tls_subject))} if row.tls_subject else set()
    return frozenset(keys_of(row.jwks)) | {kid_of(secret) for secret in secrets} | certificates | names
