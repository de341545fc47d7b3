"""The keys to which other nodes seal: one a week, destroyed when nothing can be under way to it any more (decisions 9).

A file each in the service's key folder: `hpke/<epoch>.json`, and `hpke/<epoch>.<kem>.json` of the second suite. What is destroyed is gone
from here; keep the folder out of ordinary backups, or a key that was destroyed comes back. Whoever takes these files can open what peers
seal to this node in those weeks.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from safepassage.canonical import from_base64url, to_base64url
from safepassage.node_statement import EncryptionKey
from safepassage.problems.messages import EncryptionKeyUnknown
from safepassage.sealing import encryption_kid
from safepassage.suites import MLKEM768_X25519
from services.records.exchange.seals import SEED_BYTES, SUPPORTED, PrivateKey
from shared.clock import EPOCH
from shared.keys import DOOMED, KeyFileUnusable, destroy_secret, read_secret, write_secret

LASTS = timedelta(days=7)
"""For so long others seal to a key."""
KEPT = timedelta(days=21)
"""From its first day: 7 days of use and the 14 days for which a message may be under way."""
FOLDER = "hpke"


@dataclass(frozen=True)
class EpochKey:
    """One week's key."""

    epoch: int
    suite: str
    private: PrivateKey
    public_key: bytes
    kid: str

    @property
    def begins(self) -> datetime:
        """When others may begin to seal to it."""
        return EPOCH + self.epoch * LASTS

    @property
    def unused_from(self) -> datetime:
        """From then on nobody seals to it."""
        return self.begins + LASTS

    @property
    def destroyed_at(self) -> datetime:
        """From then on it opens nothing, whether or not the file is still there."""
        return self.begins + KEPT

    def published(self) -> EncryptionKey:
        """As the node's statement says it."""
        return EncryptionKey(
            kid=self.kid,
            suite=self.suite,
            epoch=self.epoch,
            public_key=to_base64url(self.public_key),
            not_before=int(self.begins.timestamp()),
            not_after=int(self.unused_from.timestamp()),
        )


def epoch_of(now: datetime) -> int:
    """The number of the week, counted from 1970-01-01T00:00Z."""
    return (now - EPOCH) // LASTS


class EpochKeys:
    """The keys of the weeks that are not over, from `hpke/` of the key folder or from a folder of their own."""

    def __init__(self, keys_directory: Path, *, folder: Path | None = None, suites: Sequence[str] = (MLKEM768_X25519.name,)) -> None:
        """`suites` are those for which keys are made and published; of any other, what is there opens until its time is over."""
        self._folder = folder or keys_directory / FOLDER
        self._suites = tuple(suites)
        self._keys: dict[tuple[int, str], EpochKey] = {}
        self.load()

    def load(self) -> None:
        """Read the files that are there now. Raises KeyFileUnusable for one that others may read or that is no key."""
        found = {place: path for path in self._folder.glob("*.json") if (place := _place(path)) is not None}
        self._keys = {place: self._keys.get(place) or _read(path, *place) for place, path in sorted(found.items())}

    def prepare(self, now: datetime) -> None:
        """Make the files of this week and the next, where they are missing: a statement can then be signed a week ahead."""
        for epoch in (epoch_of(now), epoch_of(now) + 1):
            for suite in self._suites:
                path = self._folder / _name(epoch, suite)
                if not path.exists():
                    try:
                        _write(path, epoch, suite)
                    except FileExistsError:
                        continue  # another replica was quicker; its key is the key
        self.load()

    def destroy_expired(self, now: datetime) -> tuple[int, ...]:
        """Overwrite and remove every key whose time is over. Gives the epochs that are gone."""
        over = [place for place, key in self._keys.items() if key.destroyed_at <= now]
        for epoch, suite in over:
            destroy_secret(self._folder / _name(epoch, suite))
            del self._keys[epoch, suite]
        for doomed in self._folder.glob(f"*{DOOMED}"):  # a crash came in between
            destroy_secret(doomed.with_name(doomed.name.removesuffix(DOOMED)))
        return tuple(sorted({epoch for epoch, _ in over}))

    def published(self, now: datetime) -> tuple[EncryptionKey, ...]:
        """The public keys for the node's statement: those of this week and later."""
        return tuple(key.published() for key in self._keys.values() if key.epoch >= epoch_of(now) and key.suite in self._suites)

    def current(self, now: datetime, *, suite: str) -> EpochKey:
        """This week's key of a suite; where the operator turns the keys and is late, the newest that opens. Raises EncryptionKeyUnknown."""
        week = epoch_of(now)
        keys = [key for key in self.alive(now) if key.suite == suite]
        if not keys:
            raise EncryptionKeyUnknown("this node has no encryption key that opens")
        return max(keys, key=lambda key: (key.epoch == week, key.epoch))

    def kids(self, now: datetime) -> frozenset[str]:
        """Names of the keys that open at `now`."""
        return frozenset(key.kid for key in self.alive(now))

    def private(self, kid: str, *, now: datetime) -> PrivateKey:
        """The key named `kid`. Raises EncryptionKeyUnknown for one that is not here or whose time is over."""
        for key in self.alive(now):
            if key.kid == kid:
                return key.private
        raise EncryptionKeyUnknown

    def alive(self, now: datetime) -> Iterable[EpochKey]:
        """Those that open at `now`: of this week, the next, and the weeks before for which something may be under way."""
        return (key for key in self._keys.values() if now < key.destroyed_at)


def _name(epoch: int, suite: str) -> str:
    """Of a key's file. The default suite's is that of versions that knew no other."""
    return f"{epoch}.json" if suite == MLKEM768_X25519.name else f"{epoch}.{suite.partition('.')[0]}.json"


_SUITE_OF_KEM: Final = {suite.partition(".")[0]: suite for suite in SUPPORTED if suite != MLKEM768_X25519.name} | {"": MLKEM768_X25519.name}


def _place(path: Path) -> tuple[int, str] | None:
    """Epoch and suite of a file of a key; None for any other file."""
    epoch, _, kem = path.name.removesuffix(".json").partition(".")
    return (int(epoch), _SUITE_OF_KEM[kem]) if epoch.isdigit() and kem in _SUITE_OF_KEM else None


def _write(path: Path, epoch: int, suite: str) -> None:
    seed = secrets.token_bytes(SEED_BYTES)
    document = {"epoch": epoch, "suite": suite, "seed": to_base64url(seed)}
    write_secret(path, json.dumps(document).encode())


def _read(path: Path, epoch: int, suite: str) -> EpochKey:
    try:
        document = json.loads(read_secret(path))
        private = PrivateKey(from_base64url(document["seed"]), suite=suite)
    except (ValueError, KeyError, TypeError) as error:
        raise KeyFileUnusable(f"{path.name} is not an encryption key of a week") from error
    if document.get("epoch") != epoch or document.get("suite") != suite:
        raise KeyFileUnusable(f"{path.name} is not an encryption key of that week")
    public = private.public_bytes
    return EpochKey(epoch, suite, private, public, encryption_kid(public))
