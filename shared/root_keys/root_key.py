"""What a holder of root keys does for us. It never shows a root key; what it wraps is a service's key-encryption key, a version each."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

Context = Mapping[str, str]
"""What a wrapped key is bound to: it opens with these names and values only. Nothing secret or personal: a key service logs them."""

KEY_BYTES = 32


class RootKeyUnreachable(Exception):
    """The holder does not answer, or not now. Its text names no address and no value."""


class RootKeyRefused(Exception):
    """The holder answers, and will not: the root key is disabled, destroyed or not ours, or the wrapped key or its context are others."""


class Generated(NamedTuple):
    """A new key from the holder's randomness."""

    key: bytes
    """32 bytes."""
    wrapped: bytes

    def __repr__(self) -> str:
        return "Generated()"


class RootKey(Protocol):
    """Root keys by version, one for each version of the key-encryption key: destroying one makes every copy of what it wrapped useless."""

    def generate(self, version: int, *, context: Context) -> Generated:
        """A root key for `version`, made if it is not there, and a new key wrapped by it. Raises RootKeyUnreachable, RootKeyRefused."""
        ...

    def unwrap(self, wrapped: bytes, *, version: int, context: Context) -> bytes:
        """The 32 bytes that `generate` wrapped. Raises RootKeyUnreachable, RootKeyRefused."""
        ...

    def destroy(self, version: int, *, wrapped: bytes) -> None:
        """Destroy the root key that made `wrapped`; one that is gone is destroyed. Raises RootKeyUnreachable, RootKeyRefused."""
        ...

    def close(self) -> None:
        """Give up what is open towards the holder."""
        ...


def context_bytes(context: Context) -> bytes:
    """The context as associated data: `name=value` lines, sorted by name. Names and values hold neither `=` nor line feeds."""
    return "\n".join(f"{name}={context[name]}" for name in sorted(context)).encode()
