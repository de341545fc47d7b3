"""What the scorecard says, in the reader's language. A sentence of it is a message once its figures are taken out. Pure."""

import re
from collections.abc import Callable
from typing import Final

FIGURE: Final = re.compile(r"(?<![\w.,:-])\d+(?![\w:-])")
PLACE: Final = re.compile(r"%\((n\d+)\)s")


def shape_of(sentence: str) -> str:
    """The message: `%(n1)s of %(n2)s districts name who is responsible.`"""
    return _taken_out(sentence)[0]


def in_words(sentence: str, translate: Callable[[str], str], number: Callable[[int], str]) -> str:
    """The sentence, with its figures as the reader writes them. One that has no translation is said as it came."""
    shape, figures = _taken_out(sentence)
    return PLACE.sub(lambda place: number(figures[place[1]]), translate(shape))


def _taken_out(sentence: str) -> tuple[str, dict[str, int]]:
    figures: dict[str, int] = {}

    def take(found: re.Match[str]) -> str:
        name = f"n{len(figures) + 1}"
        figures[name] = int(found[0])
        return f"%({name})s"

    return FIGURE.sub(take, sentence), figures
