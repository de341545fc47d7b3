"""A model of an XML document: which elements stand where, in which order, how often, and what text is in them. Pure.

For standards whose schemas may not be copied: the model is ours, and knows what is written here and no more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

MANY: Final = 10_000


class NotOfStructure(ValueError):
    """The document is not as the model has it; the message says where, by element names alone."""


@dataclass(frozen=True)
class Text:
    """Characters, from one to so many, or of a pattern, or one of some words."""

    longest: int = MANY
    pattern: str | None = None
    words: frozenset[str] | None = None

    def holds(self, text: str) -> bool:
        """Whether it is one."""
        if self.words is not None:
            return text in self.words
        return 1 <= len(text) <= self.longest and (self.pattern is None or re.fullmatch(self.pattern, text) is not None)


@dataclass(frozen=True)
class Child:
    """An element that may stand at a place. `kind` names what is in it: a type, or a text."""

    name: str
    kind: str
    least: int = 0
    most: int = 1


def require(
    element: Element,
    kind: str,
    *,
    types: Mapping[str, tuple[Child, ...]],
    texts: Mapping[str, Text],
    any_other: Mapping[str, str] | None = None,
    where: str = "",
) -> None:
    """Check an element and what is in it. Raises NotOfStructure.

    any_other  kinds that hold one element of another namespace, with its tag
    """
    where = where or kind
    other = (any_other or {}).get(kind)
    if other is not None:
        if [child.tag for child in element] != [other]:
            raise NotOfStructure(f"{where} holds one element of a namespace of its own")
        return
    if kind in texts:
        if len(element) or not texts[kind].holds(element.text or ""):
            raise NotOfStructure(f"{where} has not its form")
        return
    children, place = list(element), 0
    for child in types[kind]:
        count = 0
        while place < len(children) and children[place].tag == child.name:
            inside = f"{where}/{child.name}"
            require(children[place], child.kind, types=types, texts=texts, any_other=any_other, where=inside)
            place, count = place + 1, count + 1
        if not child.least <= count <= child.most:
            raise NotOfStructure(f"{where} has {child.name} {count} times")
    if place < len(children):
        raise NotOfStructure(f"{where} has an element that is not in its place")
