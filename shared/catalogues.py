"""Message catalogues, compiled when they are first needed."""

import gettext
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compiled(language: str, sources: Iterable[Path]) -> gettext.GNUTranslations:
    """The messages of several files of a language together."""
    together, written = Catalog(locale=language), BytesIO()
    for source in sources:
        with source.open("rb") as text:
            for message in read_po(text, locale=language):
                together.add(message.id, message.string)
    write_mo(written, together)
    written.seek(0)
    return gettext.GNUTranslations(written)
