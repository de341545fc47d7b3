"""After a rotation of the key-encryption key: every student's data key is wrapped again, a few at a time, while the service runs."""

from sqlalchemy import select, update

from services.records.tables import StudentRow
from services.records.vault import Vault
from shared.database import Database

AT_ONCE = 500


async def rewrap_data_keys(database: Database, vault: Vault) -> int:
    """Wrap anew what an older version wrapped; gives how many. Afterwards the older version's file may be destroyed. Raises SealBroken."""
    newest, after, rewrapped = vault.provider.version.to_bytes(4, "big"), None, 0
    while True:
        async with database.transaction() as tx:
            query = select(StudentRow.id, StudentRow.wrapped_key).order_by(StudentRow.id).limit(AT_ONCE).with_for_update()
            rows = (await tx.execute(query if after is None else query.where(StudentRow.id > after))).all()
            for row in rows:
                if row.wrapped_key[:4] != newest:
                    wrapped = vault.rewrap(row.id, row.wrapped_key)
                    await tx.execute(update(StudentRow).where(StudentRow.id == row.id).values(wrapped_key=wrapped))
                    rewrapped += 1
        if len(rows) < AT_ONCE:
            return rewrapped
        after = rows[-1].id
