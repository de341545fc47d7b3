"""Reads of one moment share a transaction: to begin and end one costs more than to look up a row by its key."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from safepassage.problems import SuiteError
from shared.gathered import Gathered

T = TypeVar("T")
Read = Callable[[Connection], Any]
Ask = Callable[[Read], Awaitable[Any]]

MOST = 32
AT_ONCE = 4
"""Reads wait for nobody's lock, and need not wait for one another."""


class GroupReads:
    """The reads of one process. Each shares with those that it is read with a snapshot, or with `Database.look` a connection."""

    def __init__(self, ask: Ask) -> None:
        """`ask`: `Database.read` or `Database.look`."""
        self._ask = ask
        self._gathered: Gathered[None, Read, Any] = Gathered(self._together, most=MOST, at_once=AT_ONCE)

    async def __call__(self, read: Callable[[Connection], T]) -> T:
        """What `read` gives. It may run twice, the second time alone; what it raises then is raised here."""
        result: T = await self._gathered(None, read)
        return result

    async def _together(self, _: None, reads: Sequence[Read]) -> Sequence[Any]:
        try:
            return list(await self._ask(lambda connection: [_read(connection, read) for read in reads]))
        except Exception:
            if len(reads) == 1:
                raise
            # INVARIANT: one read that fails takes no other with it; a failed statement ends the transaction that it was in.
            return [await self._alone(read) for read in reads]

    async def _alone(self, read: Read) -> Any:
        try:
            return await self._ask(read)
        except Exception as error:
            return error


def _read(connection: Connection, read: Read) -> Any:
    try:
        return read(connection)
    except SuiteError as error:  # of what was found: the transaction goes on
        return error
