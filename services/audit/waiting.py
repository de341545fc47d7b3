"""Who waits for an append: gathered while the last group commits, taken as the next one."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from safepassage.problems import SuiteError
from services.audit.entries import Entry
from services.audit.group_commit import Place, Submission
from services.audit.tree import Growth

MAX_GROUP_ENTRIES = 4_096
"""Four large requests that wait together are one transaction: a tenth less of the service's work each than one by one. SQLite takes some
30 ms for so many rows, while nobody else has a turn; as long as for a step of the index, or an entry about so many students."""
MAX_GROUP_SUBJECTS = 4_096


class Receipt(NamedTuple):
    """What became of a submission."""

    places: Sequence[Place]
    entries: Sequence[Entry]
    """The new entries of the group, its own among them."""
    growth: Growth | None
    """The step of the tree that holds them."""
    note: str | None
    """The checkpoint of the tree after that step; there for submissions with an ahead-entry."""

    def text_at(self, index: int) -> str:
        """The leaf of a new entry, in base64url."""
        assert self.growth is not None  # noqa: S101 a group with new entries has grown the tree
        return self.entries[index - self.growth.before.size].leaf_text


class Waiting(NamedTuple):
    """One submission, and who waits for it: nobody any more where the request was given up."""

    submission: Submission
    answer: "asyncio.Future[Receipt]"
    subjects: int

    def succeed(self, receipt: Receipt) -> None:
        if not self.answer.done():
            self.answer.set_result(receipt)

    def fail(self, problem: SuiteError) -> None:
        if not self.answer.done():
            self.answer.set_exception(problem)


class Queue:
    """First come, first served. One task takes from it."""

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self._expected = 0
        self._work = asyncio.Event()

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits, or is about to."""
        return bool(self._waiting or self._expected)

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """Somebody is about to wait."""
        self._expected += 1
        try:
            yield
        finally:
            self._expected -= 1

    async def add(self, submission: Submission) -> Receipt:
        """Wait for what becomes of it. Raises what it fails with."""
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(submission, answer, sum([len(one.subjects) for one in submission.outlines])))
        self.wake()
        return await answer

    def wake(self) -> None:
        """Let `wait` return."""
        self._work.set()

    async def wait(self, seconds: float) -> None:
        """Until somebody waits, or `wake` is called, at most for so long."""
        if self._waiting:
            return
        self._work.clear()
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._work.wait()
        except TimeoutError:
            pass

    def next_group(self) -> list[Waiting]:
        """Those who are first, as many as go into one transaction: at least one where anybody waits, whatever its size."""
        group: list[Waiting] = []
        entries = subjects = 0
        while self._waiting:
            first = self._waiting[0]
            entries, subjects = entries + len(first.submission.outlines), subjects + first.subjects
            if group and (entries > MAX_GROUP_ENTRIES or subjects > MAX_GROUP_SUBJECTS):
                break
            group.append(self._waiting.popleft())
        return group

    def leave(self) -> Iterator[Waiting]:
        """Everybody, who waits no more."""
        while self._waiting:
            yield self._waiting.popleft()
