"""Software statements (RFC 7591 section 2.3): a publisher that an administrator has registered vouches for one client, once, in minutes.

Authlib validates none of their claims. Here each is: issuer, audience, both dates, an identifier that counts once, and one type, so that
nothing else that the publisher's key has signed passes for one. Lifetime and single use are those of UDAP's statements.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from safepassage.canonical import sha256
from safepassage.problems.signatures import BadSignature, MalformedToken
from services.gateway.oauth.client_keys import ClientKey, SignedMessage, parts_of
from services.gateway.registration.registration_errors import StatementRefused

TYPE: Final = "software-statement+jwt"
MAX_LENGTH: Final = 16_384
LONGEST_SECONDS: Final = 300
FUTURE_SECONDS: Final = 10
_NEEDED: Final = ("software_id", "software_version", "organisation_id", "client_name", "scope")
_SHOWN: Final = ("client_name", "contacts")


@dataclass(frozen=True)
class ReadStatement:
    """A statement as sent, **not verified**: only good for finding its publisher."""

    issuer: str
    kid: str
    message: SignedMessage


@dataclass(frozen=True)
class Statement:
    """A verified statement."""

    claims: Mapping[str, Any]
    digest: bytes
    """Of its identifier, which counts once until `expires_at`."""
    expires_at: datetime


def read_statement(token: object) -> ReadStatement:
    """The parts of a software statement. Raises StatementRefused."""
    if not isinstance(token, str):
        raise StatementRefused("statement-malformed", "a software statement is a signed JWT")
    try:
        message = parts_of(token, max_length=MAX_LENGTH)
    except MalformedToken as error:
        raise StatementRefused("statement-malformed", "a software statement is a signed JWT of 16 KiB at the most") from error
    header, issuer = message.header, message.payload.get("iss")
    if set(header) != {"alg", "kid", "typ"} or not all(isinstance(value, str) for value in header.values()):
        raise StatementRefused("statement-header", "its header is {alg, kid, typ}, and brings no key of its own")
    if header["typ"] != TYPE:
        raise StatementRefused("statement-header", f"its typ is {TYPE}")
    if not isinstance(issuer, str) or not 1 <= len(issuer) <= 200:
        raise StatementRefused("statement-issuer", "its iss is the publisher's https URL")
    return ReadStatement(issuer, header["kid"], message)


def verify_statement(read: ReadStatement, *, keys: Mapping[str, ClientKey], audience: str, now: datetime) -> Statement:
    """Check the signature by one of the publisher's `keys`, then every claim. `audience`: this node. Raises StatementRefused."""
    key = keys.get(read.kid)
    if key is None:
        raise StatementRefused("statement-key", "its kid is none of the publisher's keys")
    try:
        key.verify(read.message.signed, read.message.signature, algorithm=read.message.header["alg"])
    except BadSignature as error:
        raise StatementRefused("statement-signature", "its signature is not valid") from error
    claims = read.message.payload
    if claims.get("aud") != audience:
        raise StatementRefused("statement-audience", "its aud is, as one string, this node's issuer")
    expires_at = _dates(claims, now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 8 <= len(jti) <= 128:
        raise StatementRefused("statement-jti", "its jti has 8 to 128 characters, new for each statement")
    missing = [name for name in _NEEDED if claims.get(name) is None]
    if missing:
        raise StatementRefused("statement-claims", f"it does not say {', '.join(missing)}")
    return Statement(claims, sha256(b"software-statement\0" + read.issuer.encode() + b"\0" + jti.encode()), expires_at)


def words_of(statement: str | None) -> dict[str, Any]:
    """What people are shown of a client, in the words of the statement that it registered with: an update does not change them.

    statement  as it came, and was verified then; None: it registered without one
    """
    claims = {} if statement is None else parts_of(statement, max_length=MAX_LENGTH).payload
    return {name: claims[name] for name in _SHOWN if claims.get(name) is not None}


def _dates(claims: Mapping[str, Any], now: datetime) -> datetime:
    """When it expires."""
    issued, expires, seconds = _date(claims, "iat"), _date(claims, "exp"), now.timestamp()
    not_before = _date(claims, "nbf") if "nbf" in claims else 0
    if seconds >= expires:
        raise StatementRefused("statement-expired", "it has expired")
    if max(issued, not_before) > seconds + FUTURE_SECONDS:
        raise StatementRefused("statement-lifetime", "it is not valid yet")
    if expires - issued > LONGEST_SECONDS:
        raise StatementRefused("statement-lifetime", f"it lasts {LONGEST_SECONDS} seconds at the most")
    return datetime.fromtimestamp(expires, UTC) + timedelta(seconds=1)


def _date(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < 2**40:
        raise StatementRefused("statement-lifetime", "iat and exp are needed, and nbf may be there, in whole seconds")
    return value
