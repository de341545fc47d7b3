"""How long texts are in a picture, and how they keep apart. Pure.

What a text takes is estimated, since a server knows no fonts: words take less than that in the system fonts that are common.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

LINE_HEIGHT: Final = 17.0
"""Of labels, whose type is 13."""
WIDTH_OF_A_CHARACTER: Final = 8.0
_WIDTH_OF_A_WIDE_ONE: Final = 14.0
"""Of the scripts whose characters are as wide as high (Unicode Standard Annex 11)."""


def width_of(text: str) -> float:
    """How much room a label takes at the most."""
    return sum(_WIDTH_OF_A_WIDE_ONE if unicodedata.east_asian_width(character) in "WF" else WIDTH_OF_A_CHARACTER for character in text)


def shortened(text: str, room: float) -> str:
    """The text, or as much of its beginning as has room, with an ellipsis."""
    if width_of(text) <= room:
        return text
    kept = text
    while kept and width_of(kept) + WIDTH_OF_A_CHARACTER > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def spread(wanted: Sequence[float], *, apart: float, low: float, high: float) -> list[float]:
    """Places as near to the wanted ones as they can be (least squares), in their order, `apart` at least, within [low, high].

    wanted  ascending; (len(wanted) - 1) * apart <= high - low, or ValueError
    """
    if len(wanted) > 1 and (len(wanted) - 1) * apart > high - low + 1e-6:
        raise ValueError("more labels than have room")
    # Less its own rank's distance, each place has only to be no lower than the one before: pool those that are.
    pools: list[tuple[float, int]] = []
    for rank, place in enumerate(wanted):
        total, count = place - rank * apart, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            before, members = pools.pop()
            total, count = total + before, count + members
        pools.append((total, count))
    top = max(high - (len(wanted) - 1) * apart, low)
    levels = [min(max(total / count, low), top) for total, count in pools for _ in range(count)]
    return [level + rank * apart for rank, level in enumerate(levels)]
