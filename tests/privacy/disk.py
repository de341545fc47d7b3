"""What lies on disk of a store: SQLite's files, or those of the PostgreSQL database and its write-ahead log."""

import os
from pathlib import Path

from sqlalchemy import text

from shared.database import Database


async def stored_bytes(database: Database, folder: Path) -> bytes:
    """Every byte of the store, its log included. `folder` is where the SQLite file is."""
    if database.is_sqlite:
        return _bytes_of(folder / "privacy.db", folder / "privacy.db-wal")
    cluster = Path(os.environ["SAFE_PASSAGE_TEST_POSTGRES_DATA"])  # noqa: TID251 how the script tells the tests
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        oid = (await connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()"))).scalar_one()
        await connection.execute(text("CHECKPOINT"))
    return _bytes_of(*_files(cluster / "base" / str(oid), cluster / "pg_wal"))


def _files(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.iterdir() if path.is_file()]


def _bytes_of(*files: Path) -> bytes:
    return b"".join(path.read_bytes() for path in files)
