"""Wrapping every key of the store again under a new version of the key-encryption key, so that the one before can be destroyed.

A data key that was destroyed lives on in old backups, in write-ahead logs, in dead rows of PostgreSQL: wrapped. Once the version that had
wrapped it is destroyed, none of these opens (docs/decisions/0017). In steps of one short transaction each, while the log goes on; whoever
was killed, or comes second, goes on where the last step ended.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from services.audit.driver import Driver
from services.audit.subject_keys import bound_to
from services.audit.tables import SubjectKeyRow
from shared.database import Database
from shared.key_encryption import KeyProvider, WrappedKeyRefused, version_of

KEYS_OF_A_STEP: Final = 2_000
"""Some 20 ms of the writer's time."""

KEYS_TRIED: Final = 50
_SOME: Final = "SELECT key_id, wrapped FROM subject_key LIMIT ?"
_STATE: Final = "SELECT version, oldest, rewrapped_to, rewrapped FROM key_wrapping"


class Wrapping(NamedTuple):
    """How far the wrapping is."""

    version: int
    oldest: int
    """Every key is wrapped by this version or a later one."""
    rewrapped: int
    """Data keys that are wrapped by `version` after the last change of it."""

    @property
    def complete(self) -> bool:
        """No key is wrapped by an older version."""
        return self.oldest == self.version


async def wrapping_of(database: Database) -> Wrapping | None:
    """The state of it; None in a store that has no key yet."""
    rows = await database.read(lambda connection: Driver(connection).rows(_STATE))
    return Wrapping(rows[0][0], rows[0][1], rows[0][3]) if rows else None


async def versions_in(database: Database) -> frozenset[int]:
    """Which versions of the key-encryption key may wrap something that is stored: whoever destroys one of them destroys that."""
    state = await wrapping_of(database)
    return frozenset() if state is None else frozenset(range(state.oldest, state.version + 1))


async def strange_versions(database: Database, provider: KeyProvider) -> frozenset[int]:
    """Versions of the key-encryption key that are here, and did not wrap what is stored under their numbers: keys of another store."""
    return await database.read(lambda connection: _strange(Driver(connection), provider))


def _strange(driver: Driver, provider: KeyProvider) -> frozenset[int]:
    """A start waits for no look through everything. A row that is damaged is no other key."""
    seen: set[int] = set()
    opened_by: set[int] = set()
    own = [(name.encode(), bytes(wrapped)) for name, wrapped in driver.rows("SELECT name, wrapped FROM log_key")]
    students = [(bound_to(bytes(key_id)), bytes(wrapped)) for key_id, wrapped in driver.rows(_SOME, KEYS_TRIED)]
    for context, wrapped in [*own, *students]:
        if version_of(wrapped) in provider.versions:
            seen.add(version_of(wrapped))
            with suppress(WrappedKeyRefused):
                provider.unwrap(wrapped, context=context)
                opened_by.add(version_of(wrapped))
    return frozenset(seen - opened_by)


async def begin(database: Database, version: int) -> None:
    """Let `version` wrap from now on. Every process has it by then, or finds its file in the key folder; else it takes no new student.

    # INVARIANT: behind the lock of every log: a transaction that wraps by the version before has committed, or will read the new one.
    """

    def change(driver: Driver) -> None:
        driver.locked("SELECT log FROM tree_state ORDER BY log")
        driver.change("UPDATE key_wrapping SET version = ?, rewrapped_to = NULL, rewrapped = 0 WHERE version < ?", version, version)

    await database.write(lambda connection: change(Driver(connection)))


async def rewrap(database: Database, provider: KeyProvider, *, progress: Callable[[int], None] = lambda _: None) -> int:
    """Wrap again what an older version wrapped, to the end. Gives the version that wraps everything. Raises WrappedKeyRefused.

    progress  is told after each step how many data keys are done
    """
    while True:
        state = await database.write(lambda connection: _step(Driver(connection), provider))
        if state is None or state.complete:
            return provider.version if state is None else state.version
        progress(state.rewrapped)
        await asyncio.sleep(0)  # appends come in between


def destroy_retired(provider: KeyProvider, state: Wrapping) -> Sequence[int]:
    """Destroy every version that wraps nothing any more. Gives those that are gone. Raises OSError where their files may not be removed."""
    provider.load()
    gone = sorted(version for version in provider.versions if version < state.oldest)
    for version in gone:
        provider.destroy(version)
    return gone


def _step(driver: Driver, provider: KeyProvider) -> Wrapping | None:
    held = driver.locked(_STATE, patiently=True)
    if not held:
        return None
    version, oldest, after, rewrapped = held[0]
    if oldest == version:
        return Wrapping(version, oldest, rewrapped)
    if version not in provider.versions:
        provider.load()
    query = "SELECT key_id, wrapped FROM subject_key WHERE key_id > ? ORDER BY key_id LIMIT ?"
    rows = driver.rows(query, bytes(after or b""), KEYS_OF_A_STEP)
    older = [(bytes(key_id), bytes(wrapped)) for key_id, wrapped in rows if version_of(bytes(wrapped)) != version]
    driver.rewrite(
        SubjectKeyRow, "key_id", "wrapped", [(key_id, _again(provider, bound_to(key_id), key, version)) for key_id, key in older]
    )
    if len(rows) == KEYS_OF_A_STEP:
        rewrapped += len(rows)
        driver.change("UPDATE key_wrapping SET rewrapped_to = ?, rewrapped = ?", bytes(rows[-1][0]), rewrapped)
        return Wrapping(version, oldest, rewrapped)
    _rewrap_own_keys(driver, provider, version)
    driver.change("UPDATE key_wrapping SET oldest = version, rewrapped_to = NULL, rewrapped = ?", rewrapped + len(rows))
    return Wrapping(version, version, rewrapped + len(rows))


def _rewrap_own_keys(driver: Driver, provider: KeyProvider, version: int) -> None:
    """The keys that make tags, and the service's others."""
    own: list[tuple[Any, ...]] = driver.rows("SELECT name, wrapped FROM log_key")
    for name, wrapped in own:
        if version_of(bytes(wrapped)) != version:
            again = _again(provider, name.encode(), bytes(wrapped), version)
            driver.change("UPDATE log_key SET wrapped = ? WHERE name = ?", again, name)


def _again(provider: KeyProvider, context: bytes, wrapped: bytes, version: int) -> bytes:
    return provider.wrap(provider.unwrap(wrapped, context=context), context=context, version=version)
