"""Entries that were sealed before their turn in the log: with the keys, the log and the time that were to be expected.

In their turn they are taken as they are where it came out so; otherwise their drafts are sealed then (services.audit.group_commit).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from services.audit.entries import Entry, SealingKey
from services.audit.index.ahead import PostingTerms
from services.audit.index.postings import Postings

FITS_SECONDS: Final = 1
"""An entry says in whole seconds when it was logged: what waited longer is sealed again."""


class SealingTerms(NamedTuple):
    """With what entries are to be sealed: what `entries_of` is told."""

    origin: str
    t: int
    epoch: int
    node_key: SealingKey
    keys: Mapping[str, SealingKey]
    """By student."""
    posting: PostingTerms
    """With what they are prepared for the index."""


class SealedAhead(NamedTuple):
    """Entries that were sealed for this log and time, one for each draft; of one step what they add to the index too."""

    origin: str
    t: int
    entries: Sequence[Entry]
    posted: "PostedAhead | None" = None

    def of(self, step: range, posted: "PostedAhead | None" = None) -> "SealedAhead":
        """Some of them."""
        return self._replace(entries=self.entries[step.start : step.stop], posted=posted)


class PostedAhead(NamedTuple):
    """What a step's entries add to the index, if they are appended as they are."""

    corrections: int
    made: Postings


def fitting_time(sealed: Iterable[SealedAhead], *, now: int) -> int:
    """When a group is logged: now, or at the time of what was sealed a moment ago."""
    return max([one.t for one in sealed if 0 <= now - one.t <= FITS_SECONDS], default=now)
