"""What several queries find in one snapshot of PostgreSQL, asked as one statement: a transaction would ask once more for its beginning, for
each of them, and for its end.

Who works on what was seen asks it in a connection's place (`shared.prepared`). A question that was not foreseen is no question to the
store: it is `NotSeen`, and all is read anew in a transaction.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.sql import ClauseElement

from shared import straight
from shared.open_connections import OpenConnections
from shared.prepared import Values, prepared_for, renumbered

KEPT: Final = 1024

Question = tuple[ClauseElement, Values]
"""A SELECT, and its values."""


class NotSeen(Exception):
    """What is asked for was not foreseen."""


class Seen:
    """The answers to several questions of one snapshot."""

    def __init__(self) -> None:
        self._found: dict[Any, list[Any]] = {}
        self._whatever: dict[ClauseElement, list[Any]] = {}

    def answer(self, statement: ClauseElement, values: Values, rows: Sequence[Any]) -> None:
        """What a question finds; also what another one that was asked shows of it."""
        self._found[_key(statement, values)] = list(rows)

    def answer_whatever(self, statement: ClauseElement, rows: Sequence[Any]) -> None:
        """What a statement finds, with any values that it is asked with."""
        self._whatever[statement] = list(rows)

    def rows(self, statement: ClauseElement, values: Values) -> list[Any]:
        """As `prepared.rows`. Raises NotSeen."""
        found = self._found.get(_key(statement, values), self._whatever.get(statement))
        if found is None:
            raise NotSeen
        return list(found)


def _key(statement: ClauseElement, values: Values) -> Any:
    return statement, *((name, tuple(one) if type(one) is list else one) for name, one in sorted(values.items()))


async def seen(connections: OpenConnections, questions: Sequence[Question]) -> Seen:
    """What each of the questions finds, all of them in one snapshot. In their order: it is that of each query itself."""

    async def ask(connection: Connection) -> Seen:
        several = [prepared_for(connection, statement, values) for statement, values in questions]
        bound = [prepared.bound(values) for prepared, (_, values) in zip(several, questions, strict=True)]
        text = text_of(tuple(prepared.text for prepared in several), tuple(len(values) for values in bound))
        record = await straight.asked(connection, text, straight.driver(connection).fetchrow(text, *chain.from_iterable(bound)))
        answers = Seen()
        for prepared, (statement, values), rows in zip(several, questions, record, strict=True):
            answers.answer(statement, values, prepared.read(rows))
        return answers

    return await connections.straight(ask)


@lru_cache(maxsize=KEPT)
def text_of(texts: tuple[str, ...], lengths: tuple[int, ...]) -> str:
    """Queries as one, that gives a list of rows for each."""
    parts, first = [], 0
    for number, (text, length) in enumerate(zip(texts, lengths, strict=True)):
        parts.append(f"question_{number} AS ({renumbered(text, first)})")
        first += length
    lists = ", ".join(f"ARRAY(SELECT ROW(question_{number}.*) FROM question_{number})" for number in range(len(texts)))  # noqa: S608 ours
    return f"WITH {', '.join(parts)} SELECT {lists}"
