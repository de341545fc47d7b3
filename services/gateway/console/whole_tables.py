"""A table that lies wholly on its page: by words in the page's address it is narrowed, sorted, given in pages and as a file. Pure.

What it is narrowed by are codes, never what somebody typed: each row has them, and a word for each in the reader's language.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature
from re import escape
from typing import Annotated, Any, Final, Generic
from urllib.parse import urlencode

from fastapi import Depends, Query

from services.gateway.console.sorting import Columns, Head, Key, Row
from shared.word_order import in_words

Say = Callable[[str], str]
Choice = tuple[str, str]
"""A code, and what it is called."""

ON_A_PAGE: Final = 100
"""Rows: more than nearly every table has."""
LONGEST: Final = 80
CODE: Final = r"^(\w[\w.:-]*)?$"


@dataclass(frozen=True)
class Filter:
    """What of a row its table is narrowed by."""

    label: str
    choices: Callable[[Any, Say], Iterable[Choice]]
    """A row's: one, or several; their words in the reader's language."""
    codes: Iterable[str] | None = None
    """All that there are, where they are known; an address that says another is refused."""


@dataclass(frozen=True)
class Asked:
    """What an address says of one table."""

    sort: str
    chosen: Mapping[str, str]
    """By a filter's name the code that is asked for; those that are not set are left out."""
    page: int = 1


NOTHING_ASKED: Final = Asked("", {})
"""Of a table whose usual order is none of its columns'."""


@dataclass(frozen=True)
class ShownFilter:
    """A field of the form."""

    name: str
    label: str
    choices: list[Choice]
    chosen: str


@dataclass(frozen=True)
class ShownTable(Generic[Row]):
    """What a page says of its table; `rows` are those of this page of it."""

    name: str
    rows: list[Row]
    number: int
    """Of rows that fit what is asked for."""
    every: int
    heads: Mapping[str, Head]
    filters: list[ShownFilter]
    kept: Mapping[str, str]
    """What the form keeps of the address: the order, and all that is asked of other tables of the page."""
    region: str
    action: str
    everything: str
    """Where it is narrowed by nothing."""
    export: str
    earlier: str | None
    later: str | None

    @property
    def is_narrowed(self) -> bool:
        """By any filter."""
        return any(one.chosen for one in self.filters)


def coded(text: str) -> str:
    """A code for a word of an agreement or a law that has none: its letters and numbers, small, with dashes between."""
    return "-".join("".join(one if one.isalnum() else " " for one in in_words(text)).split())[:LONGEST]


class WholeTable(Columns):
    """One table of a page.

    name     of its file, and in the address before what is asked of it
    filters  by their names, at least one
    file     its file's columns: by name, what a row has there, as JSON has it
    is_first the page's first table: what is asked of it needs no name before it
    """

    def __init__(
        self,
        name: str,
        keys: Mapping[str, Key | None],
        *,
        filters: Mapping[str, Filter],
        file: Mapping[str, Callable[[Any], object]],
        region: str = "#main",
        is_first: bool = False,
    ) -> None:
        super().__init__(keys, parameter="sort" if is_first else f"sort-{name}", region=region)
        self.name, self.file, self._page = name, file, "page" if is_first else f"page-{name}"
        self._named = {} if is_first else {"table": name}
        self.filters = {one if is_first else f"{name}-{one}": asked for one, asked in filters.items()}

    @property
    def asked(self) -> Any:
        """What an address says of it, for FastAPI; what can be no code and no order of it is refused."""
        names = {f"filter_{place}": name for place, name in enumerate(self.filters)}

        def read(sort: str, page: int, **chosen: str) -> Asked:
            return Asked(sort, {names[one]: code for one, code in chosen.items() if code}, page)

        about = [
            ("sort", Annotated[str, self.query], self.usual),
            ("page", Annotated[int, Query(alias=self._page, ge=1, le=10_000, description="Of the rows that fit.")], 1),
            *((one, Annotated[str, _code(name, self.filters[name])], "") for one, name in names.items()),
        ]
        parameters = [Parameter(name, Parameter.KEYWORD_ONLY, default=usual, annotation=kind) for name, kind, usual in about]
        read.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # of the function, for whoever asks what it takes
        return Depends(read)

    def fitting(self, rows: Sequence[Row], asked: Asked) -> list[Row]:
        """All that fit, in the order that is asked for."""

        def fits(row: Row) -> bool:
            return all(code in {one for one, _word in self.filters[name].choices(row, str)} for name, code in asked.chosen.items())

        return self.rows([row for row in rows if fits(row)], asked.sort)

    def filed(self, rows: Sequence[Row], asked: Asked) -> tuple[tuple[str, ...], list[dict[str, object]]]:
        """Columns and lines of its file: whatever the page, all that fit, in its order."""
        return tuple(self.file), [{name: of(row) for name, of in self.file.items()} for row in self.fitting(rows, asked)]

    def said(self, asked: Asked) -> dict[str, str]:
        """What an address says of it, but for the page: nothing of what is usual."""
        return {**self.kept(asked.sort), **asked.chosen}

    def shown(
        self, rows: Sequence[Row], asked: Asked, translate: Say, *, path: str, query: Mapping[str, str], export: str
    ) -> ShownTable[Row]:
        """For its page, of which `path` and `query` are the address.

        export  where its file is, with what else that needs to be told
        """
        fitting = self.fitting(rows, asked)
        here = {name: value for name, value in query.items() if value and name != self._page}
        others = {name: value for name, value in here.items() if name not in self.filters}
        first = (asked.page - 1) * ON_A_PAGE
        pages = [asked.page - 1 if asked.page > 1 else None, asked.page + 1 if first + ON_A_PAGE < len(fitting) else None]
        earlier, later = [None if page is None else f"{path}?{urlencode({**here, self._page: page})}" for page in pages]
        return ShownTable(
            name=self.name,
            rows=fitting[first : first + ON_A_PAGE],
            number=len(fitting),
            every=len(rows),
            heads=self.heads(asked.sort, path, here),
            filters=[self._filter(name, rows, asked.chosen.get(name, ""), translate) for name in self.filters],
            kept=others,
            region=self.region,
            action=path,
            everything=_with(path, others),
            export=_with(export, self._named | self.said(asked)),
            earlier=earlier,
            later=later,
        )

    def _filter(self, name: str, rows: Sequence[Row], chosen: str, translate: Say) -> ShownFilter:
        asked = self.filters[name]
        found = {code: word for row in rows for code, word in asked.choices(row, translate) if code}
        if chosen:
            found.setdefault(chosen, chosen)
        return ShownFilter(name, translate(asked.label), sorted(found.items(), key=lambda one: one[1].casefold()), chosen)


def _with(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}" if query else address


def _code(name: str, narrowing: Filter) -> Any:
    pattern = CODE if narrowing.codes is None else f"^({'|'.join(map(escape, narrowing.codes))})?$"
    return Query(alias=name, pattern=pattern, max_length=LONGEST, description="A code that a row of the table has.")
