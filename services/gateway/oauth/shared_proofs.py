"""Proofs that were used at any of several gateway processes: the database remembers them, and its primary key decides between two.

What it remembers lasts as long as its server runs, not longer than that: on PostgreSQL the tables are not in the write-ahead log, so that
no proof waits for the disk. A server that crashed, or another one that takes its place, has emptied them all, the one row of `proof_memory`
too. Then that begins anew, and a proof that may have been used before needs a nonce from after.

A proof that comes alone is on its way to the server while its signature is verified here: both have to say yes
(docs/decisions/0107-a-proof-is-kept-while-it-is-verified.md).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ARRAY, Connection, LargeBinary, bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite

from safepassage.problems.access import ProofUsedBefore
from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.oauth.proof_of_possession import REMEMBERED_SECONDS, Proof, require_from_after
from services.gateway.oauth.replay import Check
from services.gateway.proof_tables import ProofMemoryRow, UsedProofRow
from shared import prepared
from shared.clock import EPOCH
from shared.columns import Milliseconds
from shared.database import Database

MOST_TOGETHER: Final = 500
_MILLISECOND: Final = timedelta(milliseconds=1)

_KEEP: Final = """
    INSERT INTO used_proof (digest, expires_at, since)
    SELECT $1, $2, memory.since FROM proof_memory AS memory
    ON CONFLICT DO NOTHING RETURNING since
"""
"""PostgreSQL's own text, as each request waits for it: SQLAlchemy's part of it takes as long as the driver's."""
_KEEP_TOGETHER = (
    # In one order, so that two processes do not wait for each other.
    text(
        """
        INSERT INTO used_proof (digest, expires_at, since)
        SELECT new.digest, new.expires_at, memory.since FROM unnest(:digests, :expiries) AS new (digest, expires_at)
        CROSS JOIN proof_memory AS memory ORDER BY new.digest
        ON CONFLICT DO NOTHING RETURNING digest, since
        """
    )
    .bindparams(bindparam("digests", type_=ARRAY(LargeBinary)), bindparam("expiries", type_=ARRAY(Milliseconds)))
    .columns(UsedProofRow.digest, UsedProofRow.since)
)
_INSERT = sqlite.insert(UsedProofRow).on_conflict_do_nothing()
_BEGIN = postgresql.insert(ProofMemoryRow).on_conflict_do_nothing()
_MEMORY = select(ProofMemoryRow.since)


@dataclass(slots=True)
class _Waiting:
    digest: bytes
    expires_at: datetime
    now: datetime
    since: "asyncio.Future[datetime | None]"
    """From when on the memory is whole that has it now; None where it had it before."""


class _Checking:
    """A check that runs once, and what came of it."""

    def __init__(self, check: Check) -> None:
        self._check: Check | None = check
        self._error: Exception | None = None

    def run(self) -> None:
        check, self._check = self._check, None
        if check is not None:
            try:
                check()
            except Exception as error:
                self._error = error

    def require(self) -> None:
        """Raises what the check raised."""
        self.run()
        if self._error is not None:
            raise self._error


class DatabaseProofStore:
    """For any number of processes. Proofs that come at the same time are written together; one that comes alone goes at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None
        self._is_writing = False
        self._came_alone = True
        """Whether nobody came beside or behind whoever was written last."""

    async def spend(self, proof: Proof, now: datetime, *, nonce_at: float | None, check: Check | None = None) -> None:
        """Use a proof, as `ProofStore.spend`: true once it is committed.

        INVARIANT: a statement that was sent is awaited by whoever sent it, and nobody returns from here before `check` has.
        """
        until = now + timedelta(seconds=REMEMBERED_SECONDS + 1)
        if self._came_alone and not self._is_writing and not self._database.is_sqlite:
            since = await self._at_once(proof.digest, until, now, check)
        else:
            if check is not None:
                check()
            since = await self._together(proof.digest, until, now)
        if since is None:
            raise ProofUsedBefore
        if since > EPOCH:
            require_from_after(proof, nonce_at, since.timestamp())

    async def _at_once(self, digest: bytes, until: datetime, now: datetime, check: Check | None) -> datetime | None:
        """As `_Waiting.since`. The check runs once the statement has left, while the server works at it."""
        self._is_writing = True
        checking = None if check is None else _Checking(check)
        later = None if checking is None else asyncio.get_running_loop().call_soon(checking.run)
        try:
            new = await self._keep({digest: until}, now)
        except Exception as error:
            if checking is not None:
                checking.require()
            raise TemporarilyUnavailable("the store does not answer") from error
        finally:
            if later is not None:
                later.cancel()
            self._is_writing = False
            if self._waiting:
                self._begin_writing()
        if checking is not None:
            checking.require()
        return new.get(digest)

    async def _together(self, digest: bytes, until: datetime, now: datetime) -> datetime | None:
        """As `_Waiting.since`."""
        one = _Waiting(digest, until, now, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if not self._is_writing:
            self._begin_writing()
        return await one.since

    def _begin_writing(self) -> None:
        self._is_writing, self._came_alone = True, False
        self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                await self._write_together(batch)
                self._came_alone = len(batch) == 1 and not self._waiting
        finally:
            self._is_writing = False

    async def _write_together(self, batch: Sequence[_Waiting]) -> None:
        try:
            new = await self._keep({one.digest: one.expires_at for one in batch}, batch[0].now)
        except BaseException as error:
            for one in batch:
                if not one.since.done():
                    one.since.set_exception(TemporarilyUnavailable("the store does not answer"))
                    one.since.exception()
            if not isinstance(error, Exception):
                raise
            return
        for one in batch:
            since = new.pop(one.digest, None)  # the same proof twice in one batch: the second is a replay
            if not one.since.done():
                one.since.set_result(since)

    async def _keep(self, used: dict[bytes, datetime], now: datetime) -> dict[bytes, datetime]:
        """Those that are new, each with the instant at which the memory began that has it."""
        if self._database.is_sqlite:
            return await self._database.write(lambda connection: _kept(connection, used))
        new = await self._insert(used)
        if new:
            return new
        if not await self._database.find(_MEMORY, {}):
            # INVARIANT: nothing is remembered without the row that says since when, and both are gone together or neither.
            await self._database.write_together([(_BEGIN, {"id": 1, "since": now})])
        # Where there is one it may have been begun by another process since: then these are not used yet.
        return await self._insert(used)

    async def _insert(self, used: dict[bytes, datetime]) -> dict[bytes, datetime]:
        if len(used) == 1:
            (digest, expires_at), *_ = used.items()
            kept = await self._database.write_text(_KEEP, (digest, (expires_at - EPOCH) // _MILLISECOND))
            return {digest: EPOCH + kept[0]["since"] * _MILLISECOND} if kept else {}
        both: dict[str, Any] = {"digests": list(used), "expiries": list(used.values())}
        rows = await self._database.write_alone(_KEEP_TOGETHER, both)
        return {row.digest: row.since for row in rows}


def _kept(connection: Connection, used: dict[bytes, datetime]) -> dict[bytes, datetime]:
    """On SQLite, whose file loses nothing: one process writes it after the other."""
    values = [(digest, {"digest": digest, "expires_at": expires_at, "since": EPOCH}) for digest, expires_at in used.items()]
    return {digest: EPOCH for digest, one in values if prepared.change(connection, _INSERT, one)}
