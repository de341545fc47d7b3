"""Whether an answer about somebody else's thing takes longer than one about nothing: in CPU time, in pairs, beyond what is noise. Pure.

CPU time, as a loaded machine makes everything wait alike and computes no more for it; in pairs that take turns at being first, as what
slows both down in some second is then in both; a median of the differences and a rank test, as a few of either are always far off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Final

MICROSECONDS: Final = 150.0
SHARE: Final = 0.06
DEVIATIONS: Final = 3.0
"""A difference is beyond all three: in each round its median, in microseconds and in parts of the whole; of all rounds together its ranks,
in deviations. A query more is some 300 µs and 10 %; what differs by nothing stays within 100 µs in one round of a few at the least."""


@dataclass(frozen=True)
class Gap:
    """By how much the first of the pairs takes longer than the second."""

    microseconds: float
    """The median of the differences; negative where it is shorter."""
    share: float
    """Of the median of the second."""
    deviations: float
    """Of Wilcoxon's signed ranks, from what chance would give."""

    @property
    def is_wide(self) -> bool:
        """Whether its median is beyond noise."""
        return abs(self.microseconds) > MICROSECONDS and abs(self.share) > SHARE

    @property
    def longer(self) -> bool:
        """Or shorter."""
        return self.microseconds > 0


def gap(pairs: Sequence[tuple[int, int]]) -> Gap:
    """Of pairs in nanoseconds."""
    differences = [one - other for one, other in pairs]
    whole = median(other for _, other in pairs)
    ranked = sorted((one for one in differences if one), key=abs)
    ranks, count = sum(rank if one > 0 else -rank for rank, one in enumerate(ranked, 1)), len(ranked)
    spread = sqrt(count * (count + 1) * (2 * count + 1) / 6)
    middle = median(differences)
    return Gap(middle / 1000, middle / whole, ranks / spread if spread else 0.0)


def differ(rounds: Sequence[Gap]) -> bool:
    """Whether every round has found a difference, to the same side, and together they are no chance: noise is in one round, or in few."""
    if not rounds or not all(one.is_wide for one in rounds) or len({one.longer for one in rounds}) != 1:
        return False
    return abs(sum(one.deviations for one in rounds)) / sqrt(len(rounds)) > DEVIATIONS
