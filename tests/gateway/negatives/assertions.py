"""private_key_jwt (RFC 7523, FAPI 2.0, SMART Backend Services): assertions that authenticate nobody."""

import hmac
import json
from typing import Final

from safepassage.canonical import to_base64url
from tests.gateway.by_hand import ASSERTION_TYPE, encoded, new_key
from tests.gateway.negatives.asked import (
    Asked,
    Change,
    again,
    assertion,
    assertion_header,
    assertion_text,
    assertion_times,
    claims_of_text,
    fields,
    parameters,
    with_claims,
    with_payload,
)
from tests.gateway.negatives.negative import Negative, Refusal, table

NOBODY: Final = "019a0000-0000-7000-8000-000000000000"


def _refused(reason: str, says: str) -> Refusal:
    return Refusal(401, "invalid_client", reason, says)


AUDIENCE = _refused("assertion-audience", "aud is, as one string, what the client is registered for")
EXPIRED = _refused("assertion-expired", "the assertion has expired, or no exp")
NOT_YET = _refused("assertion-lifetime", "the assertion is not valid yet")
TOO_LONG = _refused("assertion-lifetime", "lasts 60 seconds at the most")
NO_SECONDS = _refused("assertion-lifetime", "exp, iat and nbf are whole seconds")
JTI = _refused("assertion-jti", "jti has 8 to 128 characters")
HEADER = _refused("assertion-header", "header is {alg, kid, typ}, and brings no key of its own")
TYPE = _refused("assertion-header", "typ is JWT or client-authentication+jwt")
KID = _refused("assertion-header", "kid has 128 characters at the most")
SUBJECT = _refused("assertion-subject", "iss, sub and client_id are the same client")
MALFORMED = _refused("assertion-malformed", "not a signed JWT of permitted length")
SIGNATURE = _refused("signature", "client authentication failed")
UNKNOWN = _refused("unknown-client", "client authentication failed")
REPLAYED = _refused("assertion-replayed", "the assertion was used before")
NO_ASSERTION = Refusal(
    400,
    "invalid_request",
    "malformed",
    "client_assertion and client_assertion_type (jwt-bearer) are needed, or the certificate that the client is registered with",
)
SECOND_METHOD = Refusal(400, "invalid_request", "second-method", "authenticate by client_assertion alone")


def _audience(make: object) -> Change:
    """`make`: the issuer's URL in it is `{}`."""

    def put(value: object, issuer: str) -> object:
        return value.replace("{}", issuer) if isinstance(value, str) else value

    def change(asked: Asked) -> None:
        issuer = asked.party.issuer
        value = [put(one, issuer) for one in make] if isinstance(make, list) else put(make, issuer)
        asked.assertion.claims.update(aud=value)

    return change


def _subject(value: object) -> Change:
    return assertion(iss=value, sub=value)


def _another_key(asked: Asked) -> None:
    asked.assertion.key = new_key("Ed25519")


def _shared_secret(asked: Asked) -> None:
    """Algorithm confusion: HS256 by the bytes of the registered public key."""
    secret = asked.party.key.as_der(private=False)

    def forged(text: str) -> str:
        head = f"{encoded({'alg': 'HS256', 'kid': asked.party.kid, 'typ': 'JWT'})}.{text.split('.')[1]}"
        return f"{head}.{to_base64url(hmac.digest(secret, head.encode(), 'sha256'))}"

    asked.assertion.then = forged


def _twice_a_member(text: str) -> str:
    claims = json.dumps(claims_of_text(text))
    return with_payload(text, f'{claims[:-1]}, "aud": "https://other.example"}}'.encode())


