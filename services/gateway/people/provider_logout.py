"""The provider says that a person's session is over (OpenID Connect Back-Channel Logout 1.0): here it is, in every process, at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from safepassage.problems.people import LogoutTokenNotValid, SignInNotBelieved
from services.gateway.oauth.codes.authorizations import end_of_person, end_of_provider_session
from services.gateway.oauth.replay import insert_spent
from services.gateway.people import events
from services.gateway.people.id_token import OLDEST, SKEW, instant, require_addressed, require_of_now, text
from services.gateway.people.provider import Provider
from services.gateway.people.sessions import Sessions
from shared.clock import Clock
from shared.contracts.audit import Actor
from shared.database import Database
from shared.outbox import Outbox

PATH: Final = "/sign-in/back-channel-logout"
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYPES: Final = ("logout+jwt", "jwt")


@dataclass(frozen=True)
class LoggedOut:
    """Whom a logout token is about; one of the two at least."""

    subject: str | None
    provider_session: str | None
    jti: str


def read_logout(claims: Mapping[str, Any], *, issuer: str, client_id: str, now: datetime) -> LoggedOut:
    """Check the claims of a logout token whose signature is verified (section 2.6). Raises SignInNotBelieved."""
    require_addressed(claims, issuer=issuer, client_id=client_id)
    require_of_now(claims, now)
    said = claims.get("events")
    if not isinstance(said, dict) or not isinstance(said.get(EVENT), dict):
        raise SignInNotBelieved("the token is no logout token (events)")
    if "nonce" in claims:
        raise SignInNotBelieved("an id_token is no logout token (nonce)")
    subject, provider_session, jti = text(claims, "sub"), text(claims, "sid"), text(claims, "jti")
    if jti is None or (subject is None and provider_session is None):
        raise SignInNotBelieved("the token names nobody, or not itself (sub, sid, jti)")
    return LoggedOut(subject, provider_session, jti)


class ProviderLogout:
    """Of one node. With the sessions ends what their people let applications do."""

    def __init__(self, database: Database, outbox: Outbox, sessions: Sessions, provider: Provider, clock: Clock) -> None:
        self._database, self._outbox = database, outbox
        self._sessions, self._provider, self._clock = sessions, provider, clock

    async def end(self, token: str) -> None:
        """End what a logout token ends; none is no fault. Raises LogoutTokenNotValid, ProviderNotReached."""
        issuer = self._provider.issuer
        try:
            claims = await self._provider.payload_of(token, types=TYPES)
            now = self._clock()
            about = read_logout(claims, issuer=issuer, client_id=self._provider.client_id, now=now)
        except SignInNotBelieved as error:
            raise LogoutTokenNotValid(error.detail) from error
        person = None if about.subject is None else self._sessions.identifier_of(issuer, about.subject)
        session = None if about.provider_session is None else self._sessions.session_of_provider(issuer, about.provider_session)
        digest = sha256(f"logout\0{issuer}\0{about.jti}".encode()).digest()
        async with self._database.transaction() as tx:
            if digest not in await insert_spent(tx, ((digest, _refused_from(claims, now)),)):
                raise LogoutTokenNotValid("the token came before (jti)")
            all_ended = await self._sessions.end_all(tx, person=person, provider_session=session)
            for ended in all_ended:
                self._outbox.record(tx, events.signed_out_by_provider(ended.person, ended.organisation_id, ended.role, now))
            for one in {ended.person for ended in all_ended} | ({person} - {None}):
                await end_of_person(tx, self._outbox, str(one), actor=Actor(kind="person", person=one), now=now)
            if session is not None:
                await end_of_provider_session(tx, self._outbox, session, person=person, now=now)


def _refused_from(claims: Mapping[str, Any], now: datetime) -> datetime:
    """The instant from which the token would be refused anyway."""
    issued_at = instant(claims, "iat") or now
    return issued_at + OLDEST + SKEW + timedelta(seconds=1)
