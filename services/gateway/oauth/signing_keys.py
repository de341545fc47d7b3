"""The keys that sign access tokens, as files: pending → active → retiring → gone. They change while requests come, and none fails.

token-signing/pending.json        published, signs nothing yet: everybody who caches the key set learns it in time
token-signing/active.json         signs
token-signing/retiring/<kid>.json public, verifies what it signed until that has expired

Every file that a change touches is complete at every instant; a process that looks at any of them has all keys that count.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.compact import public_jwk, public_key_of, thumbprint
from shared.keys import KeyFileUnusable, SigningKey, read_secret

log = logging.getLogger(__name__)

PUBLISHED_FOR: Final = timedelta(seconds=5)
"""A pending key is published for so long before it may sign: longer than any process waits to look at the files."""
KEPT_FOR: Final = timedelta(hours=1, minutes=5)
"""A retiring key is kept for so long: the longest lifetime of an access token, and some minutes for clocks."""


class RotationTooEarly(Exception):
    """The next step would break somebody: the pending key is not yet published for long enough, or there is none."""


@dataclass(frozen=True)
class TokenKeys:
    """The keys at one instant: one signs, all verify."""

    active: SigningKey
    verifying: Mapping[str, Ed25519PublicKey]

    @property
    def jwks(self) -> list[dict[str, str]]:
        """Public JWKs of all, the active one first."""
        return [public_jwk(key) for _, key in sorted(self.verifying.items(), key=lambda item: item[0] != self.active.kid)]


def load_token_keys(folder: Path) -> TokenKeys:
    """The keys in `folder`. Raises KeyFileUnusable without a usable active one; whatever else is unusable too."""
    active = SigningKey.load(folder / "active.json")
    verifying = {active.kid: active.public}
    if (folder / "pending.json").exists():
        pending = SigningKey.load(folder / "pending.json")
        verifying[pending.kid] = pending.public
    for path in sorted((folder / "retiring").glob("*.json")):
        key = public_key_of(_read(path))
        verifying[thumbprint(key)] = key
    return TokenKeys(active, verifying)


class WatchedTokenKeys:
    """The keys of a folder, loaded again when a file has changed. A folder that cannot be read leaves the last good keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen, self.current = self._load()

    def refresh(self) -> None:
        """Look at the files: a few system calls."""
        if self._signature() == self._seen:
            return
        try:
            self._seen, self.current = self._load()
        except (KeyFileUnusable, OSError) as error:
            log.error("token signing keys cannot be read", extra={"fault": type(error).__name__})  # noqa: TRY400 the last good ones stay
            return
        log.info("token signing keys changed", extra={"kid": self.current.active.kid, "count": len(self.current.verifying)})

    def _load(self) -> tuple[tuple[Any, ...], TokenKeys]:
        """All files of one instant: read again if one changed meanwhile. Raises KeyFileUnusable."""
        for _ in range(5):
            before = self._signature()
            try:
                keys = load_token_keys(self._folder)
            except (KeyFileUnusable, OSError):
                if self._signature() == before:
                    raise
                continue
            if self._signature() == before:
                return before, keys
        raise KeyFileUnusable("the token signing keys change all the time")

    def _signature(self) -> tuple[Any, ...]:
        paths = [self._folder / "active.json", self._folder / "pending.json", *sorted((self._folder / "retiring").glob("*.json"))]
        return tuple((path.name, *_stat(path)) for path in paths)


def prepare(folder: Path) -> str:
    """Make a pending key; gives its kid. Raises FileExistsError if there is one."""
    key = SigningKey.generate()
    key.save(folder / "pending.json")
    return key.kid


def activate(folder: Path, *, now: datetime, published_for: timedelta = PUBLISHED_FOR) -> str:
    """The pending key signs from now on, the active one retires; gives the new kid. Raises RotationTooEarly.

    INVARIANT: the old key is among the retiring ones before it stops being the active one.
    """
    pending = folder / "pending.json"
    try:
        published_at = datetime.fromtimestamp(pending.stat().st_mtime, UTC)
    except FileNotFoundError as error:
        raise RotationTooEarly("there is no pending key: prepare one first") from error
    if now < published_at + published_for:
        raise RotationTooEarly("the pending key is not yet published for long enough")
    old, new = SigningKey.load(folder / "active.json"), SigningKey.load(pending)
    retiring = folder / "retiring"
    retiring.mkdir(mode=0o700, exist_ok=True)
    _write(retiring / f"{old.kid}.json", {**old.jwk, "retired_at": int(now.timestamp())})
    os.replace(pending, folder / "active.json")
    return new.kid


def remove_expired(folder: Path, *, now: datetime, kept_for: timedelta = KEPT_FOR) -> list[str]:
    """Remove retiring keys whose tokens have all expired; gives their kids."""
    gone = []
    for path in sorted((folder / "retiring").glob("*.json")):
        retired_at = _read(path).get("retired_at")
        if isinstance(retired_at, int) and now.timestamp() >= retired_at + kept_for.total_seconds():
            path.unlink()
            gone.append(path.stem)
    return gone


def _read(path: Path) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(read_secret(path))
    except ValueError as error:
        raise KeyFileUnusable(f"{path.name} is not JSON") from error
    return value


def _write(path: Path, value: dict[str, Any]) -> None:
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file)
    os.replace(new, path)


def _stat(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)
