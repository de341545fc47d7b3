"""How often Python looks for cycles that nobody holds any more, and when it does not."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

COLLECTED_AFTER: Final = (50_000, 20, 50)
"""New objects that outlive their makers before the young ones are looked through, and how often the older ones are with them.

With Python's own 700, a tenth of an exchange's CPU was looking for cycles, which a request hardly leaves; and much of a start, which makes
what stays.
"""


class _Resting:
    """How many ask at once that it rest, and whether it was at work before the first did."""

    def __init__(self) -> None:
        self.askers, self.worked, self.lock = 0, False, Lock()


_resting = _Resting()


@contextmanager
def without_collection() -> Iterator[None]:
    """No look for cycles, in all of the process, until the block ends; of several blocks at once, until the last does.

    For a load of many students: what is read of an upload lives until it is stored, and was walked through again and again: a fifth of the
    time of reading it. What is not a cycle is freed as ever. The cycles that requests leave meanwhile wait: they leave few.
    """
    with _resting.lock:
        if _resting.askers == 0:
            _resting.worked = gc.isenabled()
            gc.disable()
        _resting.askers += 1
    try:
        yield
    finally:
        with _resting.lock:
            _resting.askers -= 1
            if _resting.askers == 0 and _resting.worked:
                gc.enable()
