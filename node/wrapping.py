"""Which versions of a service's key-encryption key its store needs, and whether they are here."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from services.audit.retention.wrapping import versions_in as of_the_log
from services.privacy.key_wrapping import versions_in as of_privacy
from services.records.vault_rotation import versions_in as of_records
from shared.database import Database
from shared.key_encryption import KeyProvider
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
