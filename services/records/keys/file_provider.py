"""The key-encryption key as files that only the records service can read: `key-encryption/<version>.key`, 32 bytes each.

Whoever takes these files and the database can read every record of the node.
"""

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.records.keys.provider import WrappedKeyRefused, version_of
from shared.keys import KeyFileUnusable, new_symmetric_key, read_symmetric_key

NONCE_BYTES = 12


class FileKeyProvider:
    """AES-256-GCM under the newest file. A wrapped key is version (4 bytes) ‖ nonce ‖ ciphertext and tag."""

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
        head = version.to_bytes(4, "big")
        return head + nonce + self._ciphers[version].encrypt(nonce, key, head + context)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """The key. Raises WrappedKeyRefused."""
        cipher = self._ciphers.get(version_of(wrapped))
        if cipher is None:
            raise WrappedKeyRefused
        nonce, sealed = wrapped[4 : 4 + NONCE_BYTES], wrapped[4 + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, sealed, wrapped[:4] + context)
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
