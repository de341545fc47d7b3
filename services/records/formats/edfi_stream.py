"""Ed-Fi bulk XML as a stream: one top-level element at a time, no DTD, no entities. What is read of an element is noted in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final, TypeVar
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from safepassage.problems.records import UnreadableRoster

Value = TypeVar("Value")

NAMESPACE = "{http://ed-fi.org/5."
"""Of every Ed-Fi Data Standard 5 interchange."""
DEEPEST: Final = 50
"""Elements in one another: more than any of the standard."""
_READ: Final = "\0read"
"""Set on an element whose text was read; no attribute of XML has this name."""
_KEYS: Final = frozenset({"StudentUniqueId", "ContactUniqueId", "SchoolId", "EducationOrganizationId", "SchoolYear"})
"""What names something, or the year of a session that a date is in: it says nothing more of a student."""


@dataclass(frozen=True)
class Item:
    """A top-level element of an interchange. Paths are local names with slashes."""

    element: Element
    tag: str
    position: str

    def text(self, path: str) -> str | None:
        """The trimmed text at `path`, None if absent or empty."""
        return text_of(self.element, path)

    def boolean(self, path: str) -> bool | None:
        """The xs:boolean at `path`."""
        return boolean_of(self.element, path)

    def day(self, path: str) -> date | None:
        """The xs:date at `path`."""
        return day_of(self.element, path)

    def all(self, path: str) -> list[Element]:
        """Every element at `path`. Of those that hold a text, that counts as read."""
        found = self.element.findall(path)
        for one in found:
            if not len(one):
                one.set(_READ, "")
        return found

    @property
    def has_more(self) -> bool:
        """Whether it says something that nobody has read so far."""
        leaves = (one for one in self.element.iter() if not len(one) and _READ not in one.attrib and one.tag not in _KEYS)
        return any((one.text or "").strip() for one in leaves)

    @property
    def only_student(self) -> str | None:
        """The one student whom it names, wherever it does; None where it names several, or nobody."""
        named = {(one.text or "").strip() for one in self.element.iter("StudentUniqueId")}
        return named.pop() or None if len(named) == 1 else None

    def as_it_came(self) -> dict[str, str]:
        """The element as its source had it, to be kept."""
        for one in self.element.iter():
            one.attrib.pop(_READ, None)
        return {"element": self.tag, "xml": tostring(self.element, encoding="unicode").strip()}

    @property
    def student_id(self) -> str | None:
        """StudentUniqueId of the StudentReference."""
        return self.text("StudentReference/StudentIdentity/StudentUniqueId")


def text_of(element: Element, path: str) -> str | None:
    """The trimmed text at `path` below `element`, None if absent or empty."""
    return value_of(element, path, lambda text: text or None)


def boolean_of(element: Element, path: str) -> bool | None:
    """The xs:boolean at `path` below `element`."""
    return value_of(element, path, boolean)


def day_of(element: Element, path: str) -> date | None:
    """The xs:date at `path` below `element`."""
    return value_of(element, path, day)


def value_of(element: Element, path: str, read: Callable[[str], Value | None]) -> Value | None:
    """What `read` makes of the trimmed text at `path`. INVARIANT: of what it makes nothing that text was not read, and is kept."""
    found = element.find(path)
    value = None if found is None else read((found.text or "").strip())
    if found is not None and value is not None:
        found.set(_READ, "")
    return value


def items(file: BinaryIO, name: str) -> Iterator[Item]:
    """The top-level elements of one interchange file, in its order. Raises UnreadableRoster for what is not Ed-Fi 5 XML."""
    depth, number, root = 0, 0, None
    try:
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                depth += 1
                if depth > DEEPEST:
                    raise UnreadableRoster(f"{name} is nested deeper than any interchange")
                if depth == 1:
                    root = element
                    if not element.tag.startswith(NAMESPACE) or "}Interchange" not in element.tag:
                        raise UnreadableRoster(f"{name} is not an interchange of Ed-Fi 5")
                continue
            depth -= 1
            element.tag = element.tag.rpartition("}")[2]
            if depth == 1:
                number += 1
                yield Item(element, element.tag, f"{name}:{number}")
                assert root is not None  # noqa: S101 an element of depth 2 has a root
                root.clear()
    except (ParseError, DefusedXmlException, UnicodeDecodeError) as error:
        raise UnreadableRoster(f"{name} is not well-formed XML without a DTD") from error


def coded(descriptor: str | None) -> dict[str, str] | None:
    """A descriptor URI, verbatim: `uri://ed-fi.org/SexDescriptor#Female` is code Female of the system before the #."""
    if not descriptor:
        return None
    system, separator, code = descriptor.partition("#")
    return {"system": system, "code": code} if separator and code and system else {"system": "ed-fi", "code": descriptor}


def code_of(descriptor: str | None) -> str:
    """The value of a descriptor URI, folded for comparison."""
    return (descriptor or "").rpartition("#")[2].casefold()


def boolean(text: str | None) -> bool | None:
    """xs:boolean."""
    return {"true": True, "1": True, "false": False, "0": False}.get(text or "")


def day(text: str | None) -> date | None:
    """xs:date, or None."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def school_year(text: str | None) -> int | None:
    """`2021-2022` is 2022."""
    tail = (text or "").rpartition("-")[2]
    return int(tail) if tail.isdigit() and len(tail) == 4 else None


def present(**values: Any) -> dict[str, Any]:
    """The members that are there."""
    return {name: value for name, value in values.items() if value is not None}
