"""The members of one Ed-Fi API resource, read by name: what nobody asked for is what the record has no place for."""

from collections.abc import Mapping, Sequence
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
"""What the API adds to a resource: it says nothing of anybody, and is reported as left (`source-id-left`)."""
INSIDE: Final = frozenset({"link"})
"""And to a reference in it."""
_WHOLE: Final[Sequence["Members"]] = ()
"""Stands for an object of which all is said where the body stands: nobody need look at it member by member."""
STANDARD: Final = "uri://ed-fi.org/"
"""How the standard's own lists of codes are named."""


class Members:
    """One body, or an object within one.

    position  where it stands: file or resource, and number from 1
    refused   members that are not as the schema says: they read as absent, and are left over

    What is read again is read anew: a contact that many students share stays as small as it is.
    """

    __slots__ = ("_inside", "_read", "_refused", "_servers", "_taken", "body", "position")

    def __init__(
        self, body: Mapping[str, Any], position: str, *, refused: frozenset[str] = frozenset(), servers: frozenset[str] = SERVERS
    ) -> None:
        self.body, self.position, self._servers = body, position, servers
        self._refused = refused
        self._read = {name: value for name, value in body.items() if name not in refused} if refused else body
        self._taken: set[str] = set()
        self._inside: dict[str, Sequence[Members]] = {}

    def peek(self, name: str) -> Any:
        """What is there, not read by this."""
        return self._read.get(name)

    def text(self, name: str) -> str | None:
        """A text without white space around it; None where there is none."""
        value = self._read.get(name)
        if isinstance(value, str) and (said := value.strip()):
            self._taken.add(name)
            return said
        return None

    def key(self, name: str) -> str | None:
        """A number or text by which something is named, as text."""
        value = self._read.get(name)
        if not isinstance(value, (int, str)) or isinstance(value, bool) or value == "":
            return None
        self._taken.add(name)
        return str(value)

    def coded(self, name: str) -> Code | None:
        """A descriptor, verbatim."""
        value = self._read.get(name)
        code = _code(value) if isinstance(value, str) else None
        if code is not None:
            self._taken.add(name)
        return code

    def code(self, name: str) -> str | None:
        """A descriptor's code, as written. One of another list than the standard's is left over too: whose it is has no place."""
        value = self._read.get(name)
        said = value.strip().rpartition("#")[2] if isinstance(value, str) else ""
        if said:
            self.standard(name)
        return said or None

    def standard(self, *names: str) -> None:
        """These are said by what was read of them, if they are codes of the standard's own lists."""
        for name in names:
            if str(self._read.get(name)).startswith(STANDARD):
                self._taken.add(name)

    def flag(self, name: str) -> bool | None:
        """A boolean."""
        value = self._read.get(name)
        if not isinstance(value, bool):
            return None
        self._taken.add(name)
        return value

    def number(self, name: str) -> Decimal | None:
        """A number, exactly as it is written in its shortest form."""
        value = self._read.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            return None
        self._taken.add(name)
        return number

    def inside(self, name: str) -> "Members":
        """The object of that name, the same one each time; one without members where there is none."""
        value, held = self._read.get(name), self._inside.get(name)
        if held:
            return held[0]
        if not isinstance(value, dict):
            return Members({}, self.position)
        self._taken.add(name)
        found = Members(value, self.position, servers=INSIDE)
        if held is _WHOLE:
            found.known(*value)
        self._inside[name] = (found,)
        return found

    def parts(self, name: str) -> list["Members"]:
        """The objects of a list."""
        value = self._read.get(name)
        if not isinstance(value, list):
            return []
        found = [Members(one, self.position, servers=INSIDE) for one in value if isinstance(one, dict)]
        if len(found) == len(value):
            self._taken.add(name)
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

    def names(self, name: str, *keys: str) -> None:
        """The object of that name says nothing but where the body stands, by these members; whatever else is in it is left over."""
        value = self._read.get(name)
        if name not in self._inside and isinstance(value, dict) and _inside_with(keys).issuperset(value):
            self._taken.add(name)
            self._inside[name] = _WHOLE
        else:
            self.inside(name).known(*keys)

    def left(self) -> Body:
        """What was not read, verbatim; of an object or a list with anything left in it, all of it."""
        taken = self._taken if not self._refused else self._taken - self._refused
        if self._servers.issuperset(self.body.keys() - taken) and not (self._inside and any(map(_is_left, self._inside.values()))):
            return {}
        left: Body = {}
        for name, value in self.body.items():
            if name in self._servers:
                continue
            if name in taken and not _is_left(self._inside.get(name, _WHOLE)):
                continue
            if value not in (None, [], {}, ""):
                left[name] = value
        return left


def _is_left(parts: Sequence[Members]) -> bool:
    """Whether anything is left of any of these."""
    for part in parts:  # noqa: SIM110 asked of each object of each body: a generator takes twice as long
        if part.left():
            return True
    return False


@lru_cache(maxsize=64)
def _inside_with(keys: tuple[str, ...]) -> frozenset[str]:
    return INSIDE.union(keys)


@lru_cache(maxsize=4096)
def _code(descriptor: str) -> Code | None:
    members = coded(descriptor.strip())
    return None if members is None else code_of(**members)
