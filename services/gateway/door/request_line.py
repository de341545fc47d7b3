"""The first line of a request as it was sent, beside what the parser made of it.

llhttp reads RTSP/1.0 and ICE/1.0 as it reads HTTP/1.0, and takes any number of spaces between the parts of the line, as if they were one.
A program in front that reads them otherwise would have let another request through than the one that is answered here.
"""

import re
from typing import Final

WORDS: Final = {"1.1": b" HTTP/1.1\r\n", "1.0": b" HTTP/1.0\r\n"}
"""How the line ends, by the version that the parser found."""
_EMPTY: Final = b"\r\n"
"""One such line may stand before a request (RFC 9112 section 2.2)."""
_LIKE_A_LINE: Final = re.compile(rb" (?<!  )(?=( *)([^ \r\n]+)( +)([A-Z]+/)[0-9])")
"""From behind the method on, with what is too much: read once, however it is made."""


def is_plain(line: bytes, sent: bytes, *, at_start: bool, method: bytes, target: bytes) -> bool:
    """Whether a request began with `line` and not with one that is almost it.

    line      as it has to be: the method, the target and the version that the parser found, a space between them
    sent      with all of the line as it was sent, and what else came together with it
    at_start  the request is the first thing in `sent`; else it stands behind the end of another one, it is not known where
    """
    if at_start:
        return sent.removeprefix(_EMPTY).startswith(line)
    return line in sent and not any(
        sent.endswith(method, 0, found.start()) and found[2] == target and found.group(1, 3, 4) != (b"", b" ", b"HTTP/")
        for found in _LIKE_A_LINE.finditer(sent)
    )
