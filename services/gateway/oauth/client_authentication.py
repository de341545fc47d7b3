"""private_key_jwt: a client proves who it is by a short-lived assertion that counts once (RFC 7523, RFC 7521, FAPI 2.0).

What Authlib's own verifier leaves open is closed here: the audience is one string, for each client the one that it is registered for and
never another; the lifetime is bounded, one kid is one key with one algorithm, one method only, and the header can bring no key of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from safepassage.canonical import sha256
from safepassage.problems.signatures import BadSignature, MalformedToken
from safepassage.wire_clients import AssertionAudience
from services.gateway.oauth.client_keys import ClientKey, SignedMessage, parts_of
from services.gateway.oauth.oauth_errors import ClientNotAuthenticated, SecondMethod, TokenRequestInvalid

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ENDPOINT: Final = "/oauth/token"
MAX_LENGTH: Final = 4096
LONGEST_SECONDS: Final[Mapping[AssertionAudience, int]] = {"issuer": 60, "token-url": 300}
"""FAPI 2.0 section 5.3.2.1; SMART App Launch 2.2, "Backend Services"."""
FUTURE_SECONDS: Final = 10
"""How far ahead a client's clock may be (FAPI 2.0 section 5.3.2.1)."""
TYPES: Final = frozenset({"JWT", "client-authentication+jwt"})


@dataclass(frozen=True)
class Assertion:
    """An assertion as sent, **not verified**: only good for finding the client and its key."""

    client_id: str
    kid: str
    message: SignedMessage


@dataclass(frozen=True)
class SpentAssertion:
    """What has to be remembered of a verified assertion, so that it counts once."""

    digest: bytes
    expires_at: datetime


def read_assertion(form: Mapping[str, str], *, authorization: bool) -> Assertion:
    """The assertion of a token request.

    authorization  the request has an Authorization header

    Raises SecondMethod, TokenRequestInvalid, ClientNotAuthenticated.
    """
    if authorization or "client_secret" in form:
        raise SecondMethod("authenticate by client_assertion alone")
    if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
        raise TokenRequestInvalid(
            "client_assertion and client_assertion_type (jwt-bearer) are needed, or the certificate that the client is registered with"
        )
    try:
        message = parts_of(form["client_assertion"], max_length=MAX_LENGTH)
    except MalformedToken as error:
        raise ClientNotAuthenticated("assertion-malformed", "the assertion is not a signed JWT of permitted length") from error
    header, claims = message.header, message.payload
    if not {"alg", "kid"} <= set(header) <= {"alg", "kid", "typ"} or not all(isinstance(value, str) for value in header.values()):
        raise ClientNotAuthenticated("assertion-header", "the assertion's header is {alg, kid, typ}, and brings no key of its own")
    if header.get("typ", "JWT") not in TYPES:
        raise ClientNotAuthenticated("assertion-header", "the assertion's typ is JWT or client-authentication+jwt")
    if not 1 <= len(header["kid"]) <= 128:
        raise ClientNotAuthenticated("assertion-header", "the assertion's kid has 128 characters at the most")
    client_id = claims.get("sub")
    if (
        not isinstance(client_id, str)
        or not 1 <= len(client_id) <= 200
        or claims.get("iss") != client_id
        or form.get("client_id", client_id) != client_id
    ):
        raise ClientNotAuthenticated("assertion-subject", "iss, sub and client_id are the same client")
    return Assertion(client_id, header["kid"], message)


def verify_assertion(
    assertion: Assertion, *, key: ClientKey | None, stand_in: ClientKey, issuer: str, audience: AssertionAudience, now: datetime
) -> SpentAssertion:
    """Check the signature, then the claims.

    key       the client's key of that kid; None if there is no such client or key
    stand_in  a key that signed nothing: checked in place of a missing one, so that an unknown client takes as long as a known one
    issuer    this server
    audience  which name of it this client's assertions have

    Raises ClientNotAuthenticated.
    """
    try:
        checked = key or stand_in
        algorithm = assertion.message.header["alg"] if key is not None else stand_in.algorithm
        checked.verify(assertion.message.signed, assertion.message.signature, algorithm=algorithm)
    except BadSignature as error:
        raise ClientNotAuthenticated("signature" if key is not None else "unknown-client") from error
    if key is None:
        raise ClientNotAuthenticated("unknown-client")
    return _claims(assertion, issuer=issuer, audience=audience, now=now)


def _claims(assertion: Assertion, *, issuer: str, audience: AssertionAudience, now: datetime) -> SpentAssertion:
    claims, seconds = assertion.message.payload, now.timestamp()
    if claims.get("aud") != (issuer if audience == "issuer" else issuer + ENDPOINT):
        raise ClientNotAuthenticated("assertion-audience", "aud is, as one string, what the client is registered for: issuer or token URL")
    expires, issued, not_before = _date(claims, "exp"), _date(claims, "iat"), _date(claims, "nbf")
    if expires is None or seconds >= expires:
        raise ClientNotAuthenticated("assertion-expired", "the assertion has expired, or no exp")
    if max(issued or 0, not_before or 0) > seconds + FUTURE_SECONDS:
        raise ClientNotAuthenticated("assertion-lifetime", "the assertion is not valid yet")
    longest = LONGEST_SECONDS[audience]
    if expires - (seconds if issued is None else issued) > longest:
        raise ClientNotAuthenticated("assertion-lifetime", f"an assertion of this client lasts {longest} seconds at the most")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 8 <= len(jti) <= 128:
        raise ClientNotAuthenticated("assertion-jti", "jti has 8 to 128 characters, new for each assertion")
    digest = sha256(b"assertion\0" + assertion.client_id.encode() + b"\0" + jti.encode())
    return SpentAssertion(digest, datetime.fromtimestamp(expires, UTC) + timedelta(seconds=1))


def _date(claims: Mapping[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < 2**40:
        raise ClientNotAuthenticated("assertion-lifetime", "exp, iat and nbf are whole seconds")
    return value
