"""Stores at head, quickly: a service's history of migrations runs once in a process, and every test has a copy of what it made."""

import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy import URL, make_url

from node.folder import NodeFolder
from shared.database import Database
from shared.migrations import create_schema, migrate
from shared.who_may_call import SERVICES, ServiceName

_files: dict[ServiceName, bytes] = {}
"""SQLite files at head."""
_templates: set[tuple[str, str]] = set()
"""Databases at head on a PostgreSQL server: its name and port, and the service, or _NODE."""
_NODE: Final = "node"
"""A database with a schema for each service."""
_versions: dict[str, int] = {}
"""Of a server, by its name and port."""


async def at_head(service: ServiceName, url: str) -> None:
    """Bring to head what `url` names: an SQLite file that is not there yet, or a PostgreSQL database that is not there yet."""
    store = make_url(url)
    if store.get_backend_name() != "sqlite":
        await _copied_database(service, store, partial(_migrated, service))
        if service == "gateway":
            await _remember_proofs(store, "proof_memory")
    elif service in _files:
        _write(Path(str(store.database)), _files[service])
    else:
        await _migrated(service, store)
        _files[service] = Path(str(store.database)).read_bytes()  # noqa: ASYNC240 once


async def folder_at_head(folder: NodeFolder) -> None:
    """Bring to head the stores of a folder that has none yet."""
    for service in SERVICES:
        folder.store(service).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        await at_head(service, f"sqlite+inline:///{folder.store(service)}")


def _write(file: Path, content: bytes) -> None:
    """Raises FileExistsError: a store is brought to head once, before anybody uses it."""
    with file.open("xb") as new:
        new.write(content)


async def node_at_head(url: str) -> None:
    """Make a PostgreSQL database that is not there yet, with the stores of a whole node at head: a schema for each service."""
    store = make_url(url)
    await _copied_database(_NODE, store, _node_migrated)
    await _remember_proofs(store, "gateway.proof_memory")


async def _node_migrated(store: URL) -> None:
    database = Database(store)
    for service in SERVICES:
        await create_schema(database, service)
    await database.close()
    for service in SERVICES:
        await _migrated(service, store, schema=service)


async def _migrated(service: ServiceName, store: URL, *, schema: str | None = None) -> None:
    database = Database(store, schema=schema)
    await migrate(service, database)
    await database.close()


async def _copied_database(of: str, store: URL, migrated: Callable[[URL], Awaitable[None]]) -> None:
    server = f"{store.host}:{store.port}"
    name = _template(of)
    if (server, of) not in _templates:
        await execute(store, f'CREATE DATABASE "{name}"')
        _versions[server] = await _version(store)
        await migrated(store.set(database=name))
        _templates.add((server, of))
    # Copied file by file: half the time of a copy by the write-ahead log. A server before 15 knows no other way, and no word for it.
    by_files = " STRATEGY file_copy" if _versions[server] >= 15 else ""
    await execute(store, f'CREATE DATABASE "{store.database}" TEMPLATE "{name}"{by_files}')


async def _remember_proofs(store: URL, table: str) -> None:
    """A test that crashed the server emptied the template's memory of proofs: a new store's is whole."""
    await execute(store, f"INSERT INTO {table} (id, since) VALUES (1, 0) ON CONFLICT DO NOTHING", database=store.database)  # noqa: S608 ours


def _template(of: str) -> str:
    return f"head_{of}_{os.getpid()}"


async def _version(server: URL) -> int:
    connection = await asyncpg.connect(server.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False))
    try:
        return int(connection.get_server_version().major)
    finally:
        await connection.close()


async def execute(server: URL, *statements: str, database: str | None = "postgres") -> None:
    """Execute statements on the server's own database, or on another one, one after the other."""
    connection = await asyncpg.connect(server.set(drivername="postgresql", database=database).render_as_string(hide_password=False))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def drop_templates(admin_dsn: str) -> None:
    """Leave nothing of this process on a server that may be somebody's own."""
    server = make_url(admin_dsn)
    mine = {(at, of) for at, of in _templates if at == f"{server.host}:{server.port}"}
    await execute(server, *(f'DROP DATABASE "{_template(of)}" WITH (FORCE)' for _, of in mine))
    _templates.difference_update(mine)
