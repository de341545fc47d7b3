"""Texts as they are sorted among others. Pure."""

import unicodedata


def in_words(text: str) -> str:
    """As people read it, whatever its capitals and accents."""
    return "".join(one for one in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(one))
