"""Public keys as they are published: JWKs whose `kid` is their RFC 7638 thumbprint. Ed25519 (RFC 8037), or P-384 for exchange messages."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Literal, Self

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, StringConstraints, model_validator

from safepassage.compact import PublicKey, PublicKeys, public_key_of, thumbprint
from safepassage.es384 import p384_key_of
from safepassage.problems.signatures import MalformedToken
from safepassage.wire import Digest, Wire


class PublicJwk(Wire):
    """A public signing key. A private member, another curve or a kid that is not the thumbprint is refused."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    x: Digest
    """32 bytes."""
    kid: Digest
    alg: Literal["Ed25519"] = "Ed25519"
    use: Literal["sig"] = "sig"

    @model_validator(mode="after")
    def _named_by_thumbprint(self) -> Self:
        try:
            self.key()
        except MalformedToken as error:
            raise ValueError("not an Ed25519 key under its thumbprint") from error
        return self

    def key(self) -> Ed25519PublicKey:
        """The key itself."""
        return public_key_of({"kty": self.kty, "crv": self.crv, "x": self.x, "kid": self.kid})


Coordinate = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{64}$")]
"""48 bytes."""


class P384Jwk(Wire):
    """A public ECDSA P-384 key (RFC 7518 section 6.2). A private member, a point off the curve or a kid of another is refused."""

    kty: Literal["EC"] = "EC"
    crv: Literal["P-384"] = "P-384"
    x: Coordinate
    y: Coordinate
    kid: Digest
    alg: Literal["ES384"] = "ES384"
    use: Literal["sig"] = "sig"

    @model_validator(mode="after")
    def _named_by_thumbprint(self) -> Self:
        try:
            named = self.kid == thumbprint(self.key())
        except MalformedToken as error:
            raise ValueError("not a P-384 key") from error
        if not named:
            raise ValueError("not a P-384 key under its thumbprint")
        return self

    def key(self) -> EllipticCurvePublicKey:
        """The key itself."""
        return p384_key_of({"kty": self.kty, "crv": self.crv, "x": self.x, "y": self.y})


MessageJwk = Annotated[PublicJwk | P384Jwk, Field(discriminator="kty")]
"""A key that signs exchange messages, in one of the registered suites."""


def by_kid(keys: Iterable[PublicJwk | P384Jwk]) -> PublicKeys:
    """The keys by `kid`, as a verifier wants them."""
    return {jwk.kid: _key(jwk) for jwk in keys}


@lru_cache(maxsize=256)
def _key(jwk: PublicJwk | P384Jwk) -> PublicKey:
    return jwk.key()
