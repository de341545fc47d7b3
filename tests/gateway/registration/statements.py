"""What is wrong with a registration (RFC 7591), row by row: with the statement that speaks for it, or with one by an initial token."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from safepassage.wire_organisations import Organisation
from tests.gateway.by_hand import Party, encoded
from tests.gateway.house import ISSUER, House
from tests.gateway.registration.registering import REGISTER, TYPE, Signer, metadata, signer

STATEMENT: Final = "invalid_software_statement"
UNAPPROVED: Final = "unapproved_software_statement"
METADATA: Final = "invalid_client_metadata"
REDIRECT: Final = "invalid_redirect_uri"
CALLBACK: Final = "https://app.example/callback"
CODE: Final[dict[str, Any]] = {"grant_types": ["authorization_code"], "redirect_uris": [CALLBACK]}
BY_TLS: Final[dict[str, Any]] = {"token_endpoint_auth_method": "tls_client_auth", "jwks": None}
UNSIGNED: Final = {"alg": "none", "kid": "one", "typ": TYPE}


@dataclass
class Words:
    """A client, and the publishers whose word it may bring."""

    now: datetime
    party: Party
    apps: Signer
    other: Signer
    """Another publisher of the same organisation."""
    off: Signer
    """Was disabled."""
    ended: Signer
    """Of an organisation that has ended."""
    elsewhere: Organisation
    spent: str
    """A statement to be used before."""

    @classmethod
    async def of(cls, house: House) -> "Words":
        """Register them."""
        apps, off = await signer(house), await signer(house, issuer="https://off.vendor.example")
        other = await signer(house, organisation=apps.organisation, issuer="https://other.vendor.example")
        await house.hand.disable_publisher(off.publisher.id)
        ended = await signer(
            house, organisation=await house.organisation("vendor", valid_until="2021-01-01"), issuer="https://ended.example"
        )
        elsewhere = await house.organisation("vendor")
        return cls(house.now, Party("", ISSUER), apps, other, off, ended, elsewhere, apps.statement(house.now))

    @property
    def seconds(self) -> int:
        """Now, in whole seconds since the epoch."""
        return int(self.now.timestamp())

    def about(self, **members: Any) -> dict[str, Any]:
        """What the client says of itself."""
        return metadata(self.party, **members)

    def said(self, by: Signer | None = None, **claims: Any) -> dict[str, Any]:
        """With a statement of other claims."""
        return self.about(software_statement=(by or self.apps).statement(self.now, **claims))

    def headed(self, **header: Any) -> dict[str, Any]:
        """With a statement of another header."""
        return self.about(software_statement=self.apps.statement(self.now, header=header))

    def remade(self, make: Callable[[str, str, str], str]) -> dict[str, Any]:
        """With what is made of a good statement's three parts."""
        head, payload, signature = self.apps.statement(self.now).split(".")
        return self.about(software_statement=make(head, payload, signature))


