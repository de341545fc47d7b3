"""A statement is compiled once in a process: not again for each store, nor for the reading and the writing end of one.

SQLAlchemy keeps what it has compiled by the dialect of an engine, and takes the dialects of two engines for different ones although they
write the same text. An embedded node has eight engines, a run of tests some thousands: a quarter of its time went into compiling.
"""

from typing import Any, Final

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.util import LRUCache

KEPT: Final = 4096
"""Statements in all, in every form that they were asked in."""
COMPILED: Final[LRUCache[Any, Any]] = LRUCache(KEPT)
"""For `create_async_engine(execution_options={"compiled_cache": COMPILED})`; the dialect is a part of its keys."""
POSTGRESQL_DRIVER: Final = "postgresql+once"


class OneOfItsKind:
    """Part of a dialect's class: two dialects are equal that write every statement alike, which their server's ways decide."""

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and _ways(self) == _ways(other))

    def __hash__(self) -> int:
        return hash(type(self))


def _ways(dialect: Any) -> tuple[Any, ...]:
    """What a dialect learns of its server at the first connection; nothing before."""
    return dialect.server_version_info, getattr(dialect, "_backslash_escapes", None)


class OnceAsyncpgDialect(OneOfItsKind, PGDialect_asyncpg):
    """asyncpg's dialect."""

    supports_statement_cache = True


registry.register("postgresql.once", __name__, OnceAsyncpgDialect.__name__)
