"""Whether a token that is out still counts: nobody took it back; its client and their organisation are in force, the client still has the
key that asked for it, and is still registered for all that the token says.

What changed within the longest lifetime of a token is loaded each second and at once after a change made here; older changes meet no living
token. An organisation whose last day is over changed at midnight, where the state agency is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import inf
from typing import Any, Final
from uuid import UUID

from sqlalchemy import false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.access import AccessTokenNotValid
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.problems.trust import NotAMember
from safepassage.wire_clients import TlsSubject
from services.gateway.oauth import client_certificates
from services.gateway.oauth.client_secrets import kid_of
from services.gateway.oauth.known_clients import keys_of
from services.gateway.oauth.tokens import AccessClaims
from services.gateway.registry.in_force import agency_zone, day_in, is_there
from services.gateway.settings import LONGEST_SECONDS
from services.gateway.tables import ClientRow, ClientSecretRow, GivenAuthorizationRow, OrganisationRow, RevokedTokenRow
from shared.clock import Clock
from shared.database import Database
from shared.gathered import Gathered
from shared.peer_statements import PeerStatements

BELIEVED_FOR: Final = timedelta(seconds=15)
"""What was loaded counts for so long; then nobody is let in until it can be loaded again."""
MOST_WAITING: Final = 10_000
"""Who wait for one load."""
LOOKS_BACK: Final = timedelta(seconds=LONGEST_SECONDS) + timedelta(minutes=2)
"""INVARIANT: as long as any token can live, not those that this process gives: it may have been started with a shorter lifetime."""


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
    OrganisationRow.valid_from,
    OrganisationRow.valid_until,
    OrganisationRow.tokens_ended_at.label("organisations_ended_at"),
)
_PEERS: Final = (OrganisationRow.entity_id, OrganisationRow.valid_from, OrganisationRow.valid_until, OrganisationRow.tokens_ended_at)


@dataclass(frozen=True)
class Registered:
    """A client that changed lately, as it is now."""

    kids: frozenset[str]
    """By what tokens name its keys, secrets and certificates; none while it, or its organisation, is out."""
    scopes: frozenset[str]
    purposes: frozenset[str]
    may_exchange: frozenset[str]
    ended_until: int
    """Seconds since the epoch: what was issued within this second or before counts no more, though the client was let in again."""

    @classmethod
    def of(cls, row: Any, secrets: Iterable[UUID], today: date) -> "Registered":
        """From its row."""
        scopes, purposes, others = (frozenset(one.split()) for one in (row.scopes, row.purposes, row.may_exchange))
        is_in = row.disabled_at is None and is_there(row.valid_from, row.valid_until, today)
        ended_until = max(_second(row.tokens_ended_at), _second(row.organisations_ended_at))
        return cls(_kids(row, secrets) if is_in else frozenset(), scopes, purposes, others, ended_until)

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
            and claims.iat > self.ended_until
        )


class Standing:
    """What changed lately: tokens that were taken back, what people agreed to and is over, clients that are out, keys of the others."""

    def __init__(self, database: Database, statements: PeerStatements, clock: Clock) -> None:
        self._database, self._statements, self._clock = database, statements, clock
        self._changed: dict[str, Registered] = {}
        self._peers: dict[str, float] = {}
        """Of those that are out, or were lately: what was issued within this second or before counts no more."""
        self._taken_back: frozenset[UUID] = frozenset()
        self._ended: frozenset[UUID] = frozenset()
        self._loaded_at: datetime | None = None
        self._loads: Gathered[None, None, None] = Gathered(self._for_all, most=MOST_WAITING)

    async def refresh(self) -> None:
        """Load what changed within the lifetime of a token. Whoever asks while a load is under way has the next one, with all who wait.

        INVARIANT: one load after the other: one that began before and took longer would else put back what a later one has replaced.
        """
        await self._loads(None, None)

    async def _for_all(self, _: None, waiting: Sequence[None]) -> Sequence[None]:
        await self._load()
        return waiting

    async def _load(self) -> None:
        now = self._clock()
        since = now - LOOKS_BACK
        async with self._database.reading() as tx:
            zone = await agency_zone(tx)
            today = day_in(zone, now)
            over = await _over_at_midnight(tx, day_in(zone, since), today)
            changed = or_(ClientRow.changed_at > since, ClientRow.organisation_id.in_(over)) if over else ClientRow.changed_at > since
            query = select(*_REGISTERED).join(OrganisationRow, OrganisationRow.id == ClientRow.organisation_id)
            rows = (await tx.execute(query.where(changed))).all()
            revoked = select(RevokedTokenRow.jti).where(RevokedTokenRow.expires_at > now)
            self._taken_back = frozenset((await tx.execute(revoked)).scalars())
            theirs = GivenAuthorizationRow.organisation_id.in_(over) if over else false()
            ended = select(GivenAuthorizationRow.id).where(or_(GivenAuthorizationRow.ended_at > since, theirs))
            self._ended = frozenset((await tx.execute(ended)).scalars())
            peers = (await tx.execute(select(*_PEERS).where(OrganisationRow.entity_id.is_not(None)))).all()
            secrets = select(ClientSecretRow.client_id, ClientSecretRow.id).where(ClientSecretRow.client_id.in_([row.id for row in rows]))
            held = (await tx.execute(secrets)).all()
        secrets_of: dict[UUID, list[UUID]] = {row.id: [] for row in rows}
        for one in held:
            secrets_of[one.client_id].append(one.id)
        self._changed = {str(row.id): Registered.of(row, secrets_of[row.id], today) for row in rows}
        self._peers = {row.entity_id: until for row in peers if (until := _ended_until(row, since, today))}
        self._loaded_at = now

    async def require(self, claims: AccessClaims, now: datetime) -> None:
        """Raises AccessTokenNotValid for a token that counts no more; TemporarilyUnavailable while that cannot be known.

        A key or scope that is not known here may be newer than what was loaded: it is looked for before the token is refused.
        """
        taken_back = self._taken_back and not self._taken_back.isdisjoint((claims.jti, *(source.jti for source in claims.made_from)))
        if taken_back or (self._ended and claims.authorization_id in self._ended):
            raise AccessTokenNotValid("the token was taken back")
        is_peer = claims.organisation_kind == "peer"
        if not is_peer and (self._loaded_at is None or now > self._loaded_at + BELIEVED_FOR):
            raise TemporarilyUnavailable("it cannot be known whether the token still counts")
        if (self._peers if is_peer else self._changed) and not self._counts(claims):
            await self.refresh()
            if not self._counts(claims):
                raise AccessTokenNotValid("the token was taken back")
        if is_peer:
            await self._require_peer(claims)

    def _counts(self, claims: AccessClaims) -> bool:
        """INVARIANT: what a client may do no more, no token does that it has, or that was made from one of its own."""
        if claims.organisation_kind == "peer":
            return claims.iat > self._peers.get(claims.client_id, 0)
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


async def _over_at_midnight(tx: AsyncSession, since: date, today: date) -> Sequence[UUID]:
    """The organisations whose time ended with a day, after `since` and up to `today`: nobody changed anything then."""
    if since == today:
        return ()
    query = select(OrganisationRow.id).where(OrganisationRow.valid_until > since, OrganisationRow.valid_until <= today)
    return (await tx.scalars(query)).all()


def _ended_until(peer: Any, since: datetime, today: date) -> float:
    """Seconds since the epoch, within which or before a peer's tokens were issued that count no more; 0 where all count."""
    if not is_there(peer.valid_from, peer.valid_until, today):
        return inf
    return _second(peer.tokens_ended_at) if peer.tokens_ended_at is not None and peer.tokens_ended_at > since else 0


def _second(instant: datetime | None) -> int:
    return 0 if instant is None else int(instant.timestamp())


def _kids(row: Any, secrets: Iterable[UUID]) -> frozenset[str]:
    """By what tokens name the keys, secrets and certificates that a client has now."""
    certificates = {client_certificates.kid_of(one) for one in row.tls_certificates.split()}
    names = {client_certificates.kid_of_name(TlsSubject.model_validate_json(row.tls_subject))} if row.tls_subject else set()
    return frozenset(keys_of(row.jwks)) | {kid_of(secret) for secret in secrets} | certificates | names
