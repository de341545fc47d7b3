"""Stretches of student ids. These are random: a part of all ids has about that part of the students, whoever they are.

So a page of the students of an organisation takes about as many rows as it has, however many students there are: their ids come in order
within a place, not over several places, and putting all of them into one order is what grows with the node.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam

Found = TypeVar("Found")

ALL_IDS: Final = 2**128
NARROW: Final = ALL_IDS // 4096
"""How much of all ids is looked at first, while nobody knows how many students there are in it."""
WIDER: Final = 64
"""Times the stretch before, at the most: what was found in that one may be chance."""


@dataclass(frozen=True)
class Stretch:
    """Ids after one, until and with another. No student's id is zero."""

    after: int
    until: int

    @property
    def values(self) -> dict[str, UUID]:
        """Of the parameters of a statement that looks at a stretch (`in_stretch`)."""
        return {"after": UUID(int=self.after), "until": UUID(int=self.until)}


def in_stretch(column: Any) -> ColumnElement[bool]:
    """On a column of student ids. Which stretch is said when the statement is run: it is made once, and run for one after another."""
    return and_(column > bindparam("after", type_=column.type), column <= bindparam("until", type_=column.type))


def even(parts: int) -> Iterator[Stretch]:
    """All ids, in so many stretches that follow one another."""
    bounds = [ALL_IDS * part // parts - (part > 0) for part in range(parts + 1)]
    return (Stretch(after, until) for after, until in pairwise(bounds))


def first_found(find: Callable[[Stretch, int], Sequence[Found]], *, after: UUID | None, limit: int) -> list[Found]:
    """The first `limit` after a student, in the order of ids.

    find  gives, of a stretch, the first so many in the order of their ids
    """
    found: list[Found] = []
    begin, width = 0 if after is None else after.int, NARROW
    while len(found) < limit and begin < ALL_IDS - 1:
        until = min(begin + width, ALL_IDS - 1)
        part = find(Stretch(begin, until), limit - len(found))
        found += part
        begin, width = until, _width(width, len(part), limit - len(found))
    return found


def _width(before: int, found: int, wanting: int) -> int:
    """Of the next stretch: as wide as is likely to have who is still wanting, and a quarter more."""
    likely = before * WIDER if found == 0 else before * wanting * 5 // (found * 4)
    return min(max(likely, NARROW // WIDER), before * WIDER)
