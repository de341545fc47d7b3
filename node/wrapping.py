"""Which versions of a service's key-encryption key its store needs, whether they are here, and who may still wrap by another; whether the
keys that are here are this store's at all.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from services.audit.retention.wrapping import strange_versions as strange_to_the_log
from services.audit.retention.wrapping import versions_in as of_the_log
from services.privacy.key_wrapping import strange_versions as strange_to_privacy
from services.privacy.key_wrapping import versions_in as of_privacy
from services.privacy.sealing import Sealer
from services.records.own_keys import require_own_keys
from services.records.vault import Vault
from services.records.vault_rotation import versions_in as of_records
from shared.database import Database
from shared.key_encryption import KeyProvider, require_of_this_store
from shared.key_providers import ASKED_IN_A_LEASE, FOLDER
from shared.keys import KeyFileUnusable
from shared.sealing_settings import SealingSettings
from shared.who_may_call import ServiceName

VERSIONS_IN: Final[Mapping[ServiceName | str, Callable[[Database], Awaitable[frozenset[int]]]]] = {
    "records": of_records,
    "privacy": of_privacy,
    "audit": of_the_log,
}
"""The services that seal what they store, and what of their store says which versions wrap it."""


async def missing_versions(service: ServiceName, database: Database, provider: KeyProvider) -> list[int]:
    """Those that wrap something that is stored, and are not here: it does not open."""
    return sorted(await VERSIONS_IN[service](database) - provider.versions)


async def strange_keys(service: ServiceName, database: Database, settings: SealingSettings, provider: KeyProvider) -> str | None:
    """Why a service will not start by the keys that are here: they are another store's. None: they are this one's."""
    try:
        if service == "records":
            await require_own_keys(database, Vault.of(settings.keys_directory, provider))
        elif service == "privacy":
            require_of_this_store(await strange_to_privacy(database, Sealer(provider)), of=service)
        else:
            require_of_this_store(await strange_to_the_log(database, provider), of=service)
    except KeyFileUnusable as error:
        return str(error)
    return None


def seconds_until_read(settings: SealingSettings, version: int, *, now: datetime) -> float:
    """How long a process that shares this folder of keys may still wrap by the version before, that it had not read this one; 0: none does.

    Each looks three times in a lease, and what it had begun by then is over within as long again. By when the version's file came.
    """
    folder = settings.keys_directory / FOLDER
    came = max((_changed(path) for path in folder.glob(f"{version}.*")), default=now)
    wait = 2 * settings.root_key_lease_seconds / ASKED_IN_A_LEASE
    return min(max(wait - (now - came).total_seconds(), 0.0), wait)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
