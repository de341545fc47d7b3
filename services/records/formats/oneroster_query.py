"""What a OneRoster request asks of a collection: filter, sort, order and selection of fields (1EdTech OneRoster 1.2 REST binding). Pure.

A filter is `field op 'value'` with = != > >= < <= ~ (contains), joined by AND and OR; AND binds closer. A field is named as the object has
it, inner ones by dots (`roles.org.sourcedId`); through a list it means any of its members. Values are compared without regard to case,
instants by their time, and a list of several values by its members: `grades='09,10'` is exactly these, `grades~'09'` these among others.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from safepassage.problems.oneroster import FilterNotValid, SelectionNotValid
from services.records.formats.oneroster_unsaid import NOT_SAID

Object = dict[str, Any]

_PREDICATE: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_.]*)\s*(!=|>=|<=|=|>|<|~)\s*'((?:[^']|'')*)'\s*")
_JOINED: Final = re.compile(r"(AND|OR)(?=\s)")
MOST_PREDICATES: Final = 20
METADATA: Final = "metadata"
LAST_MODIFIED: Final = "dateLastModified"


@dataclass(frozen=True)
class Predicate:
    """One comparison."""

    field: str
    operator: Literal["=", "!=", ">", ">=", "<", "<=", "~"]
    value: str

    def holds(self, item: Object) -> bool:
        """Whether it holds of an object. What an object does not have is different from everything, and neither greater nor less."""
        found = list(_values(item, self.field.split(".")))
        several = [one for one in found if isinstance(one, list)]
        if several:
            return self._of_list([str(one).casefold() for part in several for one in part])
        texts = [_text(one) for one in found]
        if self.operator == "!=":
            return all(one != self.value.casefold() for one in texts)
        return any(_COMPARE[self.operator](one, self.value.casefold()) for one in texts)

    def _of_list(self, members: list[str]) -> bool:
        asked = {part.strip().casefold() for part in self.value.split(",")}
        if self.operator == "=":
            return set(members) == asked
        if self.operator == "!=":
            return set(members) != asked
        if self.operator == "~":
            return asked <= set(members)
        return any(_COMPARE[self.operator](one, self.value.casefold()) for one in members)


_COMPARE: Final[dict[str, Callable[[str, str], bool]]] = {
    "=": lambda left, right: left == right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    "~": lambda left, right: right in left,
}


@dataclass(frozen=True)
class Filter:
    """Alternatives, each of comparisons that all must hold."""

    alternatives: tuple[tuple[Predicate, ...], ...]

    def holds(self, item: Object) -> bool:
        """Whether it holds of an object."""
        return any(all(one.holds(item) for one in every) for every in self.alternatives)

    def required(self, field: str) -> tuple[Predicate, ...]:
        """The comparisons of `field` without which the filter does not hold: a store may look for these first."""
        return tuple(one for one in self.alternatives[0] if one.field == field) if len(self.alternatives) == 1 else ()


def parse_filter(text: str | None, *, fields: frozenset[str]) -> Filter | None:
    """The filter that `text` says; None for none.

    fields  the names that objects of the collection may have: another is refused, and so tells nothing of what is withheld

    Raises FilterNotValid.
    """
    if text is None:
        return None
    alternatives: list[list[Predicate]] = [[]]
    place = 0
    for _ in range(MOST_PREDICATES):
        found = _PREDICATE.match(text, place)
        if found is None:
            raise FilterNotValid(field="filter")
        name, operator, value = found.groups()
        if name.partition(".")[0] not in fields:
            raise FilterNotValid("a field is not one of the collection", field="filter")
        value = _instant(value) if name == LAST_MODIFIED else value.replace("''", "'")
        alternatives[-1].append(Predicate(name, operator, value))  # type: ignore[arg-type]  # one of the expression's
        place = found.end()
        if place == len(text):
            return Filter(tuple(tuple(every) for every in alternatives))
        joined = _JOINED.match(text, place)
        if joined is None:
            raise FilterNotValid(field="filter")
        if joined[1] == "OR":
            alternatives.append([])
        place = joined.end()
    raise FilterNotValid(f"more than {MOST_PREDICATES} comparisons", field="filter")


def _instant(text: str) -> str:
    """An instant or a day, in the form in which objects have instants, so that their texts compare as their times do."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise FilterNotValid("dateLastModified is compared with an instant, RFC 3339", field="filter") from error
    return instant(value if value.tzinfo is not None else value.replace(tzinfo=UTC))


def instant(value: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_fields(text: str | None, *, fields: frozenset[str]) -> frozenset[str] | None:
    """The fields to give; None for all. Raises SelectionNotValid."""
    if text is None:
        return None
    names = frozenset(part.strip() for part in text.split(","))
    if not names <= fields:
        raise SelectionNotValid(field="fields")
    return names


def selected(item: Object, fields: frozenset[str] | None) -> Object:
    """The object with these fields alone.

    # INVARIANT: metadata stays, whatever is selected: a statement of disagreement stands there, and goes with what it relates to.
    What the object does not say is told to who selects metadata, or nothing.
    """
    if fields is None:
        return item
    made = {name: value for name, value in item.items() if name in fields}
    beside = {name: value for name, value in item.get(METADATA, {}).items() if METADATA in fields or name != NOT_SAID}
    return {**made, METADATA: beside} if beside else made


def in_order(items: Sequence[Object], sort: str | None, *, descending: bool) -> list[Object]:
    """Sorted by a field, and in their own order where several have one value. Who has none comes last, whichever the order.

    By a field that objects do not have they stay in their order, as the standard asks.
    """
    if sort is None:
        return list(items)
    keyed = [(next(map(_text, _values(item, sort.split("."))), None), item) for item in items]
    there = sorted(((key, item) for key, item in keyed if key is not None), key=lambda pair: pair[0], reverse=descending)
    return [item for _, item in there] + [item for key, item in keyed if key is None]


def _values(item: Any, path: Sequence[str]) -> Iterator[Any]:
    """What stands at a path; through a list of objects, of each of them. A list of texts is one value."""
    if not path:
        yield item
    elif isinstance(item, list):
        for member in item:
            yield from _values(member, path)
    elif isinstance(item, Mapping):
        if path[0] in item:
            yield from _values(item[path[0]], path[1:])
        elif len(path) > 1 and ".".join(path) in item:  # metadata has names with dots
            yield item[".".join(path)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_text(one) for one in value)
    return str(value).casefold()
