"""Processes that prepare large requests beside the service, so that reading, drafting and sealing use other cores than the log does.

# INVARIANT: nothing of a request is appended before its process has answered: one that ends in the middle leaves nothing half done.
"""

import asyncio
import logging
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final

from safepassage.problems import SuiteError
from safepassage.problems.requests import LogUnavailable
from services.audit.batches import Batch, Sender, batch_of
from services.audit.paired_sockets import OtherHasEnded, ask, hang_up, send
from services.audit.preparing import Judging, Request, RestAsked, batch_with, drafts_with
from services.audit.sealed_ahead import PostedAhead, SealedAhead, SealingTerms

log = logging.getLogger(__name__)

LARGE_BYTES: Final = 65_536
"""From this length on a request goes to a process: some hundred events. What is shorter is ready before it would be there."""
STOPS_WITHIN_SECONDS: Final = 5.0
_COMMAND: Final = (sys.executable, "-m", "services.audit.preparing_process")


class Preparers:
    """As many processes as the settings say; without any, the service prepares every request itself."""

    def __init__(self, count: int, judging: Judging, terms: Callable[[Iterable[str]], Awaitable[SealingTerms | None]]) -> None:
        """`terms` says with what entries about students are to be sealed now."""
        self._terms = terms
        self.processes = [PreparingProcess(judging) for _ in range(count)]
        self._free: asyncio.Queue[PreparingProcess] = asyncio.LifoQueue()

    def open(self) -> None:
        """Start the processes."""
        for process in self.processes:
            process.start()
            self._free.put_nowait(process)

    async def close(self) -> None:
        """Have the processes end."""
        await asyncio.gather(*[asyncio.to_thread(process.stop) for process in self.processes])

    async def batch_of(self, body: bytes, sender: Sender) -> Batch:
        """What `services.audit.batches.batch_of` makes of a request, and raises; a large one with its entries sealed.

        Raises LogUnavailable where a process has ended meanwhile.
        """
        if not self.processes or len(body) < LARGE_BYTES:
            return batch_of(body, sender)
        process = await self._free.get()
        try:
            return await self._prepared(process, body, sender)
        except OtherHasEnded:
            log.error("a preparing process has ended")  # noqa: TRY400 nothing more is known of it
            raise LogUnavailable from None
        finally:
            self._free.put_nowait(process)

    async def _prepared(self, process: "PreparingProcess", body: bytes, sender: Sender) -> Batch:
        answer = await process.ask(Request(body, sender.principal, sender.now))
        outlines = answer.outlines
        terms = await self._terms({student for outline in outlines for student in outline.subjects})
        if terms is None:
            drafts = drafts_with(outlines, await process.ask(RestAsked()))
            return batch_with(answer, outlines, lambda: drafts, None)
        columns = await process.ask(terms)
        sealed = SealedAhead(terms.origin, terms.t, columns.entries(outlines))
        # few wait until what was sealed fits no more: those are read again, and what is sealed brings no drafts for all others
        again = cache(lambda: batch_of(body, sender).drafts())
        return batch_with(answer, outlines, again, sealed, [PostedAhead(terms.posting.corrections, made) for made in columns.made])


class PreparingProcess:
    """One of them. It is started again in its next turn if it has ended, or if what it was asked is not waited for any more."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self._end: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._waits: ThreadPoolExecutor | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, if there is one."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it; it reads what waits for it once it is there."""
        self._end, its_end = socket.socketpair()
        with its_end:
            self._process = subprocess.Popen(_COMMAND, stdin=its_end.fileno(), stdout=subprocess.DEVNULL)  # noqa: S603 ourselves
        send(self._end, self._judging)
        self._waits = ThreadPoolExecutor(1, "preparing")

    async def ask(self, question: Any) -> Any:
        """What it answers. Raises the problem that it answers with, and OtherHasEnded."""
        if self._end is None:
            self.start()
        assert self._end is not None and self._waits is not None  # noqa: S101, PT018 it was started
        try:
            answer = await ask(self._end, question, beside=self._waits)
        except BaseException:
            self.stop(within_seconds=0)  # its answer would be taken for that of the next question
            raise
        if isinstance(answer, SuiteError):
            raise answer
        return answer

    def stop(self, within_seconds: float = STOPS_WITHIN_SECONDS) -> None:
        """Have it end: it sees that nobody is at the other end any more."""
        end, process, waits, self._end, self._process, self._waits = self._end, self._process, self._waits, None, None, None
        if end is not None:
            hang_up(end)
        if waits is not None:
            waits.shutdown(wait=False)
        if process is not None:
            try:
                process.wait(within_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
