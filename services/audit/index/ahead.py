"""What entries add to the index, made while they were prepared: the index need not read them again, nor open what was just sealed.

# INVARIANT: what is put that way is what reading the entries from the log gives. It counts only for entries that were appended as they were
sealed, in one stretch; and only while nothing of the index's log was destroyed since before they were sealed, or made again: `corrections`
is compared then, and in the transaction that puts them (services.audit.index.forgetting).
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from services.audit.drafts import Draft
from services.audit.index.bitmaps import BLOCK, divided, either, moved
from services.audit.index.members import actor_members, context_members
from services.audit.index.postings import Postings, postings_of
from services.audit.index.reading import Indexed
from services.audit.index.terms import TermKeys, facts_of

MOST_HELD: Final = 512
"""Stretches that are remembered; those from before are read from the log again. One has some hundred entries and 50 KB."""


class PostingTerms(NamedTuple):
    """With what a process makes them."""

    keys: TermKeys
    corrections: int
    """Of the log's index, before anything was sealed."""


class Stretch(NamedTuple):
    """What entries [start, end) of a log add to the index. Places and indices in `made` count from `start`."""

    year: int
    start: int
    end: int
    corrections: int
    made: Postings


def postings_ahead(drafts: Sequence[Draft], *, t: int, epoch: int, keys: TermKeys) -> Postings:
    """What the drafts' entries add, once they are sealed as they are. Their places count from the first of them."""
    return postings_of([_indexed(at, draft, t, epoch) for at, draft in enumerate(drafts)], keys)


def _indexed(at: int, draft: Draft, t: int, epoch: int) -> Indexed:
    """As reading.read_piece has it."""
    custodians = [one for one in draft.custodians if one is not None]
    actor, context = actor_members(draft.actor), context_members(draft.context)
    facts = facts_of(draft.outline.class_, draft.policy_hash, actor=actor, context=context, custodians=custodians)
    return Indexed(at, t, epoch, facts, len(draft.outline.subjects), True)


class Ahead:
    """Stretches that were appended and are not in the index yet, as far as they are known."""

    def __init__(self) -> None:
        self._held: deque[Stretch] = deque(maxlen=MOST_HELD)

    def keep(self, stretch: Stretch) -> None:
        """One that was just committed: behind all others."""
        self._held.append(stretch)

    def next_of(self, year: int, at: int, corrections: int, *, most: int) -> list[Stretch]:
        """Those that go on from `at`, of one block but for the end of the last one, some `most` entries.

        None where the log is to be read.
        """
        while self._held and (self._held[0].year < year or (self._held[0].year == year and self._held[0].start < at)):
            self._held.popleft()
        found: list[Stretch] = []
        end, until = at, min(at + most, (at // BLOCK + 1) * BLOCK)
        for one in self._held:
            if end >= until or (one.year, one.start, one.corrections) != (year, end, corrections):
                break
            found.append(one)
            end = one.end
        return found

    def first(self, year: int, at: int, corrections: int) -> int | None:
        """Where the next one begins behind `at`: so far the log is to be read."""
        return min(
            (one.start for one in self._held if one.year == year and one.start > at and one.corrections == corrections), default=None
        )


def joined(stretches: Sequence[Stretch]) -> dict[int, Postings]:
    """By block what stretches add that follow one another: they begin in one block and end there or in the next.

    What is of no block (words, activity, actors) is with the last one.
    """
    first, last = stretches[0].start // BLOCK, (stretches[-1].end - 1) // BLOCK
    sets: dict[bytes, int] = {}
    all_ = Postings(sets, {}, {}, {}, {})
    for one in stretches:
        place = one.start - first * BLOCK
        for term, some in one.made.sets.items():
            sets[term] = either(sets[term], moved(some, place)) if term in sets else moved(some, place)
        all_.words.update(one.made.words)
        all_.shapes.update(one.made.shapes)
        all_.actors.update(one.made.actors)
        for what, counted in one.made.activity.items():
            known = all_.activity.get(what)
            began, ended = counted.first + one.start, counted.last + one.start
            all_.activity[what] = (
                counted._replace(first=began, last=ended)
                if known is None
                else known.and_more(counted.entries, counted.subjects, counted.hours, ended)
            )
    if first == last:
        return {first: all_}
    parts = {term: divided(some) for term, some in sets.items()}
    below, above = ({term: part[n] for term, part in parts.items() if part[n]} for n in (0, 1))
    return {first: Postings(below, {}, {}, {}, {}), last: all_._replace(sets=above)}
