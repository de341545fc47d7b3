"""How many students are in reach, by stretches of all ids, kept while no student, enrolment or organisation of the store changed.

Numbers, and of nobody's record: whoever asks for a page has them counted once, and not again for the next.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection, Select

from services.records.reach import Reach, counting
from services.records.stretches import Stretch, even
from services.records.tables import ChangeMarkRow
from shared.change_marks import changes_in
from shared.database import Database
from shared.turns import in_turns

MOST: Final = 256
"""Of a process, the least recently used going first: some 10 kB each."""
COUNTED_IN: Final = 64
"""Stretches in which students are counted."""

Counted = Sequence[tuple[Stretch, int]]


class Counts:
    """Those of a process."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._counted = OrderedDict[object, tuple[int, Counted]]()

    async def counted(self, database: Database, reach: Reach) -> Counted:
        """How many are in reach, by stretches of all students, after each of which others of the process have their turn."""
        before = await changes_of(database)
        known = self.find(reach, before)
        if known is not None:
            return known
        query, counted = counting(reach), []
        async for stretch in in_turns(even(COUNTED_IN), at_once=1):
            counted.append((stretch, await database.read(partial(_count, query=query, stretch=stretch))))
        if await changes_of(database) == before:
            self.keep(reach, before, counted)
        return counted

    def find(self, reach: Reach, changes: int) -> Counted | None:
        """What was counted when the store had seen as many changes as now (shared.change_marks)."""
        key = _key(reach)
        held = self._counted.get(key)
        if held is None or held[0] != changes:
            return None
        self._counted.move_to_end(key)
        return held[1]

    def keep(self, reach: Reach, changes: int, counted: Counted) -> None:
        """`changes`: the same before and after it was counted."""
        key = _key(reach)
        self._counted[key] = changes, counted
        self._counted.move_to_end(key)
        if len(self._counted) > self._most:
            self._counted.popitem(last=False)


async def changes_of(database: Database) -> int:
    """How often what rosters are made of has changed (shared.change_marks)."""
    return await database.read(partial(changes_in, row=ChangeMarkRow))


def place_of(counted: Iterable[tuple[Stretch, int]], offset: int) -> tuple[Stretch, int]:
    """In which stretch a student is of whom so many come before, and at which place of it. `offset` is less than all of them. Pure.

    Raises IndexError for an `offset` that is not.
    """
    for stretch, count in counted:
        if offset < count:
            return stretch, offset
        offset -= count
    raise IndexError(offset)


def _count(connection: Connection, *, query: Select[int], stretch: Stretch) -> int:
    return connection.execute(query, stretch.values).scalar_one()


def _key(reach: Reach) -> object:
    if reach.student_ids is not None:
        raise ValueError("who is named is not counted")
    return tuple(reach.places), reach.today, reach.changed_since
