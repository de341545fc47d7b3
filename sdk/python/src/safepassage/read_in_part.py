"""The mark of an element that its sender itself has in part: a later version's node said more of it than the sender's could read. Pure.

A member of the element's object, of a list of its first one: `"read_in_part": true`. It stands where a record may grow, so that a node from
before it, which knows no such member, takes the element for one that it read in part itself: which it is.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from safepassage.elements import SECTIONS

MARK: Final = "read_in_part"


def mark(document: dict[str, Any], elements: Collection[str]) -> None:
    """Marks those of `elements` that are in a record's JSON. One that is a text has no parts, and no mark."""
    for element, objects in _elements_of(document):
        if element in elements and objects:
            objects[0][MARK] = True


def without_marks(document: dict[str, Any]) -> set[str]:
    """Takes the marks out of a record's JSON; the elements that had one. What only looks like a mark stays, as a member not known."""
    marked = set()
    for element, objects in _elements_of(document):
        if objects and objects[0].get(MARK) is True:
            del objects[0][MARK]
            marked.add(element)
    return marked


def _elements_of(document: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each element of the record with the objects that it is, or is a list of."""
    for section in SECTIONS:
        held = document.get(section)
        for member, value in held.items() if isinstance(held, dict) else ():
            values = value if isinstance(value, list) else [value]
            yield f"{section}.{member}", [one for one in values if isinstance(one, dict)]
