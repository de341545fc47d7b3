"""ML-DSA-44 keys (FIPS 204) as files that only their owner can read: JWKs of the type AKP (draft-ietf-cose-dilithium), with the seed."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from safepassage.canonical import from_base64url, to_base64url
from shared.keys import KeyFileUnusable, read_secret, write_secret

ALGORITHM = "ML-DSA-44"


class MlDsaKey:
    """A private key of one service. It signs; it does not tell itself."""

    def __init__(self, private: MLDSA44PrivateKey) -> None:
        self._private = private
        self.public: bytes = private.public_key().public_bytes_raw()
        """1,312 bytes."""

    def __repr__(self) -> str:
        return f"MlDsaKey({to_base64url(self.public[:6])}...)"

    def sign(self, data: bytes) -> bytes:
        """The 2,420 bytes of a signature of `data`, with an empty context."""
        return self._private.sign(data)

    @classmethod
    def generate(cls) -> "MlDsaKey":
        """A new key from the operating system's randomness."""
        return cls(MLDSA44PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> "MlDsaKey":
        """The key of a private JWK file that only its owner can read. Raises KeyFileUnusable."""
        try:
            jwk = json.loads(read_secret(path))
            key = cls(MLDSA44PrivateKey.from_seed_bytes(from_base64url(jwk["priv"])))
            if (jwk["kty"], jwk["alg"], jwk["pub"]) != ("AKP", ALGORITHM, to_base64url(key.public)):
                raise KeyFileUnusable(f"{path.name} has a public half that is not its own")
        except (ValueError, KeyError, TypeError) as error:
            raise KeyFileUnusable(f"{path.name} is not a private ML-DSA-44 JWK") from error
        return key

    def save(self, path: Path) -> None:
        """Write the private JWK to a new file, mode 0600."""
        jwk = {"kty": "AKP", "alg": ALGORITHM, "pub": to_base64url(self.public), "priv": to_base64url(self._private.private_bytes_raw())}
        write_secret(path, json.dumps(jwk).encode())
