"""What counts once: identifiers of assertions and proofs, remembered until they could not be used again anyway.

Two stores for proofs. One process alone remembers in memory; several share the database (services.gateway.oauth.shared_proofs).
A store that cannot say whether something is new refuses it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.access import ProofUsedBefore
from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.oauth.proof_of_possession import REMEMBERED_SECONDS, Proof, require_from_after
from services.gateway.proof_tables import UsedProofRow
from services.gateway.tables import ClientRow, NodeStatementRow, RevokedTokenRow, SpentRow
from shared import prepared
from shared.database import Database
from shared.inserts import DIALECTS, insert_of
from shared.prepared import Change

MOST_IN_MEMORY = 1_000_000

Check = Callable[[], None]
"""Raises where something is wrong."""


class ProofStore(Protocol):
    """Remembers proofs that were used."""

    async def spend(self, proof: Proof, now: datetime, *, nonce_at: float | None, check: Check | None = None) -> None:
        """Use a proof.

        nonce_at  when the verified nonce in it was given
        check     what is still to be found out about the proof: it has returned before this does, and of several refusals its own is told

        Raises ProofUsedBefore, ProofNonceRequired, TemporarilyUnavailable, and what `check` raises.
        """
        ...


class ProcessProofStore:
    """Two generations of digests in memory, for one process alone.

    INVARIANT: a digest is remembered for as long as its proof could come again. `_floor` is the last instant at which a proof may have been
    used that is not remembered (the start of this process; what was forgotten, should the clock go back): such a one needs a nonce.
    """

    def __init__(self, started_at: datetime, *, first: bool = False, most: int = MOST_IN_MEMORY) -> None:
        """`first`: whether no process can have accepted a proof before this one."""
        self._since = started_at.timestamp()
        self._floor = -math.inf if first else self._since
        self._current: set[bytes] = set()
        self._previous: set[bytes] = set()
        self._most = most

    async def spend(self, proof: Proof, now: datetime, *, nonce_at: float | None, check: Check | None = None) -> None:
        """Use a proof, as `ProofStore.spend`: a microsecond, so that there is nothing to be done meanwhile."""
        if check is not None:
            check()
        seconds = now.timestamp()
        if seconds >= self._since + REMEMBERED_SECONDS:
            self._turn(seconds)
        if proof.digest in self._current or proof.digest in self._previous:
            raise ProofUsedBefore
        require_from_after(proof, nonce_at, self._floor)
        if len(self._current) >= self._most:
            raise TemporarilyUnavailable("more requests than can be told apart")
        self._current.add(proof.digest)

    def _turn(self, seconds: float) -> None:
        """Forget the previous generation: its proofs were used before the current one began."""
        self._floor = max(self._floor, self._since)
        self._previous, self._current, self._since = self._current, set(), seconds


async def process_proofs(database: Database, now: datetime) -> ProcessProofStore:
    """The store of a process that starts.

    Where nobody is known who could have had a token, client or other node, no process before can have accepted a proof.
    """
    known = [await database.find(select(one).limit(1), {}) for one in (ClientRow.id, NodeStatementRow.entity_id)]
    return ProcessProofStore(now, first=not any(known))


_SPEND_NEW = {dialect: insert_of(dialect, SpentRow) for dialect in DIALECTS}
_SPEND = {dialect: insert_of(dialect, SpentRow).on_conflict_do_nothing() for dialect in DIALECTS}


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


def spending_or_none(dialect: str, spent: tuple[bytes, datetime]) -> Change:
    """As `spending`, for changes of which none is made unless all are new: where the digest is none, they raise IntegrityError."""
    return _SPEND_NEW[dialect], {"digest": spent[0], "expires_at": spent[1]}


async def forget_expired(database: Database, now: datetime) -> None:
    """Delete what need not be remembered any more."""
    async with database.transaction() as tx:
        await tx.execute(delete(SpentRow).where(SpentRow.expires_at <= now))
        await tx.execute(delete(UsedProofRow).where(UsedProofRow.expires_at <= now))
        await tx.execute(delete(RevokedTokenRow).where(RevokedTokenRow.expires_at <= now))


__all__: Sequence[str] = ("Check", "ProcessProofStore", "ProofStore", "forget_expired", "insert_spent", "process_proofs")
