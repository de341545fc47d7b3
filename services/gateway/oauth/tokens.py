"""Access tokens: signed JWTs bound to the client's DPoP key (RFC 9068, RFC 9449 section 6).

Verified signatures are kept for a while; whether the token counts is asked for every request: its time, and that the client may still come
with it (services.gateway.oauth.standing). What a route needs is not part of what is kept.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationError, model_validator

from safepassage.claims import NumericDate
from safepassage.compact import split, verify_compact
from safepassage.ids import uuid7
from safepassage.problems.access import AccessTokenNotValid
from safepassage.problems.signatures import BadSignature, MalformedToken, UnexpectedType, UnknownKey
from safepassage.wire import Digest, Wire
from safepassage.wire_clients import Network
from safepassage.wire_organisations import OrganisationKind
from services.gateway.oauth.authorization_details import StudentDataAccess
from services.gateway.oauth.signing_keys import WatchedTokenKeys
from shared.internal_token import CallerClaims
from shared.who_may_call import ServiceName

TYPE: Final = "at+jwt"
MAX_LENGTH: Final = 12 * 1024
VERIFIED_KEPT: Final = 8192


class Confirmation(Wire):
    """To what the token is bound: a DPoP key (RFC 9449 section 6.1) or a certificate (RFC 8705 section 3.1), one of them."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    jkt: Digest | None = None
    x5t_s256: Annotated[Digest | None, Field(alias="x5t#S256")] = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.jkt is None) == (self.x5t_s256 is None):
            raise ValueError("cnf: a key or a certificate")
        return self


MOST_MADE_FROM: Final = 4
"""How often a token and what comes of it can be exchanged."""


class Acting(Wire):
    """RFC 8693 section 4.1: the client that acts with a token that another one was given, and who acted before it."""

    sub: Annotated[str, Field(max_length=200)]
    act: "Acting | None" = None


class MadeFrom(Wire):
    """A token that this one was made from by exchange; this one counts no longer than that one does."""

    jti: UUID
    client_id: Annotated[str, Field(max_length=200)]
    client_kid: Annotated[str, Field(max_length=128)]


class AccessClaims(Wire):
    """The payload of an access token."""

    iss: str
    aud: str
    sub: str
    client_id: Annotated[str, Field(max_length=200)]
    jti: UUID
    iat: NumericDate
    exp: NumericDate
    scope: Annotated[str, Field(min_length=1, max_length=4096)]
    cnf: Confirmation | None = None
    """None of a token of the legacy profile: whoever has it can use it, from the client's addresses."""
    client_kid: Annotated[str, Field(max_length=128)]
    """The client's key that asked for the token: when that key goes, the token goes."""
    client_key: Digest | None = None
    """That key's thumbprint (RFC 7638): what a vendor attests under it, the services can tell from what anybody else signs."""
    organisation_id: UUID
    organisation_kind: OrganisationKind
    role: Annotated[str, Field(max_length=64)]
    authorization_details: Annotated[tuple[StudentDataAccess, ...], Field(max_length=1)] = ()
    act: Acting | None = None
    made_from: Annotated[tuple[MadeFrom, ...], Field(max_length=MOST_MADE_FROM)] = ()
    """Of an exchanged token: the first one, and those between."""
    authorization_id: UUID | None = None
    """Of a token for a person, what they agreed to; `sub` is then the person, under a name that this client alone is told."""
    auth_time: NumericDate | None = None
    """When the person proved who they are (RFC 9470 section 6)."""
    acr: Annotated[str, Field(max_length=200)] | None = None
    """How they did, in their provider's words."""
    profile: Literal["legacy"] | None = None
    addresses: Annotated[tuple[Network, ...], Field(max_length=8)] | None = None
    """Of the legacy profile: the networks from which it counts."""

    @property
    def key(self) -> str | None:
        """Thumbprint of the DPoP key that it is bound to."""
        return None if self.cnf is None else self.cnf.jkt

    @property
    def certificate(self) -> str | None:
        """Thumbprint of the certificate that it is bound to."""
        return None if self.cnf is None else self.cnf.x5t_s256

    @property
    def for_client(self) -> str | None:
        """The client whose token was exchanged first, for which this one's acts."""
        return None if self.act is None else self.made_from[0].client_id

    @model_validator(mode="after")
    def _bound_to_something(self) -> Self:
        if (self.cnf is None) != (self.profile == "legacy") or (self.profile is None) != (self.addresses is None):
            raise ValueError("cnf: a token is bound to a key, or is of the legacy profile and for addresses")
        return self

    def caller(self) -> CallerClaims:
        """Whom the services of the node are told of."""
        details: dict[str, Any] = {}
        for one in self.authorization_details:
            details = {name: value for name, value in one.claims().items() if name != "type"}
        if self.organisation_kind in ("vendor", "agency") and self.client_key is not None:
            details = details | {"client_key": self.client_key}
        if self.organisation_kind == "peer":
            details = {"entity_id": self.client_id}
        return CallerClaims(
            client_id=self.client_id,
            organisation_id=self.organisation_id,
            organisation_kind=self.organisation_kind,
            role=self.role,
            scopes=frozenset(self.scope.split()),
            details=details,
            key=self.key or self.certificate,
            profile=self.profile,
            for_client=self.for_client,
            authenticated_at=None if self.auth_time is None else datetime.fromtimestamp(self.auth_time, UTC),
        )


