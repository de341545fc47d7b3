"""A call with a token and a proof (RFC 9449 section 7): which tokens open nothing, and which proofs do not help."""

from collections.abc import Callable
from typing import Final

from joserfc.jwk import ECKey

from shared.keys import SigningKey
from tests.gateway.negatives.asked import (
    Asked,
    Change,
    again,
    claims_of_text,
    fields,
    proof,
    proof_header,
    proof_made,
    proof_text,
    proofs,
    with_claims,
)
from tests.gateway.negatives.negative import Negative, Refusal, table

OPAQUE: Final = "the tokens that oidc-provider takes itself, at userinfo, say nothing: they are looked up"


def _token_refused(says: str) -> Refusal:
    return Refusal(401, "access-token-not-valid", "access-token-not-valid", says)


def _proof_refused(says: str) -> Refusal:
    return Refusal(401, "proof-not-valid", "proof-not-valid", says)


NOBODY = Refusal(401, "not-authenticated", "not-authenticated")
HOW = _token_refused("a token is sent as `Authorization: DPoP <token>`")
NOT_TWO = _token_refused("one Authorization is needed, not two")
NO_TOKEN = _token_refused("not an access token of this node")
ANOTHER_NODE = _token_refused("the token is not for this node")
EXPIRED = _token_refused("the token has expired")
NOT_YET = _token_refused("the token is not valid yet")
ONE_IS_NEEDED = _proof_refused("one DPoP proof is needed")
UNSIGNED = _proof_refused("not signed by the key in its header")
ANOTHER_KEY = _proof_refused("made by another key than the token is bound to")
ELSEWHERE = _proof_refused("made for another method or URL: htm, htu")
ANOTHER_TOKEN = _proof_refused("made for another access token: ath")
NOT_NOW = _proof_refused("not made within the last minute: iat")
JTI = _proof_refused("jti has 8 to 128 characters")
REPLAYED = Refusal(401, "proof-used-before", "proof-used-before")
NONCE = Refusal(401, "proof-nonce-required", "proof-nonce-required")


def _authorization(make: Callable[[str], list[str]]) -> Change:
    return lambda asked: setattr(asked, "authorization", make)


def _sent_as(make: Callable[[str], str]) -> Change:
    """Another token, with a proof that is made for it."""

    def change(asked: Asked) -> None:
        assert asked.token is not None
        asked.token = make(asked.token)
        fresh = claims_of_text(asked.party.proof(asked.now, asked.method, asked.path, token=asked.token))
        proof(ath=fresh["ath"])(asked)

    return change


def _by_a_stranger(token: str) -> str:
    """The same claims under another node's key."""
    return SigningKey.generate().sign_compact(typ="at+jwt", payload=claims_of_text(token))


def _issued(typ: str = "at+jwt", **claims: object) -> Change:
    """A token that this node signed, with other claims (None leaves one out) or of another type."""

    def change(asked: Asked) -> None:
        assert asked.token is not None
        assert asked.issued is not None
        payload = {name: value for name, value in (claims_of_text(asked.token) | claims).items() if value is not None}
        made = asked.issued(typ=typ, payload=payload)
        _sent_as(lambda _: made)(asked)

    return change


def _times(**offsets: int) -> Change:
    return lambda asked: _issued(**{name: asked.seconds + offset for name, offset in offsets.items()})(asked)


def _another_key(asked: Asked) -> None:
    key = ECKey.generate_key("P-256")
    assert asked.proof is not None
    asked.proof.key = key
    asked.proof.header["jwk"] = key.as_dict(private=False)


def _path(path: str) -> Change:
    return lambda asked: proof(htu=asked.party.issuer + path)(asked)


def _assertion(asked: Asked) -> None:
    _sent_as(lambda _: asked.assertion.text())(asked)


def _in_the_query(asked: Asked) -> None:
    asked.query = f"?access_token={asked.token}"
    _authorization(lambda _: [])(asked)


def _as_cookie(asked: Asked) -> None:
    fields(("cookie", f"access_token={asked.token}"))(asked)
    _authorization(lambda _: [])(asked)


