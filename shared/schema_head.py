"""The version of a store's schema, and that a service serves no other than its own.

Read here without Alembic, which a process that serves never needs: its import costs a start half a second.
"""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from shared.database import Database
from shared.who_may_call import ServiceName

_REVISION = re.compile(r'^revision(?:: str)? = "(\w+)"$', re.MULTILINE)
_FOLLOWS = re.compile(r'^down_revision(?:: [\w| ]+)? = "(\w+)"$', re.MULTILINE)


class SchemaNotAtHead(Exception):
    """The store's schema is not the one this version was made for. Run `safepassage-node migrate`; nothing was changed."""


class StoreOfLaterVersion(SchemaNotAtHead):
    """A later version has migrated the store: this one neither serves nor migrates it. Nothing was changed."""


def script_location(service: ServiceName) -> Path:
    """The folder of a service's Alembic history."""
    return Path(__file__).parent.parent / "services" / service / "migrations"


@cache
def head_of(service: ServiceName) -> str:
    """The revision that no other follows. Raises ValueError unless there is exactly one: then the history has forked."""
    [head] = revisions_of(service) - {followed for one in _texts(service) for followed in _FOLLOWS.findall(one)}
    return head


@cache
def revisions_of(service: ServiceName) -> frozenset[str]:
    """Every revision that this version knows of a service's store."""
    return frozenset(revision for one in _texts(service) for revision in _REVISION.findall(one))


@cache
def _texts(service: ServiceName) -> tuple[str, ...]:
    return tuple(path.read_text() for path in script_location(service).glob("versions/*.py"))


async def current(database: Database) -> str | None:
    """The revision of the store, None where nothing was made yet."""

    def read(connection: Connection) -> str | None:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found

    async with database.engine.connect() as connection:
        revision = await connection.run_sync(read)
        await connection.rollback()
    return revision


async def require_head(service: ServiceName, database: Database) -> None:
    """Raises SchemaNotAtHead unless the store's schema is this version's, and StoreOfLaterVersion where it is a later one's."""
    at, head = await current(database), head_of(service)
    if at == head:
        return
    require_known(service, at)
    held = "the store has no schema yet" if at is None else f"schema is at {at}"
    raise SchemaNotAtHead(f"{service}: {held}, this version needs {head}: run `safepassage-node migrate {service}`")


def require_known(service: ServiceName, at: str | None) -> None:
    """Raises StoreOfLaterVersion where no revision of this version's history is `at`."""
    if at is not None and at not in revisions_of(service):
        raise StoreOfLaterVersion(
            f"{service}: the store was migrated by a later version (its schema is at {at}, this version knows {head_of(service)} at most): "
            "run that version, or restore the backup that was made before the upgrade"
        )
