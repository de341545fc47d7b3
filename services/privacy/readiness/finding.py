"""What a rule found: a level with the figures that led to it, why, and what would raise it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from safepassage.wire_readiness import Measure
from services.privacy.readiness.measures import Measures

TOP = 4


@dataclass(frozen=True)
class Finding:
    """The answer of one rule."""

    level: int | None
    """None: the node has nothing to measure here, so an official's word may stand."""
    reason: str
    raised_by: str | None
    measures: tuple[Measure, ...] = ()


Rule = Callable[[Measures], Finding]
"""Pure. It raises NotReported where a service that it needs has not reported."""


def measured(level: int, reason: str, raised_by: str, *measures: Measure) -> Finding:
    """A level that figures led to."""
    return Finding(level, reason, None if level == TOP else raised_by, measures)


def nothing_to_measure(reason: str, raised_by: str, *measures: Measure) -> Finding:
    """Level 0 by itself: what the question asks about does not exist here, or has not happened yet. It may be attested."""
    return Finding(None, reason, raised_by, measures)


def percent(part: int, whole: int) -> int:
    """Rounded down: 999 of 1,000 are not 100 percent."""
    return part * 100 // whole if whole else 0


def level_of_share(part: int, whole: int, *, three: int = 90, two: int = 50) -> int:
    """4 for all, 3 from `three` percent on, 2 from `two` percent on, 1 for any, 0 for none."""
    if not part:
        return 0
    if part >= whole:
        return TOP
    share = percent(part, whole)
    return 3 if share >= three else 2 if share >= two else 1
