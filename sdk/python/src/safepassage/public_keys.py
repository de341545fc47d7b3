"""Public Ed25519 keys as they are published: OKP JWKs (RFC 8037) whose `kid` is their RFC 7638 thumbprint."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import model_validator

from safepassage.compact import PublicKeys, public_key_of
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


def by_kid(keys: Iterable[PublicJwk]) -> PublicKeys:
    """The keys by `kid`, as a verifier wants them."""
    return {jwk.kid: _key(jwk) for jwk in keys}


@lru_cache(maxsize=256)
def _key(jwk: PublicJwk) -> Ed25519PublicKey:
    return jwk.key()
