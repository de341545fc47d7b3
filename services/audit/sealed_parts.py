"""The rows of `sealed`, read by the driver: of a stretch of entries, or of single ones wherever they are."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from services.audit.driver import Driver

ENTRIES_OF_A_QUERY: Final = 512


class SealedPart(NamedTuple):
    """A row of `sealed`."""

    at: int
    part: int
    key_id: bytes
    groups: bytes


def parts_between(driver: Driver, year: int, start: int, end: int, *, limit: int | None = None) -> list[SealedPart]:
    """The parts of the entries [start, end), in their order; the first `limit` of them."""
    query = "SELECT idx, part, key_id, groups FROM sealed WHERE log = ? AND idx >= ? AND idx < ? ORDER BY idx, part"
    values = (year, start, end) if limit is None else (year, start, end, limit)
    return [SealedPart(*row) for row in driver.rows(query if limit is None else f"{query} LIMIT ?", *values)]


def parts_at(driver: Driver, year: int, indices: Sequence[int], *, tags: Collection[bytes] | None = None) -> list[SealedPart]:
    """The parts of the entries with these indices, in their order; beside the first part of each only those of keys in `tags`, if given."""
    found: list[SealedPart] = []
    of_tags = "" if tags is None else f" AND (part = 0 OR key_id IN ({_marks(tags)}))" if tags else " AND part = 0"
    for start in range(0, len(indices), ENTRIES_OF_A_QUERY):
        some = indices[start : start + ENTRIES_OF_A_QUERY]
        query = f"SELECT idx, part, key_id, groups FROM sealed WHERE log = ? AND idx IN ({_marks(some)}){of_tags}"  # noqa: S608 marks alone
        found += [SealedPart(*row) for row in driver.rows(query, year, *some, *(tags or ()))]
    return sorted(found, key=lambda part: (part.at, part.part))


def counted(driver: Driver, year: int, indices: Sequence[int]) -> list[tuple[int, int]]:
    """The entries with these indices, in their order, and how many parts each has."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(indices), ENTRIES_OF_A_QUERY):
        some = indices[start : start + ENTRIES_OF_A_QUERY]
        # By the key's end: an entry about a thousand students has a thousand rows, and none of them is read to know it.
        last = "SELECT max(part) FROM sealed WHERE log = ? AND idx = wanted.idx"
        listed = ",".join(["(CAST(? AS BIGINT))"] * len(some))
        query = f"WITH wanted (idx) AS (VALUES {listed}) SELECT idx, ({last}) FROM wanted ORDER BY idx"  # noqa: S608 marks alone
        found += [(index, 1 if part is None else part + 1) for index, part in driver.rows(query, *some, year)]
    return found


def in_pieces(driver: Driver, year: int, indices: Sequence[int], *, most: int) -> list[list[int]]:
    """The entries with these indices, in pieces that have at most so many parts each; one with more is a piece by itself."""
    pieces: list[list[int]] = []
    room = 0
    for index, parts in counted(driver, year, indices):
        if parts > room or not pieces:
            pieces.append([])
            room = most
        pieces[-1].append(index)
        room -= parts
    return pieces


def _marks(values: Collection[object]) -> str:
    return ",".join("?" * len(values))
