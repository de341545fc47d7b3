"""Two records of one child, united by reference: nothing is moved, copied or overwritten, and parting them again loses nothing.

Privacy is told, so that an opt-out or a consent taken back counts for each of them (docs/decisions/0066).
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy import ColumnElement, Connection, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.records import NoSuchUnion, UnionSeparated
from safepassage.record.loads import RecordUnion, SameChild
from services.records.facts_anew import facts_of_children_anew
from services.records.facts_lane import LANE, PATH
from services.records.logged import union_event
from services.records.tables import OrganisationRow, StudentRow, UnionRow
from services.records.visibility import visible
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.database import Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to

router = APIRouter(prefix="/v1/unions", tags=["matches"])

Resolver = Annotated[Caller, caller_with("matches:resolve")]


def unite(connection: Connection, *, leading_id: UUID, other_id: UUID, by: str, now: datetime) -> UUID:
    """Put on record that both are of one child. Gives the union's id; that of the one that stands already, where there is one.

    # INVARIANT: of two records one union stands at the most, whoever unites them, and how many do at once.
    """
    hold(connection, (leading_id, other_id))
    held = connection.execute(_STANDING.where(_of_both(leading_id, other_id))).scalar_one_or_none()
    if held is not None:
        return UUID(str(held))
    identifier = uuid7(now)
    row = {"id": identifier, "leading_id": leading_id, "other_id": other_id, "united_at": now, "united_by": by}
    connection.execute(insert(UnionRow).values(row))
    return identifier


def hold(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Have whoever unites any of these records, loads or destroys them wait for this transaction. Gives those that are there.

    In one order, so that no two wait for each other.
    """
    query = select(StudentRow.id).where(StudentRow.id.in_(ids)).order_by(StudentRow.id)
    return set(connection.scalars(query.with_for_update(key_share=True)).all())


_STANDING = select(UnionRow.id).where(UnionRow.separated_at.is_(None))


def _of_both(one: UUID, other: UUID) -> ColumnElement[bool]:
    both = (one, other)
    return UnionRow.leading_id.in_(both) & UnionRow.other_id.in_(both)


async def same_child(tx: AsyncSession, caller: Caller, student_id: UUID, today: date) -> tuple[SameChild, ...]:
    """The other records of the child with which `student_id` is united, as far as the caller may see them."""
    mine = or_(UnionRow.leading_id == student_id, UnionRow.other_id == student_id)
    rows = (await tx.execute(select(UnionRow).where(mine, UnionRow.separated_at.is_(None)).order_by(UnionRow.id))).scalars().all()
    if not rows:
        return ()
    others = {row.other_id if row.leading_id == student_id else row.leading_id: row for row in rows}
    seen = set((await tx.execute(select(StudentRow.id).where(StudentRow.id.in_(others), visible(caller, today, named=True)))).scalars())
    return tuple(
        SameChild(student_id=other, union_id=row.id, leads=row.leading_id == other, united_at=row.united_at)
        for other, row in others.items()
        if other in seen
    )


@router.post("/{union_id}/separation", responses=responses(NoSuchUnion, UnionSeparated))
async def separate_records(
    union_id: UUID, caller: Resolver, request: Request, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> RecordUnion:
    """Part two records that were united: they are as they were before. The same pair is not proposed again."""
    row = (await tx.execute(select(UnionRow).where(UnionRow.id == union_id).with_for_update())).scalar_one_or_none()
    students = await _kept(tx, caller, () if row is None else (row.leading_id, row.other_id))
    if row is None or len(students) != 2:
        raise NoSuchUnion
    if await once.earlier(tx, caller, "separate_records") is not None:
        return _said(row)
    if row.separated_at is not None:
        raise UnionSeparated
    row.separated_at, row.separated_by = now, caller.client_id
    await once.keep(tx, caller, "separate_records", row.id, now)
    actor = client_actor(caller.claims)
    request.app.state.outbox.record(tx, union_event(actor, union_id=row.id, operation="records-separated", students=students))
    await tx.flush()
    await tell_of_children(request, tx, (row.leading_id, row.other_id), now)
    return _said(row)


async def tell_of_children(request: Request, tx: AsyncSession, ids: Sequence[UUID], now: datetime) -> None:
    """Have privacy told which records are of one child with `ids` now: what was said about one of them counts for all."""
    state = request.app.state
    facts = await tx.run_sync(
        lambda session: facts_of_children_anew(session.connection(), state.vault, ids, jurisdiction=state.settings.jurisdiction, now=now)
    )
    for one in facts:
        state.outbox.tell(tx, "privacy", "POST", PATH, one, lane=LANE)


async def _kept(tx: AsyncSession, caller: Caller, ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """Those of the students whose record the caller's organisation or one below it keeps, with the custodian."""
    own = belongs_to(StudentRow.custodian_id, OrganisationRow, caller.organisation_id)
    query = select(StudentRow.id, StudentRow.custodian_id).where(StudentRow.id.in_(ids), own)
    return [(row.id, row.custodian_id) for row in await tx.execute(query.order_by(StudentRow.id))]


def pairs_on_record(rows: Iterable[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Pairs with the lesser id first."""
    return {ordered(one, other) for one, other in rows}


def ordered(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """The pair with the lesser id first."""
    return (one, other) if one < other else (other, one)


def _said(row: UnionRow) -> RecordUnion:
    return RecordUnion(id=row.id, leading_id=row.leading_id, other_id=row.other_id, united_at=row.united_at, separated_at=row.separated_at)
