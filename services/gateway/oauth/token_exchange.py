"""Token exchange (RFC 8693): of a token that is in force a client makes another one, for itself, that may do as much or less.

The new token has the subject, the organisation and the role of the one that it was made from; who acts stands in `act`. It ends with it,
and counts no more once any token that it was made from was taken back, or the client of that one is out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from safepassage.problems import SuiteError
from safepassage.problems.access import AccessTokenNotValid
from safepassage.wire import Digest
from services.gateway.oauth.agreed import Agreed
from services.gateway.oauth.authorization_details import StudentDataAccess, narrowed, read_details, require_possible
from services.gateway.oauth.codes.persons import Persons
from services.gateway.oauth.known_clients import KnownClient
from services.gateway.oauth.oauth_errors import (
    ClientNotInForce,
    DetailsRefused,
    ResourceNotServed,
    ScopeNotGranted,
    SubjectTokenNotVerifiable,
    SubjectTokenRefused,
    TokenRequestInvalid,
)
from services.gateway.oauth.standing import Standing
from services.gateway.oauth.tokens import MOST_MADE_FROM, AccessClaims, AccessTokens, Acting, MadeFrom
from services.gateway.registry.in_force import day_in

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 the name of a type
_NEW: Final = frozenset({"iss", "jti", "iat", "exp", "cnf", "client_id", "client_kid", "client_key", "scope", "authorization_details"})
"""What is said anew of a token that is made from another; all else stays."""


@dataclass(frozen=True)
class Exchanged:
    """What the new token is."""

    subject: AccessClaims
    claims: Mapping[str, Any]
    """For AccessTokens.issue."""
    person: Digest | None
    """For whom the new token is, as the log calls them; None of a client's own."""


@dataclass(frozen=True)
class TokenExchange:
    """What is needed to exchange."""

    tokens: AccessTokens
    standing: Standing
    agreed: Agreed
    persons: Persons

    async def exchanged(self, form: Mapping[str, str], *, client: KnownClient, now: datetime) -> Exchanged:
        """The new token's claims, but for those of client and proof. `client` was authenticated.

        Raises TokenRequestInvalid, ClientNotInForce, SubjectTokenRefused, ScopeNotGranted, ResourceNotServed, DetailsRefused,
        AgreementNotVerifiable, SubjectTokenNotVerifiable.
        """
        _require_form(form)
        if not client.in_force:
            raise ClientNotInForce("the client or its organization is not in force")
        subject = await self._subject(form["subject_token"], client, now)
        for name in ("resource", "audience"):
            if form.get(name, subject.aud) != subject.aud:
                raise ResourceNotServed
        scope = narrowed_scope(subject.scope, form.get("scope"), client=client)
        details = await self._details(subject, form.get("authorization_details"), client=client, now=now)
        acting = subject.act if client.client_id == subject.client_id else Acting(sub=client.client_id, act=subject.act)
        kept = {name: getattr(subject, name) for name in AccessClaims.model_fields if name not in _NEW}
        source = MadeFrom(jti=subject.jti, client_id=subject.client_id, client_kid=subject.client_kid)
        until = min(subject.exp, (details and details.ends_at(client.zone)) or subject.exp)
        own = {"act": acting, "made_from": (*subject.made_from, source), "scope": scope, "until": until}
        claims = kept | own | {"authorization_details": () if details is None else (details,)}
        return Exchanged(subject, claims, await self._person(subject))

    async def _subject(self, token: str, client: KnownClient, now: datetime) -> AccessClaims:
        try:
            claims = self.tokens.read(token, now).claims
            await self.standing.require(claims, now)
        except SuiteError as error:
            raise (SubjectTokenRefused if error.status == 401 else SubjectTokenNotVerifiable) from error
        if claims.client_id != client.client_id and claims.client_id not in client.may_exchange:
            raise SubjectTokenRefused
        if "peer" in (claims.organisation_kind, client.organisation_kind) or claims.profile is not None:
            raise SubjectTokenRefused
        if len(claims.made_from) >= MOST_MADE_FROM:
            raise SubjectTokenRefused("the token was exchanged too often already")
        return claims

    async def _person(self, subject: AccessClaims) -> Digest | None:
        if subject.authorization_id is None:
            return None
        try:
            return await self.persons.of(subject.authorization_id)
        except AccessTokenNotValid as error:
            raise SubjectTokenRefused from error

    async def _details(
        self, subject: AccessClaims, requested: str | None, *, client: KnownClient, now: datetime
    ) -> StudentDataAccess | None:
        held = next(iter(subject.authorization_details), None)
        details = narrowed(held, None if requested is None else read_details(requested))
        if details is None:
            return None
        if client.client_id != subject.client_id and details.purpose not in client.purposes:
            raise DetailsRefused("the client is not registered for that purpose")
        require_possible(details, audience=subject.aud, today=day_in(client.zone, now))
        return await self.agreed.granted(details, organisation_id=subject.organisation_id, organisation_kind=subject.organisation_kind)


def narrowed_scope(held: str, requested: str | None, *, client: KnownClient) -> str:
    """The scopes asked for, or all that both the token and the client have. Raises ScopeNotGranted. Pure."""
    both = client.scopes.intersection(held.split())
    scopes = sorted(both) if requested is None else requested.split(" ")
    if not scopes or len(set(scopes)) != len(scopes) or not both.issuperset(scopes):
        raise ScopeNotGranted("a scope is not one that both the token and the client have")
    return " ".join(scopes)


def _require_form(form: Mapping[str, str]) -> None:
    if form.get("subject_token_type") != ACCESS_TOKEN or "subject_token" not in form:
        raise TokenRequestInvalid("subject_token is an access token, and subject_token_type says so")
    if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise TokenRequestInvalid("what is made is an access token")
    if "actor_token" in form or "actor_token_type" in form:
        raise TokenRequestInvalid("the actor is the client that authenticates, and no other")
