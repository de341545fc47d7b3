"""Entries as they lie in segments, read by the driver: a stretch of them, or single ones wherever they are."""

from collections.abc import Sequence

from services.audit.driver import Driver


def leaves_of(driver: Driver, year: int, start: int, end: int) -> list[bytes]:
    """The entries [start, end), which the log has."""
    found: list[bytes] = []
    rows = driver.rows("SELECT start FROM segment WHERE log = ? AND start <= ? ORDER BY start DESC LIMIT 1", year, start)
    query = "SELECT start, data FROM segment WHERE log = ? AND start >= ? AND start < ? ORDER BY start"
    for first, data in driver.rows(query, year, rows[0][0] if rows else 0, end):
        found += _cut(data, first, start, end)
    return found


def leaves_at(driver: Driver, year: int, indices: Sequence[int]) -> dict[int, bytes]:
    """The entries with these indices, in their order, by index. Those that are not there are left out."""
    found: dict[int, bytes] = {}
    first, count, data = 0, 0, b""
    for at in indices:
        if not first <= at < first + count:
            query = "SELECT start, count, data FROM segment WHERE log = ? AND start <= ? ORDER BY start DESC LIMIT 1"
            rows = driver.rows(query, year, at)
            first, count, data = rows[0] if rows else (0, 0, b"")
        cut = _cut(data, first, at, at + 1)
        if cut:
            found[at] = cut[0]
    return found


def _cut(data: bytes, first: int, start: int, end: int) -> list[bytes]:
    """The entries [start, end) of a bundle whose first entry has the index `first`."""
    position, length = 0, len(data)
    try:
        for _ in range(start - first):
            position += 2 + (data[position] << 8 | data[position + 1])
    except IndexError:
        return []  # the segment ends before
    found = []
    for _ in range(end - max(start, first)):
        if position >= length:
            break
        after = position + 2 + (data[position] << 8 | data[position + 1])
        found.append(data[position + 2 : after])
        position = after
    return found
