"""A year's log in audit's own store, on either engine, as the SDK's verifier reads it (safepassage.offline)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from safepassage.bundles import entries_until_damage
from safepassage.offline.stored_log import Chunk
from safepassage.problems.stored_log import EntriesMissing
from services.audit.tables import CheckpointRow, LogRow, SegmentRow, TileRow
from services.audit.tiles import HASH_BYTES


class LogOfStore:
    """Nothing in it is believed: a row that cannot be read is a finding, not a failure of the verifier."""

    def __init__(self, session: Session, log: LogRow) -> None:
        self._session, self._year, self.origin = session, log.year, log.origin

    def notes(self) -> list[str]:
        """Every checkpoint that was ever signed."""
        query = select(CheckpointRow.note).where(CheckpointRow.log == self._year).order_by(CheckpointRow.size)
        return list(self._session.scalars(query))

    def chunks(self) -> Iterator[Chunk]:
        """Segment by segment, each read by its own query, so that damage costs no more than what lies on it. Raises EntriesMissing."""
        expected = 0
        while True:
            segment = self._row(SegmentRow.start >= expected, expected)
            if segment is None:
                return
            start, count, hashes, data = segment
            if start != expected:
                raise EntriesMissing("a segment of entries is not there", index=expected, until=start)
            entries = entries_until_damage(data)
            readable = min(len(entries), count)
            if readable:
                yield Chunk(start, entries[:readable], hashes if len(entries) == count else hashes[: readable * HASH_BYTES])
            if len(entries) != count or count < 1:
                raise EntriesMissing("a segment has not as many entries as it says", index=start + readable)
            expected = start + count

    def _row(self, where: ColumnElement[bool], start: int) -> Any:
        query = select(SegmentRow.start, SegmentRow.count, SegmentRow.hashes, SegmentRow.data)
        query = query.where(SegmentRow.log == self._year, where).order_by(SegmentRow.start).limit(1)
        try:
            row = self._session.execute(query).one_or_none()
        except SQLAlchemyError as error:
            raise EntriesMissing("the page on which they lie is damaged", index=start) from error
        if row is None:
            return None
        if not (isinstance(row[0], int) and isinstance(row[1], int) and isinstance(row[2], bytes) and isinstance(row[3], bytes)):
            raise EntriesMissing("the row in which they lie is damaged", index=start)
        return row

    def tile(self, level: int, n: int) -> bytes | None:
        """A full tile. One that cannot be read counts as altered."""
        query = select(TileRow.hashes).where(TileRow.log == self._year, TileRow.level == level, TileRow.n == n)
        try:
            row = self._session.execute(query).one_or_none()
        except SQLAlchemyError:
            return b""
        return None if row is None else row[0] if isinstance(row[0], bytes) else b""
