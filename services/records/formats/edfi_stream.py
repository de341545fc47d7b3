"""Ed-Fi bulk XML as a stream: one top-level element at a time, no DTD, no entities. What is read of an element is noted in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from safepassage.problems.records import UnreadableRoster
from services.records.formats.xml_marks import as_it_came, mark, says_more, unmark, value_of

NAMESPACE = "{http://ed-fi.org/5."
"""Of every Ed-Fi Data Standard 5 interchange."""
DEEPEST: Final = 50
"""Elements in one another: more than any of the standard."""
_KEYS: Final = frozenset({"StudentUniqueId", "ContactUniqueId"})
"""By which elements of the files name one another: they say nothing more of a student."""
_FOLLOWED: Final = frozenset({"StudentReference", "ContactReference", "DisciplineIncidentReference", "LocalEducationAgencyReference"})
"""References that may name the place of an element in the files (`ref`)."""
MIDNIGHT: Final = ("", "Z", "T00:00:00", "T00:00:00Z")
"""What may stand behind a date and say nothing more."""
STANDARD: Final = "uri://ed-fi.org/"
"""How the standard's own lists of codes are named."""


@dataclass
class Item:
    """A top-level element of an interchange. Paths are local names with slashes."""

    element: Element
    tag: str
    position: str
    of_one: bool = True
    """Whether it names one student alone, as far as is known; otherwise it is kept for nobody."""
    namespace: str = ""
    """Of its interchange: the version of the standard."""

    @property
    def file(self) -> str:
        """Its file, as a report calls it."""
        return self.position.rpartition(":")[0]

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
                mark(one)
        return found

    def known(self, *paths: str) -> None:
        """What is at these paths is said elsewhere in the record."""
        for path in paths:
            text_of(self.element, path)

    def unread(self) -> None:
        """Nothing of it was used after all."""
        unmark(self.element)

    @property
    def has_more(self) -> bool:
        """Whether it says something that nobody has read so far: a text, also one between elements, or an attribute."""
        return says_more(self.element, attributes=self._naming, known=_KEYS)

    def _naming(self, one: Element) -> tuple[str, ...]:
        return ("id",) if one is self.element else ("ref",) if one.tag in _FOLLOWED else ()

    @property
    def named(self) -> set[str]:
        """The ids of the students whom it names, wherever it does."""
        return {text for one in self.element.iter("StudentUniqueId") if (text := (one.text or "").strip())}

    @property
    def places(self) -> set[str]:
        """The places in the files of the students whom it names by theirs."""
        return {one.attrib["ref"] for one in self.element.iter("StudentReference") if "ref" in one.attrib}

    def as_it_came(self) -> dict[str, str]:
        """The element as its source had it, to be kept."""
        return as_it_came(self.element)

    @property
    def at_place(self) -> str | None:
        """The place of the student of the StudentReference, where it names that."""
        reference = self.element.find("StudentReference")
        return None if reference is None else reference.attrib.get("ref")

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
    """The xs:date at `path` below `element`. One with a time of day counts as not read: the time has no place."""
    found = element.find(path)
    text = "" if found is None else (found.text or "").strip()
    return day(text) if text[10:] not in MIDNIGHT else value_of(element, path, day)


def code_at(element: Element, path: str) -> str | None:
    """A descriptor's code at `path`, as written. One of another list than the standard's counts as not read: whose it is has no place."""
    found = element.find(path)
    descriptor = "" if found is None else (found.text or "").strip()
    if found is not None and descriptor.startswith(STANDARD):
        mark(found)
    return descriptor.rpartition("#")[2] or None


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
            if element.tag.startswith(NAMESPACE):
                element.tag = element.tag.rpartition("}")[2]
            if depth == 1:
                number += 1
                assert root is not None  # noqa: S101 an element of depth 2 has a root
                yield Item(element, element.tag, f"{name}:{number}", namespace=root.tag[1:].partition("}")[0])
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
    """`2021-2022` is 2022. Two years that do not follow one another are none."""
    first, _, last = (text or "").rpartition("-")
    if not (last.isascii() and last.isdigit() and len(last) == 4):
        return None
    return int(last) if first in ("", str(int(last) - 1)) else None


def present(**values: Any) -> dict[str, Any]:
    """The members that are there."""
    return {name: value for name, value in values.items() if value is not None}
