"""What a key provider does; files now, PKCS#11, KMS and Vault transit are further providers of the same three verbs."""

from typing import Protocol


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


def version_of(wrapped: bytes) -> int:
    """The version that a wrapped key needs: its first four bytes."""
    return int.from_bytes(wrapped[:4], "big")
