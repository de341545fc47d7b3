"""Bars: a row's share of the largest, and one whole cut into its parts. In per cent, so that they are as wide as their place. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LEAST_SEEN: Final = 1.0
"""Per cent: what is not nothing can be seen."""


def shares(values: Sequence[int]) -> tuple[str, ...]:
    """Of each value, >= 0, the width of its bar: the largest is `100%`, nothing is `0%`."""
    top = max(values, default=0)
    return tuple(_percent(max(100 * value / top, LEAST_SEEN) if value else 0) for value in values)


@dataclass(frozen=True)
class Part:
    """A part of a whole."""

    kind: int
    """From 1: how charts.css draws it."""
    name: str
    count: int
    start: str
    width: str


def stacked(parts: Sequence[tuple[str, int]]) -> tuple[Part, ...]:
    """The parts side by side, in their order; together they are the whole width. What is nothing is left out, but keeps its kind."""
    total, done, made = sum(count for _, count in parts), 0, list[Part]()
    for kind, (name, count) in enumerate(parts, start=1):
        if count:
            start, end = round(100 * done / total, 2), round(100 * (done + count) / total, 2)
            made.append(Part(kind, name, count, _percent(start), _percent(end - start)))
            done += count
    return tuple(made)


def _percent(value: float) -> str:
    return f"{round(value, 2):g}%"
