"""Keys and secrets as files that only their owner can read; never in settings, never in a database in clear, never with a default."""

import json
import os
import secrets
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from safepassage.batch_signatures import signatures_of
from safepassage.canonical import from_base64url, to_base64url
from safepassage.compact import assemble, public_jwk, public_key_of, signing_input, thumbprint

DOOMED = ".destroying"
"""Ends the name of a file that is being destroyed."""


class KeyFileUnusable(Exception):
    """A key file is missing, malformed, or can be read by others. The process does not start; nothing has a default."""


class SigningKey:
    """An Ed25519 private key of one service. It signs; it does not tell itself (repr has the kid only)."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public: Ed25519PublicKey = private.public_key()
        self.kid: str = thumbprint(self.public)

    def __repr__(self) -> str:
        return f"SigningKey({self.kid})"

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature of `data`."""
        return self._private.sign(data)

    def sign_compact(self, *, typ: str, payload: dict[str, Any]) -> str:
        """A compact JWS of `payload` (safepassage.compact)."""
        signed = signing_input(typ=typ, kid=self.kid, payload=payload)
        return assemble(signed, self.sign(signed))

    def sign_together(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
        """A compact JWS of each payload with its typ, under one signature (safepassage.batch_signatures); one alone is signed as ever."""
        if len(messages) == 1:
            return [self.sign_compact(typ=typ, payload=payload) for typ, payload in messages]
        inputs = [signing_input(typ=typ, kid=self.kid, payload=payload, batched=True) for typ, payload in messages]
        return [assemble(signed, signature) for signed, signature in zip(inputs, signatures_of(inputs, self.sign), strict=True)]

    @property
    def jwk(self) -> dict[str, str]:
        """The public key as a JWK."""
        return public_jwk(self.public)

    @classmethod
    def generate(cls) -> "SigningKey":
        """A new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> "SigningKey":
        """The key of a private JWK file that only its owner can read. Raises KeyFileUnusable."""
        return cls(_private(path))

    def save(self, path: Path) -> None:
        """Write the private JWK to a new file, mode 0600."""
        jwk = {**self.jwk, "d": to_base64url(self._private.private_bytes_raw())}
        write_secret(path, json.dumps(jwk).encode())


def seed_of(path: Path) -> bytes:
    """The 32 secret bytes of a private JWK file, for what goes on under a key that is to be replaced. Raises KeyFileUnusable."""
    return _private(path).private_bytes_raw()


def _private(path: Path) -> Ed25519PrivateKey:
    try:
        jwk = json.loads(read_secret(path))
        key = Ed25519PrivateKey.from_private_bytes(from_base64url(jwk["d"]))
        kid = jwk.get("kid")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyFileUnusable(f"{path.name} is not a private Ed25519 JWK") from error
    if kid is not None and kid != thumbprint(key.public_key()):
        raise KeyFileUnusable(f"{path.name} has a kid that is not its thumbprint")
    return key


def read_secret(path: Path, *, named_by: str | None = None) -> bytes:
    """The bytes of a secret file. Raises KeyFileUnusable, which says what to do: it is missing, another user's, or open to others.

    named_by  the variable that names the file, of a secret that is no key of ours: no backup of keys has it
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if open_to_others(status.st_mode, owner=status.st_uid, reader=os.geteuid()):
                raise KeyFileUnusable(f"{path.name} can be read by others: chmod 600")
            return file.read()
    except FileNotFoundError as error:
        back = "put it back from the backup of the keys (`safepassage-node keys` makes new ones)"
        raise KeyFileUnusable(f"{path.name} is not there: {back if named_by is None else f'{named_by} names it'}") from error
    except PermissionError as error:
        raise KeyFileUnusable(f"{path.name} is another user's: run this as the user whose file it is") from error
    except OSError as error:
        raise KeyFileUnusable(f"{path.name} cannot be read: {error.strerror}") from error


def open_to_others(mode: int, *, owner: int, reader: int) -> bool:
    """Whether a secret file is open to more than its reader, by PostgreSQL's own rule for its key file.

    0600 at most; or 0640 at most if root owns it and another user reads it, for that is how Kubernetes mounts a secret.
    """
    allowed = stat.S_IRGRP if owner == 0 and reader != 0 else 0
    return bool(mode & (stat.S_IRWXG | stat.S_IRWXO) & ~allowed)


def write_secret(path: Path, data: bytes) -> None:
    """Write a new secret file, mode 0600, in a folder of mode 0700: all of it is there, or nothing, after a crash and for another process.

    Raises FileExistsError rather than replace a key.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, it replaces nothing
    finally:
        draft.unlink()


def destroy_secret(path: Path) -> None:
    """Overwrite and remove a secret file; one that is not there any more is destroyed already.

    Under another name first: a crash halfway leaves no file of zeros that would pass for a damaged key. Zeros before it is removed: where
    the file system writes in place, nothing is left to undelete.
    """
    doomed = path.with_name(f"{path.name}{DOOMED}")
    with suppress(FileNotFoundError):
        path.rename(doomed)
    with suppress(FileNotFoundError), doomed.open("r+b") as file:  # another process was quicker, or an earlier one ended here
        file.write(b"\0" * os.fstat(file.fileno()).st_size)
        file.flush()
        os.fsync(file.fileno())
        doomed.unlink()


def new_symmetric_key(path: Path) -> None:
    """Write 32 random bytes as a new secret file."""
    write_secret(path, to_base64url(secrets.token_bytes(32)).encode())


def read_symmetric_key(path: Path) -> bytes:
    """The 32 bytes of a symmetric key file. Raises KeyFileUnusable."""
    try:
        key = from_base64url(read_secret(path).decode("ascii").strip())
    except (ValueError, UnicodeDecodeError) as error:
        raise KeyFileUnusable(f"{path.name} is not 32 bytes in base64url") from error
    if len(key) != 32:
        raise KeyFileUnusable(f"{path.name} is not 32 bytes in base64url")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The key of a public JWK file. Raises KeyFileUnusable."""
    try:
        return public_key_of(json.loads(path.read_bytes()))
    except FileNotFoundError as error:
        raise KeyFileUnusable(f"{path.name} is not there: put it back from the backup of the keys") from error
    except Exception as error:
        raise KeyFileUnusable(f"{path.name} is not a public Ed25519 JWK") from error
