"""The members of one Ed-Fi API resource, read by name: what nobody asked for is what the record has no place for."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from services.records.formats.edfi_stream import coded
from services.records.formats.made_once import Code, code_of
from services.records.formats.parsed import Findings

Model = TypeVar("Model", bound=BaseModel)

Body = dict[str, Any]

SERVERS: Final = frozenset({"id", "_etag", "_lastModifiedDate", "link"})
"""What the API adds to a resource: it says nothing of anybody."""


class Members:
    """One body, or an object within one.

    position  where it stands: file or resource, and number from 1
    refused   members that are not as the schema says: they read as absent, and are left over

    What is read again is read anew: a contact that many students share stays as small as it is.
    """

    __slots__ = ("_inside", "_read", "_refused", "_taken", "body", "position")

    def __init__(self, body: Mapping[str, Any], position: str, *, refused: frozenset[str] = frozenset()) -> None:
        self.body, self.position = body, position
        self._refused = refused
        self._read = {name: value for name, value in body.items() if name not in refused} if refused else body
        self._taken: set[str] = set()
        self._inside: dict[str, list[Members]] = {}

    def _take(self, name: str) -> Any:
        self._taken.add(name)
        return self._read.get(name)

    def peek(self, name: str) -> Any:
        """What is there, not read by this."""
        return self._read.get(name)

    def text(self, name: str) -> str | None:
        """A text without white space around it; None where there is none."""
        value = self._take(name)
        return value.strip() or None if isinstance(value, str) else None

    def key(self, name: str) -> str | None:
        """A number or text by which something is named, as text."""
        value = self._take(name)
        return str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) and value != "" else None

    def coded(self, name: str) -> Code | None:
        """A descriptor, verbatim."""
        value = self.text(name)
        return None if value is None else _code(value)

    def flag(self, name: str) -> bool | None:
        """A boolean."""
        value = self._take(name)
        return value if isinstance(value, bool) else None

    def number(self, name: str) -> Decimal | None:
        """A number, exactly as it is written in its shortest form."""
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return None

    def inside(self, name: str) -> "Members":
        """The object of that name; one without members where there is none."""
        value = self._take(name)
        found = Members(value if isinstance(value, dict) else {}, self.position)
        self._inside[name] = [found]
        return found

    def parts(self, name: str) -> list["Members"]:
        """The objects of a list."""
        value = self._take(name)
        found = [Members(one, self.position) for one in value if isinstance(one, dict)] if isinstance(value, list) else []
        self._inside[name] = found
        return found

    def made(self, findings: Findings, model: type[Model], values: Body) -> Model | None:
        """An instance of `model` of what was read here. What makes none is reported, and stays as it is."""
        made = findings.made(model, values, self.position)
        if made is None:
            self.unread()
        return made

    def unread(self) -> None:
        """Nothing of it was used after all."""
        self._taken, self._inside = set(), {}

    def first(self, name: str) -> "Members":
        """The first object of a list, the others left over; one without members where there is none."""
        found = self.parts(name)
        return found[0] if found else Members({}, self.position)

    def known(self, *names: str) -> None:
        """These are said elsewhere: by which student, school or key a body stands where it does."""
        self._taken.update(names)

    def left(self) -> Body:
        """What was not read, verbatim; of an object or a list with anything left in it, all of it."""
        taken = self._taken if not self._refused else self._taken - self._refused
        if taken >= self.body.keys() and not self._inside:
            return {}
        left: Body = {}
        for name, value in self.body.items():
            if name in taken or name in SERVERS:
                inside = self._inside.get(name)
                if not inside or not any(part.left() for part in inside):
                    continue
            if value not in (None, [], {}):
                left[name] = value
        return left


@lru_cache(maxsize=4096)
def _code(descriptor: str) -> Code | None:
    members = coded(descriptor)
    return None if members is None else code_of(**members)
