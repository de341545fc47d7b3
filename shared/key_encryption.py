"""Where a service's key-encryption key lives. A provider wraps and unwraps data keys; it never shows its own.

As files here: whoever takes the files and the database of a service can open everything that the service has sealed. Or wrapped by a root
key that a security module, a cloud's key service or a transit engine holds: shared.wrapped_key_encryption.
"""

import os
import secrets
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, LargeBinary, func

from safepassage.problems.keys import KeysUnavailable
from shared.keys import DOOMED, KeyFileUnusable, destroy_secret, new_symmetric_key, read_symmetric_key

WRAPPED = ".wrapped"
"""Ends the name of a version's file that a key provider wraps (shared.wrapped_key_encryption)."""
MOST_BEHIND = 100
"""Versions that another process may be ahead of this one. What says that it is of a later one yet was altered."""
NONCE_BYTES = 12
VERSION_BYTES = 4


class WrappedKeyRefused(Exception):
    """A wrapped key does not open: other bytes, another context, or a version of the key-encryption key that is not here."""


class VersionNotHere(WrappedKeyRefused):
    """By a version later than any that is here: another process of the service has its file already. It opens once that comes."""


class KeysOfAnotherStore(KeyFileUnusable):
    """The keys that are here are not those of the store: after a restore or a move, another node's or of another time. Nothing is served.

    What would be sealed under them opens for nobody once the right ones are back.
    """


def require_of_this_store(strange: Collection[int], *, of: str) -> None:
    """Raises KeysOfAnotherStore where there are versions that did not wrap what the store of a service has under their numbers."""
    if strange:
        named = ", ".join(map(str, sorted(strange)))
        raise KeysOfAnotherStore(
            f"version {named} of the key-encryption key of {of} did not wrap what its store holds: it is another store's"
        )


class KeyProvider(Protocol):
    """Holds the key-encryption key in versions: the newest wraps, every one kept unwraps."""

    @property
    def version(self) -> int:
        """The newest version, from 1. Raises KeysUnavailable where none is here any more."""
        ...

    @property
    def versions(self) -> frozenset[int]:
        """All that are here."""
        ...

    @property
    def trouble(self) -> str | None:
        """What is wrong with whoever holds the keys, for readiness. None: nothing is."""
        ...

    def require_usable(self) -> None:
        """Raises KeysUnavailable where nothing may be opened or sealed now, whatever is still in memory of data keys."""
        ...

    def confirm(self) -> None:
        """Have the holder say again that the keys may be used. Raises nothing for its sake: `trouble` and `require_usable` tell."""
        ...

    def close(self) -> None:
        """Give up what is open towards the holder."""
        ...

    def load(self) -> None:
        """Look again which versions are here: another process may have made or destroyed one. Raises KeyFileUnusable."""
        ...

    def wrap(self, key: bytes, *, context: bytes, version: int | None = None) -> bytes:
        """`key` under the newest version, or the one that is named, bound to `context`. Raises WrappedKeyRefused if it is not here."""
        ...

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """The key. Raises WrappedKeyRefused, of which VersionNotHere may pass; KeysUnavailable."""
        ...

    def rotate(self) -> int:
        """Make a new version, which wraps from now on. What was wrapped before still opens, until it is wrapped again."""
        ...

    def is_here(self, version: int) -> bool:
        """Whether there is a file of a version, or what a crash left of it on the way to its destruction."""
        ...

    def destroy(self, version: int) -> None:
        """Destroy a version for good: what it wrapped opens nowhere any more, in no copy of the store."""
        ...


def version_of(wrapped: bytes) -> int:
    """The version under which a key was wrapped."""
    return int.from_bytes(wrapped[:VERSION_BYTES], "big")


def version_in(column: Any) -> ColumnElement[bytes]:
    """Of a column of wrapped bytes those that `version_of` reads."""
    return func.substr(column, 1, VERSION_BYTES, type_=LargeBinary)


