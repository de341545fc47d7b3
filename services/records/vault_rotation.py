"""After a rotation of the key-encryption key: whatever it wraps is wrapped again, a few at a time, while the service runs.

Each step is one transaction, and says nothing of what it has done but in the rows: whoever was killed, or comes second, finds what is left.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update

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
from services.records.vault import Vault
from shared.database import Database

AT_ONCE = 500
OF_EXCHANGES = (ExchangeRequestRow, PeerRequestRow, OutgoingNoticeRow, ArrivedNoticeRow, TransferHoldRow)
"""What has particulars, each sealed with its id (`Exchange.seal_particulars`)."""


async def rewrap_data_keys(database: Database, vault: Vault) -> int:
    """Wrap anew what an older version wrapped: students' data keys, particulars of exchanges, of notices and of holds, kept rosters,
    educators' credentials, organisations' encryption keys, what waits in the outbox.

    Gives how many data keys it were. Afterwards the older version may be destroyed. Raises SealBroken.
    """

    def outbox(_: int, body: str) -> str:
        return body if vault.is_newest_text(body) else vault.seal_text(vault.open_text(body))

    def particulars(identifier: Any, sealed: bytes) -> bytes:
        return vault.rewrap_particulars(identifier, sealed) if sealed else sealed

    rewrapped = await _again(database, StudentRow.id, StudentRow.wrapped_key, vault.rewrap)
    for row in OF_EXCHANGES:
        await _again(database, row.id, row.particulars, particulars)
    for roster in (KeptRosterRow, GivenPackageRow):
        await _again(database, roster.id, roster.sealed, vault.rewrap_roster)
    await _again(database, EducatorCredentialRow.id, EducatorCredentialRow.sealed, vault.rewrap_educator)
    await _again(database, OrganisationKeyRow.kid, OrganisationKeyRow.sealed, vault.rewrap_organisation_key)
    await _again(database, OutboxRow.id, OutboxRow.body, outbox)
    return rewrapped


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
