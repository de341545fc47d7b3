"""Rules as they stand in the texts of a set's packs: each with its title, its paragraph, and its words. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

BEGINS: Final = re.compile(r'^@id\("([^"]+)"\)', re.MULTILINE)
ANNOTATION: Final = re.compile(r'^@(title|citation|authority)\("([^"]*)"\)', re.MULTILINE)


@dataclass(frozen=True)
class RuleText:
    """A rule of a pack."""

    code: str
    title: str
    citation: str
    authority: str
    """law or institution; empty where its text does not say so in the common form."""
    pack: str
    text: str


def rules_in(packs: Mapping[str, str]) -> Mapping[str, RuleText]:
    """By their ids. A text in which ids begin no line has none: it is read whole."""
    return {rule.code: rule for name, text in packs.items() for rule in _rules(name, text)}


def _rules(pack: str, text: str) -> Iterator[RuleText]:
    starts = list(BEGINS.finditer(text))
    ends = [one.start() for one in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=True):
        words = text[start.start() : end].strip()
        said = {one[1]: one[2] for one in ANNOTATION.finditer(words)}
        code = start[1]
        yield RuleText(code, said.get("title", code), said.get("citation", ""), said.get("authority", ""), pack, words)
