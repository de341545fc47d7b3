"""Column types that both engines store alike."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from shared.clock import EPOCH


class Milliseconds(TypeDecorator[datetime]):
    """An aware instant as integer milliseconds since the epoch: the same on SQLite and PostgreSQL, and it compares as it should."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database. Raises ValueError for an instant without an offset."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its UTC offset")
        return (value - EPOCH) // timedelta(milliseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else EPOCH + timedelta(milliseconds=value)


class CanonicalText(Text):
    """JSON kept as the exact text that was hashed or signed, never parsed and printed again by the database."""