CALLS: Final[list[Negative]] = [
    *table(
        "call",
        HOW,
        [
            ("no Authorization", _authorization(lambda _: []), NOBODY),
            ("in the query alone", _in_the_query, NOBODY),
            ("in a cookie alone", _as_cookie, NOBODY),
            ("as a Bearer token", _authorization(lambda token: [f"Bearer {token}"])),
            ("as a user's password", _authorization(lambda token: [f"Basic {token}"])),
            ("without a scheme", _authorization(lambda token: [token])),
            ("twice", _authorization(lambda token: [f"DPoP {token}"] * 2), NOT_TWO),
            ("as DPoP and as Bearer", _authorization(lambda token: [f"DPoP {token}", f"Bearer {token}"]), NOT_TWO),
        ],
    ),
    *table(
        "call",
        NO_TOKEN,
        [
            ("an empty token", _sent_as(lambda _: "")),
            ("a token of two segments", _sent_as(lambda token: token.rpartition(".")[0])),
            ("a token without a signature", _sent_as(lambda token: token.rpartition(".")[0] + ".")),
            ("a token with more behind it", _sent_as(lambda token: token + "A")),
            ("a token for more scopes than it was signed for", _sent_as(lambda token: with_claims(token, scope="records:read:state"))),
            ("a token that was made to last", _sent_as(lambda token: with_claims(token, exp=2**33))),
            ("a token that another node signed", _sent_as(_by_a_stranger)),
            ("a token of 20,000 characters", _sent_as(lambda token: token + "A" * 20_000)),
            ("a token of the type of any JWT", _issued("JWT")),
            ("a token between services", _issued("sp-internal+jwt")),
            ("an answer to who asked about a token", _issued("token-introspection+jwt")),
            ("a token of another issuer", _issued(iss="https://other.example"), ANOTHER_NODE),
            ("a token for another server", _issued(aud="https://other.example"), ANOTHER_NODE),
            ("a token of another subject", _issued(sub="somebody"), ANOTHER_NODE),
            ("a token for a list of servers", _issued(aud=["https://node.example"])),
            ("a token that is bound to no key", _issued(cnf=None)),
            ("a token with an unknown member", _issued(admin=True)),
            ("a token without an end", _issued(exp=None)),
            ("a token that has expired this second", _times(exp=0), EXPIRED),
            ("a token of two seconds ahead", _times(iat=2), NOT_YET),
            ("an assertion in place of a token", _assertion),
            ("a proof in place of a token", lambda asked: _sent_as(lambda _: asked.proof.text())(asked)),
        ],
        not_sent=OPAQUE,
    ),
    *table(
        "call",
        UNSIGNED,
        [
            ("no proof", proofs(lambda _: []), ONE_IS_NEEDED),
            ("two proofs", proofs(lambda one: [one, one]), ONE_IS_NEEDED),
            ("a proof by another key", _another_key, ANOTHER_KEY),
            ("a proof that is not signed", proof_text(lambda text: text.rpartition(".")[0] + ".")),
            ("a proof changed after it was signed", proof_text(lambda text: with_claims(text, jti="another-one"))),
            ("a proof of type JWT", proof_header(typ="JWT")),
            ("a proof of algorithm none", proof_header(alg="none")),
            ("a proof with a key by URL", proof_header(jku="https://evil.example")),
            ("a proof for another method", proof(htm="POST"), ELSEWHERE),
            ("a proof for no method", proof(htm=None), ELSEWHERE),
            ("a proof for another path", _path("/v1/students"), ELSEWHERE),
            ("a proof for the token endpoint", _path("/oauth/token"), ELSEWHERE),
            ("a proof for another host", proof(htu="https://other.example/v1/decisions"), ELSEWHERE),
            ("a proof for no URL", proof(htu=None), ELSEWHERE),
            ("a proof for another token", proof(ath="A" * 43), ANOTHER_TOKEN),
            ("a proof for no token", proof(ath=None), ANOTHER_TOKEN),
            ("a proof made 61 seconds ago", proof_made(-61), NOT_NOW),
            ("a proof made 11 seconds ahead", proof_made(11), NOT_NOW),
            ("a proof made at no time", proof(iat=None), NOT_NOW),
            ("a proof without jti", proof(jti=None), JTI),
            ("a proof with a jti of seven characters", proof(jti="jti-of7"), JTI),
            ("a proof with a nonce of another server", proof(nonce="AAAA"), NONCE),
            ("the same proof again", again("proof"), REPLAYED),
        ],
    ),
]
