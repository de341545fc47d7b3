"""Where in a recorded input the bytes stand that differ from decision to decision though the facts are alike. Pure.

Canonical bytes of decisions on alike facts are the same but for ids and instants, which stand in the same places: where they stand is
looked for once. Whether they stand there again is seen by the bytes between them, all of them, and by the form of each.
"""

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

_INSTANT: Final = re.compile(rb'"[a-z0-9_]*(?:_at|_until|now)":(\d{12,14})(?=[,}\]])')
"""An instant of 1973 to 5138 in milliseconds; any other number stays as it is."""
_NOW: Final = re.compile(rb'"now":(\d+)')

_CURLY, _CURLY_END, _SQUARE_END, _QUOTE, _ESCAPE = b'{}]"\\'
"""As numbers: looking for one byte takes a tenth of looking for bytes."""

Span = tuple[int, int]
"""Where it begins, and where what follows begins."""


@dataclass(frozen=True)
class Layout:
    """The places of one form of input. The input is cut into what lies between them (`kept`) and what stands in them, in turns."""

    form: str
    """How long each of them is."""
    subjects: int | None
    """Of the places, which one holds it; as the following ones."""
    evidence: int | None
    recipient_id: int | None
    now: int | None
    """None where nothing of an instant can be left out."""
    instants: tuple[tuple[int, bool], ...]
    """And whether its distance from `now` is told; else on which side of it the instant is: of as many digits, so that the order of
    the bytes is that of the numbers."""

    @staticmethod
    def of(canonical: bytes, exact: tuple[bytes, ...], *, instants_are_kept: bool) -> "Layout | None":
        """The layout of an input; None for what is no input of the rules.

        exact              ends of the names of instants whose distance from `now` matters
        instants_are_kept  nothing of an instant can be left out
        """
        found = _NOW.search(canonical)
        if found is None:
            return None
        now = found.span(1)
        others = {
            "subjects": _inner(canonical, b'"subjects":[[', b"]]"),
            "evidence": _inner(canonical, b'"evidence":{', b"}"),
            "recipient_id": _recipient_id(canonical),
        }
        there = [span for span in others.values() if span is not None]
        instants = {} if instants_are_kept else dict(_instants(canonical, now, there, exact))
        places = sorted([*there, *instants, *([] if instants_are_kept else [now])])
        ends = [0, *(edge for place in places for edge in place), len(canonical)]
        at = {place: number for number, place in enumerate(places)}
        return Layout(
            "".join(f"{until - since}s" for since, until in pairwise(ends)),
            **{name: None if span is None else at[span] for name, span in others.items()},
            now=at.get(now),
            instants=tuple((at[span], by_distance) for span, by_distance in instants.items()),
        )

    @cached_property
    def cut(self) -> Callable[[bytes], tuple[bytes, ...]]:
        """Cuts an input of this length."""
        return struct.Struct(self.form).unpack

    def relations(self, places: Sequence[bytes]) -> tuple[int, ...] | None:
        """Of each instant how it stands to `now`. None where something that is not of its form stands in a place: then the input has
        another layout, though it has the same bytes between the places.

        # INVARIANT: nothing in a place ends it before its end, or begins another.
        """
        subjects, evidence, recipient_id, numbers, on_a_side, at_a_distance = self._looked_at
        if subjects is not None:
            students = places[subjects]
            if _CURLY in students or (_SQUARE_END in students and not _ends_with(b"]]", students)):
                return None
        if evidence is not None:
            named = places[evidence]
            if _CURLY_END in named or _CURLY in named:
                return None
        if recipient_id is not None:
            recipient = places[recipient_id]
            if _QUOTE in recipient or _ESCAPE in recipient:
                return None
        if not numbers:
            return ()
        # none of them is empty: each is as long as it was where the layout was found
        if not b"".join([places[at] for at in numbers]).isdigit():
            return None
        now = places[numbers[0]]
        relations = tuple([1 if (instant := places[at]) > now else 0 if instant == now else -1 for at in on_a_side])
        if at_a_distance:
            relations += tuple([int(places[at]) - int(now) for at in at_a_distance])
        return relations

    @cached_property
    def _looked_at(self) -> tuple[int | None, int | None, int | None, Sequence[int], Sequence[int], Sequence[int]]:
        """Places: of the subjects, the evidence, the recipient's id; of numbers, `now` first; where the side counts; where the distance."""
        on_a_side = tuple(at for at, by_distance in self.instants if not by_distance)
        at_a_distance = tuple(at for at, by_distance in self.instants if by_distance)
        numbers = () if self.now is None else (self.now, *on_a_side, *at_a_distance)
        return self.subjects, self.evidence, self.recipient_id, numbers, on_a_side, at_a_distance


def _instants(canonical: bytes, now: Span, others: list[Span], exact: tuple[bytes, ...]) -> Iterator[tuple[Span, bool]]:
    """Each instant beside `now`, and whether its distance matters: by its name, and where another number of digits hides the order."""
    for found in _INSTANT.finditer(canonical):
        start, end = span = found.span(1)
        if span != now and not any(since <= start < until for since, until in others):
            name = canonical[found.start() : start - 2]
            yield span, end - start != now[1] - now[0] or name.endswith(exact)


def _inner(canonical: bytes, opening: bytes, closing: bytes) -> Span | None:
    """What is between `opening` and the first `closing` after it; None if it is not there, or nests deeper."""
    start = canonical.find(opening) + len(opening)
    end = canonical.find(closing, start)
    return (start, end) if start >= len(opening) and end >= 0 and _ends_with(closing, canonical[start:end]) else None


def _ends_with(closing: bytes, inner: bytes) -> bool:
    """The first `closing` after the beginning of `inner` is the one that follows it; and it does not nest deeper."""
    return b"{" not in inner and closing not in inner and inner[-1:] != closing[:1]


def _recipient_id(canonical: bytes) -> Span | None:
    start = canonical.find(b'"recipient":{')
    identifier = canonical.find(b'"id":"', start) + 6
    end = canonical.find(b'"', identifier)
    if start < 0 or identifier < 6 or canonical.find(b"}", start) < identifier or not _is_plain(canonical[identifier:end]):
        return None
    return identifier, end


def _is_plain(text: bytes) -> bool:
    """It neither ends its string nor escapes anything."""
    return b'"' not in text and b"\\" not in text
