"""The states, the District and the territories, by postal code: whose rules there are, and of which there are nodes."""

import re
from typing import Final

STATES: Final = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME", "MD",
    "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC",
    "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "DC", "AS", "GU", "MP", "PR", "VI",
)  # fmt: skip


def is_state(code: str) -> bool:
    """Whether a code of two letters is one of them, or of a fictional state: ISO 3166 leaves codes that begin with X to their users.

    INVARIANT: no node is of a state that there is not: of a code that was typed wrong no rule of its own state would apply.
    """
    return code in STATES or re.fullmatch("X[A-Z]", code) is not None
