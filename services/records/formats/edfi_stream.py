"""Ed-Fi bulk XML as a stream: one top-level element at a time, no DTD, no entities, nothing kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from safepassage.problems.records import UnreadableRoster

NAMESPACE = "{http://ed-fi.org/5."
"""Of every Ed-Fi Data Standard 5 interchange."""


@dataclass(frozen=True)
class Item:
    """A top-level element of an interchange. Paths are local names with slashes."""

    element: Element
    tag: str
    position: str

    def text(self, path: str) -> str | None:
        """The trimmed text at `path`, None if absent or empty."""
        return text_of(self.element, path)

    def all(self, path: str) -> list[Element]:
        """Every element at `path`."""
        return self.element.findall(path)

    @property
    def student_id(self) -> str | None:
        """StudentUniqueId of the StudentReference."""
        return self.text("StudentReference/StudentIdentity/StudentUniqueId")


def text_of(element: Element, path: str) -> str | None:
    """The trimmed text at `path` below `element`, None if absent or empty."""
    return (element.findtext(path) or "").strip() or None


def items(file: BinaryIO, name: str) -> Iterator[Item]:
    """The top-level elements of one interchange file, in its order. Raises UnreadableRoster for what is not Ed-Fi 5 XML."""
    depth, number, root = 0, 0, None
    try:
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                depth += 1
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
