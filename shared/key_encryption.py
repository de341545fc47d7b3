"""Where a service's key-encryption key lives. A provider wraps and unwraps data keys; it never shows its own.

Files now; PKCS#11, a KMS and Vault transit are further providers of the same three verbs. Whoever takes the files and the database of a
service can open everything that the service has sealed.
"""

import secrets
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.keys import KeyFileUnusable, new_symmetric_key, read_symmetric_key

NONCE_BYTES = 12
VERSION_BYTES = 4


class WrappedKeyRefused(Exception):
    """A wrapped key does not open: other bytes, another context, or a version of the key-encryption key that is not here."""


class KeyProvider(Protocol):
    """Holds the key-encryption key in versions: the newest wraps, every one kept unwraps."""

    @property
    def version(self) -> int:
        """The version that wraps now, from 1."""
        ...

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """`key` under the newest version, bound to `context`."""
        ...

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """The key. Raises WrappedKeyRefused."""
        ...

    def rotate(self) -> int:
        """Make a new version, which wraps from now on. What was wrapped before still opens, until it is wrapped again."""
        ...


class FileKeyProvider:
    """AES-256-GCM under the newest of `<version>.key`, 32 bytes each. A wrapped key is version (4 bytes) ‖ nonce ‖ ciphertext and tag.

    A nonce is random: make a new version before one has wrapped 2^32 keys (NIST SP 800-38D section 8.3).
    """

    def __init__(self, folder: Path) -> None:
        """Raises KeyFileUnusable if there is no key, or one that others may read."""
        self._folder = folder
        self._ciphers = {version: AESGCM(read_symmetric_key(path)) for version, path in _versions(folder).items()}
        if not self._ciphers:
            raise KeyFileUnusable(f"{folder.name} holds no key: create it with `safepassage-node keys`")

    @property
    def version(self) -> int:
        """The version that wraps now."""
        return max(self._ciphers)

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """`key` under the newest version, bound to `context`."""
        version, nonce = self.version, secrets.token_bytes(NONCE_BYTES)
        head = version.to_bytes(VERSION_BYTES, "big")
        return head + nonce + self._ciphers[version].encrypt(nonce, key, head + context)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """The key. Raises WrappedKeyRefused."""
        head, sealed = wrapped[:VERSION_BYTES], wrapped[VERSION_BYTES:]
        cipher = self._ciphers.get(int.from_bytes(head, "big"))
        if cipher is None:
            raise WrappedKeyRefused
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], head + context)
        except (InvalidTag, ValueError) as error:
            raise WrappedKeyRefused from error

    def rotate(self) -> int:
        """Write the next version's file and wrap with it from now on."""
        version = self.version + 1
        path = self._folder / f"{version}.key"
        new_symmetric_key(path)
        self._ciphers[version] = AESGCM(read_symmetric_key(path))
        return version


def _versions(folder: Path) -> dict[int, Path]:
    return {int(path.stem): path for path in folder.glob("*.key") if path.stem.isdigit() and int(path.stem) > 0}