STATEMENTS: Final[dict[str, tuple[Callable[[Words], dict[str, Any]], str, str]]] = {
    "no string": (lambda words: words.about(software_statement={"iss": "x"}), STATEMENT, "statement-malformed"),
    "not signed": (lambda words: words.remade(lambda head, payload, _: f"{head}.{payload}"), STATEMENT, "statement-malformed"),
    "too long": (
        lambda words: words.about(software_statement=words.apps.statement(words.now, more="x" * 16_384)),
        STATEMENT,
        "statement-malformed",
    ),
    "not JSON": (lambda words: words.remade(lambda head, _, signature: f"{head}.e30x.{signature}"), STATEMENT, "statement-malformed"),
    "no kid": (lambda words: words.headed(kid=None), STATEMENT, "statement-header"),
    "a key of its own": (lambda words: words.headed(jwk=words.apps.party.jwk), STATEMENT, "statement-header"),
    "a certificate": (lambda words: words.headed(x5c=["AAAA"]), STATEMENT, "statement-header"),
    "the address of a key": (lambda words: words.headed(jku="https://keys.vendor.example/"), STATEMENT, "statement-header"),
    "critical": (lambda words: words.headed(crit=["exp"]), STATEMENT, "statement-header"),
    "no type": (lambda words: words.headed(typ=None), STATEMENT, "statement-header"),
    "the type of an assertion": (lambda words: words.headed(typ="JWT"), STATEMENT, "statement-header"),
    "the type of a token": (lambda words: words.headed(typ="at+jwt"), STATEMENT, "statement-header"),
    "another kid": (lambda words: words.headed(kid="two"), STATEMENT, "statement-key"),
    "no algorithm": (
        lambda words: words.remade(lambda _, payload, __: f"{encoded(UNSIGNED)}.{payload}."),
        STATEMENT,
        "statement-signature",
    ),
    "another algorithm": (lambda words: words.headed(alg="EdDSA"), STATEMENT, "statement-signature"),
    "another's signature": (
        lambda words: words.about(software_statement=words.other.statement(words.now, iss=words.apps.publisher.issuer)),
        STATEMENT,
        "statement-signature",
    ),
    "altered": (
        lambda words: words.remade(lambda head, _, end: f"{head}.{encoded(words.apps.claims(words.now, scope='agreements:read'))}.{end}"),
        STATEMENT,
        "statement-signature",
    ),
    "no issuer": (lambda words: words.said(iss=None), STATEMENT, "statement-issuer"),
    "an issuer that is no string": (lambda words: words.said(iss=["https://apps.vendor.example"]), STATEMENT, "statement-issuer"),
    "an unknown issuer": (lambda words: words.said(iss="https://apps.vendor.example/"), UNAPPROVED, "statement-publisher"),
    "a disabled publisher": (lambda words: words.said(words.off), UNAPPROVED, "statement-publisher"),
    "a publisher whose organisation has ended": (lambda words: words.said(words.ended), UNAPPROVED, "statement-publisher"),
    "no audience": (lambda words: words.said(aud=None), STATEMENT, "statement-audience"),
    "another node's": (lambda words: words.said(aud="https://other.example"), STATEMENT, "statement-audience"),
    "several audiences": (lambda words: words.said(aud=[ISSUER]), STATEMENT, "statement-audience"),
    "the endpoint as the audience": (lambda words: words.said(aud=ISSUER + REGISTER), STATEMENT, "statement-audience"),
    "no end": (lambda words: words.said(exp=None), STATEMENT, "statement-lifetime"),
    "no beginning": (lambda words: words.said(iat=None), STATEMENT, "statement-lifetime"),
    "an end in words": (lambda words: words.said(exp="never"), STATEMENT, "statement-lifetime"),
    "an end that is true": (lambda words: words.said(exp=True), STATEMENT, "statement-lifetime"),
    "an end in fractions": (lambda words: words.said(exp=words.seconds + 10.5), STATEMENT, "statement-lifetime"),
    "too long a life": (lambda words: words.said(exp=words.seconds + 301), STATEMENT, "statement-lifetime"),
    "of the future": (lambda words: words.said(iat=words.seconds + 11, exp=words.seconds + 60), STATEMENT, "statement-lifetime"),
    "not yet": (lambda words: words.said(nbf=words.seconds + 11), STATEMENT, "statement-lifetime"),
    "expired": (lambda words: words.said(iat=words.seconds - 60, exp=words.seconds), STATEMENT, "statement-expired"),
    "no identifier": (lambda words: words.said(jti=None), STATEMENT, "statement-jti"),
    "a short identifier": (lambda words: words.said(jti="1234567"), STATEMENT, "statement-jti"),
    "an identifier in numbers": (lambda words: words.said(jti=12345678), STATEMENT, "statement-jti"),
    "used before": (lambda words: words.about(software_statement=words.spent), STATEMENT, "statement-replayed"),
    "no software": (lambda words: words.said(software_id=None), STATEMENT, "statement-claims"),
    "no version": (lambda words: words.said(software_version=None), STATEMENT, "statement-claims"),
    "no organisation": (lambda words: words.said(organisation_id=None), STATEMENT, "statement-claims"),
    "no scope": (lambda words: words.said(scope=None), STATEMENT, "statement-claims"),
    "no name": (lambda words: words.said(client_name=None), STATEMENT, "statement-claims"),
    "an organisation of another": (lambda words: words.said(organisation_id=str(words.elsewhere.id)), STATEMENT, "statement-organisation"),
    "an organisation that is none": (lambda words: words.said(organisation_id="elm"), STATEMENT, "statement-organisation"),
    "a name with a line in it": (lambda words: words.said(client_name="a\nb"), STATEMENT, "registration-metadata"),
    "a secret's method": (lambda words: words.said(token_endpoint_auth_method="client_secret_basic"), STATEMENT, "registration-metadata"),
    "a private key": (
        lambda words: words.said(jwks={"keys": [words.apps.party.key.as_dict(private=True) | {"kid": "x"}]}),
        STATEMENT,
        "registration-metadata",
    ),
    "more scope than the publisher's": (lambda words: words.said(scope="records:read audit:search"), METADATA, "registration-scope"),
    "a scope that is none": (lambda words: words.said(scope="records:everything"), METADATA, "registration-scope"),
    "more purposes than the publisher's": (lambda words: words.said(purposes=["marketing"]), METADATA, "registration-purpose"),
    "keys twice": (
        lambda words: words.said(jwks={"keys": [words.party.jwk]}, jwks_uri="https://keys.elm.example/"),
        METADATA,
        "registration-keys",
    ),
    "no keys": (lambda words: words.about(jwks=None, software_statement=words.apps.statement(words.now)), METADATA, "registration-keys"),
    "two keys of one name": (
        lambda words: words.said(jwks={"keys": [words.party.jwk, words.other.party.jwk]}),
        METADATA,
        "registration-keys",
    ),
    "keys by http": (lambda words: words.said(jwks_uri="http://keys.elm.example/"), METADATA, "registration-keys"),
    "keys of this machine": (lambda words: words.said(jwks_uri="https://localhost:1/?a"), METADATA, "registration-keys"),
    "a redirect of the body": (
        lambda words: words.about(software_statement=words.apps.statement(words.now), **CODE),
        REDIRECT,
        "registration-redirect",
    ),
    "a redirect by http": (
        lambda words: words.said(**CODE | {"redirect_uris": ["http://app.example/"]}),
        STATEMENT,
        "registration-metadata",
    ),
    "a redirect without a grant": (lambda words: words.said(redirect_uris=[CALLBACK]), METADATA, "registration-grants"),
    "a certificate's two names": (
        lambda words: words.said(
            token_endpoint_auth_method="tls_client_auth",
            tls_client_auth_san_dns="a.example",
            tls_client_auth_san_ip="192.0.2.1",
        ),
        METADATA,
        "registration-certificate",
    ),
    "a name that it chose": (
        lambda words: {**words.about(software_statement=words.apps.statement(words.now)), "client_id": "admin"},
        METADATA,
        "registration-malformed",
    ),
    "a token that it chose": (
        lambda words: {**words.about(software_statement=words.apps.statement(words.now)), "registration_access_token": "x"},
        METADATA,
        "registration-malformed",
    ),
}
"""What is sent, the error, the reason that is counted."""
REQUESTS: Final[dict[str, tuple[Callable[[Words], dict[str, Any]], str | None, tuple[int, str], str]]] = {
    "no word": (lambda _: {}, None, (401, "invalid_token"), "registration-no-authority"),
    "an unknown token": (lambda _: {}, "unknown", (401, "invalid_token"), "initial-token-unknown"),
    "a token of another length": (lambda _: {}, "shortened", (401, "invalid_token"), "initial-token-unknown"),
    "a token of an organisation that has ended": (
        lambda _: {},
        "of an ended organisation",
        (401, "invalid_token"),
        "initial-token-organisation",
    ),
    "two words": (
        lambda words: {"software_statement": words.apps.statement(words.now)},
        "good",
        (400, "invalid_request"),
        "registration-two-authorities",
    ),
    "another organisation": (
        lambda words: {"organisation_id": str(words.elsewhere.id)},
        "good",
        (400, METADATA),
        "registration-organisation",
    ),
    "more scope": (lambda _: {"scope": "audit:search"}, "good", (400, METADATA), "registration-scope"),
    "a scope with a line": (lambda _: {"scope": "records:read\n"}, "good", (400, METADATA), "registration-metadata"),
    "two blanks": (lambda _: {"scope": "records:read  agreements:read"}, "good", (400, METADATA), "registration-metadata"),
    "more purposes": (lambda _: {"purposes": ["marketing"]}, "good", (400, METADATA), "registration-purpose"),
    "a secret": (lambda _: {"token_endpoint_auth_method": "none"}, "good", (400, METADATA), "registration-metadata"),
    "a grant": (lambda _: {"grant_types": ["password"]}, "good", (400, METADATA), "registration-metadata"),
    "two grants": (
        lambda _: {"grant_types": ["client_credentials", "client_credentials"]},
        "good",
        (400, METADATA),
        "registration-metadata",
    ),
    "a response": (lambda _: {"response_types": ["token"]}, "good", (400, METADATA), "registration-metadata"),
    "a redirect without a grant": (lambda _: {"redirect_uris": [CALLBACK]}, "good", (400, METADATA), "registration-grants"),
    "a grant without a redirect": (lambda _: {"grant_types": ["authorization_code"]}, "good", (400, METADATA), "registration-grants"),
    "refreshing alone": (
        lambda _: {"grant_types": ["client_credentials", "refresh_token"]},
        "good",
        (400, METADATA),
        "registration-grants",
    ),
    "a code that is answered otherwise": (lambda _: CODE | {"response_types": []}, "good", (400, METADATA), "registration-grants"),
    "a code without its grant": (lambda _: {"response_types": ["code"]}, "good", (400, METADATA), "registration-grants"),
    "a redirect by http": (
        lambda _: CODE | {"redirect_uris": ["http://app.example/"]},
        "good",
        (400, REDIRECT),
        "registration-redirect",
    ),
    "a redirect on this machine": (
        lambda _: CODE | {"redirect_uris": ["http://127.0.0.1/callback"]},
        "good",
        (400, REDIRECT),
        "registration-redirect",
    ),
    "a redirect with a fragment": (lambda _: CODE | {"redirect_uris": [CALLBACK + "#a"]}, "good", (400, REDIRECT), "registration-redirect"),
    "a redirect with a user": (
        lambda _: CODE | {"redirect_uris": ["https://app.example@evil.example/"]},
        "good",
        (400, REDIRECT),
        "registration-redirect",
    ),
    "a redirect to a scheme of its own": (
        lambda _: CODE | {"redirect_uris": ["com.example.app:/callback"]},
        "good",
        (400, REDIRECT),
        "registration-redirect",
    ),
    "a redirect of any host": (lambda _: CODE | {"redirect_uris": ["https://*/"]}, "good", (400, REDIRECT), "registration-redirect"),
    "a redirect twice": (lambda _: CODE | {"redirect_uris": [CALLBACK] * 2}, "good", (400, REDIRECT), "registration-redirect"),
    "eleven redirects": (
        lambda _: CODE | {"redirect_uris": [f"{CALLBACK}/{number}" for number in range(11)]},
        "good",
        (400, REDIRECT),
        "registration-redirect",
    ),
    "a certificate without a name": (lambda _: BY_TLS, "good", (400, METADATA), "registration-certificate"),
    "a certificate and keys": (
        lambda _: {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.example"},
        "good",
        (400, METADATA),
        "registration-keys",
    ),
    "a certificate's name and keys": (
        lambda _: {"tls_client_auth_san_dns": "a.example"},
        "good",
        (400, METADATA),
        "registration-certificate",
    ),
    "a certificate's name of another form": (
        lambda _: BY_TLS | {"tls_client_auth_san_ip": "elm"},
        "good",
        (400, METADATA),
        "registration-certificate",
    ),
    "a certificate where none is taken": (
        lambda _: BY_TLS | {"tls_client_auth_san_dns": "a.example"},
        "good",
        (400, METADATA),
        "registration-no-certificates",
    ),
    "a certificate that it signed": (
        lambda _: {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
        "good",
        (400, METADATA),
        "registration-metadata",
    ),
    "an algorithm": (lambda _: {"token_endpoint_auth_signing_alg": "none"}, "good", (400, METADATA), "registration-metadata"),
    "six contacts": (lambda _: {"contacts": ["a@b.example"] * 6}, "good", (400, METADATA), "registration-metadata"),
    "no name": (lambda _: {"client_name": None}, "good", (400, METADATA), "registration-metadata"),
    "no scope": (lambda _: {"scope": None}, "good", (400, METADATA), "registration-metadata"),
}
"""What the client says of itself, which initial token it has, the answer, the reason that is counted."""
OF_THIS_NODE: Final = ("a token of an organisation that has ended", "two words", "another organisation", "more purposes")
"""Of those, what is about no standard's members."""
BODIES: Final[dict[str, tuple[Callable[[bytes], bytes], tuple[int, str]]]] = {
    "an array": (lambda _: b"[]", (400, METADATA)),
    "no JSON": (lambda _: b"{", (400, METADATA)),
    "not a number": (lambda _: b'{"a": NaN}', (400, METADATA)),
    "a member twice": (lambda whole: whole[:-1] + b', "scope": "agreements:read"}', (422, "invalid-request")),
    "UTF-16": (lambda whole: whole.decode().encode("utf-16"), (400, METADATA)),
    "deep": (lambda _: b'{"a":' * 5000 + b"1" + b"}" * 5000, (400, METADATA)),
}
"""What is made of a good body, and the answer: a member that comes twice is refused before it is read."""
