"""Reads of one moment share a transaction: to begin and end one costs more than to look up a row by its key."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from safepassage.problems import SuiteError
from shared.database import Database
from shared.gathered import Gathered

T = TypeVar("T")
Read = Callable[[Connection], Any]

MOST = 32
AT_ONCE = 4
"""Reads wait for nobody's lock, and need not wait for one another."""


class GroupReads:
    """The reads of one process. Each sees one snapshot, which it shares with those that it is read with."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathered: Gathered[None, Read, Any] = Gathered(self._together, most=MOST, at_once=AT_ONCE)

    async def __call__(self, read: Callable[[Connection], T]) -> T:
        """What `read` gives. It may run twice, the second time alone; what it raises then is raised here."""
        result: T = await self._gathered(None, read)
        return result

    async def _together(self, _: None, reads: Sequence[Read]) -> Sequence[Any]:
        try:
            return await self._database.read(lambda connection: [_read(connection, read) for read in reads])
        except Exception:
            if len(reads) == 1:
                raise
            # INVARIANT: one read that fails takes no other with it; a failed statement ends the transaction that it was in.
            return [await self._alone(read) for read in reads]

    async def _alone(self, read: Read) -> Any:
        try:
            return await self._database.read(read)
        except Exception as error:
            return error


def _read(connection: Connection, read: Read) -> Any:
    try:
        return read(connection)
    except SuiteError as error:  # of what was found: the transaction goes on
        return error
