"""The keys of the log's store, wrapped by the key-encryption key: which version wraps now, and what one that is gone means."""

import secrets
from typing import Final

from safepassage.problems.requests import TemporarilyUnavailable
from services.audit.driver import Driver
from shared.key_encryption import KeyProvider, WrappedKeyRefused, version_of
from shared.keys import KeyFileUnusable

_HELD_KEY: Final = "SELECT wrapped FROM log_key WHERE name = ?"
_WRAPPING: Final = "SELECT version FROM key_wrapping"

OLDER_COPY: Final = (
    "key-encryption holds not the version that wrapped the keys of this store: either put its file back, or this is a copy of the store "
    "from before a destruction, whose version was destroyed: restore a newer one (docs/retention.md)"
)


class KeyVersionGone(WrappedKeyRefused):
    """The version of the key-encryption key that wrapped a key is not here."""


class WrappedKeys:
    """Unwraps keys, and makes those of the service itself."""

    def __init__(self, provider: KeyProvider) -> None:
        self.provider = provider
        """Who wraps them."""
        self._had: set[int] = set()
        """Versions of the key-encryption key that have opened something for this process."""

    def wrapping(self, driver: Driver) -> int:
        """The version of the key-encryption key that wraps now: the store names it, for all processes at the same instant.

        # INVARIANT: read in the transaction that wraps, behind the lock of the log: after a version was retired nothing is wrapped by it.
        """
        held = driver.rows(_WRAPPING)
        if not held:
            newest = self.provider.version
            driver.change(
                "INSERT INTO key_wrapping (id, version, oldest, rewrapped) VALUES (1, ?, ?, 0) ON CONFLICT DO NOTHING", newest, newest
            )
            held = driver.rows(_WRAPPING)
        version = int(held[0][0])
        if version not in self.provider.versions:
            self.provider.load()
        return version

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """A key that was wrapped for `context`. Raises KeyVersionGone, TemporarilyUnavailable, WrappedKeyRefused."""
        if version_of(wrapped) > self.provider.version:
            self.provider.load()  # it was made after this process had started
        version = version_of(wrapped)
        if version not in self.provider.versions:
            if version in self._had:
                # INVARIANT: what was read before everything was wrapped anew is never taken for what was destroyed: whoever reads it again
                # finds it. Else a search said that there is nothing, and the index forgot an entry for good.
                raise TemporarilyUnavailable("the keys were wrapped anew meanwhile")
            raise KeyVersionGone
        key = self.provider.unwrap(wrapped, context=context)
        self._had.add(version)
        return key

    def service_key(self, driver: Driver, name: str) -> bytes:
        """The key of the service itself that has this name; made once, in a writing transaction."""
        held = driver.rows(_HELD_KEY, name)
        if not held:
            wrapped = self.provider.wrap(secrets.token_bytes(32), context=name.encode(), version=self.wrapping(driver))
            # Replicas that start together on a new store each make one: the first to commit has made the key, the others read it.
            driver.change("INSERT INTO log_key (name, wrapped) VALUES (?, ?) ON CONFLICT DO NOTHING", name, wrapped)
            held = driver.rows(_HELD_KEY, name)
        return self.service_key_of(name, bytes(held[0][0]))

    def held_service_key(self, driver: Driver, name: str) -> bytes:
        """The same, that is there already."""
        ((wrapped,),) = driver.rows(_HELD_KEY, name)
        return self.service_key_of(name, bytes(wrapped))

    def service_key_of(self, name: str, wrapped: bytes) -> bytes:
        """The same, of a row that was read.

        Raises KeyFileUnusable, which says that a file is missing or that an older copy of the store was restored.
        """
        try:
            return self.unwrap(wrapped, name.encode())
        except KeyVersionGone as error:
            raise KeyFileUnusable(OLDER_COPY) from error
