"""Whether a SQLite file's disk can be believed. After a failed fsync it cannot: what was written may be gone, and no error says so again.

The file's write-ahead log is one chain. Where the frames of one transaction are lost, what others committed after them goes with them when
power fails; so whoever met the failure, nobody writes to that file any more until the process has started again and reads what is there.
"""

import logging
import sqlite3
from typing import Final

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError

from safepassage.problems.requests import TemporarilyUnavailable

log = logging.getLogger(__name__)

SYNC_FAILED: Final = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})
REFUSED: Final = "the disk refused to make data durable: the process has to start again"


def error_code(error: BaseException | None) -> int | None:
    """SQLite's extended code of an I/O error or a full disk anywhere in the chain of `error`."""
    while error is not None:
        original = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(original, sqlite3.OperationalError):
            return original.sqlite_errorcode
        error = error.__cause__ or error.__context__
    return None


class Disk:
    """Of one store."""

    def __init__(self) -> None:
        self.refused = False

    def watch(self, engine: Engine) -> None:
        """Look at every error of a writing engine."""
        event.listen(engine, "handle_error", self._look)

    def refuse(self) -> None:
        """Nothing is written any more."""
        if not self.refused:
            self.refused = True
            log.critical(REFUSED)

    def require(self) -> None:
        """Raises TemporarilyUnavailable where nothing may be written."""
        if self.refused:
            raise TemporarilyUnavailable(REFUSED)

    def _look(self, context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlite_errorcode", None) in SYNC_FAILED:
            self.refuse()
