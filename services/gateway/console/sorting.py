"""By which column a table is sorted: a word in the page's address, a link in each head, and the head says how it is now. Pure.

An order is the name of a column, with a minus in front where what is last, newest or most comes first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from re import escape
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlencode

from fastapi import Query

Row = TypeVar("Row")
Key = Callable[[Any], Any]
"""What of a row is compared; None where it has nothing there."""

CURSOR: Final = "cursor"
SORT: Final = "sort"
"""The parameter of a page's first table, which is the one that has pages."""


@dataclass(frozen=True)
class Head:
    """The head of a column that can be sorted by."""

    id: str
    href: str
    direction: Literal["ascending", "descending"] | None
    """None where the table is not sorted by it."""
    region: str


class Orders:
    """What one table of a page can be sorted by.

    firsts     each column as it is sorted when somebody first asks for it; the first of all is the table's usual order, which is
               nothing ("") where the page has one that is no column's
    parameter  of the page's address: `sort`, or where the page has several tables one for each
    region     what a script replaces, as a CSS selector
    """

    def __init__(self, *firsts: str, parameter: str = SORT, region: str) -> None:
        self.usual, self.parameter, self.region = firsts[0], parameter, region
        self._firsts = {first.lstrip("-"): first for first in firsts if first}
        self.codes: tuple[str, ...] = tuple(code for name in self._firsts for code in (name, f"-{name}"))

    @property
    def query(self) -> Any:
        """The parameter, for FastAPI: what is no order of the table is refused."""
        known = "|".join(map(escape, self.codes))
        return Query(alias=self.parameter, pattern=f"^({known}{'|' if not self.usual else ''})$", description="Column; - for descending")

    def heads(self, asked: str, path: str, query: Mapping[str, str]) -> Mapping[str, Head]:
        """By column, the head of the table that is sorted as `asked`. Its link keeps the page's `query`; where the table has pages it goes
        back to the first one."""
        kept = {name: value for name, value in query.items() if name != CURSOR or self.parameter != SORT}
        found = {}
        for name, first in self._firsts.items():
            is_sorted, is_down = asked.lstrip("-") == name, asked.startswith("-")
            turned = first if not is_sorted else name if is_down else f"-{name}"
            found[name] = Head(
                id=f"{self.parameter}-{name}",
                href=f"{path}?{urlencode({**kept, self.parameter: turned})}",
                direction=None if not is_sorted else "descending" if is_down else "ascending",
                region=self.region,
            )
        return found

    def kept(self, asked: str) -> dict[str, str]:
        """What an address says of the order; nothing where it is the usual one."""
        return {} if asked == self.usual else {self.parameter: asked}

    def address(self, path: str, asked: str, **query: str) -> str:
        """`path` with the `query` and the order."""
        said = urlencode({**query, **self.kept(asked)})
        return f"{path}?{said}" if said else path


class Columns(Orders):
    """Those of a table that lies wholly on its page, which sorts it. `keys`: by first order, what of a row is compared."""

    def __init__(self, keys: Mapping[str, Key | None], *, parameter: str = SORT, region: str) -> None:
        super().__init__(*keys, parameter=parameter, region=region)
        self._keys = {first.lstrip("-"): key for first, key in keys.items() if key is not None}

    def rows(self, rows: Sequence[Row], asked: str) -> list[Row]:
        """In the order that is asked for; equals stay as they came, and what has nothing there comes last either way."""
        key = self._keys.get(asked.lstrip("-"))
        return list(rows) if key is None else ordered(rows, key, asked)


def ordered(rows: Sequence[Row], key: Key, asked: str) -> list[Row]:
    """By `key`, down where the order that is asked for has a minus."""
    there = [row for row in rows if key(row) is not None]
    there.sort(key=key, reverse=asked.startswith("-"))
    return [*there, *(row for row in rows if key(row) is None)]
