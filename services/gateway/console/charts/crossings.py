"""What crossed from where to where and for what, made so few that a picture can show it. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

OTHERS: Final = ""
"""In place of a code: several, united."""


@dataclass(frozen=True)
class Crossing:
    """Records of one way and purpose."""

    sender: str
    """Code of a state, two letters; `OTHERS`: of several."""
    purpose: str
    recipient: str
    records: int
    """>= 0."""


@dataclass(frozen=True)
class Ranked:
    """Codes by size, the largest first, `OTHERS` last."""

    codes: tuple[str, ...]
    united: int
    """How many `OTHERS` are; 0 where there are none, and never 1."""


def ranked(sizes: Counter[str], *, most: int, keep: Collection[str] = ()) -> Ranked:
    """The `most` largest and those in `keep`; equal ones in the order of their codes. Others are one, unless there is one only."""
    order = sorted((code for code, size in sizes.items() if size), key=lambda code: (-sizes[code], code))
    shown = [code for place, code in enumerate(order) if place < most or code in keep]
    united = len(order) - len(shown)
    if united == 1:
        return Ranked(tuple(order), 0)
    return Ranked((*shown, OTHERS) if united else tuple(shown), united)


def sizes_of(codes_and_records: Iterable[tuple[str, int]]) -> Counter[str]:
    """Records by code."""
    sizes: Counter[str] = Counter()
    for code, records in codes_and_records:
        sizes[code] += records
    return sizes


def united(crossings: Sequence[Crossing], senders: Ranked, purposes: Ranked, recipients: Ranked) -> list[Crossing]:
    """The same records by what is shown of each column: every way and purpose once, none without a record."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for one in crossings:
        sums[_shown(one.sender, senders), _shown(one.purpose, purposes), _shown(one.recipient, recipients)] += one.records
    return [Crossing(*way, records) for way, records in sums.items() if records]


def _shown(code: str, of: Ranked) -> str:
    return code if code in of.codes else OTHERS
