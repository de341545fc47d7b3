"""What requests are called, in logs, headers and traces: told apart by these names, and never let in by them.

They are not secrets, so they come from a generator that the system has seeded once: asking the system for each costs more than all
else about them. The generator is this file's own: whoever seeds the process's shared one, as libraries of tests and of statistics do,
would have two requests called alike.
"""

import os
from random import Random

_names = Random()  # noqa: S311 - names are not secrets
os.register_at_fork(after_in_child=_names.seed)  # as Python does for its shared one: two processes that forked would say the same names


def new_request_id() -> str:
    """A UUID of version 4."""
    digits = f"{_names.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) & 3]}{digits[17:20]}-{digits[20:]}"


def new_trace_id() -> str:
    """32 hexadecimal digits, not all zero (W3C Trace Context)."""
    return f"{_names.getrandbits(128) or 1:032x}"


def new_span_id() -> str:
    """16 hexadecimal digits, not all zero."""
    return f"{_names.getrandbits(64) or 1:016x}"
