"""What is wrong with what is not valid: which member, and which rule it breaks. Names that we know alone, and never a value. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ValidationError

from safepassage.record.loads import NotValid
from safepassage.wire import Wire

SHOWN: Final = 20
"""Positions of one fault."""
MOST: Final = 1000
"""Kinds of faults that are told apart."""


class Fault(NamedTuple):
    """One thing that is wrong."""

    member: str
    rule: str


def faults_of(error: ValidationError) -> tuple[Fault, ...]:
    """Of a value of one of our models."""
    return tuple(
        Fault(named(one["loc"], known=_names()), one["type"])
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    )


def named(path: Iterable[Any], *, known: frozenset[str]) -> str:
    """The path of names to a member. INVARIANT: a name that is not `known` is the sender's, and may be a value."""
    names = [step if step in known else "*" for step in path if isinstance(step, str)]
    return ".".join(names)[:200] or "*"


def in_kebab(word: str) -> str:
    """maxLength is max-length."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", word).casefold()


class Faults:
    """What is wrong in an upload."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Fault], tuple[int, list[str]]] = {}

    def add(self, position: str, faults: Iterable[Fault]) -> None:
        """At a position: a file or resource, and what stands in it."""
        for fault in faults:
            key = (position.partition(":")[0], fault)
            if key not in self._found and len(self._found) >= MOST:
                continue
            count, positions = self._found.get(key, (0, []))
            if len(positions) < SHOWN and position not in positions:
                positions.append(position)
            self._found[key] = (count + 1, positions)

    def told(self, place: Callable[[str], str] = str) -> Sequence[NotValid]:
        """The most frequent first. `place`: how a place may be said."""
        ordered = sorted(self._found.items(), key=lambda one: (-one[1][0], one[0]))
        return tuple(
            NotValid(resource=place(resource), member=fault.member, rule=fault.rule, count=count, positions=tuple(map(place, positions)))
            for (resource, fault), (count, positions) in ordered
        )


@cache
def _names() -> frozenset[str]:
    """The members of all our wire models."""
    found: set[str] = set()
    waiting: list[type[BaseModel]] = [Wire]
    while waiting:
        model = waiting.pop()
        found.update(model.model_fields)
        waiting.extend(model.__subclasses__())
    return frozenset(found)
