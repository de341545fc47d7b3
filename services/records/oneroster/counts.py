"""How many students are in reach, by stretches of all ids, kept while no student, enrolment or organisation of the store changed.

Numbers, and of nobody's record: whoever asks for a page has them counted once, and not again for the next.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from services.records.reach import Reach
from services.records.stretches import Stretch

MOST: Final = 256
"""Of a process, the least recently used going first: some 10 kB each."""

Counted = Sequence[tuple[Stretch, int]]


class Counts:
    """Those of a process."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._counted = OrderedDict[object, tuple[int, Counted]]()

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


def _key(reach: Reach) -> object:
    if reach.student_ids is not None:
        raise ValueError("who is named is not counted")
    return tuple(reach.places), reach.today, reach.changed_since
