"""Whether a fault is the store's: it is not reached, is not in order, or is not as this service left it.

Then nothing is wrong with the request, and whoever sent it comes again. Pure.
"""

from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

CLASSES: Final = frozenset({"08", "25", "28", "3D", "3F", "40", "53", "55", "57", "58", "XX"})
"""Of PostgreSQL's SQLSTATEs (Appendix A): no connection, a transaction that may not write, who may not come in, no such database or schema,
a transaction that was rolled back for another, no room, not in the state for it, an operator's stop, the system's faults, its own."""
NOT_AS_LEFT: Final = frozenset({"42P01", "42703", "42501"})
"""A table or column that is gone, or that may be used no more. On SQLite these are OperationalErrors as it is."""


def is_of_the_store(error: BaseException) -> bool:
    """Whether what SQLAlchemy raised says so. A constraint that does not hold, and a statement that is none, are not the store's faults."""
    if isinstance(error, PoolTimeout | OperationalError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state[:2] in CLASSES or state in NOT_AS_LEFT
