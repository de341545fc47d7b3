"""A backup of a store and its restoration, on either engine, row by row: what any copy of the store has in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from services.audit.tables import Base
from shared.database import Database
from tests.audit.audit_node import migrated, sqlite_url

Backup = dict[str, Sequence[Any]]


async def back_up(url: str) -> Backup:
    """Every row of every table."""
    database = Database(url)
    async with database.reading() as tx:
        rows = {table.name: (await tx.execute(select(table))).all() for table in Base.metadata.sorted_tables}
    await database.close()
    return rows


async def restore(backup: Backup, folder: Path) -> str:
    """A new store with the rows of a backup, in an empty folder."""
    url = sqlite_url(folder)
    await migrated(url)
    database = Database(url)
    async with database.transaction() as tx:
        for table in Base.metadata.sorted_tables:
            if backup.get(table.name):
                await tx.execute(insert(table), [row._asdict() for row in backup[table.name]])
    await database.close()
    return url
