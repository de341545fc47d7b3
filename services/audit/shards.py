"""A log for each calendar year, chained: the first entry of a year's log pins the last checkpoint of the log before it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from safepassage.canonical import digest_of
from safepassage.checkpoints import VerifierKey
from services.audit.checkpoints import CheckpointSigner, keep_checkpoint, latest_checkpoint, origin_of, publish
from services.audit.drafts import Draft, draft_of
from services.audit.driver import Driver
from services.audit.group_commit import Signing, Submission, YearIsOver, append_group
from services.audit.heads import Head, LogDamaged, load_head, newest_log
from services.audit.school_years import log_year
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import LogRow, TreeStateRow
from services.audit.tree import EMPTY_ROOT
from shared.contracts.audit import Actor, Context, Digests, Event
from shared.database import Database
from shared.inserts import insert_into

OPENED = "log-opened"
"""Operation of the first entry of every log but the first."""
KEY_CHANGED = "log-key-changed"
"""Operation of the first entry under another key."""


class NotToBeEnded(Exception):
    """The newest log is none that may be ended so; the message says why, for the operator."""


class Ended(NamedTuple):
    """A log that was ended, and the one that goes on."""

    origin: str
    size: int
    next_origin: str


class Shards:
    """Opens and closes the logs of the years."""

    def __init__(self, database: Database, signer: CheckpointSigner, keys: SubjectKeys, host: str) -> None:
        self._database, self._signer, self._keys, self._host = database, signer, keys, host

    async def open_first(self, now: datetime) -> None:
        """Make the node's first log, if it has none."""
        async with self._database.transaction() as tx:
            if await newest_log(tx) is None:
                seconds = int(now.timestamp())
                await self._add_log(tx, log_year(seconds), last_t=seconds, index_rows=0, now=now)

    async def change_key(self, now: datetime, *, digest_key: bytes) -> None:
        """Go on under another key if `log.json` was replaced and the key before it was retired: the next entry says so.

        A key that nobody retired is not replaced: `current` refuses the new one. Raises LogDamaged.
        """
        async with self._database.transaction() as tx:
            log = await newest_log(tx)
            if log is None or log.state != "active":
                return
            await _lock(tx, log.year)
            await tx.refresh(log)
            key, *retired = self._signer.verifiers(log.origin)
            before = next((old for old in retired if old.vkey == log.vkey), None)
            if before is None:
                return
            head = await load_head(tx, log, keys=(key, *retired), thorough=True)
            log.vkey = key.vkey
            await tx.flush()
            t = max(int(now.timestamp()), head.last_t)
            if log_year(t) <= head.year:
                draft = draft_of(_key_changed(before, key), producer="audit", digest_key=digest_key)
                await self._append(tx, head, [draft], t)

    async def current(self, tx: AsyncSession, *, thorough: bool = False) -> Head:
        """The head of the newest log, checked, with the writer's lock taken in `tx`. Raises LogDamaged, and YearIsOver if it is sealed."""
        log = await newest_log(tx)
        if log is None:
            raise LogDamaged("there is no log")
        await _lock(tx, log.year)
        await tx.refresh(log)
        if log.state == "sealed":
            raise YearIsOver(log.year)
        if log.state == "frozen":
            raise LogDamaged("the log was frozen")
        if log.vkey != self._signer.verifier(log.origin).vkey:
            raise LogDamaged("the log's key is another one, and the one before is not among the retired keys")
        return await load_head(tx, log, keys=self._signer.verifiers(log.origin), thorough=thorough)

    async def roll_over(self, year: int, now: datetime, *, digest_key: bytes) -> None:
        """Close the log of `year` and open the next one. Every step may be repeated: a crash or another process in between does no harm."""
        async with self._database.transaction() as tx:
            await _lock(tx, year)
            log = await tx.get_one(LogRow, year)
            log.state = "sealed"
        async with self._database.reading() as tx:
            log = await tx.get_one(LogRow, year)
            closed = await load_head(tx, log, keys=self._signer.verifiers(log.origin))
        note = await publish(self._database, self._signer, closed, now)
        # A sealed year takes no more entries: if the clock went back across New Year meanwhile, time goes on from New Year.
        new_year = int(datetime(closed.year + 1, 1, 1, tzinfo=now.tzinfo).timestamp())
        t = max(int(now.timestamp()), closed.last_t, new_year)
        async with self._database.transaction() as tx:
            newest = await newest_log(tx)
            if newest is None or newest.year != closed.year:
                return
            opened = await self._add_log(tx, log_year(t), last_t=t, index_rows=closed.index_rows, now=now)
            if opened is None:
                return
            empty = Head(opened.year, opened.origin, opened.vkey, t, closed.index_rows, edges=((),))
            draft = draft_of(_opened(closed, note), producer="audit", digest_key=digest_key)
            # INVARIANT: a year's log that is there has a checkpoint: nobody who reads, searches or witnesses finds none.
            await self._append(tx, empty, [draft], t, Signing(self._signer, now))

    async def end(self, now: datetime, *, at: int, beyond: int | None, told: Sequence[Event], digest_key: bytes) -> Ended:
        """End the log where this copy of it ends, and begin the next year's, so that the node goes on: what came behind is lost.

        at      how many entries the copy has
        beyond  the latest year of which a checkpoint was shown that this store cannot have made; a log that is not frozen needs one
        told    what the next log says after its first entry

        Nothing is signed for the log that is ended; its last checkpoint is pinned as at New Year. Raises LogDamaged, NotToBeEnded.
        """
        async with self._database.transaction() as tx:
            log = await newest_log(tx)
            if log is None or (log.state != "frozen" and beyond is None):
                raise NotToBeEnded("the newest log is not frozen, and nothing was shown that it lacks")
            await _lock(tx, log.year)
            head = await load_head(tx, log, keys=self._signer.verifiers(log.origin), thorough=True)
            if head.size != at:
                raise NotToBeEnded(f"this copy of the log has {head.size} entries, not {at}")
            last = await latest_checkpoint(tx, log.year)
            note = await _first_note(tx, self._signer, head, now) if last is None else last.note
            log.state = "ended"
            t = max(int(now.timestamp()), head.last_t)
            year = max(log.year + 1, log_year(t), (beyond or 0) + 1)
            opened = await self._add_log(tx, year, last_t=t, index_rows=head.index_rows, now=now)
            if opened is None:
                raise NotToBeEnded("there is a log of the next year already")
            empty = Head(opened.year, opened.origin, opened.vkey, t, head.index_rows, edges=((),))
            drafts = [draft_of(one, producer="audit", digest_key=digest_key) for one in (_opened(head, note), *told)]
            await self._append(tx, empty, drafts, t, Signing(self._signer, now))
        return Ended(log.origin, head.size, opened.origin)

    async def _append(self, tx: AsyncSession, head: Head, drafts: Sequence[Draft], t: int, signing: Signing | None = None) -> None:
        def append(session: Session) -> None:
            append_group(Driver(session.connection()), head, [Submission.of(drafts)], now=t, keys=self._keys, signing=signing)

        await tx.run_sync(append)

    async def _add_log(self, tx: AsyncSession, year: int, *, last_t: int, index_rows: int, now: datetime) -> LogRow | None:
        """The log of `year`, or None where another replica opened it meanwhile: they start together, and meet New Year together."""
        origin = origin_of(self._host, year)
        values = {"year": year, "origin": origin, "vkey": self._signer.verifier(origin).vkey, "state": "active", "created_at": now}
        added = await tx.execute(insert_into(tx, LogRow).values(**values).on_conflict_do_nothing().returning(LogRow.year))
        if added.scalar_one_or_none() is None:
            return None
        tx.add(TreeStateRow(log=year, size=0, root=EMPTY_ROOT, last_t=last_t, index_rows=index_rows))
        await tx.flush()
        return await tx.get_one(LogRow, year)

    async def freeze(self) -> None:
        """Mark the newest log as frozen, so that every process sees it and a restart does not forget it."""
        async with self._database.transaction() as tx:
            log = await newest_log(tx)
            if log is not None:
                log.state = "frozen"


