"""The one writer of a log: gathers what is submitted while the last group commits, and commits it as the next one.

Who else might write is kept out by the row lock of the tree's state, by compare-and-set, and by the primary key on a segment's start. On
any error the transaction is rolled back and the tree in memory thrown away: it is read again, and checked, before the next group.

# INVARIANT: an answer is given after the commit; for ahead-entries their checkpoint is part of it. What was answered never changes.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from safepassage.problems import SuiteError
from safepassage.problems.log import LogFrozen
from safepassage.problems.requests import LogUnavailable
from services.audit.checkpoints import CheckpointSigner, publish
from services.audit.drafts import Draft
from services.audit.driver import Driver
from services.audit.foreseen import written_as_foreseen
from services.audit.group_commit import Committed, HeadIsStale, Signing, Submission, YearIsOver, append_group, lock_head
from services.audit.heads import Head, LogDamaged
from services.audit.shards import Shards
from services.audit.subject_keys import Minted, SubjectKeys
from services.audit.tile_memory import TileMemory
from services.audit.waiting import Queue, Receipt, Waiting
from shared.clock import Clock
from shared.database import Database
from shared.disk import SYNC_FAILED, error_code

log = logging.getLogger(__name__)

ATTEMPTS = 3


class DiskCannotBeTrusted(Exception):
    """The disk refused to make data durable. After that no file handle can be believed: the process stops and starts again."""


class Sequencer:
    """Appends to the node's newest log."""

    def __init__(
        self,
        database: Database,
        shards: Shards,
        keys: SubjectKeys,
        signer: CheckpointSigner,
        clock: Clock,
        *,
        memory: TileMemory,
        checkpoint_seconds: float,
    ) -> None:
        self._database, self._shards, self._keys, self._signer, self._clock = database, shards, keys, signer, clock
        self._memory, self._checkpoint_seconds = memory, checkpoint_seconds
        self._queue = Queue()
        self._writing = asyncio.Lock()
        self._head: Head | None = None
        self._digest_key: bytes | None = None
        self._size = 0
        self.frozen: str | None = None
        """Why nothing is appended, once the log was found damaged."""
        self.on_commit: Callable[[Sequence[Submission]], None] | None = None
        """Called with each group that was committed, for who follows the log."""
        self._stopped = False

    @property
    def _disk_refused(self) -> bool:
        """Whoever met it: the log's frames may be behind others' in the write-ahead log."""
        return self._database.disk.refused

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for an append."""
        return self._queue.is_busy

    def expecting(self) -> AbstractContextManager[None]:
        """What is about to be appended is being prepared: what works behind the log gives way already."""
        return self._queue.expecting()

    @property
    def digest_key(self) -> bytes:
        """The key that digests events: `draft_of`. Raises LogUnavailable."""
        if self._digest_key is None:
            raise LogUnavailable
        return self._digest_key

    @property
    def size(self) -> int:
        """Entries of the newest log, as far as this process knows."""
        return self._size

    async def open(self) -> None:
        """Make the first log if there is none, check the stored one. A damaged log is frozen: it is still read, nothing is appended."""
        await self._shards.open_first(self._clock())
        self._digest_key = await self._database.write(lambda connection: self._keys.event_digest_key(Driver(connection)))
        try:
            await self._shards.change_key(self._clock(), digest_key=self._digest_key)
            async with self._database.transaction() as tx:
                self._head = await self._shards.current(tx, thorough=True)
            self._size = self._head.size
        except YearIsOver:
            return  # it was sealed and the next one not yet opened: the first append opens it
        except LogDamaged as damage:
            await self._freeze(damage)
            return
        await self.publish_now()

    @property
    def head(self) -> Head | None:
        """The newest log as it was last committed; None where it is to be read first."""
        return self._head

    async def append(self, drafts: Sequence[Draft]) -> Receipt:
        """Append, and answer once it is durable. Raises as `submit`."""
        return await self.submit(Submission.of(drafts))

    async def submit(self, submission: Submission) -> Receipt:
        """Append, and answer once it is durable.

        Raises EventKeyReused, LogFrozen, KeysUnavailable; LogUnavailable where it is not known to be appended: sent again, the events are
        appended once.
        """
        self.require_taking()
        return await self._queue.add(submission)

    def require_taking(self) -> None:
        """Raises what `append` raises where the log takes nothing, for who has long work to do before."""
        if self.frozen is not None:
            raise LogFrozen
        if self._stopped or self._disk_refused:
            raise LogUnavailable
        self._keys.provider.require_usable()

    async def keys_for(self, epoch: int, students: Collection[str]) -> Minted | None:
        """The keys of students, made and stored where they are not there; None where another process has the log, or it takes no more.

        Raises KeysUnavailable, LogUnavailable.
        """
        minted = self._keys.remembered(epoch, students)
        if minted is not None:
            return minted
        async with self._writing:
            head = self._head
            if head is None or self.frozen is not None or self._stopped or self._disk_refused:
                return None
            try:
                minted = await self._database.write(lambda connection: self._keys_behind(Driver(connection), head, epoch, students))
            except HeadIsStale:
                return None
            except SuiteError:
                raise
            except Exception as error:
                problem = await self._failed(error)
                self._queue.wake()  # `run` sees what became of the disk
                raise problem from error
        minted.keep()
        return minted

    def _keys_behind(self, driver: Driver, head: Head, epoch: int, students: Collection[str]) -> Minted:
        lock_head(driver, head)
        return self._keys.for_students(driver, epoch, students)

    async def run(self) -> None:
        """Commit groups until cancelled; publish a checkpoint every `checkpoint_seconds` while there are new entries. A lifespan task."""
        loop = asyncio.get_running_loop()
        published_at = loop.time()
        try:
            while True:
                if not self._disk_refused:
                    await self._queue.wait(published_at + self._checkpoint_seconds - loop.time())
                if self._disk_refused:
                    raise DiskCannotBeTrusted
                group = self._queue.next_group()
                if group:
                    await self._commit_group(group)
                if loop.time() - published_at >= self._checkpoint_seconds:
                    await self._publish_behind()
                    published_at = loop.time()
        finally:
            self._stopped = True
            for waiting in self._queue.leave():
                waiting.fail(LogUnavailable())

    async def _commit_group(self, group: Sequence[Waiting]) -> None:
        try:
            async with self._writing:
                committed = await self._append([waiting.submission for waiting in group])
        except asyncio.CancelledError:
            self._head = None  # the group may have been committed
            for waiting in group:
                waiting.fail(LogUnavailable())
            raise
        except Exception as error:
            problem = await self._failed(error)
            for waiting in group:
                waiting.fail(problem)
            if self._disk_refused:
                raise DiskCannotBeTrusted from error
            return
        if self.on_commit is not None:
            self.on_commit([waiting.submission for waiting in group])
        for waiting in group:
            submission = waiting.submission
            if submission.refused is not None:
                waiting.fail(submission.refused)
            else:
                waiting.succeed(Receipt(submission.places or (), committed.entries, committed.growth, committed.note))

    async def _append(self, submissions: list[Submission]) -> Committed:
        """One group, tried again where another process was faster or the year ended."""
        for _ in range(ATTEMPTS):
            try:
                return await self._attempt(submissions)
            except HeadIsStale:
                self._head = None
            except YearIsOver as over:
                self._head = None
                await self._shards.roll_over(over.year, self._clock(), digest_key=self.digest_key)
        raise LogUnavailable

    async def _attempt(self, submissions: list[Submission]) -> Committed:
        now, head = self._clock(), self._head
        if head is None:
            async with self._database.transaction() as tx:
                self._head = head = await self._shards.current(tx)
                committed = await tx.run_sync(lambda session: self._write(Driver(session.connection()), head, submissions, now))
        else:
            committed = await self._behind(head, submissions, now)
        self._head, self._size = committed.head, committed.head.size
        if committed.minted is not None:
            committed.minted.keep()
        if committed.note is not None:
            self._memory.published = committed.head
        return committed

    async def _behind(self, head: Head, submissions: list[Submission], now: datetime) -> Committed:
        """A group that is alone is written as it is foreseen; any other in a transaction, and what came otherwise too."""
        if not self._database.is_sqlite and sum(len(one.outlines) for one in submissions) == 1:
            foreseen = await written_as_foreseen(self._database, head, lambda driver: self._write(driver, head, submissions, now))
            if foreseen is not None:
                return foreseen
        return await self._database.write(lambda connection: self._write_behind(Driver(connection), head, submissions, now))

    def _write_behind(self, driver: Driver, head: Head, submissions: list[Submission], now: datetime) -> Committed:
        lock_head(driver, head)
        return self._write(driver, head, submissions, now)

    def _write(self, driver: Driver, head: Head, submissions: list[Submission], now: datetime) -> Committed:
        """Append to the locked log. INVARIANT: with an ahead-entry, the checkpoint that proves it is in the same transaction."""
        for submission in submissions:
            submission.places = submission.refused = submission.posted = None
        ahead = any(outline.ahead for submission in submissions for outline in submission.outlines)
        signing = Signing(self._signer, now) if ahead else None
        return append_group(driver, head, submissions, now=int(now.timestamp()), keys=self._keys, signing=signing)

    async def _publish(self, head: Head) -> None:
        await publish(self._database, self._signer, head, self._clock())
        self._memory.published = head

    async def publish_now(self) -> None:
        """Publish the checkpoint of what is committed, if it is not published yet."""
        async with self._writing:
            shown = self._memory.published
            if (
                self.frozen is None
                and self._head is not None
                and (shown is None or (shown.year, shown.size) != (self._head.year, self._head.size))
            ):
                await self._publish(self._head)

    async def close(self) -> None:
        """After `run` has ended: publish the checkpoint of everything, so that a stopped node's store has no entry that none covers."""
        if self.frozen is not None or self._disk_refused:
            return
        try:
            if self._head is None:
                async with self._database.transaction() as tx:
                    self._head = await self._shards.current(tx)
            await self.publish_now()
        except Exception as error:
            log.error("last checkpoint not published", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value

    async def _publish_behind(self) -> None:
        try:
            await self.publish_now()
        except Exception as error:
            await self._failed(error)
            if self._disk_refused:
                raise DiskCannotBeTrusted from error

    async def _failed(self, error: Exception) -> SuiteError:
        """Throw the memory away; say what the submitters are told. After a failed fsync the disk is believed no more."""
        self._head = None
        self._keys.forget()
        if isinstance(error, LogDamaged):
            await self._freeze(error)
            return LogFrozen()
        log.error("group not committed", extra={"fault": type(error).__name__})
        code = error_code(error)
        if code in SYNC_FAILED:
            self._database.disk.refuse()
        elif code is not None:
            # INVARIANT: after an I/O error nothing is tried again on the same file handle.
            await self._database.reopen()
        return LogUnavailable()

    async def freeze(self, damage: LogDamaged) -> None:
        """Append and sign nothing more, in any process: somebody else has shown that this log is not what it was."""
        await self._freeze(damage)

    async def _freeze(self, damage: LogDamaged) -> None:
        self.frozen = self.frozen or str(damage)
        log.critical("log frozen", extra={"fault": self.frozen})
        try:
            await self._shards.freeze()
        except Exception as error:
            log.error("frozen state not stored", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
