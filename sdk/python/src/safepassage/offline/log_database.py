"""The logs in the SQLite file of a stopped node's audit service, opened read-only: segments, full tiles, checkpoints."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from safepassage.bundles import entries_until_damage
from safepassage.offline.stored_log import Chunk
from safepassage.problems.stored_log import EntriesMissing, NothingSigned, StoredLogUnreadable

MAGIC = b"SQLite format 3\x00"


_OF_A_SEGMENT = (int, int, bytes, bytes)


def is_database(path: Path) -> bool:
    """Whether the file is a SQLite database."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _text(data: bytes) -> str:
    """Damaged text is read with marks in it, which no signature covers, rather than not at all."""
    return data.decode("utf-8", "replace")


class LogDatabase:
    """The file. What it says is not believed; a damaged page is a finding, not a failure of the verifier."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, isolation_level=None)
        except sqlite3.Error as error:
            raise StoredLogUnreadable from error
        try:
            self._connection.execute("PRAGMA query_only = 1")
            self._connection.text_factory = _text
            self.logs = tuple(
                DatabaseLog(self._connection, number, origin)
                for number, origin in self._connection.execute("SELECT year, origin FROM log ORDER BY year")
            )
        except sqlite3.Error as error:
            self.close()
            raise StoredLogUnreadable from error
        if not self.logs:
            self.close()
            raise StoredLogUnreadable("the file holds no log: what a killed node wrote last is in audit.db-wal, which belongs beside it")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class DatabaseLog:
    """One log of the file: a year's."""

    def __init__(self, connection: sqlite3.Connection, number: int, origin: str) -> None:
        self._connection, self._number, self.origin = connection, number, origin

    def notes(self) -> list[str]:
        """Every checkpoint that was ever signed. Raises NothingSigned."""
        try:
            rows = self._connection.execute("SELECT note FROM checkpoint WHERE log = ? ORDER BY size", (self._number,)).fetchall()
        except sqlite3.Error as error:
            raise NothingSigned("the table of checkpoints cannot be read") from error
        return [str(note) for (note,) in rows]

    def chunks(self) -> Iterator[Chunk]:
        """Segment by segment. Where a page is damaged, it costs no more than what lies on it. Raises EntriesMissing."""
        expected, rows = 0, self._segments()
        while True:
            row = next(rows, None)
            if row is None and (row := self._segment(expected)) is None:
                return
            start, count, hashes, data = row
            if start != expected:
                raise EntriesMissing("a segment of entries is not there", index=expected, until=start)
            entries = entries_until_damage(data)
            readable = min(len(entries), count)
            if readable:
                yield Chunk(start, entries[:readable], hashes if len(entries) == count else hashes[: readable * 32])
            if len(entries) != count or count < 1:
                raise EntriesMissing("a segment has not as many entries as it says", index=start + readable)
            expected = start + count

    def _segments(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        """The segments in their order, by one query, as far as it gets: up to a damaged page, or a row that is."""
        query = "SELECT start, count, hashes, data FROM segment WHERE log = ? ORDER BY start"
        with suppress(sqlite3.Error):
            for row in self._connection.execute(query, (self._number,)):
                if tuple(map(type, row)) != _OF_A_SEGMENT:
                    return
                yield row

    def _segment(self, start: int) -> tuple[int, int, bytes, bytes] | None:
        query = "SELECT start, count, hashes, data FROM segment WHERE log = ? AND start >= ? ORDER BY start LIMIT 1"
        try:
            row = self._connection.execute(query, (self._number, start)).fetchone()
        except sqlite3.Error as error:
            raise EntriesMissing("the page of the file on which they lie is damaged", index=start) from error
        if row is None:
            return None
        if not (isinstance(row[0], int) and isinstance(row[1], int) and isinstance(row[2], bytes) and isinstance(row[3], bytes)):
            raise EntriesMissing("the row in which they lie is damaged", index=start)
        return row[0], row[1], row[2], row[3]

    def tile(self, level: int, n: int) -> bytes | None:
        """A full tile. One that cannot be read counts as altered."""
        query = "SELECT hashes FROM tile WHERE log = ? AND level = ? AND n = ?"
        try:
            row = self._connection.execute(query, (self._number, level, n)).fetchone()
        except sqlite3.Error:
            return b""
        return None if row is None else bytes(row[0]) if isinstance(row[0], bytes) else b""
