"""What the service and a process that prepares for it say to each other: a question, its answer, and so on; one at a time.

First comes what events are judged by (Judging). Then, as often as there is a request: the request, answered by what is in rows of its
events (Drafted) or by the problem that it is refused with; and where the service knows by then with what they are to be sealed
(SealingTerms), that, answered by the entries (SealedColumns). Where it does not, and seals them itself, it asks for the rest of their
drafts (RestAsked). Much of the same kind goes in columns: Python reads them several times as fast as objects.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import chain, islice, zip_longest
from typing import Any, NamedTuple

from services.audit.batches import Batch, Step, steps_of
from services.audit.drafts import Draft, Outline
from services.audit.entries import Entry, Sealed
from services.audit.index.postings import Postings
from services.audit.sealed_ahead import PostedAhead, SealedAhead
from shared.contracts.audit import KnownSize
from shared.internal_token import Principal


class Judging(NamedTuple):
    """What every sender's events are judged by."""

    issuer: str
    decision_keys: Sequence[bytes]
    """Ed25519, public; 32 bytes each."""
    digest_key: bytes


class Request(NamedTuple):
    """The body of a request, and who sent it when."""

    body: bytes
    principal: Principal
    now: datetime


class Drafted(NamedTuple):
    """A request that may be appended."""

    acknowledge: str
    continues: Sequence[KnownSize]
    ahead: Sequence[bool]
    expired: Sequence[bytes]
    columns: Sequence[Sequence[Any]]
    """Of the outlines of its events."""

    @property
    def outlines(self) -> list[Outline]:
        """One for each event."""
        return list(map(Outline._make, zip(*self.columns, strict=True)))


class RestAsked(NamedTuple):
    """The events of the last request are to be sealed in their turn: asks for their drafts, answered by columns without the outlines."""


class SealedColumns(NamedTuple):
    """The entries of a request."""

    leaves: Sequence[bytes]
    hashes: Sequence[bytes]
    texts: Sequence[str]
    counts: Sequence[int]
    """How many parts are sealed of each."""
    key_ids: Sequence[bytes]
    groups: Sequence[bytes]
    """Of the parts of all, one after the other."""
    made: Sequence[Postings]
    """What those of each step add to the index."""

    def entries(self, outlines: Sequence[Outline]) -> list[Entry]:
        """With their outlines, which the service has."""
        parts = map(Sealed, self.key_ids, self.groups)
        sealed = zip(parts) if len(self.groups) == len(self.leaves) else (tuple(islice(parts, count)) for count in self.counts)
        return list(map(Entry, outlines, self.leaves, self.hashes, self.texts, sealed))


def drafted(batch: Batch) -> tuple[Drafted, list[Draft]]:
    """What is answered of a request, and the drafts that its entries are made of."""
    drafts = batch.drafts()
    columns = tuple(zip(*[draft.outline for draft in drafts], strict=True))
    return Drafted(batch.acknowledge, batch.continues, batch.ahead, batch.expired, columns), drafts


def rest_of(drafts: Sequence[Draft]) -> Sequence[Sequence[Any]]:
    """What is answered to RestAsked."""
    return tuple(zip(*drafts, strict=True))[1:]


def drafts_with(outlines: Sequence[Outline], rest: Sequence[Sequence[Any]]) -> list[Draft]:
    """What `rest_of` was given."""
    return list(map(Draft, outlines, *rest))


def columns_of(entries: Sequence[Entry], made: Sequence[Postings]) -> SealedColumns:
    """The entries, but for their drafts."""
    _, leaves, hashes, texts, sealed = zip(*entries, strict=True)
    key_ids, groups = zip(*chain.from_iterable(sealed), strict=True)
    return SealedColumns(leaves, hashes, texts, list(map(len, sealed)), key_ids, groups, made)


def prepared_steps(outlines: Sequence[Outline]) -> Iterable[range]:
    """How a request is divided that is ready as a whole: nothing is left to be prepared while a step commits."""
    return steps_of([len(outline.subjects) for outline in outlines], events=len(outlines))


def batch_with(
    answer: Drafted,
    outlines: Sequence[Outline],
    drafts: Callable[[], Sequence[Draft]],
    sealed: SealedAhead | None,
    posted: Sequence[PostedAhead] = (),
) -> Batch:
    """The request as `services.audit.batches.batch_of` makes it, with its entries where they were sealed."""
    steps = [
        Step(
            step.start,
            outlines[step.start : step.stop],
            partial(_some, drafts, slice(step.start, step.stop)),
            None if sealed is None else sealed.of(step, one),
        )
        for step, one in zip_longest(prepared_steps(outlines), posted)
    ]
    return Batch(answer.acknowledge, answer.continues, answer.ahead, answer.expired, steps)


def _some(drafts: Callable[[], Sequence[Draft]], these: slice) -> Sequence[Draft]:
    return drafts()[these]
