"""Appending to this node's own log, before anything leaves. Events of one moment go in one call.

audit is trusted to remember. If it answers less than it has answered before, it was restored from a backup or rewritten: nothing leaves any
more (decisions 1), since what the log forgot may already be with others.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from sqlalchemy import select

from safepassage.canonical import from_base64url
from safepassage.checkpoints import Checkpoint, parse_checkpoint
from safepassage.notes import parse_note
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import OwnLogWentBack
from safepassage.problems.proofs import ConsistencyNotProven
from safepassage.problems.requests import LogUnavailable
from safepassage.proofs import verify_consistency
from services.records.exchange.pins import pinning
from services.records.tables import PeerLogRow
from shared import prepared
from shared.clock import Clock
from shared.contracts.audit import Appended, AppendRequest, AppendResponse, ConsistencyResponse, Event, KnownSize
from shared.database import Database
from shared.group_commit import Writing
from shared.internal_token import Principal
from shared.prepared import Change
from shared.siblings import Siblings

log = logging.getLogger(__name__)

LARGEST = 200
REMEMBERED = 10_000
PATHS_REMEMBERED = 256
JOB = "exchange"
BUSY_EVENTS, BUSY_SECONDS = 8, 0.1
LINGER_SECONDS = 0.012
"""Where so many events came within so long, others are about to come: an append waits a little for them, since a call with a commit of its
own costs the node more than all that is in it. Whoever exchanges alone does not wait."""


class OwnLog:
    """The ahead entries of this process."""

    def __init__(self, siblings: Siblings, clock: Clock, *, node: str) -> None:
        self._siblings, self._clock, self._node = siblings, clock, node
        self._waiting: list[tuple[Event, asyncio.Future[Appended]]] = []
        self._task: asyncio.Task[None] | None = None
        self._came: deque[float] = deque(maxlen=BUSY_EVENTS)
        self._answered: OrderedDict[str, int] = OrderedDict()
        self._largest: dict[str, Checkpoint] = {}
        self._linked: set[str] = set()
        self._kept: dict[str, int] = {}
        self._went_back = False
        self._paths: OrderedDict[tuple[str, int, int], tuple[str, ...]] = OrderedDict()
        self.seen_by_peers: Callable[[], tuple[KnownSize, ...]] = tuple
        """From which sizes an append is to answer paths to what it made: the next message shows one of them."""

    async def open(self, database: Database) -> None:
        """Load the largest checkpoint that audit has answered, of each year's log."""
        async with database.reading() as tx:
            rows = (await tx.execute(select(PeerLogRow).where(PeerLogRow.node == self._node))).scalars().all()
        self._largest = {row.origin: Checkpoint(row.origin, row.size, from_base64url(row.root)) for row in rows}

    async def append(self, event: Event, *, by: Principal | None = None) -> Appended:
        """Append `event` and give where it is, with proof; the same event again is answered as the first time.

        by  the caller's principal, where the log has to see that the caller is the agency's own; such an event goes alone

        Raises LogUnavailable, OwnLogWentBack, or the problem with which audit refuses the event.
        """
        if self._went_back:
            raise OwnLogWentBack
        if by is not None:
            [appended] = await self._append([event], by=by)
            return appended
        future: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, future))
        self._came.append(asyncio.get_running_loop().time())
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._append_waiting())
        return await future

    def largest(self, origin: str) -> Checkpoint | None:
        """The largest checkpoint that audit has answered of this log of ours."""
        return self._largest.get(origin)

    def answered_path(self, origin: str, old_size: int, new_size: int) -> tuple[str, ...] | None:
        """The path between two sizes, where an append has been answered with it."""
        return self._paths.get((origin, old_size, new_size))

    async def consistency(self, origin: str, old_size: int, new_size: int, *, by: Principal | str = JOB) -> tuple[str, ...]:
        """The path between two sizes of one of this node's logs. Raises LogUnavailable, or the problem of audit."""
        query: dict[str, str | int] = {"from": old_size, "to": new_size, "origin": origin}
        response = await self._siblings.call("audit", "GET", "/internal/consistency", answer=ConsistencyResponse, by=by, query=query)
        return response.path

    async def _append_waiting(self) -> None:
        while self._waiting:
            if self._is_busy() and len(self._waiting) < LARGEST:
                await asyncio.sleep(LINGER_SECONDS)
            group, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            try:
                answers = await self._append([event for event, _ in group])
            except Exception as error:
                if isinstance(error, SuiteError) and error.retry == "never" and len(group) > 1:
                    await self._one_by_one(group)
                else:
                    _fail(group, error)
                continue
            for (_, future), appended in zip(group, answers, strict=True):
                if not future.done():
                    future.set_result(appended)
            await asyncio.sleep(0)  # who was answered says first what the peer sees: from there the next append is continued

    def _is_busy(self) -> bool:
        return len(self._came) == BUSY_EVENTS and asyncio.get_running_loop().time() - self._came[0] < BUSY_SECONDS

    async def _one_by_one(self, group: Sequence[tuple[Event, asyncio.Future[Appended]]]) -> None:
        """One event is refused for good: it alone is told so."""
        for event, future in group:
            try:
                [appended] = await self._append([event])
            except Exception as error:
                _fail([(event, future)], error)
            else:
                if not future.done():
                    future.set_result(appended)

    async def _append(self, events: list[Event], *, by: Principal | str = JOB) -> Sequence[Appended]:
        request = AppendRequest(events=tuple(events), continues=self.seen_by_peers())
        response = await self._siblings.call("audit", "POST", "/internal/entries", answer=AppendResponse, by=by, body=request)
        if len(response.entries) != len(events):
            raise LogUnavailable
        for event, appended in zip(events, response.entries, strict=True):
            self._require_remembered(event.key, appended)
        for note, size in {appended.checkpoint: appended.size for appended in response.entries}.items():
            await self._require_grown(note, size)
        for one in response.continued:
            self._paths[one.origin, one.size, one.to] = one.path
        while len(self._paths) > PATHS_REMEMBERED:
            self._paths.popitem(last=False)
        return response.entries

    def _require_remembered(self, key: str, appended: Appended) -> None:
        """INVARIANT: the same event has the same index for ever, below the size that its log says it has."""
        if self._answered.setdefault(key, appended.index) != appended.index or appended.index >= appended.size:
            self._freeze()
        while len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)

    async def _require_grown(self, note: str | None, size: int) -> None:
        """INVARIANT: what the log answers continues what it answered before; after a start of this process that is proven once."""
        if note is None:
            raise LogUnavailable
        checkpoint = parse_checkpoint(parse_note(note).text)
        known = self._largest.get(checkpoint.origin)
        if known is not None and checkpoint.origin not in self._linked:
            if size < known.size:
                self._freeze()
            old, new = sorted((known, checkpoint), key=lambda each: each.size)
            path = [] if old.size == new.size else await self.consistency(old.origin, old.size, new.size)
            try:
                verify_consistency(
                    old_size=old.size, new_size=new.size, old_root=old.root, new_root=new.root, path=[from_base64url(each) for each in path]
                )
            except ConsistencyNotProven:
                self._freeze()
        self._linked.add(checkpoint.origin)
        if known is None or checkpoint.size >= known.size:
            self._largest[checkpoint.origin] = checkpoint

    def _freeze(self) -> None:
        self._went_back = True
        log.critical("own log went back: nothing is released any more", extra={"event": "own-log-went-back"})
        raise OwnLogWentBack

    def keep(self, tx: Writing, appended: Appended) -> None:
        """Store the checkpoint of an answer if it is the largest, in the transaction that stores what was appended."""
        for name, change in self.keeping(tx.connection.dialect.name, appended).items():
            if name not in tx.done:
                tx.done.add(name)
                prepared.change(tx.connection, *change)
                tx.afterwards(partial(self.kept, appended))

    def keeping(self, dialect: str, appended: Appended) -> dict[Hashable, Change]:
        """The change that `keep` makes, by its name; none where it is stored already. To be told to `kept` once it has committed."""
        if appended.checkpoint is None:
            return {}
        checkpoint = parse_checkpoint(parse_note(appended.checkpoint).text)
        if checkpoint.size <= self._kept.get(checkpoint.origin, 0):
            return {}
        pinned = pinning(dialect, checkpoint, node=self._node, note=appended.checkpoint, now=self._clock())
        return {("own-log", checkpoint): pinned}

    def kept(self, appended: Appended) -> None:
        """The checkpoint of an answer is stored."""
        if appended.checkpoint is not None:
            checkpoint = parse_checkpoint(parse_note(appended.checkpoint).text)
            self._kept[checkpoint.origin] = max(checkpoint.size, self._kept.get(checkpoint.origin, 0))


def _fail(group: Sequence[tuple[Event, "asyncio.Future[Appended]"]], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)
