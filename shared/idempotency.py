"""The same request twice has its effect once. The service that owns the effect keeps the key, in the effect's own transaction.

What is kept is the key, a digest of the request and the id of what it made; never the answer, which is made again from what is stored.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import Depends, Header, Request
from sqlalchemy import BigInteger, Connection, Delete, Insert, Select, String, bindparam, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from safepassage.canonical import digest_of
from safepassage.problems.requests import IdempotencyKeyReused, RequestUnderWay
from shared import prepared
from shared.caller import Caller
from shared.columns import Milliseconds
from shared.inserts import DIALECTS, insert_of
from shared.prepared import Change

HEADER = "Idempotency-Key"

KEPT = timedelta(hours=24)

_LOCK = select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger)))


class IdempotencyColumns:
    """A service's IdempotencyRow has these columns."""

    __tablename__ = "idempotency"

    client_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    operation: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(43))
    effect_id: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)


IdempotencyKey = Annotated[
    str,
    Header(
        alias=HEADER,
        min_length=8,
        max_length=64,
        pattern="^-*[A-Za-z0-9][A-Za-z0-9-]*$",
        description="A UUID of your own, the same one on each retry of the same request; kept for 24 hours.",
    ),
]
"""The header, required. What is wrong with it is named by shared.problems."""


async def request_digest(request: Request) -> str:
    """Digest of what was asked: method, path and body as received."""
    return digest_of(f"{request.method} {request.url.path}\n".encode() + await request.body())


def effect_at(connection: Connection, row: Any, *, client_id: str, operation: str, key: str, digest: str) -> UUID | None:
    """The id of what this key made before, or None. Raises IdempotencyKeyReused if it came with another request.

    # INVARIANT: in a writing transaction, of requests with one key that come at once the second waits here until the first has ended, and
    # then finds what it made. SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql" and not connection.get_execution_options().get("postgresql_readonly"):
        number = sha256("\0".join((client_id, operation, key)).encode()).digest()[:8]
        prepared.rows(connection, _LOCK, {"number": int.from_bytes(number, "big", signed=True)})
    held = prepared.row(connection, _statements(row).held, {"client_": client_id, "operation_": operation, "key_": key})
    if held is None:
        return None
    if held.request_digest != digest:
        raise IdempotencyKeyReused(field="Idempotency-Key")
    effect: UUID = held.effect_id
    return effect


def keep_at(
    connection: Connection,
    row: Any,
    *,
    client_id: str,
    operation: str,
    key: str,
    digest: str,
    effect_id: UUID,
    now: datetime,
    kept: timedelta = KEPT,
) -> None:
    """Remember that this key made `effect_id`; forget those whose time is over. A race ends in the primary key's error: one effect."""
    statements = _statements(row)
    prepared.change(connection, statements.forget, {"now": now})
    effect = {"client_id": client_id, "operation": operation, "key": key, "request_digest": digest, "effect_id": effect_id}
    prepared.change(connection, statements.keep, {**effect, "expires_at": now + kept})


def claim_at(
    connection: Connection, row: Any, *, client_id: str, operation: str, key: str, digest: str, effect_id: UUID, now: datetime
) -> UUID | None:
    """`keep_at`, unless this key has made something before: then its id is given. Raises IdempotencyKeyReused.

    # INVARIANT: of requests with one key that come at once the second waits here, at the primary key, until the first has ended.
    """
    claimed = {"client_id": client_id, "operation": operation, "key": key, "request_digest": digest, "effect_id": effect_id}
    values = {**claimed, "expires_at": now + KEPT}
    if connection.dialect.name == "postgresql":
        first = prepared.change(connection, _statements(row).claim, {**values, "now": now})
    else:
        prepared.change(connection, _statements(row).forget, {"now": now})
        first = prepared.change(connection, _statements(row).claim_alone["sqlite"], values)
    return None if first else effect_at(connection, row, client_id=client_id, operation=operation, key=key, digest=digest)


