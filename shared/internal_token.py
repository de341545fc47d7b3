"""Who speaks inside a node: a short-lived token of one service for one other (decisions 2).

JWT, `typ: sp-internal+jwt`, Ed25519, at most 30 s. The gateway's carries the caller whom it has proven; a service that calls on a caller's
behalf nests the gateway's whole token in `on_behalf_of`, and the callee verifies both; a worker says `system` and names its job.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, ValidationError, model_validator

from safepassage.compact import PublicKeys, split, verify_compact
from safepassage.problems import SuiteError
from safepassage.problems.requests import NotAuthenticated
from safepassage.problems.signatures import MalformedToken, TokenExpired, WrongAudience
from safepassage.wire import Digest, Instant, NetworkAddress, Wire
from shared.keys import SigningKey
from shared.who_may_call import ServiceName, callers_of

TYPE = "sp-internal+jwt"
HEADER = "sp-internal"
LIFETIME_SECONDS = 30
CLOCK_SKEW_SECONDS = 5
MAX_LENGTH = 12 * 1024
"""Of the gateway's: as long as an access token may be, whose claims it carries."""
MAX_NESTED_LENGTH = MAX_LENGTH * 4 // 3 + 1024
"""Of one that may have another within."""


class FamilyMember(Wire):
    """A parent or eligible student who came in by a one-time link (decisions 56): bound to one student, and to one holder of the rights."""

    student_id: UUID
    person_id: UUID
    """The student's own id where it is the student who acts."""


class CallerClaims(Wire):
    """The client that the gateway has proven."""

    client_id: Annotated[str, Field(max_length=200)]
    organisation_id: UUID
    organisation_kind: Literal["sea", "lea", "school", "vendor", "agency", "peer"]
    role: Annotated[str, Field(max_length=64)]
    scopes: Annotated[frozenset[str], Field(max_length=64)]
    details: Mapping[str, Any] = {}
    """Authorization details of the token: the purpose, a peer's entity id (`entity_id`), ..."""
    for_client: Annotated[str, Field(max_length=200)] | None = None
    """The client whose token was exchanged, where another one acts with what came of it."""
    key: Digest | None = None
    """Thumbprint of the key that the token is bound to, and that the client proved to have."""
    profile: Literal["legacy"] | None = None
    """Of a client that has a secret and a token that is bound to no key."""
    address: NetworkAddress | None = None
    """From which the request came to the gateway."""
    person: Digest | None = None
    """For whom the client acts, if a person let it: what the node's log calls them. `role` is then theirs, and so is
    `organisation_id`, unless a vendor or another agency acts for them under an agreement."""
    authenticated_at: Instant | None = None
    """When the person proved who they are, at their agency's provider."""
    family: FamilyMember | None = None
    """Another kind of principal: it opens only operations that ask for it by name (shared.caller.family_or), and there its own student."""

    @model_validator(mode="after")
    def _of_a_person_it_is_known_since_when(self) -> Self:
        if self.person is not None and self.family is None and self.authenticated_at is None:
            raise ValueError("authenticated_at: of a person")
        return self


class InternalClaims(Wire):
    """The payload. Exactly one of caller, on_behalf_of, system."""

    iss: ServiceName
    aud: ServiceName
    jti: str
    iat: int
    exp: int
    caller: CallerClaims | None = None
    on_behalf_of: str | None = None
    system: Annotated[str, Field(max_length=64)] | None = None


class Principal(Wire):
    """Who is behind a request, verified: the service that sent it, and the caller or the job that it serves."""

    service: ServiceName
    caller: CallerClaims | None
    job: str | None
    gateway_token: str | None = None
    """The gateway's token, to be nested when calling on."""


