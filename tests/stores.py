"""Stores at head, quickly: a service's history of migrations runs once in a process, and every test has a copy of what it made."""

import os
from pathlib import Path

import asyncpg
from sqlalchemy import URL, make_url

from node.folder import NodeFolder
from shared.database import Database
from shared.migrations import migrate
from shared.who_may_call import SERVICES, ServiceName

_files: dict[ServiceName, bytes] = {}
"""SQLite files at head."""
_templates: set[tuple[str, ServiceName]] = set()
"""Databases at head on a PostgreSQL server: its name and port, and the service."""
_versions: dict[str, int] = {}
"""Of a server, by its name and port."""


async def at_head(service: ServiceName, url: str) -> None:
    """Bring to head what `url` names: an SQLite file that is not there yet, or a PostgreSQL database that is not there yet."""
    store = make_url(url)
    if store.get_backend_name() != "sqlite":
        await _copied_database(service, store)
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


async def _migrated(service: ServiceName, store: URL) -> None:
    database = Database(store)
    await migrate(service, database)
    await database.close()


async def _copied_database(service: ServiceName, store: URL) -> None:
    server = f"{store.host}:{store.port}"
    name = _template(service)
    if (server, service) not in _templates:
        await execute(store, f'CREATE DATABASE "{name}"')
        _versions[server] = await _version(store)
        await _migrated(service, store.set(database=name))
        _templates.add((server, service))
    # Copied file by file: half the time of a copy by the write-ahead log. A server before 15 knows no other way, and no word for it.
    by_files = " STRATEGY file_copy" if _versions[server] >= 15 else ""
    await execute(store, f'CREATE DATABASE "{store.database}" TEMPLATE "{name}"{by_files}')
    if service == "gateway":  # a test that crashed the server emptied the template's memory of proofs: a new store's is whole
        await execute(store, "INSERT INTO proof_memory (id, since) VALUES (1, 0) ON CONFLICT DO NOTHING", database=store.database)


def _template(service: ServiceName) -> str:
    return f"head_{service}_{os.getpid()}"


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
    mine = {(at, service) for at, service in _templates if at == f"{server.host}:{server.port}"}
    await execute(server, *(f'DROP DATABASE "{_template(service)}" WITH (FORCE)' for _, service in mine))
    _templates.difference_update(mine)
