"""The dictionary of a PDF's stream (ISO 32000-2 7.3.8), found without parsing the file: from the keyword backwards. Pure.

What is looked for in a dictionary is worth nothing if somebody can make another text pass for it. A string and a comment may hold anything:
the words `obj` and `endstream`, brackets, the members that a reader goes by. So a dictionary counts as found only if nothing but it stands
between the header of its object and the keyword, and the header stands neither in a comment nor in a string.

INVARIANT: from the true header on, the text reads as one dictionary. From one that stands in a string it does not, for the string's end is
a bracket too many; one in a comment has the percent sign before it on its line; and a comment in a dictionary is not read at all.
"""

import re
from typing import Final

_BLANKS: Final = b"\x00\t\n\x0c\r "
_OBJECT: Final = re.compile(rb"(?<![A-Za-z])obj(?![A-Za-z])")
_NUMBERS: Final = re.compile(rb"[0-9]+[\x00\t\n\x0c\r ]+[0-9]+[\x00\t\n\x0c\r ]*\Z")
_LONGEST_NUMBERS: Final = 64
_COMMENT_BEHIND: Final = re.compile(rb">>[\x00\t\n\x0c\r ]*%")
_MARK: Final = re.compile(rb"<<|>>|<[0-9A-Fa-f\x00\t\n\x0c\r ]*>|[()<>%\\]")
_IN_STRING: Final = re.compile(rb"\\.|[()]", re.DOTALL)


class NotRead(ValueError):
    """There is no dictionary that can be told from whatever else it might be."""


def may_begin_stream(before: bytes, *, is_cut: bool) -> bool:
    """Whether the keyword `stream` behind this begins one: it stands behind a dictionary, with blanks and comments between them at most.

    is_cut  more was before this
    """
    text = before.rstrip(_BLANKS)
    while not text.endswith(b">>"):
        begin = max(text.rfind(b"\r"), text.rfind(b"\n")) + 1
        line = text[begin:]
        if (begin == 0 and is_cut) or _COMMENT_BEHIND.search(line):
            return True
        if not line.lstrip(_BLANKS).startswith(b"%"):
            return False
        text = text[:begin].rstrip(_BLANKS)
    return True


def dictionary_of(before: bytes) -> bytes:
    """The dictionary behind which the keyword `stream` stands, without its strings. Raises NotRead."""
    objects = list(_OBJECT.finditer(before))
    if not objects:
        raise NotRead
    found = objects[-1]
    numbers = _NUMBERS.search(before, max(0, found.start() - _LONGEST_NUMBERS), found.start())
    if numbers is None:
        raise NotRead
    begin = max(before.rfind(b"\r", 0, numbers.start()), before.rfind(b"\n", 0, numbers.start())) + 1
    if b"%" in before[begin : numbers.start()]:
        raise NotRead
    return _one_dictionary(before[found.end() :])


def _one_dictionary(text: bytes) -> bytes:
    kept, at, depth, ended = list[bytes](), 0, 0, False
    for between, mark, end in _marks(text):
        if depth == 0 and (ended or mark != b"<<" or between.strip(_BLANKS)):
            raise NotRead
        kept.append(between)
        depth += {b"<<": 1, b">>": -1}.get(mark, 0)
        ended, at = depth == 0, end
    if not ended or text[at:].strip(_BLANKS):
        raise NotRead
    return b" ".join(kept)


def _marks(text: bytes) -> list[tuple[bytes, bytes, int]]:
    """What stands before a mark, the mark, and where it ends: a string is one mark."""
    marks, at = list[tuple[bytes, bytes, int]](), 0
    while (found := _MARK.search(text, at)) is not None:
        mark, end = found[0], found.end()
        if mark == b"(":
            end = _end_of_string(text, end)
        elif mark in b")<>%\\" and mark not in (b"<<", b">>"):
            raise NotRead
        marks.append((text[at : found.start()], mark, end))
        at = end
    return marks


def _end_of_string(text: bytes, at: int) -> int:
    """`at` is behind its first bracket. Brackets in pairs belong to it."""
    depth = 1
    for found in _IN_STRING.finditer(text, at):
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    raise NotRead
