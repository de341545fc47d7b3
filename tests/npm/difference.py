"""One thing that oidc-provider says otherwise than the node, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Negatives, by module, of which it says one thing."""

    why: str
    theirs: str
    rows: Mapping[str, Sequence[str]]