class FileKeyProvider:
    """AES-256-GCM under the newest of `<version>.key`, 32 bytes each. A wrapped key is version (4 bytes) ‖ nonce ‖ ciphertext and tag.

    A nonce is random: make a new version before one has wrapped 2^32 keys (NIST SP 800-38D section 8.3).
    """

    def __init__(self, folder: Path) -> None:
        """Raises KeyFileUnusable if there is no key, or one that others may read."""
        self._folder = folder
        self._ciphers: dict[int, AESGCM] = {}
        self.load()

    def load(self) -> None:
        """Read the files that are there now. A version that is not there any more opens nothing from here on. Raises KeyFileUnusable."""
        self._ciphers = self._plain(self._ciphers)
        if not self._ciphers and wrapped_versions(self._folder):
            raise KeyFileUnusable(f"{self._folder.name} holds keys that a key provider wraps: set SAFE_PASSAGE_KEY_PROVIDER (docs/keys.md)")
        if not self._ciphers:
            raise KeyFileUnusable(
                f"{self._folder.name} holds no key: put it back from the backup of the keys (`safepassage-node keys` makes new ones)"
            )

    def _plain(self, held: dict[int, AESGCM]) -> dict[int, AESGCM]:
        """The versions that are files in clear. Raises KeyFileUnusable."""
        return {version: held.get(version) or AESGCM(read_symmetric_key(path)) for version, path in _versions(self._folder).items()}

    @property
    def trouble(self) -> str | None:
        """None: files are here, or the process has not started."""
        return None

    def require_usable(self) -> None:
        """They are, as long as there is one. Raises KeysUnavailable."""
        if not self._ciphers:
            raise KeysUnavailable("no key-encryption key is here")

    def confirm(self) -> None:
        """Nobody is to be asked; look which files are there now. Raises KeyFileUnusable."""
        self.load()

    def close(self) -> None:
        """Nothing is open."""

    @property
    def version(self) -> int:
        """The newest version. Raises KeysUnavailable."""
        self.require_usable()
        return max(self._ciphers)

    @property
    def versions(self) -> frozenset[int]:
        """All that were there at the last look."""
        return frozenset(self._ciphers)

    def wrap(self, key: bytes, *, context: bytes, version: int | None = None) -> bytes:
        """`key` under the newest version, or the one that is named, bound to `context`. Raises WrappedKeyRefused, KeysUnavailable."""
        version, nonce = version or self.version, secrets.token_bytes(NONCE_BYTES)
        cipher = self._ciphers.get(version)
        if cipher is None:
            raise WrappedKeyRefused
        head = version.to_bytes(VERSION_BYTES, "big")
        return head + nonce + cipher.encrypt(nonce, key, head + context)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """The key. Raises WrappedKeyRefused; VersionNotHere where one that is not here yet has wrapped it; KeysUnavailable."""
        head, sealed = wrapped[:VERSION_BYTES], wrapped[VERSION_BYTES:]
        version = int.from_bytes(head, "big")
        later = version - max(self._ciphers, default=0)
        if later > 0 and self._has_file(version):
            self.load()  # it was made after this process had started
        self.require_usable()
        cipher = self._ciphers.get(version)
        if cipher is None:
            raise VersionNotHere if 0 < later <= MOST_BEHIND else WrappedKeyRefused
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], head + context)
        except (InvalidTag, ValueError) as error:
            raise WrappedKeyRefused from error

    def _has_file(self, version: int) -> bool:
        """Whether there is a file of it now."""
        return (self._folder / f"{version}.key").exists()

    def is_here(self, version: int) -> bool:
        """Whether there is a file of a version, or what a crash left of one."""
        return any((self._folder / f"{version}{kind}{ending}").exists() for kind in (".key", WRAPPED) for ending in ("", DOOMED))

    def rotate(self) -> int:
        """Write the next version's file and wrap with it from now on. One that another process has just made is that version.

        Raises KeyFileUnusable where a key provider wraps: its version would have the same number, and be another key.
        """
        if wrapped_versions(self._folder):
            raise KeyFileUnusable(f"{self._folder.name} holds keys that a key provider wraps: it makes the next one (docs/keys.md)")
        require_changeable(self._folder)
        version = self.version + 1
        with suppress(FileExistsError):
            new_symmetric_key(self._folder / f"{version}.key")
        self.load()
        return version

    def destroy(self, version: int) -> None:
        """Overwrite and remove a version's file, and those whose destruction a crash cut short. Raises OSError where it may not."""
        destroy_secret(self._folder / f"{version}.key")
        for doomed in self._folder.glob(f"*.key{DOOMED}"):
            destroy_secret(doomed.with_name(doomed.name.removesuffix(DOOMED)))
        self._ciphers.pop(version, None)


def require_changeable(folder: Path) -> None:
    """Before a provider makes a key for a version. Raises KeyFileUnusable where no file can come into the folder: a Secret is one."""
    if folder.exists() and not os.access(folder, os.W_OK):
        raise KeyFileUnusable(
            f"{folder.name} may not be changed here: make the version where the keys were made, and give its file from there"
        )


def wrapped_versions(folder: Path) -> dict[int, Path]:
    """The files of those that a key provider wraps."""
    return _versions(folder, WRAPPED)


def _versions(folder: Path, ending: str = ".key") -> dict[int, Path]:
    return {int(path.stem): path for path in folder.glob(f"*{ending}") if path.stem.isdigit() and int(path.stem) > 0}
