"""Schemas change only by `safepassage-node migrate`; a service refuses to serve one that is not at head.

A service's `migrations/env.py` is one line: `run(Base.metadata)`.
"""

import asyncio
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from shared.database import Database
from shared.schema_head import SchemaNotAtHead, current, require_known, script_location
from shared.who_may_call import ServiceName


def _config(service: ServiceName) -> Config:
    config = Config()
    config.set_main_option("script_location", str(script_location(service)).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


async def migrate(service: ServiceName, database: Database, *, to: str = "head") -> None:
    """Bring the store of `service` to head, or to a revision on the way there, in one transaction.

    Raises StoreOfLaterVersion, and changes nothing, where a later version has migrated it.
    """
    require_known(service, await current(database))
    config = _config(service)

    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, to)

    async with database.engine.connect() as connection:
        await connection.run_sync(upgrade)
        await connection.commit()


def run(metadata: MetaData) -> None:
    """What a service's `migrations/env.py` calls."""
    connection = context.config.attributes.get("connection")
    if connection is None:
        raise SchemaNotAtHead("migrations run by `safepassage-node migrate`, not by alembic's own command")
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


async def differences(service: ServiceName, database: Database, metadata: MetaData) -> list[Any]:
    """What Alembic would still change to make the store equal to `metadata`: empty if the history is complete."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 only the tests need it

    async with database.engine.connect() as connection:
        found = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), metadata))
        await connection.rollback()
    return list(found)


async def create_schema(database: Database, schema: str) -> None:
    """Create a PostgreSQL schema if it is not there; `schema` is a name from the settings, never from a request."""
    if not schema.replace("_", "").isalnum():
        raise ValueError("a schema's name has letters, digits and underscores")
    async with database.engine.begin() as connection:
        await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))


def migrate_now(service: ServiceName, database: Database) -> None:
    """`migrate` for a caller without an event loop."""
    asyncio.run(migrate(service, database))
