"""What counts once: identifiers of assertions and proofs, remembered until they could not be used again anyway.

Two stores for proofs. One process alone remembers in memory; several share the database, where the primary key decides between two.
A store that cannot say whether something is new refuses it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ARRAY, Connection, LargeBinary, bindparam, delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.access import ProofNonceRequired, ProofUsedBefore
from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.oauth.proof_of_possession import FUTURE_SECONDS, REMEMBERED_SECONDS, Proof
from services.gateway.tables import RevokedTokenRow, SpentRow
from shared import prepared
from shared.columns import Milliseconds
from shared.database import Database
from shared.inserts import DIALECTS, insert_of
from shared.prepared import Change

MOST_IN_MEMORY = 1_000_000


class ProofStore(Protocol):
    """Remembers proofs that were used."""

    async def spend(self, proof: Proof, now: datetime, *, nonce_at: float | None) -> None:
        """Use a proof. `nonce_at`: when the verified nonce in it was given. Raises ProofUsedBefore, ProofNonceRequired."""
        ...


class ProcessProofStore:
    """Two generations of digests in memory, for one process alone.

    INVARIANT: a digest is remembered for as long as its proof could come again. `_floor` is the instant before which a proof may have been
    used that is not remembered (the start of this process; what was forgotten, should the clock go back): such a one needs a nonce.
    """

    def __init__(self, started_at: datetime, *, most: int = MOST_IN_MEMORY) -> None:
        self._floor = self._since = started_at.timestamp()
        self._current: set[bytes] = set()
        self._previous: set[bytes] = set()
        self._most = most

    async def spend(self, proof: Proof, now: datetime, *, nonce_at: float | None) -> None:
        """Use a proof: a microsecond."""
        seconds = now.timestamp()
        if seconds >= self._since + REMEMBERED_SECONDS:
            self._turn(seconds)
        if max(proof.issued_at + 1, nonce_at or 0) <= self._floor:
            raise ProofNonceRequired
        if proof.digest in self._current or proof.digest in self._previous:
            raise ProofUsedBefore
        if len(self._current) >= self._most:
            raise TemporarilyUnavailable("more requests than can be told apart")
        self._current.add(proof.digest)

    def _turn(self, seconds: float) -> None:
        """Forget the previous generation: its proofs were used before the current one began, so issued before the floor."""
        self._floor = max(self._floor, self._since + FUTURE_SECONDS)
        self._previous, self._current, self._since = self._current, set(), seconds


class DatabaseProofStore:
    """The database remembers, for any number of processes. Proofs that come at the same time are written together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[bytes, datetime, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def spend(self, proof: Proof, now: datetime, *, nonce_at: float | None) -> None:
        """Use a proof: true once it is committed."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((proof.digest, now + timedelta(seconds=REMEMBERED_SECONDS + 1), future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        if not await future:
            raise ProofUsedBefore

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:500], self._waiting[500:]
            try:
                new = await self._insert({digest: expires for digest, expires, _ in batch})
            except Exception as error:
                for _, _, future in batch:
                    if not future.done():
                        future.set_exception(TemporarilyUnavailable("the store does not answer"))
                        future.exception()
                if isinstance(error, asyncio.CancelledError):
                    raise
                continue
            for digest, _, future in batch:
                first = digest in new
                new.discard(digest)  # the same proof twice in one batch: the second is a replay
                if not future.done():
                    future.set_result(first)

    async def _insert(self, spent: dict[bytes, datetime]) -> set[bytes]:
        """Those that are new."""

        if not self._database.is_sqlite:
            both = {"digests": list(spent), "expiries": list(spent.values())}
            return {row.digest for row in await self._database.write_alone(_SPEND_TOGETHER, both)}

        def insert(connection: Connection) -> set[bytes]:
            return insert_spent_in(connection, spent.items())

        return await self._database.write(insert)


_SPEND = {dialect: insert_of(dialect, SpentRow).on_conflict_do_nothing() for dialect in DIALECTS}
_SPEND_TOGETHER = (
    # Durable before it counts: a server is back from a crash within a second, and a proof is good for a minute.
    # In one order, so that two processes do not wait for each other.
    text(
        """
        INSERT INTO spent (digest, expires_at)
        SELECT new.digest, new.expires_at FROM unnest(:digests, :expiries) AS new (digest, expires_at) ORDER BY new.digest
        ON CONFLICT DO NOTHING RETURNING digest
        """
    )
    .bindparams(bindparam("digests", type_=ARRAY(LargeBinary)), bindparam("expiries", type_=ARRAY(Milliseconds)))
    .columns(SpentRow.digest)
)


async def insert_spent(tx: AsyncSession, spent: Iterable[tuple[bytes, datetime]]) -> set[bytes]:
    """Insert digests with the instant from which each may be forgotten. Gives those that were new."""
    rows = list(spent)
    return await tx.run_sync(lambda session: insert_spent_in(session.connection(), rows))


def insert_spent_in(connection: Connection, spent: Iterable[tuple[bytes, datetime]]) -> set[bytes]:
    """As `insert_spent`, in a transaction of `Database.write`."""
    insert = _SPEND[connection.dialect.name]
    return {digest for digest, at in spent if prepared.change(connection, insert, {"digest": digest, "expires_at": at})}


def spending(connection: Connection, digest: bytes, expires_at: datetime) -> Change:
    """The same for one, as a change of several that go to the store together: it concerns one row if the digest is new."""
    return _SPEND[connection.dialect.name], {"digest": digest, "expires_at": expires_at}


async def forget_expired(database: Database, now: datetime) -> None:
    """Delete what need not be remembered any more."""
    async with database.transaction() as tx:
        await tx.execute(delete(SpentRow).where(SpentRow.expires_at <= now))
        await tx.execute(delete(RevokedTokenRow).where(RevokedTokenRow.expires_at <= now))


__all__: Sequence[str] = ("DatabaseProofStore", "ProcessProofStore", "ProofStore", "forget_expired", "insert_spent")
