"""What was read of an XML element is noted in it: what nobody took is what the record has no place for. Pure."""

from collections.abc import Callable, Collection
from typing import Final, TypeVar
from xml.etree.ElementTree import Element, tostring

Value = TypeVar("Value")

_READ: Final = "\0read"
"""Set on an element whose text was read; no attribute of XML has this name."""


def value_of(element: Element, path: str, read: Callable[[str], Value | None]) -> Value | None:
    """What `read` makes of the trimmed text at `path`. INVARIANT: of what it makes nothing that text was not read, and is kept."""
    found = element.find(path)
    value = None if found is None else read((found.text or "").strip())
    if found is not None and value is not None:
        found.set(_READ, "")
    return value


def mark(element: Element) -> None:
    """Its text was read."""
    element.set(_READ, "")


def unmark(element: Element) -> None:
    """Nothing of it was used after all."""
    for one in element.iter():
        one.attrib.pop(_READ, None)


def says_more(element: Element, *, attributes: Callable[[Element], Collection[str]], known: Collection[str] = ()) -> bool:
    """Whether it says something that nobody has read so far: a text, also one between elements, or an attribute.

    attributes  the names of those that say nothing more
    known       tags of elements whose text says nothing more
    """
    for one in element.iter():
        is_read = _READ in one.attrib or (one.tag in known and not len(one))
        if (not is_read and (one.text or "").strip()) or (one is not element and (one.tail or "").strip()):
            return True
        if len(one.attrib) > (_READ in one.attrib) and not one.attrib.keys() <= {_READ, *attributes(one)}:
            return True
    return False


def as_it_came(element: Element) -> dict[str, str]:
    """The element as its source had it, to be kept."""
    unmark(element)
    return {"element": element.tag, "xml": tostring(element, encoding="unicode").strip()}
