"""What lies on disk of a store: SQLite's files, or those of the PostgreSQL database and its write-ahead log."""

import os
from pathlib import Path

from sqlalchemy import text

from shared.database import Database


async def stored_bytes(database: Database, folder: Path) -> bytes:
    """Every byte of the store, its log included. `folder` is where the SQLite file is.

    PostgreSQL has one log for all databases of a cluster: what other tests write meanwhile is in it too.
    """
    own = await own_bytes(database, folder)
    return own if database.is_sqlite else own + _bytes_of(*_files(_cluster() / "pg_wal"))


async def own_bytes(database: Database, folder: Path) -> bytes:
    """As `stored_bytes`, without a log that is not this store's alone."""
    if database.is_sqlite:
        return _bytes_of(folder / "privacy.db", folder / "privacy.db-wal")
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        oid = (await connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()"))).scalar_one()
        await connection.execute(text("CHECKPOINT"))
    return _bytes_of(*_files(_cluster() / "base" / str(oid)))


def _cluster() -> Path:
    return Path(os.environ["SAFE_PASSAGE_TEST_POSTGRES_DATA"])  # noqa: TID251 how the script tells the tests


def _files(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.iterdir() if path.is_file()]


def _bytes_of(*files: Path) -> bytes:
    return b"".join(path.read_bytes() for path in files)