@dataclass
class VerifiedToken:
    """A token whose signature was verified, and what is derived from it once."""

    claims: AccessClaims
    caller: CallerClaims
    kid: str
    """The gateway's key that signed it."""
    internal: dict[ServiceName, tuple[float, str | None, str]] = field(default_factory=dict)
    """The internal tokens made for it lately: when, and the token."""


class AccessTokens:
    """Makes and verifies the node's access tokens. `issuer` is issuer and only audience."""

    def __init__(self, issuer: str, keys: WatchedTokenKeys, *, lifetime_seconds: int) -> None:
        self._issuer, self._keys, self.lifetime_seconds = issuer, keys, lifetime_seconds
        self._verified: OrderedDict[str, VerifiedToken] = OrderedDict()
        self._looked_at = 0.0

    def issue(
        self, *, now: datetime, jkt: str | None, certificate: str | None = None, until: int | None = None, **about: Any
    ) -> tuple[str, AccessClaims]:
        """A new token, signed by the active key.

        jkt          thumbprint of the key that it is bound to; or
        certificate  thumbprint of the certificate; neither only of the legacy profile
        until        seconds since the epoch at which it ends, where that is before a token's lifetime
        about        the claims beside iss, jti, iat, exp, cnf
        """
        seconds = int(now.timestamp())
        claims = AccessClaims(
            iss=self._issuer,
            jti=uuid7(now),
            iat=seconds,
            exp=min(seconds + self.lifetime_seconds, until or seconds + self.lifetime_seconds),
            cnf=Confirmation(jkt=jkt, x5t_s256=certificate) if jkt or certificate else None,
            **about,
        )
        payload = claims.model_dump(mode="json", exclude_none=True, exclude=set() if claims.made_from else {"made_from"})
        return self._keys.current.active.sign_compact(typ=TYPE, payload=payload), claims

    def verify(self, token: str, now: datetime) -> VerifiedToken:
        """A token for this node itself. Raises AccessTokenNotValid.

        INVARIANT: time is checked at each use, and a signature only by a key that is still published.
        """
        verified = self._verified.get(token)
        if verified is None:
            verified = self._verify(token, now)
            if verified.claims.aud != self._issuer:
                raise AccessTokenNotValid("the token is not for this node")
            self._verified[token] = verified
            while len(self._verified) > VERIFIED_KEPT:
                self._verified.popitem(last=False)
        self._require_time(token, verified, now)
        return verified

    def read(self, token: str, now: datetime) -> VerifiedToken:
        """A token of this node for whomever: for those who ask about it, not for the door. Raises AccessTokenNotValid."""
        verified = self._verify(token, now)
        self._require_time(token, verified, now)
        return verified

    def _require_time(self, token: str, verified: VerifiedToken, now: datetime) -> None:
        claims, seconds = verified.claims, now.timestamp()
        if verified.kid not in self._keys.current.verifying:
            raise AccessTokenNotValid("the key that signed the token is gone")
        if seconds >= claims.exp:
            self._verified.pop(token, None)
            raise AccessTokenNotValid("the token has expired")
        if claims.iat > seconds + 1:
            raise AccessTokenNotValid("the token is not valid yet")

    def _verify(self, token: str, now: datetime) -> VerifiedToken:
        try:
            kid = split(token, max_length=MAX_LENGTH)[0]["kid"]
            if kid not in self._keys.current.verifying and now.timestamp() >= self._looked_at + 1:
                self._looked_at = now.timestamp()
                self._keys.refresh()
            payload = verify_compact(token, typ=TYPE, keys=self._keys.current.verifying, max_length=MAX_LENGTH)
            claims = AccessClaims.model_validate(payload)
        except (MalformedToken, UnexpectedType, UnknownKey, BadSignature, ValidationError) as error:
            raise AccessTokenNotValid("not an access token of this node") from error
        if claims.iss != self._issuer:
            raise AccessTokenNotValid("the token is not for this node")
        _require_subject(claims)
        return VerifiedToken(claims, claims.caller(), kid)


def _require_subject(claims: AccessClaims) -> None:
    """A client speaks for itself, for the client whose token it exchanged, or for a person who agreed. Raises AccessTokenNotValid."""
    clients = claims.sub == (claims.made_from[0].client_id if claims.made_from else claims.client_id)
    persons = claims.authorization_id is not None
    if clients == persons or persons != (claims.auth_time is not None) or (claims.acr is not None and not persons):
        raise AccessTokenNotValid("the token is not for this node")
