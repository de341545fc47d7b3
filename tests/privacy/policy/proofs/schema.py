"""The Cedar schema, read for the proofs: which facts a request of each action has, of which type, and which of them may be absent.

Reads as much of the schema language as ours uses, and refuses the rest: a proof about half a schema would prove nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SCALARS: Final = ("Bool", "String", "Long", "datetime", "duration")
_TOKEN = re.compile(r"\s+|//[^\n]*|\x22(?P<quoted>[a-z-]+)\x22|(?P<token>[A-Za-z_][A-Za-z0-9_]*|[{}\[\]<>:;,=?])")


class SchemaNotRead(ValueError):
    """A construct that the proofs do not know."""


@dataclass(frozen=True)
class Scalar:
    """Bool, String, Long, datetime or duration."""

    name: str


@dataclass(frozen=True)
class EntityOf:
    """An entity of this type (without its namespace)."""

    name: str


@dataclass(frozen=True)
class SetOf:
    """A set of scalars or entities."""

    element: Scalar | EntityOf


@dataclass(frozen=True)
class Member:
    """A member of a record."""

    type: "Type"
    optional: bool


@dataclass(frozen=True)
class RecordOf:
    """A record by its members' names."""

    members: Mapping[str, Member]


Type = Scalar | EntityOf | SetOf | RecordOf


@dataclass(frozen=True)
class Action:
    """What an action applies to."""

    principals: tuple[str, ...]
    resources: tuple[str, ...]
    context: RecordOf


@dataclass(frozen=True)
class Schema:
    """Entity types and actions of the one namespace."""

    entities: frozenset[str]
    actions: Mapping[str, Action]


def read_schema(text: str) -> Schema:
    """The schema of a text that Cedar's own parser has accepted (test_pack). Raises SchemaNotRead."""
    return _Reader(text).schema()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise SchemaNotRead(f"at character {at}")
            if found["token"] or found["quoted"]:
                self._tokens.append(found["token"] or found["quoted"])
            at = found.end()
        self._at = 0
        self._types: dict[str, Type] = {}
        self._entities: set[str] = set()

    def schema(self) -> Schema:
        actions: dict[str, Action] = {}
        self._take("namespace")
        self._take()
        self._take("{")
        while not self._skipped("}"):
            kind = self._take()
            if kind == "entity":
                self._entities.update(self._names())
                if self._skipped("in"):
                    self._list()
                self._take(";")
            elif kind == "type":
                name = self._take()
                self._take("=")
                self._types[name] = self._type()
                self._take(";")
            elif kind == "action":
                actions |= self._action()
            else:
                raise SchemaNotRead(kind)
        if self._at != len(self._tokens):
            raise SchemaNotRead("something after the namespace")
        return Schema(frozenset(self._entities), actions)

    def _action(self) -> dict[str, Action]:
        names = self._names()
        self._take("appliesTo")
        self._take("{")
        applies: dict[str, tuple[str, ...]] = {}
        context = RecordOf({})
        while not self._skipped("}"):
            part = self._take()
            self._take(":")
            if part == "context":
                read = self._type()
                if not isinstance(read, RecordOf):
                    raise SchemaNotRead("a context that is no record")
                context = read
            else:
                applies[part] = self._list()
            self._skipped(",")
        self._take(";")
        return dict.fromkeys(names, Action(applies["principal"], applies["resource"], context))

    def _type(self) -> Type:
        if self._skipped("{"):
            return self._record()
        name = self._take()
        if name == "Set":
            self._take("<")
            element = self._type()
            self._take(">")
            if not isinstance(element, Scalar | EntityOf):
                raise SchemaNotRead("a set of sets or records")
            return SetOf(element)
        if name in self._types:
            return self._types[name]
        if name in SCALARS:
            return Scalar(name)
        if name in self._entities:
            return EntityOf(name)
        raise SchemaNotRead(f"type {name} is not known here; types stand before their use")

    def _record(self) -> RecordOf:
        members: dict[str, Member] = {}
        while not self._skipped("}"):
            name = self._take()
            optional = self._skipped("?")
            self._take(":")
            members[name] = Member(self._type(), optional)
            self._skipped(",")
        return RecordOf(members)

    def _names(self) -> list[str]:
        names = [self._take()]
        while self._skipped(","):
            names.append(self._take())
        return names

    def _list(self) -> tuple[str, ...]:
        if not self._skipped("["):
            return (self._take(),)
        names = self._names()
        self._take("]")
        return tuple(names)

    def _take(self, expected: str | None = None) -> str:
        if self._at >= len(self._tokens) or expected not in (None, self._tokens[self._at]):
            raise SchemaNotRead(f"expected {expected or 'more'}")
        self._at += 1
        return self._tokens[self._at - 1]

    def _skipped(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == token:
            self._at += 1
            return True
        return False
