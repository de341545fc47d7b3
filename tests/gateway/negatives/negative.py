"""One thing that must be refused, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.gateway.negatives.asked import Change


@dataclass(frozen=True)
class Refusal:
    """How a request is refused: no other reason is good enough."""

    status: int
    code: str
    """OAuth's error, or the problem's code."""
    reason: str | None
    """What is counted for the log; None where nothing is (a request that is not one)."""
    says: str = ""
    """Of error_description or detail."""


@dataclass(frozen=True)
class Negative:
    """A right request (`given`: tests.gateway.negatives.scene), made wrong in one place."""

    name: str
    given: str
    change: Change
    refusal: Refusal
    not_sent: str = ""
    """Why it is not sent to oidc-provider, another authorization server (tests/npm); empty: it is."""


def table(given: str, refusal: Refusal, rows: Sequence[tuple[Any, ...]], **about: Any) -> list[Negative]:
    """Negatives of one kind of request that are refused alike. A row: name and change; or name, change and another refusal."""
    return [Negative(name, given, change, other[0] if other else refusal, **about) for name, change, *other in rows]
