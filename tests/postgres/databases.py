"""A database of its own for each test that needs PostgreSQL."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import make_url

from tests.stores import execute


def _execute(url: str, statement: str) -> None:
    """In a thread with a loop of its own: a fixture may be asked for while a loop runs."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(execute(make_url(url), statement))).result()


@contextmanager
def place_for_database(admin_dsn: str, name: str) -> Iterator[str]:
    """Give the SQLAlchemy URL of a database that is not there, and drop it at the end. `admin_dsn` is `postgresql://user@127.0.0.1:port/postgres`."""
    url = admin_dsn.replace("postgresql://", "postgresql+asyncpg://").rsplit("/", 1)[0] + f"/{name}"
    try:
        yield url
    finally:
        _execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def create_database(url: str) -> None:
    """Create the database that a URL names, empty."""
    _execute(url, f'CREATE DATABASE "{make_url(url).database}"')


@contextmanager
def temporary_database(admin_dsn: str, name: str) -> Iterator[str]:
    """Create a database, give its SQLAlchemy URL, drop it at the end."""
    with place_for_database(admin_dsn, name) as url:
        create_database(url)
        yield url
