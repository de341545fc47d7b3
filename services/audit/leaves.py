"""Entries as they lie in segments, read by the driver: a stretch of them, or single ones wherever they are."""

from bisect import bisect_left
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
    """The entries with these indices, which ascend, by index. Those that are not there are left out."""
    found: dict[int, bytes] = {}
    query, at = "SELECT start, count, data FROM segment WHERE log = ? AND start <= ? ORDER BY start DESC LIMIT 1", 0
    while at < len(indices):
        rows = driver.rows(query, year, indices[at])
        start, count, data = rows[0] if rows else (0, 0, b"")
        wanted = indices[at : bisect_left(indices, start + count, at)]
        if wanted:
            entries = _cut(data, start, wanted[0], wanted[-1] + 1)
            found |= {index: entries[index - wanted[0]] for index in wanted if index - wanted[0] < len(entries)}
        at += max(len(wanted), 1)
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
