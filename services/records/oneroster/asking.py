"""A request to the rostering service: paging, filter, sort, selection, and the links of its answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Query

from safepassage.problems.oneroster import PagingNotValid
from services.records.formats.oneroster_query import LAST_MODIFIED, Filter, Object, in_order, parse_fields, parse_filter, selected
from services.records.formats.oneroster_vocabulary import FIELDS

MOST: Final = 10_000
"""Objects of a page at the most."""
LONGEST_LINK: Final = 6000
"""Characters: a header field of 8 KiB is more than some take."""


@dataclass(frozen=True)
class Parameters:
    """The query as it came. Numbers are read by `Asked`: the standard's form of an error is not FastAPI's."""

    limit: Annotated[str | None, Query(max_length=8, description="Objects of a page at the most, 1 to 10000; 100 if left out.")] = None
    offset: Annotated[str | None, Query(max_length=12, description="Objects before the page; 0 if left out.")] = None
    sort: Annotated[str | None, Query(max_length=100, description="A field to sort by.")] = None
    orderBy: Annotated[str | None, Query(max_length=8, description="asc, or desc.")] = None  # noqa: N815 - the standard's name
    filter: Annotated[str | None, Query(max_length=2000, description="field op 'value', joined by AND or OR.")] = None
    fields: Annotated[str | None, Query(max_length=2000, description="Fields to give, separated by commas.")] = None


Query_ = Annotated[Parameters, Depends()]


@dataclass(frozen=True)
class Asked:
    """The query, read."""

    parameters: Parameters
    limit: int
    offset: int
    filter: Filter | None
    fields: frozenset[str] | None

    @classmethod
    def of(cls, parameters: Parameters, collection: str) -> "Asked":
        """Raises PagingNotValid, FilterNotValid, SelectionNotValid."""
        limit, offset = _number(parameters.limit, 100, "limit"), _number(parameters.offset, 0, "offset")
        if not 1 <= limit <= MOST:
            raise PagingNotValid(field="limit")
        if parameters.orderBy not in (None, "asc", "desc"):
            raise PagingNotValid(field="orderBy")
        fields = FIELDS[collection]
        return cls(
            parameters, limit, offset, parse_filter(parameters.filter, fields=fields), parse_fields(parameters.fields, fields=fields)
        )

    @property
    def changed_since(self) -> datetime | None:
        """An instant before which nothing changed is asked for: the store need not look at it."""
        required = self.filter.required(LAST_MODIFIED) if self.filter else ()
        instants = [datetime.fromisoformat(one.value).astimezone(UTC) for one in required if one.operator in (">", ">=", "=")]
        return max(instants, default=None)

    @property
    def only_since(self) -> bool:
        """Whether it filters by nothing but what `changed_since` finds, and sorts by nothing: a page can be cut in the store."""
        if self.parameters.sort is not None:
            return False
        every = self.filter.alternatives if self.filter else ()
        return all(len(one) == 1 and one[0].field == LAST_MODIFIED and one[0].operator == ">=" for one in every) and len(every) <= 1

    def holds(self, item: Object) -> bool:
        """Whether the filter holds of an object."""
        return self.filter is None or self.filter.holds(item)

    def ordered(self, items: Sequence[Object]) -> list[Object]:
        """In the order asked for."""
        return in_order(items, self.parameters.sort, descending=self.parameters.orderBy == "desc")

    def selected(self, item: Object) -> Object:
        """With the fields asked for."""
        return selected(item, self.fields)

    def links(self, url: str, total: int) -> str:
        """The Link header (RFC 8288): next and prev where there is one, first and last; next alone where the filter is long."""
        last = max(0, (total - 1) // self.limit * self.limit)
        places = {"next": self.offset + self.limit, "prev": max(0, self.offset - self.limit), "first": 0, "last": last}
        if places["next"] >= total:
            del places["next"]
        if self.offset == 0:
            del places["prev"]
        given = {name: value for name, value in vars(self.parameters).items() if value is not None}
        made = {rel: f'<{url}?{urlencode({**given, "limit": self.limit, "offset": at})}>; rel="{rel}"' for rel, at in places.items()}
        every = ", ".join(made.values())
        return every if len(every) <= LONGEST_LINK else made.get("next", "")


def _number(text: str | None, default: int, field: str) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise PagingNotValid(field=field)
    return int(text)