async def _lock(tx: AsyncSession, year: int) -> None:
    """Take the writer's lock on a log."""
    await tx.run_sync(lambda session: Driver(session.connection()).locked("SELECT size FROM tree_state WHERE log = ?", year))


def _key_changed(before: VerifierKey, after: VerifierKey) -> Event:
    """The first entry whose checkpoint the new key signs: its leaf pins that key."""
    return Event(
        class_="witness",
        key=f"{KEY_CHANGED}:{after.key_id.hex()}",
        actor=Actor(kind="system", job=KEY_CHANGED),
        context=Context(operation=KEY_CHANGED, about=f"log-key:{before.key_id.hex()}:{after.key_id.hex()}"),
        digests=Digests(ct=digest_of(after.vkey.encode())),
    )


async def _first_note(tx: AsyncSession, signer: CheckpointSigner, head: Head, now: datetime) -> str:
    """The checkpoint of a log that has none yet: a store that is new and empty."""
    return await tx.run_sync(lambda session: keep_checkpoint(Driver(session.connection()), signer, head, now))


def _opened(closed: Head, note: str) -> Event:
    """The first entry of the log after `closed`: its leaf pins the last checkpoint, whose text is in the sealed context."""
    return Event(
        **{"class": "witness"},
        key=f"{OPENED}:{closed.year}",
        actor=Actor(kind="system", job=OPENED),
        context=Context(operation=OPENED, peer_checkpoint=note),
        digests=Digests(ct=digest_of(note.encode())),
    )
