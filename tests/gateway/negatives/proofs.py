"""DPoP (RFC 9449) at the token endpoint: proofs that prove nothing."""

import hmac
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc.jwk import ECKey, OKPKey, RSAKey

from safepassage.canonical import to_base64url
from tests.gateway.by_hand import encoded
from tests.gateway.negatives.asked import (
    Asked,
    Change,
    again,
    claims_of_text,
    proof,
    proof_header,
    proof_made,
    proof_text,
    proofs,
    with_claims,
    with_payload,
)
from tests.gateway.negatives.negative import Negative, Refusal, table


def _refused(says: str) -> Refusal:
    return Refusal(400, "invalid_dpop_proof", "proof", says)


ONE_IS_NEEDED = _refused("one DPoP proof is needed")
ELSEWHERE = _refused("made for another method or URL: htm, htu")
NOT_NOW = _refused("not made within the last minute: iat")
JTI = _refused("jti has 8 to 128 characters")
UNSIGNED = _refused("not signed by the key in its header")
TOO_LONG = _refused("not a compact JWS of permitted length")
REPLAYED = _refused("the proof was used before")
NONCE = Refusal(400, "use_dpop_nonce", "proof-nonce", "put the nonce of the DPoP-Nonce header into the proof")


def _url(template: str) -> Change:
    """`{}` is the issuer, `{host}` its host."""

    def change(asked: Asked) -> None:
        issuer = asked.party.issuer
        htu = template.replace("{}", issuer).replace("{host}", issuer.partition("://")[2])
        assert asked.proof is not None
        asked.proof.claims.update(htu=htu)

    return change


def _another_port(asked: Asked) -> None:
    """The same host's."""
    host = urlsplit(asked.party.issuer).hostname
    proof(htu=f"{asked.party.issuer.partition('://')[0]}://{host}:8443{asked.path}")(asked)


def _jwk(**members: Any) -> Change:
    """Other members of the key in the header."""

    def change(asked: Asked) -> None:
        assert asked.proof is not None
        jwk = {**asked.proof.header["jwk"], **members}
        asked.proof.header["jwk"] = {name: value for name, value in jwk.items() if value is not None}

    return change


def _private(asked: Asked) -> None:
    assert asked.proof is not None
    asked.proof.header["jwk"] = asked.party.proof_key.as_dict(private=True)


def _signed_by(key: Any, algorithm: str, *, shown: Any = None) -> Change:
    """Signed by `key`; the header has it, or another that is `shown`."""

    def change(asked: Asked) -> None:
        made = asked.proof
        assert made is not None
        made.key, made.algorithm = key, algorithm
        made.header.update(alg=algorithm, jwk=(shown or key).as_dict(private=False))

    return change


def _shown_as(key: Any, algorithm: str, *, alg: str) -> Change:
    """Signed by `key`, which the header has, by an algorithm that it names otherwise."""

    def change(asked: Asked) -> None:
        _signed_by(key, algorithm)(asked)
        proof_header(alg=alg)(asked)

    return change


def _thief(asked: Asked) -> None:
    assert asked.proof is not None
    asked.proof.key = ECKey.generate_key("P-256")


def _shared_secret(asked: Asked) -> None:
    """HS256 by the bytes of the public key that the header has."""
    secret = asked.party.proof_key.as_der(private=False)

    def forged(text: str) -> str:
        header = {"alg": "HS256", "typ": "dpop+jwt", "jwk": asked.party.proof_key.as_dict(private=False)}
        head = f"{encoded(header)}.{text.split('.')[1]}"
        return f"{head}.{to_base64url(hmac.digest(secret, head.encode(), 'sha256'))}"

    assert asked.proof is not None
    asked.proof.then = forged


def _old_nonce(asked: Asked) -> None:
    """One that this server could have given, had it been asked then: a nonce of the right form under another key."""
    assert asked.proof is not None
    instant = int((asked.now - timedelta(seconds=400)).timestamp() * 1000).to_bytes(6)
    asked.proof.claims.update(nonce=to_base64url(instant + bytes(16)))


