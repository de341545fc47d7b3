"""After a rotation of the key-encryption key: whatever it wraps is wrapped again, a few at a time, while the service runs.

Each step is one transaction, and says nothing of what it has done but in the rows: whoever was killed, or comes second, finds what is left.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update

from safepassage.canonical import from_base64url
from services.records.tables import (
    ArrivedNoticeRow,
    EducatorCredentialRow,
    ExchangeRequestRow,
    GivenPackageRow,
    KeptRosterRow,
    OrganisationKeyRow,
    OutboxRow,
    OutgoingNoticeRow,
    PeerRequestRow,
    StudentRow,
    TransferHoldRow,
)
from services.records.vault import Vault, of_educator, of_exchange, of_organisation_key, of_roster
from shared.database import Database
from shared.key_encryption import version_in, version_of

AT_ONCE = 500
OF_EXCHANGES = (ExchangeRequestRow, PeerRequestRow, OutgoingNoticeRow, ArrivedNoticeRow, TransferHoldRow)
"""What has particulars, each sealed with its id (`Exchange.seal_particulars`)."""


def of_student(identifier: UUID) -> bytes:
    """What a student's data key is bound to."""
    return identifier.bytes


def _particulars(vault: Vault, identifier: Any, sealed: bytes) -> bytes:
    return vault.rewrap_particulars(identifier, sealed) if sealed else sealed


WRAPPED: Final[tuple[tuple[Any, Any, Callable[[Vault, Any, bytes], bytes], Callable[[Any], bytes]], ...]] = (
    (StudentRow.id, StudentRow.wrapped_key, Vault.rewrap, of_student),
    *((row.id, row.particulars, _particulars, of_exchange) for row in OF_EXCHANGES),
    (KeptRosterRow.id, KeptRosterRow.sealed, Vault.rewrap_roster, of_roster),
    (GivenPackageRow.id, GivenPackageRow.sealed, Vault.rewrap_roster, of_roster),
    (EducatorCredentialRow.id, EducatorCredentialRow.sealed, Vault.rewrap_educator, of_educator),
    (OrganisationKeyRow.kid, OrganisationKeyRow.sealed, Vault.rewrap_organisation_key, of_organisation_key),
)
"""Whatever the key-encryption key wraps, but for the outbox: whose it is, where it is, how it is wrapped again, what it is bound to."""


async def rewrap_data_keys(database: Database, vault: Vault) -> int:
    """Wrap anew what an older version wrapped: students' data keys, particulars of exchanges, of notices and of holds, kept rosters,
    educators' credentials, organisations' encryption keys, what waits in the outbox.

    Gives how many data keys it were. Afterwards the older version may be destroyed. Raises SealBroken.
    """

    def outbox(_: int, body: str) -> str:
        return body if vault.is_newest_text(body) else vault.seal_text(vault.open_text(body))

    data_keys, *_ = [await _again(database, key, column, partial(again, vault)) for key, column, again, _ in WRAPPED]
    await _again(database, OutboxRow.id, OutboxRow.body, outbox)
    return data_keys


async def versions_in(database: Database) -> frozenset[int]:
    """Which versions of the key-encryption key wrap something that is stored: whoever destroys one of them destroys that."""
    found: set[bytes] = set()
    async with database.reading() as tx:
        for _, column, _, _ in WRAPPED:
            found.update((await tx.execute(select(version_in(column)).distinct())).scalars())
        waiting = (await tx.execute(select(func.substr(OutboxRow.body, 1, 8)))).scalars()
        found.update(from_base64url(begins) for begins in waiting)
    return frozenset(version_of(begins) for begins in found if begins)


async def _again(database: Database, key: Any, wrapped: Any, again: Callable[[Any, Any], Any]) -> int:
    after, rewrapped = None, 0
    while True:
        async with database.transaction() as tx:
            query = select(key, wrapped).order_by(key).limit(AT_ONCE).with_for_update()
            rows = (await tx.execute(query if after is None else query.where(key > after))).all()
            for identifier, held in rows:
                fresh = again(identifier, held)
                if fresh is not held:
                    await tx.execute(update(key.class_).where(key == identifier).values({wrapped.key: fresh}))
                    rewrapped += 1
        if len(rows) < AT_ONCE:
            return rewrapped
        after = rows[-1][0]
