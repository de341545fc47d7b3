"""How often Python looks for cycles that nobody holds any more."""

from typing import Final

COLLECTED_AFTER: Final = (50_000, 20, 50)
"""New objects that outlive their makers before the young ones are looked through, and how often the older ones are with them.

With Python's own 700, a tenth of an exchange's CPU was looking for cycles, which a request hardly leaves; and much of a start, which makes
what stays.
"""
