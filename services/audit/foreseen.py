"""A group that is written as it is foreseen: its keys are at hand, none of its events is in the log, and the log is as memory has it.

PostgreSQL is then asked once, lock and commit included, where a transaction asks five times one after the other. Where anything is not as
was foreseen nothing is written, and a transaction finds out what it is (services.audit.sequencer).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from sqlalchemy.orm import DeclarativeBase

from services.audit.driver import Change, Driver, joined, numbered
from services.audit.group_commit import Committed, YearIsOver
from services.audit.heads import Head
from services.audit.tables import AppendedRow
from shared.all_or_none import only_if
from shared.database import Database

_HELD = (
    "SELECT t.size FROM tree_state t JOIN log l ON l.year = t.log WHERE t.log = ? AND t.size = ? AND t.root = ? AND l.state = 'active' "
    "FOR UPDATE"
)
"""As services.audit.group_commit.lock_head has it: both rows are locked, so that of both is seen what the last writer did."""
_NOBODY_ELSE = " AND EXISTS (SELECT FROM held)"
"""The tree grows by this statement once its lock is held, and not before."""


class NotForeseen(Exception):
    """The store has to be asked first."""


class Foreseen(Driver):
    """What a group writes by one statement, while nobody is asked anything."""

    def __init__(self) -> None:
        self.changes: Sequence[Change] = ()

    def lookup(self, row: type[DeclarativeBase], wanted: Mapping[str, Sequence[Any]], **fixed: int) -> list[tuple[Any, ...]]:
        """That none of the events is there: their keys are the primary key of what is written. Raises NotForeseen."""
        if row is AppendedRow:
            return []
        raise NotForeseen

    def lookup_near(self, row: type[DeclarativeBase], key: str, values: Sequence[bytes]) -> list[tuple[Any, ...]]:
        """As `lookup`."""
        return self.lookup(row, {key: values})

    def together(self, changes: Sequence[Change]) -> list[int]:
        """Kept; the first, the tree, and its checkpoint behind it are of one row each, or nothing is written."""
        self.changes = changes
        return [1] * len(changes)

    def _asked(self, *_: Any, **__: Any) -> NoReturn:
        raise NotForeseen

    rows = locked = unless_held = change = insert = rewrite = merge = insert_missing = _asked


async def written_as_foreseen(database: Database, head: Head, write: Callable[[Driver], Committed]) -> Committed | None:
    """What `write` has written behind `head`, committed; None where it could not be foreseen, and nothing is written."""
    foreseen = Foreseen()
    try:
        committed = write(foreseen)
    except (NotForeseen, YearIsOver):
        return None
    if not foreseen.changes:
        return None
    of_one_row = ("held", "change_0") if committed.note is None else ("held", "change_0", "change_1")
    (grown, values), *others = foreseen.changes
    parts, given = joined([(grown + _NOBODY_ELSE, values), *others])
    text = f"WITH held AS ({_HELD}), {parts} {only_if(of_one_row)}"
    is_written = await database.run_or_nothing(numbered(text), (head.year, head.size, head.root, *given))
    return committed if is_written else None
