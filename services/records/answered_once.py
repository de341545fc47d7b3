"""A document that leaves under a request's key leaves once: the same request again is answered with the same document.

It cannot be made again from what is stored: the record changes, and each making has other salts and another decision. So it is kept, sealed
with the student's own data key, as long as the request's key is; with it the entry for the log, which is the same one each time. Where
keeping, logging or answering was cut short, the request that comes next goes on from there (docs/decisions/0059).

# INVARIANT: nobody has the document before its entry is in the log, and no key has two.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.messages import MessageExpired
from safepassage.problems.requests import NotFound, TemporarilyUnavailable
from safepassage.wire import Wire
from services.records.exchange.exchange import Exchange
from services.records.tables import IdempotencyRow, KeptAnswerRow, StudentRow
from services.records.vault import Vault
from services.records.visibility import require_kept
from shared.caller import Caller
from shared.contracts.audit import Event
from shared.database import Database
from shared.idempotency import KEPT, Once

M = TypeVar("M", bound=BaseModel)

SECTION: Final = "kept-answer"


@dataclass(frozen=True)
class Leaving(Generic[M]):
    """What a request has made of a student's record, and what the log is to be told of it."""

    id: UUID
    student: StudentRow
    """As it was when its record was read."""
    event: Event
    answer: M


class _Kept(Wire):
    """What is sealed."""

    event: Event
    answer: str


@dataclass(frozen=True)
class KeyOfRequest:
    """The key of a request about one student, at one operation."""

    exchange: Exchange
    caller: Caller
    once: Once
    operation: str
    student_id: UUID
    now: datetime

    async def earlier(self, tx: AsyncSession) -> UUID | None:
        """What it made before. Raises IdempotencyKeyReused."""
        return await self.once.earlier(tx, self.caller, self.operation)

    async def keep(self, tx: AsyncSession, effect_id: UUID) -> None:
        """Remember what it made."""
        await self.once.keep(tx, self.caller, self.operation, effect_id, self.now)


async def answer_once(key: KeyOfRequest, answer: type[M], make: Callable[[], Awaitable[Leaving[M]]]) -> M:
    """The document that `make` makes, or made when the same request came before; in the log by then.

    Raises what `make` and the log raise, IdempotencyKeyReused, NoSuchStudent (nobody of the caller's any more), NotFound (destroyed since),
    TemporarilyUnavailable.
    """
    kept = await _held(key) or await _keep(key, await make())
    try:
        await _append(key, kept)
    except MessageExpired:  # the log has not heard of it, and will not any more: nobody has it, so another may be made
        await _drop(key, kept)
        kept = await _keep(key, await make())
        await _append(key, kept)
    return answer.model_validate_json(kept.answer)


async def _held(key: KeyOfRequest) -> _Kept | None:
    async with key.exchange.database.transaction() as tx:
        return await _opened(tx, key, await _row(tx, key))


async def _keep(key: KeyOfRequest, made: Leaving[M]) -> _Kept:
    """`made`, or what the same request has had kept meanwhile."""
    async with key.exchange.database.transaction() as tx:
        held = await _opened(tx, key, await _row(tx, key))
        if held is not None:
            return held
        student = await require_kept(tx, key.caller, key.student_id)
        if student.wrapped_key != made.student.wrapped_key:  # INVARIANT: what was destroyed meanwhile does not leave with it
            raise TemporarilyUnavailable
        kept = _Kept(event=made.event, answer=made.answer.model_dump_json(by_alias=True))
        id_ = await key.earlier(tx)
        if id_ is None:
            id_ = made.id
            await key.keep(tx, id_)
        sealed = _seal(key.exchange.vault, student, id_, kept)
        tx.add(KeptAnswerRow(id=id_, student_id=student.id, expires_at=key.now + KEPT, sealed=sealed))
        return kept


async def _append(key: KeyOfRequest, kept: _Kept) -> None:
    await key.exchange.milestones.reached("document after_keep")
    await key.exchange.own_log.append(kept.event, by=key.caller.principal)
    await key.exchange.milestones.reached("document after_append")


async def _drop(key: KeyOfRequest, kept: _Kept) -> None:
    """Unless another request with this key has done so, and had another one kept."""
    async with key.exchange.database.transaction() as tx:
        row = await _row(tx, key)
        if row is not None and await _opened(tx, key, row) == kept:
            await tx.delete(row)


async def _row(tx: AsyncSession, key: KeyOfRequest) -> KeptAnswerRow | None:
    effect_id = await key.earlier(tx)
    return None if effect_id is None else await tx.get(KeptAnswerRow, effect_id)


async def _opened(tx: AsyncSession, key: KeyOfRequest, row: KeptAnswerRow | None) -> _Kept | None:
    if row is None:
        return None
    student = await require_kept(tx, key.caller, row.student_id)
    if not row.sealed:
        raise NotFound
    data_key = key.exchange.vault.data_key(student.id, student.wrapped_key)
    return _Kept.model_validate_json(data_key.open(row.sealed, section=SECTION, source=str(row.id), version=0))


def _seal(vault: Vault, student: StudentRow, id_: UUID, kept: _Kept) -> bytes:
    data_key = vault.data_key(student.id, student.wrapped_key)
    return data_key.seal(kept.model_dump_json(by_alias=True).encode(), section=SECTION, source=str(id_), version=0)


async def forget_answers(database: Database, now: datetime) -> None:
    """Those whose day is over, with the keys whose day is: INVARIANT: a key does not outlive what it is answered with."""
    async with database.transaction() as tx:
        await tx.execute(delete(IdempotencyRow).where(IdempotencyRow.expires_at <= now))
        await tx.execute(delete(KeptAnswerRow).where(KeptAnswerRow.expires_at <= now))
