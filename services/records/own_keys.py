"""Whether the keys in the folder are those of this store. They may be another node's, or of another time, after a restore or a move.

Nothing shows it at first: what is stored does not open, and what comes is sealed beside it by a key that is not the store's. By another
`lookup.key` no child is found: a roster makes everybody a second time, and another state is told that no record is provided.
"""

from collections.abc import Iterable
from typing import Final

from pydantic import ValidationError
from sqlalchemy import Select, select

from safepassage.canonical import from_base64url
from safepassage.problems.keys import KeysUnavailable
from safepassage.problems.records import SealBroken
from safepassage.record.identity import Identity
from services.records.reading import opened
from services.records.record_sources import printed
from services.records.tables import OutboxRow, SectionRow, StudentRow, TagRow
from services.records.vault import OUTBOX, Vault
from services.records.vault_rotation import WRAPPED
from shared.database import Database
from shared.key_encryption import KeysOfAnotherStore, WrappedKeyRefused, require_of_this_store, version_of

ROWS_TRIED: Final = 3
TAGS_LOOKED_AT: Final = 64
"""Some eight students: one alone may have no more than a name that a later version writes in another way."""


async def require_own_keys(database: Database, vault: Vault) -> None:
    """Raises KeysOfAnotherStore where something that is stored shows it."""
    require_of_this_store(await strange_versions(database, vault), of="records")
    if not await finds_whom_it_holds(database, vault):
        raise KeysOfAnotherStore("lookup.key is not the one by which this store finds its students: it is another store's")


async def strange_versions(database: Database, vault: Vault) -> frozenset[int]:
    """Versions of the key-encryption key that are here, and did not wrap what is stored under their numbers: keys of another store.

    A start waits for no look through everything: the first and last rows of each table are tried. A row that is damaged is no other key.
    """
    seen: set[int] = set()
    opened_by: set[int] = set()
    for wrapped, bound_to in await _some_wrapped(database):
        version = version_of(wrapped)
        if version in vault.provider.versions - opened_by:
            seen.add(version)
            opened_by |= {version} if _opens(vault, wrapped, bound_to) else set()
    return frozenset(seen - opened_by)


async def _some_wrapped(database: Database) -> list[tuple[bytes, bytes]]:
    """Some of what is wrapped, and what each is bound to."""
    found: list[tuple[bytes, bytes]] = []
    async with database.reading() as tx:
        for key, column, _, bound_to in WRAPPED:
            for order in (key.asc(), key.desc()):
                rows = (await tx.execute(select(key, column).order_by(order).limit(ROWS_TRIED))).all()
                found += [(wrapped, bound_to(identifier)) for identifier, wrapped in rows if wrapped]
        waiting: Iterable[str] = (await tx.execute(select(OutboxRow.body).order_by(OutboxRow.id.desc()).limit(ROWS_TRIED))).scalars()
        found += [(from_base64url(body), OUTBOX) for body in waiting]
    return found


def _opens(vault: Vault, wrapped: bytes, bound_to: bytes) -> bool:
    try:
        vault.provider.unwrap(wrapped, context=bound_to)
    except WrappedKeyRefused:
        return False
    return True


async def finds_whom_it_holds(database: Database, vault: Vault) -> bool:
    """Whether `lookup.key` makes a tag that is stored, of any of the students looked at. True where there is nobody to look at."""
    looked_at = 0
    async with database.reading() as tx:
        tags = (await tx.execute(select(TagRow.tag, TagRow.student_id, TagRow.source).limit(TAGS_LOOKED_AT))).all()
        stored = {tag for tag, _, _ in tags}
        for student_id, source in {(student_id, source) for _, student_id, source in tags}:
            row = (await tx.execute(_identity(student_id, source))).first()
            if row is None:
                continue
            try:
                [part] = opened(vault.data_key(student_id, row.wrapped_key), [row])
                identity = Identity.model_validate_json(printed(dict(part.members)))
            except (SealBroken, KeysUnavailable, ValidationError):
                continue  # by a version that is not here, which `doctor` says; or as a later version of this program writes it
            if vault.tags.of_identity(identity) & stored:
                return True
            looked_at += 1
    return looked_at == 0


def _identity(student_id: object, source: str) -> Select[bytes, str, str, int, bytes]:
    return (
        select(StudentRow.wrapped_key, SectionRow.section, SectionRow.source, SectionRow.version, SectionRow.sealed)
        .join_from(StudentRow, SectionRow)
        .where(StudentRow.id == student_id, SectionRow.section == "identity", SectionRow.source == source)
    )
