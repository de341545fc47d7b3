"""The scale of counts at the side of a picture. Pure."""

from itertools import count
from typing import Final

TENTHS: Final = (10, 20, 25, 50)
"""Times a power of ten, what readers count by. Of the first power a quarter is 2 again, which is whole."""


def ticks(top: int, *, most: int = 4) -> tuple[int, ...]:
    """Round numbers from 0 to the first that is not below `top`: at most `most` steps, whole ones, at least one."""
    for power in count():
        for tenths in TENTHS:
            step = tenths * 10**power // 10
            steps = max(-(-top // step), 1)
            if steps <= most:
                return tuple(step * number for number in range(steps + 1))
    raise AssertionError  # every number has its power of ten
