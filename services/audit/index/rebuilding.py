"""Making the index again from the log: what is there goes piece by piece, then the projector fills it as it always does.

A mark in the store says that this is under way: whoever is killed in the middle leaves the rest to the next one, be it the command called
again or the running service. No transaction is long, so that appends go on; a search says of how many entries nobody looked at meanwhile.
"""

from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.audit.driver import Driver
from services.audit.tables import IndexedActorRow, IndexRebuildRow, ShapeRow, TermRow
from shared.database import Database

BLOCKS_OF_A_PIECE: Final = 4
"""Blocks whose rows go in one transaction."""
THE_ONE: Final = 1
EMPTYING, FILLING = 1, 2


class Progress(NamedTuple):
    """How far it is."""

    emptying: bool
    """What was there is still going; nothing is put in yet."""
    indexed: int
    entries: int
    """Of the logs, so far."""


def begin(connection: Connection) -> bool:
    """Mark that the index is made again, and let it say nothing from now on. False where that was begun before: then that goes on.

    # INVARIANT: the cursor goes back in the transaction that sets the mark. Who is about to move it finds that it is not where they
    # left it, and after `corrections` nobody mistakes it.
    """
    driver = Driver(connection)
    if not driver.change("INSERT INTO index_rebuild (id, stage) VALUES (?, ?) ON CONFLICT DO NOTHING", THE_ONE, EMPTYING):
        return False
    driver.change("INSERT INTO index_cursor (log, at, corrections) SELECT log, 0, 0 FROM tree_state WHERE size >= 0 ON CONFLICT DO NOTHING")
    driver.change("UPDATE index_cursor SET at = 0, corrections = corrections + 1")
    return True


def stage_of(driver: Driver) -> int | None:
    """EMPTYING: what was in the index is going, and until it has gone nothing is put in. FILLING: it is being put in. None: neither."""
    found = driver.rows("SELECT stage FROM index_rebuild")
    return int(found[0][0]) if found else None


async def empty(database: Database) -> None:
    """Let go of everything in the index, where that was begun. Several may do it at once."""
    while await database.write(empty_piece):
        pass


def empty_piece(connection: Connection) -> bool:
    """One transaction's part of it; False where nothing is to go.

    # INVARIANT: rows go only while the mark says so, and under its lock: what was put in since is never taken for what was there.
    """
    driver = Driver(connection)
    if driver.change("UPDATE index_rebuild SET stage = ? WHERE stage = ?", EMPTYING, EMPTYING) != 1:
        return False
    first = driver.rows("SELECT log, level, block FROM posting ORDER BY log, level, block LIMIT 1")
    if first:
        log, level, block = first[0]
        statement = "DELETE FROM posting WHERE log = ? AND level = ? AND block >= ? AND block < ?"
        driver.change(statement, log, level, block, block + BLOCKS_OF_A_PIECE)
        return True
    ((day,),) = driver.rows("SELECT min(day) FROM activity")
    if day is not None:
        driver.change("DELETE FROM activity WHERE day = ?", day)
        return True
    for table in (TermRow, ShapeRow, IndexedActorRow):
        driver.change(f"DELETE FROM {table.__tablename__}")  # noqa: S608 names of ours
    driver.change("UPDATE index_rebuild SET stage = ?", FILLING)
    return False


def end(connection: Connection) -> None:
    """It is made, as far as the log went when the last entry was put in."""
    Driver(connection).change(f"DELETE FROM {IndexRebuildRow.__tablename__} WHERE stage = ?", FILLING)  # noqa: S608 a name of ours


def progress_of(connection: Connection) -> Progress:
    """How far the index is."""
    driver = Driver(connection)
    ((indexed,),), ((entries,),) = driver.rows("SELECT sum(at) FROM index_cursor"), driver.rows("SELECT sum(size) FROM tree_state")
    return Progress(stage_of(driver) == EMPTYING, int(indexed or 0), int(entries or 0))
