"""The file that a PDF of a node carries: what is verified is the file, never the page.

A page can be drawn anew around a genuine file. So whoever verifies is told what the file says, and compares.
"""

import re
import zlib
from typing import Final

from safepassage.problems.signatures import MalformedToken

LARGEST: Final = 24 * 1024 * 1024
"""Bytes of a file, inflated."""

_FILE: Final = re.compile(
    rb"\d+ 0 obj\s*<<(?P<head>(?:(?!endobj|stream).){0,400}?/Type\s*/EmbeddedFile(?:(?!endobj|stream).){0,400}?)>>\s*stream\r?\n", re.DOTALL
)
_LENGTH: Final = re.compile(rb"/Length (\d{1,9})\b")


def is_pdf(data: bytes) -> bool:
    """Whether the bytes look like a PDF."""
    return data.startswith(b"%PDF-")


def attached_file(data: bytes) -> bytes:
    """The one file that the PDF carries. Raises MalformedToken where there is none, more than one, or one that is too large."""
    found = list(_FILE.finditer(data))
    if len(found) != 1:
        raise MalformedToken("the PDF does not carry one file")
    [place] = found
    head, length = place["head"], _LENGTH.search(place["head"])
    if length is None:
        raise MalformedToken("the PDF's file has no length")
    stored = data[place.end() : place.end() + int(length[1])]
    if b"/FlateDecode" not in head:
        return stored
    inflating = zlib.decompressobj()
    try:
        content = inflating.decompress(stored, LARGEST)
    except zlib.error as error:
        raise MalformedToken("the PDF's file is damaged") from error
    if inflating.unconsumed_tail or not inflating.eof:
        raise MalformedToken("the PDF's file is cut off, or too large")
    return content
