"""Which of what a client may do it does, by the day: what nobody uses can be taken back, and a client that does nothing too.

Counted in memory as requests pass, written down each minute and at the end: a process that dies loses a minute of it, and no permission
rests on it.
"""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import Connection

from services.gateway.tables import ScopeUseRow
from shared.clock import Clock
from shared.database import Database
from shared.inserts import insert_of

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0


class ScopeUse:
    """What was used since it was last written down."""

    def __init__(self) -> None:
        self._noted: set[tuple[str, frozenset[str]]] = set()

    def note(self, client_id: str, wanted: frozenset[str], also: frozenset[str], has: frozenset[str]) -> None:
        """A client passed a route that wants one of some scopes, and all of some others. Of alternatives that it has, each counts."""
        self._noted.add((client_id, (wanted & has) | also))

    async def write_down(self, database: Database, clock: Clock) -> None:
        """Keep what was noted. What cannot be kept is noted again."""
        noted, self._noted = self._noted, set()
        if not noted:
            return
        try:
            await database.write(lambda connection: keep(connection, noted, now=clock()))
        except Exception:
            self._noted |= noted
            raise


def keep(connection: Connection, noted: set[tuple[str, frozenset[str]]], *, now: datetime) -> None:
    """The day on which each scope was last used by each client; the days are those of UTC."""
    used = sorted({(client_id, scope) for client_id, scopes in noted for scope in scopes})
    rows = [{"client_id": UUID(client_id), "scope": scope, "used_on": now.date()} for client_id, scope in used]
    insert = insert_of(connection.dialect.name, ScopeUseRow)
    later = insert.on_conflict_do_update(
        index_elements=["client_id", "scope"],
        set_={"used_on": insert.excluded.used_on},
        where=ScopeUseRow.used_on < insert.excluded.used_on,
    )
    connection.execute(later, rows)


async def keep_writing_down(app: FastAPI) -> None:
    """Every minute: a lifespan task of each process."""
    state = app.state
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await state.scope_use.write_down(state.database, state.clock)
        except Exception as error:
            log.error("the use of scopes was not written down", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