ASSERTIONS: Final[list[Negative]] = [
    *table(
        "token",
        AUDIENCE,
        [
            ("audience is the token endpoint", _audience("{}/oauth/token")),
            ("audience is another node", _audience("https://other.example")),
            ("audience is the issuer with a slash", _audience("{}/")),
            ("audience is the issuer in upper case", lambda asked: asked.assertion.claims.update(aud=asked.party.issuer.upper())),
            ("audience is a list of the issuer", _audience(["{}"])),
            ("audience is a list of the issuer and another server", _audience(["{}", "https://other.example"])),
            ("audience is a list of the issuer and the token endpoint", _audience(["{}", "{}/oauth/token"])),
            ("audience is an empty text", _audience("")),
            ("audience is a number", _audience(7)),
            ("no audience", _audience(None)),
        ],
    ),
    *table(
        "token for a SMART client",
        AUDIENCE,
        [
            ("a SMART client's audience is the issuer", _audience("{}")),
            ("a SMART client's audience is a list of the token endpoint", _audience(["{}/oauth/token"])),
            ("a SMART client's audience is a list of both", _audience(["{}", "{}/oauth/token"])),
            ("a SMART client's audience is another endpoint", _audience("{}/oauth/introspect")),
            ("a SMART client's audience is the endpoint with a slash", _audience("{}/oauth/token/")),
            (
                "a SMART client's assertion lasts 301 seconds",
                assertion_times(exp=301),
                _refused("assertion-lifetime", "lasts 300 seconds at the most"),
            ),
        ],
        not_sent="the token endpoint as the audience, and five minutes, are SMART's: oidc-provider has no such profile for a client",
    ),
    *table(
        "token",
        EXPIRED,
        [
            ("expired this second", assertion_times(iat=-60, exp=0)),
            ("expired an hour ago", assertion_times(iat=-3660, exp=-3600)),
            ("no expiry", assertion(exp=None)),
        ],
    ),
    *table(
        "token",
        TOO_LONG,
        [
            ("lasts 61 seconds", assertion_times(exp=61)),
            ("lasts a day", assertion_times(exp=86_400)),
            ("was issued an hour ago", assertion_times(iat=-3600, exp=30)),
            ("says not when it was issued and lasts 61 seconds", assertion_times(iat=None, exp=61)),
            ("is to begin in 11 seconds", assertion_times(nbf=11), NOT_YET),
            ("was issued 11 seconds ahead", assertion_times(iat=11, exp=60), NOT_YET),
            ("expiry is text", assertion(exp="9999999999"), NO_SECONDS),
            ("expiry is a fraction", lambda asked: asked.assertion.claims.update(exp=asked.seconds + 30.5), NO_SECONDS),
            ("expiry is true", assertion(exp=True), NO_SECONDS),
            ("expiry is before all time", assertion(exp=-1), NO_SECONDS),
            ("expiry is after all time", assertion(exp=2**40), NO_SECONDS),
            ("time of issue is text", assertion(iat="now"), NO_SECONDS),
            ("beginning is a list", assertion(nbf=[0]), NO_SECONDS),
        ],
    ),
    *table(
        "token",
        JTI,
        [
            ("no jti", assertion(jti=None)),
            ("jti is empty", assertion(jti="")),
            ("jti of seven characters", assertion(jti="jti-of7")),
            ("jti of 129 characters", assertion(jti="j" * 129)),
            ("jti is a number", assertion(jti=12345678)),
            ("jti is a list", assertion(jti=["12345678"])),
        ],
    ),
    *table(
        "token",
        HEADER,
        [
            ("a key by value", assertion_header(jwk={"kty": "OKP", "crv": "Ed25519", "x": "A" * 43})),
            ("a key by URL", assertion_header(jku="https://evil.example/jwks")),
            ("a certificate by URL", assertion_header(x5u="https://evil.example/cert")),
            ("a certificate by value", assertion_header(x5c=["AAAA"])),
            ("a certificate's digest", assertion_header(x5t="AAAA")),
            ("an extension that is critical", assertion_header(crit=["exp"], exp=1)),
            ("a payload that is not encoded", assertion_header(b64=False)),
            ("no algorithm in the header", assertion_header(alg=None)),
            ("no kid", assertion_header(kid=None)),
            ("kid is a number", assertion_header(kid=1)),
            ("type is that of access tokens", assertion_header(typ="at+jwt"), TYPE),
            ("type is that of proofs", assertion_header(typ="dpop+jwt"), TYPE),
            ("type is that of logout tokens", assertion_header(typ="logout+jwt"), TYPE),
            ("kid is empty", assertion_header(kid=""), KID),
            ("kid of 129 characters", assertion_header(kid="k" * 129), KID),
            ("an unknown kid", assertion_header(kid="two"), UNKNOWN),
            ("kid is a path", assertion_header(kid="../../dev/null"), UNKNOWN),
        ],
    ),
    *table(
        "token",
        SIGNATURE,
        [
            ("algorithm is none", assertion_header(alg="none")),
            ("algorithm is another", assertion_header(alg="ES256")),
            ("algorithm is the old name of the registered one", assertion_header(alg="EdDSA")),
            ("algorithm is RS256", assertion_header(alg="RS256")),
            ("signed by another key", _another_key),
            ("signed by the public key as a secret", _shared_secret),
            ("no signature", assertion_text(lambda text: text.rpartition(".")[0] + ".")),
            ("half a signature", assertion_text(lambda text: text[:-42])),
            ("another signature", assertion_text(lambda text: text.rpartition(".")[0] + "." + "A" * 86)),
            ("changed after it was signed", assertion_text(lambda text: with_claims(text, jti="another-one"))),
        ],
    ),
    *table(
        "token",
        MALFORMED,
        [
            ("two segments", assertion_text(lambda text: text.rpartition(".")[0])),
            ("four segments", assertion_text(lambda text: text + ".AAAA")),
            ("five segments, as if encrypted", assertion_text(lambda text: text + ".AAAA.AAAA")),
            ("padded", assertion_text(lambda text: text + "==")),
            ("no base64url", assertion_text(lambda text: text.replace(".", ".*", 1))),
            ("longer than 4,096 characters", assertion(more="x" * 4096)),
            ("claims are a list", assertion_text(lambda text: with_payload(text, b"[]"))),
            ("claims are no JSON", assertion_text(lambda text: with_payload(text, b"{"))),
            ("claims hold no number", assertion_text(lambda text: with_payload(text, b'{"exp": NaN}'))),
            ("a claim twice", assertion_text(_twice_a_member)),
        ],
    ),
    *table(
        "token",
        SUBJECT,
        [
            ("issuer is another client", assertion(iss="somebody")),
            ("no issuer", assertion(iss=None)),
            ("subject is another client", assertion(sub="somebody")),
            ("no subject", assertion(sub=None)),
            ("subject is a number", _subject(7)),
            ("subject is empty", _subject("")),
            ("subject of 201 characters", _subject("s" * 201)),
            ("client_id is another client", parameters(client_id="somebody")),
            ("a client that is not there", _subject(NOBODY), UNKNOWN),
        ],
    ),
    *table(
        "token",
        NO_ASSERTION,
        [
            ("no assertion", parameters(client_assertion=None)),
            ("an empty assertion", parameters(client_assertion="")),
            ("no type of assertion", parameters(client_assertion_type=None)),
            ("an assertion of SAML's type", parameters(client_assertion_type=ASSERTION_TYPE.replace("jwt", "saml2"))),
            ("nothing but client_id", parameters(client_assertion=None, client_assertion_type=None, client_id="somebody")),
            ("a secret as well", parameters(client_secret="secret"), SECOND_METHOD),
            ("Basic as well", fields(("authorization", "Basic c29tZTpzZWNyZXQ=")), SECOND_METHOD),
            ("Bearer as well", fields(("authorization", "Bearer abc")), SECOND_METHOD),
            ("the same assertion again", again("assertion"), REPLAYED),
        ],
    ),
]
