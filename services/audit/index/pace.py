"""How the index behind the log and those who append share a process, so that it is within its goal whatever comes. Pure.

What counts is how long the index would need for what it has not yet, if it did nothing else: its backlog, by the rate at which it has
worked lately. As long as that is short, appends go first. Where it is not, the index rests no more; where even that does not suffice,
requests of many entries wait their turn, so that they come as fast as the index can follow.
"""

from typing import Final

GOAL_SECONDS: Final = 2.0
"""So far behind is the aim, at the most, whatever was appended."""
NEAR_SECONDS: Final = 0.5
"""With less than so much work before it the index leaves the burst of appends its way."""
PRESSED_SECONDS: Final = 1.0
"""With so much it rests no more."""
RESTS_WHILE_NEAR: Final = 8.0
"""How long it rests while appends wait, in times of what it worked."""
HELD_FROM_SECONDS: Final = 1.25
"""With more work than that before it, large requests wait. What is under way already comes on top, and is to fit below the goal."""
MOST_HELD_SECONDS: Final = 1.0
"""A turn waits no longer: an append is late for the index's sake, but never refused for it."""
OUT_OF_REACH_SECONDS: Final = 30.0
"""With more before it than that, the index is being made again or does not work at all: no append is to wait for that."""
FIRST_RATE: Final = 20_000.0
"""Entries a second, until it was measured."""
_WEIGHT: Final = 0.2
"""Of the last piece in the rate."""


def needed_seconds(entries: int, rate: float) -> float:
    """How long the index needs for so many entries, of which it puts `rate` a second."""
    return entries / rate


def rests_of(needed: float) -> float:
    """How long the index rests while appends wait, in times of what it worked: less the more it has before it, `needed` seconds."""
    if needed <= NEAR_SECONDS:
        return RESTS_WHILE_NEAR
    return RESTS_WHILE_NEAR * max(PRESSED_SECONDS - needed, 0) / (PRESSED_SECONDS - NEAR_SECONDS)


def held_seconds(needed: float, *, waited: float) -> float:
    """How long a large request, whose turn it has been for `waited` seconds, waits still; 0 where it may go on."""
    if not HELD_FROM_SECONDS < needed <= OUT_OF_REACH_SECONDS:
        return 0
    return max(min(needed - HELD_FROM_SECONDS, MOST_HELD_SECONDS - waited), 0)


def rate_after(rate: float, *, entries: int, seconds: float) -> float:
    """The rate, once so many more entries have taken so long."""
    return rate + _WEIGHT * (entries / max(seconds, 1e-6) - rate)
