"""A key-encryption key whose versions are stored wrapped, each by a root key that somebody else holds (shared.root_keys).

`<version>.wrapped` in the key folder is worth nothing without the holder. Opened, a version is in memory alone, on a lease: the holder is
asked again and again, and once it refuses, or does not answer for as long as the lease lasts, nothing is sealed or opened any more. So the
holder is asked at the start and each third of the lease, never by a request: what it costs does not grow with the work.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safepassage.canonical import from_base64url, to_base64url
from safepassage.problems.keys import KeysUnavailable
from shared.key_encryption import WRAPPED, FileKeyProvider, WrappedKeyRefused, require_changeable, wrapped_versions
from shared.keys import KeyFileUnusable, destroy_secret, read_secret, write_secret
from shared.root_keys.root_key import KEY_BYTES, RootKey, RootKeyRefused, RootKeyUnreachable

log = logging.getLogger(__name__)

NONE_HERE = "no key-encryption key of the key provider is here: make it with `safepassage-node keys next-key-encryption-key`"


class WrappedKeyProvider(FileKeyProvider):
    """Versions that root keys unwrap. Versions that are plain files still unwrap until they are destroyed: none of them wraps."""

    def __init__(
        self,
        folder: Path,
        root: RootKey,
        *,
        context: Mapping[str, str],
        lease_seconds: float,
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens every version. Raises KeyFileUnusable, KeysUnavailable.

        context  whose keys they are: what is wrapped is bound to it, and to its version
        passed   seconds since some instant; never goes back
        """
        self._root, self._context, self._lease, self._passed = root, dict(context), lease_seconds, passed
        self._opened: dict[int, AESGCM] = {}
        self._usable_until = passed() + lease_seconds
        self._trouble: str | None = None
        super().__init__(folder)

    def load(self) -> None:
        """Open the versions that are there now, and forget those that are not. Raises KeysUnavailable where the newest does not open."""
        files, opened = self._files(), {}
        for version, path in sorted(files.items()):
            held = self._opened.get(version)
            try:
                opened[version] = held or AESGCM(self._unwrapped(version, path))
            except RootKeyUnreachable as error:
                raise KeysUnavailable("the key provider does not answer") from error
            except RootKeyRefused as error:
                if version == max(files):
                    raise KeysUnavailable("the key provider refuses the key") from error
                log.warning("an older key-encryption key is refused", extra={"kid": str(version)})
        self._hold(opened, files)

    @property
    def version(self) -> int:
        """The newest version that a root key wraps. Raises KeyFileUnusable, KeysUnavailable."""
        self.require_usable()
        if not self._opened:
            raise KeyFileUnusable(NONE_HERE)
        return max(self._opened)

    @property
    def versions(self) -> frozenset[int]:
        """All that open. Raises KeysUnavailable."""
        self.require_usable()
        return frozenset(self._ciphers)

    @property
    def trouble(self) -> str | None:
        """What is wrong with the provider, for readiness: it may be so before anything has stopped."""
        return self._trouble

    def require_usable(self) -> None:
        """Raises KeysUnavailable once the lease is over."""
        if self._passed() >= self._usable_until:
            raise KeysUnavailable

    def confirm(self) -> None:
        """Have every version opened again. Refused, or unanswered past the lease, the keys leave memory; granted, they are back.

        Not asked, for want of a file (the holder's token, its PIN, a wrapped key), is not answered.
        """
        try:
            refused = self._ask_again()
        except (RootKeyUnreachable, KeyFileUnusable) as error:
            self._trouble = str(error)
            if self._passed() >= self._usable_until:
                self._forget()
            log.warning("key provider does not answer", extra={"fault": str(error)})
            return
        if refused is not None:
            self._trouble, self._usable_until = str(refused), self._passed()
            self._forget()
            log.error("key provider refused", extra={"fault": str(refused)})
            return
        self._trouble, self._usable_until = None, self._passed() + self._lease

    def close(self) -> None:
        """Let go of the holder, and of the keys."""
        self._forget()
        self._root.close()

    def wrap(self, key: bytes, *, context: bytes, version: int | None = None) -> bytes:
        """As FileKeyProvider, never by a version that is a plain file. Raises WrappedKeyRefused, KeysUnavailable, KeyFileUnusable."""
        chosen = version or self.version
        self.require_usable()
        if chosen not in self._opened:
            raise WrappedKeyRefused
        return super().wrap(key, context=context, version=chosen)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """As FileKeyProvider. Raises WrappedKeyRefused, KeysUnavailable."""
        self.require_usable()
        return super().unwrap(wrapped, context=context)

    def _has_file(self, version: int) -> bool:
        """Whether there is a file of it now. To open it the holder is asked: once, when the first key comes that it wrapped."""
        return super()._has_file(version) or (self._folder / f"{version}{WRAPPED}").exists()

    def rotate(self) -> int:
        """Have the root key's holder make the next version. It is stored once it was seen to open.

        Raises KeysUnavailable; KeyFileUnusable where it cannot be stored.
        """
        require_changeable(self._folder)
        version = max([*self._files(), *self._ciphers], default=0) + 1
        try:
            made = self._root.generate(version, context=self._bound_to(version))
            opened = self._root.unwrap(made.wrapped, version=version, context=self._bound_to(version))
        except (RootKeyRefused, RootKeyUnreachable) as error:
            raise KeysUnavailable(f"no version was made: {error}") from error
        if opened != made.key or len(opened) != KEY_BYTES:
            raise KeysUnavailable("no version was made: what the provider wrapped does not open as it was")
        document = {"v": 1, "version": version, "wrapped": to_base64url(made.wrapped)}
        try:
            write_secret(self._folder / f"{version}{WRAPPED}", json.dumps(document).encode())
        except FileExistsError:
            log.info("another process made the version first", extra={"kid": str(version)})
        self.load()
        return version

    def destroy(self, version: int) -> None:
        """Destroy the root key of a version, then its file: no copy of the file is worth anything. Raises KeysUnavailable."""
        path = self._folder / f"{version}{WRAPPED}"
        if path.exists():
            try:
                self._root.destroy(version, wrapped=_wrapped_in(path, version))
            except (RootKeyRefused, RootKeyUnreachable) as error:
                raise KeysUnavailable(f"not destroyed: {error}") from error
            destroy_secret(path)
            self._opened.pop(version, None)
        super().destroy(version)

    def _ask_again(self) -> RootKeyRefused | None:
        """The holder's refusal of the newest version, if it refuses. An older one that it refuses is dropped.

        Raises RootKeyUnreachable; KeyFileUnusable where a file is missing, or all of them are.
        """
        files, opened = self._files(), {}
        if not files:
            raise KeyFileUnusable("no wrapped key-encryption key is here any more: put its file back")
        refused = None
        for version, path in files.items():
            try:
                cipher = AESGCM(self._unwrapped(version, path))
            except RootKeyRefused as error:
                refused = error if version == max(files) else refused
                continue
            opened[version] = self._opened.get(version) or cipher
        self._hold(opened, files)
        return refused

    def _hold(self, opened: dict[int, AESGCM], files: Mapping[int, Path]) -> None:
        self._opened = opened
        self._ciphers = {version: cipher for version, cipher in self._plain(self._ciphers).items() if version not in files} | opened

    def _forget(self) -> None:
        self._opened, self._ciphers = {}, {}

    def _files(self) -> dict[int, Path]:
        return wrapped_versions(self._folder)

    def _unwrapped(self, version: int, path: Path) -> bytes:
        key = self._root.unwrap(_wrapped_in(path, version), version=version, context=self._bound_to(version))
        if len(key) != KEY_BYTES:
            raise RootKeyRefused("what it opens is no key")
        return key

    def _bound_to(self, version: int) -> dict[str, str]:
        return self._context | {"safepassage-version": str(version)}


def _wrapped_in(path: Path, version: int) -> bytes:
    """Raises KeyFileUnusable."""
    try:
        document = json.loads(read_secret(path))
        wrapped = from_base64url(document["wrapped"])
        said = (document["v"], document["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise KeyFileUnusable(f"{path.name} is not a wrapped key-encryption key") from error
    if said != (1, version):
        raise KeyFileUnusable(f"{path.name} is a key-encryption key of another version")
    return wrapped