def claiming(dialect: str, row: Any, *, client_id: str, operation: str, key: str, digest: str, effect_id: UUID, now: datetime) -> Change:
    """The change by which `claim_at` claims a key: of no row where this key has made something before. Those of a moment go together."""
    claimed = {"client_id": client_id, "operation": operation, "key": key, "request_digest": digest, "effect_id": effect_id}
    return _statements(row).claim_alone[dialect], {**claimed, "expires_at": now + KEPT}


def forgetting(row: Any, *, now: datetime) -> Change:
    """The change by which keys are forgotten whose time is over."""
    return _statements(row).forget, {"now": now}


def keys_used(connection: Connection, row: Any, *, client_id: str, operation: str, keys: Sequence[str]) -> set[str]:
    """Those of the keys that have made something before, or come with another request now: `effect_at` tells what."""
    asked = {"client_": client_id, "operation_": operation, "keys_": list(keys)}
    return {one.key for one in prepared.rows(connection, _statements(row).used, asked)}


async def earlier_effect(tx: AsyncSession, row: type[Any], **about: Any) -> UUID | None:
    """As `effect_at`, in a session's transaction."""
    return await tx.run_sync(lambda session: effect_at(session.connection(), row, **about))


async def keep_effect(tx: AsyncSession, row: type[Any], **about: Any) -> None:
    """As `keep_at`, in a session's transaction, of which all is written by then.

    Raises RequestUnderWay where `earlier_effect` was asked in another transaction, and another request came first.
    """
    await tx.flush()
    try:
        await tx.run_sync(lambda session: keep_at(session.connection(), row, **about))
    except IntegrityError as error:
        raise RequestUnderWay from error


class _Statements(NamedTuple):
    held: Select[Any]
    forget: Delete
    keep: Insert
    claim: Insert
    """Of PostgreSQL: forgets those whose time is over too. One that this key itself has left is still there then, and counts."""
    claim_alone: Mapping[str, Insert]
    """By engine."""
    used: Select[Any]


@cache
def _statements(row: Any) -> _Statements:
    """Built once for each service's table."""
    table = row.__table__
    mine = (table.c.client_id == bindparam("client_"), table.c.operation == bindparam("operation_"))
    held = select(table.c.request_digest, table.c.effect_id).where(*mine, table.c.key == bindparam("key_"))
    used = select(table.c.key).where(*mine, table.c.key.in_(bindparam("keys_", expanding=True)))
    forget = delete(table).where(table.c.expires_at <= bindparam("now"))
    alone = {dialect: insert_of(dialect, table).on_conflict_do_nothing() for dialect in DIALECTS}
    claim = alone["postgresql"].add_cte(forget.cte("forgotten"))
    return _Statements(held, forget, insert(table), claim, alone, used)


async def found(tx: AsyncSession, row: type[Any], effect_id: UUID) -> Any:
    """The row that an earlier effect made."""
    return (await tx.execute(select(row).where(row.id == effect_id))).scalar_one()


class Once:
    """One request's key and digest, as a dependency: `Annotated[Once, Depends()]`. The row is the service's own (shared.app.build)."""

    def __init__(self, request: Request, key: IdempotencyKey, digest: Annotated[str, Depends(request_digest)]) -> None:
        self._row: type[Any] = request.app.state.idempotency_row
        self._key, self._digest = key, digest

    async def earlier(self, tx: AsyncSession, caller: Caller, operation: str) -> UUID | None:
        """What the same request of this client made before. Raises IdempotencyKeyReused if it was another request."""
        return await earlier_effect(tx, self._row, client_id=caller.client_id, operation=operation, key=self._key, digest=self._digest)

    async def keep(self, tx: AsyncSession, caller: Caller, operation: str, effect_id: UUID, now: datetime) -> None:
        """Remember what it made."""
        await keep_effect(
            tx,
            self._row,
            client_id=caller.client_id,
            operation=operation,
            key=self._key,
            digest=self._digest,
            effect_id=effect_id,
            now=now,
        )
