"""The environment in which pages are made from templates: everything is escaped, nothing may be missing, messages are translated."""

import gettext
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.gateway.console.unread import Unread
from services.gateway.console.viewing import in_eights, midnight, utc


def environment_of(folder: Path, words: gettext.NullTranslations) -> Environment:
    """Of the templates in `folder`, in the language of `words`."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]  # of the extension
    environment.filters |= {"utc": utc, "midnight": midnight, "in_eights": in_eights}
    environment.tests["unread"] = lambda part: isinstance(part, Unread)
    return environment
