"""Which text XML 1.0 can carry. Pure."""

import re
from typing import Final

_NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_KEPT: Final = re.compile("[\t\n\r]")


def said_in_xml(text: str) -> str | None:
    """The text, where an element can hold it and a reader takes it for the same; None where not, as of nothing but blanks."""
    return None if _NOT_IN_XML.search(text) or _NOT_KEPT.search(text) or not text.strip() else text
