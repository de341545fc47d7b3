"""Tallies: how many entries of the log there are of each kind, between instants, and nothing of any one of them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from safepassage.wire import Instant, Wire
from safepassage.wire_log import EntrySearch

Dimension = Literal["class", "operation", "purpose", "basis", "outcome", "reason", "recipient_state", "sender_state"]
"""What entries are told apart by. recipient_state: of the node through which the recipient is reached, the node's own state where it is
reached through none; sender_state: of the peer that did it. Both by the trust list, and empty where it knows the node no more."""

Count = Annotated[int, Field(ge=0)]


class TallyQuestion(Wire):
    """Which entries, and what they are told apart by."""

    search: EntrySearch = EntrySearch()
    """Without a student and without times."""
    by: Annotated[tuple[Dimension, ...], Field(max_length=2)] = ()

    @model_validator(mode="after")
    def _is_of_no_student_and_no_time(self) -> Self:
        if self.search.student_id is not None or self.search.logged_from is not None or self.search.logged_until is not None:
            raise ValueError("search: student_id, logged_from, logged_until have no place here")
        if len(set(self.by)) != len(self.by):
            raise ValueError("by: each once")
        return self


class TallyRequest(Wire):
    """`POST /v1/log/tallies`: several questions about the same intervals."""

    bounds: Annotated[tuple[Instant, ...], Field(min_length=2, max_length=63)]
    """Ascending: an interval is from one up to, and without, the next."""
    tallies: Annotated[tuple[TallyQuestion, ...], Field(min_length=1, max_length=8)]

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if any(earlier >= later for earlier, later in zip(self.bounds, self.bounds[1:], strict=False)):
            raise ValueError("bounds: ascending")
        return self


class TallyRow(Wire):
    """Entries of one interval that are alike."""

    interval: Annotated[int, Field(ge=0, le=61)]
    """From which of the bounds on, counted from 0."""
    values: tuple[str, ...] = ()
    """One for each member of `by`; empty where an entry says nothing of it."""
    entries: Annotated[int, Field(ge=1)]


class Tally(Wire):
    """The answer to one question: the earliest interval in front, then the most entries."""

    rows: tuple[TallyRow, ...]


class Tallies(Wire):
    """The answers, in the order of the questions."""

    tallies: tuple[Tally, ...]
    not_looked_at: Count
    """Entries between the bounds that the index has not yet, and that are not counted."""
