"""What requests are called, in logs, headers and traces: told apart by these names, and never let in by them.

They are not secrets, so they come from the process's generator, which the system has seeded: asking the system for each costs more than
all else about them.
"""

import random


def new_request_id() -> str:
    """A UUID of version 4."""
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) & 3]}{digits[17:20]}-{digits[20:]}"


def new_trace_id() -> str:
    """32 hexadecimal digits, not all zero (W3C Trace Context)."""
    return f"{random.getrandbits(128) or 1:032x}"


def new_span_id() -> str:
    """16 hexadecimal digits, not all zero."""
    return f"{random.getrandbits(64) or 1:016x}"
