"""A client's own private key: an Ed25519 JWK in a file that only its owner can read. The node has its public half."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from safepassage.canonical import from_base64url, to_base64url
from safepassage.compact import assemble, public_jwk, signing_input, thumbprint
from safepassage.problems.calls import ClientFileUnusable


class ClientKey:
    """An Ed25519 key pair. It signs; its repr shows the kid only."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key()
        self.kid = thumbprint(self.public)

    def __repr__(self) -> str:
        return f"ClientKey({self.kid})"

    @classmethod
    def generate(cls) -> "ClientKey":
        """A new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> "ClientKey":
        """The key of a private JWK. Raises ClientFileUnusable."""
        try:
            key = cls(Ed25519PrivateKey.from_private_bytes(from_base64url(jwk["d"])))
            known = {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(key.public.public_bytes_raw()), "kid": key.kid}
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise ClientFileUnusable("not a private Ed25519 JWK") from error
        if any(jwk.get(name, value) != value for name, value in known.items()):
            raise ClientFileUnusable("the JWK's members are not those of its private key")
        return key

    @property
    def jwk(self) -> dict[str, str]:
        """The public JWK, to be registered at the node."""
        return public_jwk(self.public)

    def private_jwk(self) -> dict[str, str]:
        """The private JWK, for a file of mode 0600 and nothing else."""
        return {**self.jwk, "d": to_base64url(self._private.private_bytes_raw())}

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature of `data`."""
        return self._private.sign(data)

    def sign_compact(self, *, typ: str, payload: Mapping[str, Any]) -> str:
        """A compact JWS of `payload`."""
        signed = signing_input(typ=typ, kid=self.kid, payload=payload)
        return assemble(signed, self.sign(signed))

    @classmethod
    def load(cls, path: Path) -> "ClientKey":
        """The key of a private JWK file. Raises ClientFileUnusable."""
        return cls.from_jwk(json_file(path))

    def save(self, path: Path) -> None:
        """Write the private JWK to a new file, mode 0600. Raises FileExistsError rather than replace a key."""
        write_private(path, self.private_jwk())


def json_file(path: Path) -> dict[str, Any]:
    """The object in a file that only its owner can read. Raises ClientFileUnusable."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ClientFileUnusable(f"{path.name} can be read by others: chmod 600")
            value = json.load(file)
    except (OSError, ValueError) as error:
        raise ClientFileUnusable(f"{path.name} is missing or no JSON") from error
    if not isinstance(value, dict):
        raise ClientFileUnusable(f"{path.name} is no JSON object")
    return value


def write_private(path: Path, value: Mapping[str, Any]) -> None:
    """Write a new JSON file, mode 0600: all of it, or none. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2)
            file.write("\n")
    except BaseException:  # a full disk: half a key is no key, and would be in the way of the next try
        path.unlink()
        raise