PROOFS: Final[list[Negative]] = [
    *table(
        "token",
        ONE_IS_NEEDED,
        [
            ("no proof", proofs(lambda _: [])),
            ("two proofs", proofs(lambda one: [one, one])),
            ("a proof and an empty one", proofs(lambda one: [one, ""])),
            ("two proofs in one field", proofs(lambda one: [f"{one}, {one}"]), TOO_LONG),
        ],
    ),
    *table(
        "token",
        ELSEWHERE,
        [
            ("for another method", proof(htm="GET")),
            ("for the method in lower case", proof(htm="post")),
            ("for no method", proof(htm=None)),
            ("for a list of methods", proof(htm=["POST"])),
            ("for another path", _url("{}/oauth/jwks")),
            ("for the path with a slash", _url("{}/oauth/token/")),
            ("for the path in upper case", _url("{}/OAUTH/TOKEN")),
            ("for the path with an encoded letter", _url("{}/oauth/%74oken")),
            ("for a path that leads there", _url("{}/oauth/x/../token")),
            ("for the issuer alone", _url("{}")),
            ("for another host", _url("https://other.example/oauth/token")),
            ("for another scheme", _url("ftp://{host}/oauth/token")),
            ("for another port", _another_port),
            ("for the port of another scheme", _url("https://{host}:80/oauth/token")),
            ("for a URL with a user", _url("https://{host}@other.example/oauth/token")),
            ("for a URL with this host as the user's", _url("https://user@{host}/oauth/token")),
            ("for a path without a host", _url("/oauth/token")),
            ("for no URL", proof(htu=None)),
            ("for a list of URLs", lambda asked: proof(htu=[asked.url])(asked)),
            ("for a URL of 5,000 characters", _url("https://{host}/oauth/token?" + "x" * 2900), TOO_LONG),
        ],
    ),
    *table(
        "token",
        NOT_NOW,
        [
            ("made 61 seconds ago", proof_made(-61)),
            ("made 11 seconds ahead", proof_made(11)),
            ("made at no time", proof(iat=None)),
            ("made at a time that is text", proof(iat="now")),
            ("made at a fraction of a second", lambda asked: proof(iat=asked.seconds + 0.5)(asked)),
            ("made at true", proof(iat=True)),
            ("made before all time", proof(iat=-1)),
        ],
    ),
    *table(
        "token",
        JTI,
        [
            ("no jti", proof(jti=None)),
            ("jti is empty", proof(jti="")),
            ("jti of seven characters", proof(jti="of7-jti")),
            ("jti of 129 characters", proof(jti="p" * 129)),
            ("jti is a number", proof(jti=12345678)),
            ("a nonce that is a number", proof(nonce=7)),
            ("a nonce of another server", proof(nonce="AAAA"), NONCE),
            ("an empty nonce", proof(nonce=""), NONCE),
            ("a nonce of long ago", _old_nonce, NONCE),
        ],
    ),
    *table(
        "token",
        UNSIGNED,
        [
            ("type is JWT", proof_header(typ="JWT")),
            ("type is that of access tokens", proof_header(typ="at+jwt")),
            ("no type", proof_header(typ=None)),
            ("a kid as well", proof_header(kid="one")),
            ("a key by URL as well", proof_header(jku="https://evil.example/jwks")),
            ("an extension that is critical", proof_header(crit=["exp"], exp=1)),
            ("no algorithm in the header", proof_header(alg=None)),
            ("algorithm is none", proof_header(alg="none")),
            ("algorithm is a number", proof_header(alg=7)),
            ("algorithm is that of another key", proof_header(alg="Ed25519")),
            ("algorithm is ES384", proof_header(alg="ES384")),
            ("no key", proof_header(jwk=None)),
            ("a key that is text", proof_header(jwk="AAAA")),
            ("a private key", _private),
            ("a shared key", proof_header(jwk={"kty": "oct", "k": "AAAA"})),
            ("a key of a curve that is not taken", _jwk(crv="P-384")),
            ("a key with half a point", _jwk(y=None)),
            ("a key whose point is on no curve", _jwk(x="A" * 43, y="A" * 43)),
            ("a key of too few bytes", _jwk(x="AAAA")),
            ("a key for another algorithm", _jwk(alg="ES512")),
            ("a key with a certificate", _jwk(x5c=["AAAA"])),
            ("a key of a curve that is not taken, used as one that is", _signed_by(ECKey.generate_key("P-384"), "ES256")),
            ("an Ed448 key, used as one of Ed25519", _shown_as(OKPKey.generate_key("Ed448"), "Ed448", alg="EdDSA")),
            ("an RSA key", _signed_by(RSAKey.generate_key(2048), "PS256")),
            ("signed by another key than is shown", _thief),
            (
                "signed by another key of another type",
                _signed_by(OKPKey.generate_key("Ed25519"), "Ed25519", shown=OKPKey.generate_key("Ed25519")),
            ),
            ("signed by the public key as a secret", _shared_secret),
            ("no signature", proof_text(lambda text: text.rpartition(".")[0] + ".")),
            ("two segments", proof_text(lambda text: text.rpartition(".")[0])),
            ("half a signature", proof_text(lambda text: text[:-42])),
            ("a signature of zeros", proof_text(lambda text: text.rpartition(".")[0] + "." + "A" * 86)),
            ("a padded signature", proof_text(lambda text: text + "==")),
            ("changed after it was signed", proof_text(lambda text: with_claims(text, jti="another-one"))),
            ("claims are a list", proof_text(lambda text: with_payload(text, b"[]"))),
            ("empty", proof_text(lambda _: "")),
            ("four segments", proof_text(lambda text: text + ".AAAA"), TOO_LONG),
            ("longer than 4,096 characters", proof(more="x" * 4096), TOO_LONG),
            ("the assertion in its place", lambda asked: proof_text(lambda _: asked.assertion.text())(asked)),
            ("the same proof again", again("proof"), REPLAYED),
            (
                "the same jti by the same key again",
                lambda asked: proof(jti=claims_of_text(asked.before.made["proof"])["jti"])(asked) if asked.before else None,
                REPLAYED,
            ),
        ],
    ),
]
