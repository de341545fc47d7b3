"""ECDSA P-384 keys (FIPS 186-5) as files that only their owner can read: EC JWKs (RFC 7518 section 6.2)."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey, derive_private_key, generate_private_key

from safepassage.canonical import from_base64url, to_base64url
from safepassage.compact import assemble, signing_input, thumbprint
from safepassage.es384 import ES384, NUMBER_BYTES, SIGNED_WITH, joined, p384_members
from shared.keys import KeyFileUnusable, read_secret, write_secret


class P384SigningKey:
    """A private key of one service. It signs; it does not tell itself."""

    algorithm = ES384

    def __init__(self, private: EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public = private.public_key()
        self.kid: str = thumbprint(self.public)

    def __repr__(self) -> str:
        return f"P384SigningKey({self.kid})"

    def sign_compact(self, *, typ: str, payload: dict[str, Any]) -> str:
        """A compact JWS of `payload` (safepassage.compact)."""
        signed = signing_input(typ=typ, kid=self.kid, payload=payload, algorithm=ES384)
        return assemble(signed, joined(self._private.sign(signed, SIGNED_WITH)))

    @property
    def jwk(self) -> dict[str, str]:
        """The public key as a JWK."""
        return {**p384_members(self.public), "kid": self.kid, "alg": ES384, "use": "sig"}

    @classmethod
    def generate(cls) -> "P384SigningKey":
        """A new key from the operating system's randomness."""
        return cls(generate_private_key(SECP384R1()))

    @classmethod
    def load(cls, path: Path) -> "P384SigningKey":
        """The key of a private JWK file that only its owner can read. Raises KeyFileUnusable."""
        try:
            jwk = json.loads(read_secret(path))
            key = cls(derive_private_key(int.from_bytes(from_base64url(jwk["d"]), "big"), SECP384R1()))
        except (ValueError, KeyError, TypeError) as error:
            raise KeyFileUnusable(f"{path.name} is not a private P-384 JWK") from error
        if (jwk.get("crv"), jwk.get("kid")) != ("P-384", key.kid):
            raise KeyFileUnusable(f"{path.name} has a kid that is not its thumbprint")
        return key

    def save(self, path: Path) -> None:
        """Write the private JWK to a new file, mode 0600."""
        number = self._private.private_numbers().private_value.to_bytes(NUMBER_BYTES, "big")
        write_secret(path, json.dumps({**self.jwk, "d": to_base64url(number)}).encode())