class InternalTokens:
    """Makes and verifies the tokens of one service. `callers` holds the keys of the services whose tokens it may meet."""

    def __init__(self, service: ServiceName, key: SigningKey, callers: Mapping[ServiceName, PublicKeys]) -> None:
        self.service, self._key, self._callers = service, key, callers
        self._verified: OrderedDict[str, InternalClaims] = OrderedDict()
        self._minted: OrderedDict[tuple[str, str, str], tuple[int, str]] = OrderedDict()

    def for_caller(self, audience: ServiceName, caller: CallerClaims, now: datetime) -> str:
        """The gateway's token for a proven caller."""
        return self._mint(audience, now, caller=caller.model_dump(mode="json"))

    def for_principal(self, audience: ServiceName, principal: Principal, now: datetime) -> str:
        """A token to call on with: on behalf of the principal's caller, or as the principal's job."""
        if principal.gateway_token is not None:
            return self._kept(audience, now, "on_behalf_of", principal.gateway_token)
        return self.for_job(audience, principal.job or "relay", now)

    def for_job(self, audience: ServiceName, job: str, now: datetime) -> str:
        """A worker's token."""
        return self._kept(audience, now, "system", job)

    def _kept(self, audience: ServiceName, now: datetime, claim: Literal["on_behalf_of", "system"], value: str) -> str:
        """The same token serves for half its lifetime: neither side signs and verifies for each call.

        INVARIANT: kept by the very claim that it carries, so that nobody's call goes out in another's name.
        """
        seconds = int(now.timestamp())
        minted_at, token = self._minted.get((audience, claim, value), (0, ""))
        if not minted_at <= seconds < minted_at + LIFETIME_SECONDS // 2:
            token = self._mint(audience, now, **{claim: value})
            self._minted[audience, claim, value] = (seconds, token)
            while len(self._minted) > 1024:
                self._minted.popitem(last=False)
        return token

    def _mint(self, audience: ServiceName, now: datetime, **about: Any) -> str:
        seconds = int(now.timestamp())
        claims = {"iss": self.service, "aud": audience, "jti": secrets.token_urlsafe(12), "iat": seconds, "exp": seconds + LIFETIME_SECONDS}
        return self._key.sign_compact(typ=TYPE, payload=claims | about)

    def verify(self, token: str | None, now: datetime) -> Principal:
        """Who sent a request to this service. Raises NotAuthenticated.

        INVARIANT: a service listens only to those who may call it (shared.who_may_call), and believes a caller only from the gateway.
        INVARIANT: whatever is wrong with the token (its time, by a clock that differs, or its key) is told as this, which nothing that a
        request holds is refused as: its sender comes again, and takes nothing for refused (shared.siblings).
        """
        try:
            return self._principal(token, now)
        except NotAuthenticated:
            raise
        except SuiteError as error:
            raise NotAuthenticated(f"the internal token does not count: {error.code}") from error

    def _principal(self, token: str | None, now: datetime) -> Principal:
        if not token:
            raise NotAuthenticated("a service of the node is called by its siblings only")
        claims = self._claims(token, self.service, now)
        if claims.iss not in callers_of(self.service):
            raise NotAuthenticated("that service may not call this one")
        if claims.caller is not None:
            if claims.iss != "gateway":
                raise NotAuthenticated("only the gateway vouches for a caller")
            return Principal(service=claims.iss, caller=claims.caller, job=None, gateway_token=token)
        if claims.on_behalf_of is not None:
            inner = self._on_behalf_of(claims.on_behalf_of, claims.iss, now)
            return Principal(service=claims.iss, caller=inner.caller, job=None, gateway_token=claims.on_behalf_of)
        if claims.system is None:
            raise NotAuthenticated("the token names neither a caller nor a job")
        return Principal(service=claims.iss, caller=None, job=claims.system)

    def _on_behalf_of(self, token: str, relay: ServiceName, now: datetime) -> InternalClaims:
        """The gateway's token inside a relay's: made for the relay, or for a service that may call the relay."""
        audiences = (relay, *callers_of(relay))
        audience = split(token, max_length=MAX_LENGTH)[1].get("aud")
        inner = self._claims(token, audience if audience in audiences else relay, now)
        if inner.iss != "gateway" or inner.caller is None:
            raise NotAuthenticated("on_behalf_of holds the gateway's token")
        return inner

    def _claims(self, token: str, audience: ServiceName, now: datetime) -> InternalClaims:
        claims = self._verified.get(token)
        if claims is None:
            claims = self._verify_signature(token)
            self._verified[token] = claims
            while len(self._verified) > 4096:
                self._verified.popitem(last=False)
        if claims.aud != audience:
            raise WrongAudience
        seconds = int(now.timestamp())
        if not claims.iat - CLOCK_SKEW_SECONDS <= seconds < claims.exp + CLOCK_SKEW_SECONDS or claims.exp - claims.iat > LIFETIME_SECONDS:
            raise TokenExpired
        return claims

    def _verify_signature(self, token: str) -> InternalClaims:
        issuer = split(token, max_length=MAX_NESTED_LENGTH)[1].get("iss")
        keys = self._callers.get(issuer) if issuer in self._callers else None  # type: ignore[arg-type]
        if keys is None:
            raise NotAuthenticated("that service may not call this one")
        try:
            claims = InternalClaims.model_validate(verify_compact(token, typ=TYPE, keys=keys, max_length=MAX_NESTED_LENGTH))
        except ValidationError as error:
            raise MalformedToken("the claims are not those of an internal token") from error
        return claims
