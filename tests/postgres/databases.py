"""A database of its own for each test that needs PostgreSQL."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import asyncpg


async def _execute_async(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _execute(dsn: str, statement: str) -> None:
    """In a thread with a loop of its own: a fixture may be asked for while a loop runs."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(_execute_async(dsn, statement))).result()


@contextmanager
def temporary_database(admin_dsn: str, name: str) -> Iterator[str]:
    """Create a database, give its SQLAlchemy URL, drop it at the end. `admin_dsn` is `postgresql://user@127.0.0.1:port/postgres`."""
    _execute(admin_dsn, f'CREATE DATABASE "{name}"')
    try:
        yield admin_dsn.replace("postgresql://", "postgresql+asyncpg://").rsplit("/", 1)[0] + f"/{name}"
    finally:
        _execute(admin_dsn, f'DROP DATABASE "{name}" WITH (FORCE)')
