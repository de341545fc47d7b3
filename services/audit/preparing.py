"""What the service and a process that prepares for it say to each other: a question, its answer, and so on; one at a time.

First comes what events are judged by (Judging). Then, as often as there is a request: the request, answered by its drafts (Drafted) or by
the problem that it is refused with; and where the service knows by then with what they are to be sealed (SealingTerms), that, answered by
the entries (SealedColumns). Much of the same kind goes in columns: Python reads them several times as fast as objects.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice, zip_longest
from typing import Any, NamedTuple

from services.audit.batches import Batch, Step, steps_of
from services.audit.drafts import Draft
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
    """Of its drafts."""

    @property
    def drafts(self) -> list[Draft]:
        """One for each event."""
        return list(map(Draft._make, zip(*self.columns, strict=True)))


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

    def entries(self, drafts: Sequence[Draft]) -> list[Entry]:
        """With their drafts, which the service has."""
        parts = map(Sealed, self.key_ids, self.groups)
        sealed = zip(parts) if len(self.groups) == len(self.leaves) else (tuple(islice(parts, count)) for count in self.counts)
        return list(map(Entry, drafts, self.leaves, self.hashes, self.texts, sealed))


def drafted(batch: Batch) -> tuple[Drafted, list[Draft]]:
    """What is answered of a request, and the drafts that its entries are made of."""
    drafts = [draft for step in batch.steps for draft in step.drafts]
    return Drafted(batch.acknowledge, batch.continues, batch.ahead, batch.expired, tuple(zip(*drafts, strict=True))), drafts


def columns_of(entries: Sequence[Entry], made: Sequence[Postings]) -> SealedColumns:
    """The entries, but for their drafts."""
    _, leaves, hashes, texts, sealed = zip(*entries, strict=True)
    key_ids, groups = zip(*chain.from_iterable(sealed), strict=True)
    return SealedColumns(leaves, hashes, texts, list(map(len, sealed)), key_ids, groups, made)


def prepared_steps(drafts: Sequence[Draft]) -> Iterable[range]:
    """How a request is divided that is ready as a whole: nothing is left to be prepared while a step commits."""
    return steps_of([len(draft.subjects) for draft in drafts], events=len(drafts))


def batch_with(answer: Drafted, drafts: Sequence[Draft], sealed: SealedAhead | None, posted: Sequence[PostedAhead] = ()) -> Batch:
    """The request as `services.audit.batches.batch_of` makes it, with its entries where they were sealed."""
    steps = [
        Step(step.start, drafts[step.start : step.stop], None if sealed is None else sealed.of(step, one))
        for step, one in zip_longest(prepared_steps(drafts), posted)
    ]
    return Batch(answer.acknowledge, answer.continues, answer.ahead, answer.expired, steps)
