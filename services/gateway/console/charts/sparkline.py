"""A small line without a scale: how a figure came to be what it is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 120.0
HEIGHT: Final = 32.0
MARGIN: Final = 4.0


@dataclass(frozen=True)
class Sparkline:
    """Where it is drawn."""

    width: float
    height: float
    path: str
    """Empty for fewer than two values: there is no way between them."""
    end: tuple[float, float] | None
    """The last value, which gets a dot; None where there is no value."""


def sparkline(values: Sequence[int]) -> Sparkline:
    """Values in their order of time, the last one now. What never changes is a line in the middle."""
    low, high = min(values, default=0), max(values, default=0)
    steps = max(len(values) - 1, 1)
    points = [
        (
            round(MARGIN + (WIDTH - 2 * MARGIN) * (place / steps if len(values) > 1 else 1), 1),
            round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * ((value - low) / (high - low) if high > low else 0.5), 1),
        )
        for place, value in enumerate(values)
    ]
    path = "M" + "L".join(f"{x} {y}" for x, y in points) if len(points) > 1 else ""
    return Sparkline(WIDTH, HEIGHT, path, points[-1] if points else None)
