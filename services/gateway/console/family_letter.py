"""The letter with which a link goes out: in each language, with a code for a phone's camera, and without anybody's name. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.gateway.console.pages import Frame, translations
from services.gateway.console.viewing import LANGUAGES, Language

MARGIN: Final = 4
"""Modules of white around a QR code (ISO/IEC 18004)."""


@dataclass(frozen=True)
class Letter:
    """In one language."""

    language: Language
    title: str
    text: str
    points: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """A QR code as one path of an SVG."""

    side: int
    """Of its view box, with the margin."""
    path: str


def letters_of(frame: Frame, *, until: datetime) -> list[Letter]:
    """One for each language of the pages."""
    return [_letter(language, translations(language).gettext, frame, until) for language in LANGUAGES]


def _letter(language: Language, _: Callable[[str], str], frame: Frame, until: datetime) -> Letter:
    viewing = replace(frame.viewing, language=language)
    return Letter(
        language=language,
        title=_("Your link to the school record page"),
        text=_("You asked to see who got the school record. Scan the code with your phone, or type the address below it."),
        points=(
            _("The link works one time, until %(until)s.") % {"until": viewing.instant(until)},
            _("It is only for you. Do not share it, and do not send it on."),
            _("Nobody from our office will ever ask you for it."),
            _("If you did not ask for this letter, call our office."),
        ),
    )


def code_of(link: str) -> Code:
    """The QR code of a link; it bears that 15 % of it cannot be read."""
    import segno  # noqa: PLC0415 no start waits for it

    rows = [bytes(row) for row in segno.make(link, error="m", micro=False).matrix]
    drawn = [f"M{x + MARGIN} {y + MARGIN}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark]
    return Code(len(rows) + 2 * MARGIN, "".join(drawn))
