"""A token that a client gets for a person: who the person is for this client, in which role, when and how they proved who they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.gateway.oauth.authenticated import Authenticated
from services.gateway.oauth.codes.authorizations import EndedBecause, details_of, end
from services.gateway.oauth.codes.reach import Reach, Reaching
from services.gateway.oauth.codes.refresh_tokens import RefreshTokens, digest_of_token
from services.gateway.oauth.known_clients import KnownClient
from services.gateway.oauth.oauth_errors import ProofRefused
from services.gateway.oauth.proof_of_possession import REMEMBERED_SECONDS, Proof
from services.gateway.oauth.standing import Standing
from services.gateway.oauth.tokens import AccessTokens
from services.gateway.people.settings import PeopleSettings
from services.gateway.tables import GivenAuthorizationRow, RefreshTokenRow
from shared.contracts.audit import Context, Event
from shared.database import Database, after_commit
from shared.outbox import Outbox


@dataclass(frozen=True)
class PersonsTokens:
    """What both grants of a person need."""

    database: Database
    outbox: Outbox
    tokens: AccessTokens
    refresh_tokens: RefreshTokens
    standing: Standing
    development: bool
    refresh_idle: timedelta
    reaching: Reaching
    people: PeopleSettings

    async def reach(self, client: KnownClient, which: ColumnElement[bool], now: datetime) -> Reach | None:
        """With whose reach an authorization of the client counts now; None where there is no such one, or it counts with nobody's.

        INVARIANT: nor once the day has come on which what it is for is over: nobody is given a token that has ended.

        Raises AgreementNotVerifiable. Not within a transaction.
        """
        query = select(GivenAuthorizationRow).where(which, GivenAuthorizationRow.client_id == UUID(client.client_id))
        async with self.database.reading() as tx:
            row = (await tx.execute(query)).scalar_one_or_none()
        found = None if row is None else await self.reaching.reach(client, row.organisation_id, details_of(row))
        return None if found is None or (found.details is not None and found.details.is_over(client.zone, now)) else found

    def issue(
        self,
        tx: AsyncSession,
        row: GivenAuthorizationRow,
        authenticated: Authenticated,
        reach: Reach,
        *,
        key: str,
        scope: str,
        refresh_token: str | None,
        address: str | None,
        now: datetime,
    ) -> dict[str, Any]:
        """The answer's document, with an access token bound to `key` that ends when the authorization does.

        The log hears of it in this transaction.
        """
        details = reach.details
        token, claims = self.tokens.issue(
            now=now,
            until=min(int(row.expires_at.timestamp()), (details and details.ends_at(authenticated.client.zone)) or 2**40),
            jkt=key,
            aud=row.audience,
            sub=row.subject,
            client_id=str(row.client_id),
            scope=scope,
            client_kid=authenticated.key.kid,
            client_key=authenticated.key.thumbprint,
            organisation_id=reach.organisation_id,
            organisation_kind=reach.organisation_kind,
            role=row.role,
            authorization_details=() if details is None else (details,),
            authorization_id=row.id,
            auth_time=int(row.authenticated_at.timestamp()),
            acr=row.acr,
        )
        actor = authenticated.actor(address).model_copy(update={"person": row.person, "role": row.role, "key": key})
        purpose = None if details is None else details.purpose
        context = Context(operation="token-issued", outcome="issued", purpose=purpose, about=f"authorization:{row.id}")
        self.outbox.record(tx, Event(class_="authentication", key=f"token:{claims.jti}", actor=actor, context=context))
        answer: dict[str, Any] = {
            "access_token": token,
            "token_type": "DPoP",
            "expires_in": claims.exp - claims.iat,
            "scope": scope,
        }
        if details is not None:
            answer["authorization_details"] = [details.claims()]
        return answer if refresh_token is None else {**answer, "refresh_token": refresh_token}

    def end(
        self,
        tx: AsyncSession,
        row: GivenAuthorizationRow,
        because: EndedBecause,
        authenticated: Authenticated,
        *,
        address: str | None,
        now: datetime,
    ) -> None:
        """End what a person agreed to, with all its tokens: at once in this process, within a second in the others."""
        end(tx, self.outbox, row, because, actor=authenticated.actor(address), now=now)
        after_commit(tx, self.standing.refresh)

    def keep(self, tx: AsyncSession, row: GivenAuthorizationRow, token: str, now: datetime) -> None:
        """Store a new refresh token."""
        expires_at = min(now + self.refresh_idle, row.expires_at)
        tx.add(RefreshTokenRow(digest=digest_of_token(token), authorization_id=row.id, expires_at=expires_at))


async def spend(tx: AsyncSession, authenticated: Authenticated, proof: Proof, now: datetime) -> None:
    """Use assertion and proof up. Raises ClientNotAuthenticated, ProofRefused."""
    until = now + timedelta(seconds=REMEMBERED_SECONDS + 1)
    if proof.digest not in await authenticated.spend(tx, (proof.digest, until)):
        raise ProofRefused("the proof was used before: make a new one, with a new jti")
