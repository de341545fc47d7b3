"""The lists of 34 CFR 300.616 and 300.623 as they are kept: each agency its own, by days, with nothing taken away."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from sqlalchemy import ColumnElement, Connection, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.rights import NoSuchListEntry, RequestIncomplete, StepNotPossible
from safepassage.wire import Wire
from safepassage.wire_safeguards import EndOfEntry, NewAccessListing
from services.privacy.behind import event_of
from services.privacy.rights import zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.tables import OrganisationRow, SafeguardRow
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context
from shared.database import Transaction
from shared.idempotency import Once
from shared.outbox import Outbox
from shared.request_clock import Now

Kind = Literal["record-location", "access-listing"]

TABLE: Final = "safeguard"
MOST: Final = 1_000
"""Lines of a list that stand at once: it is read whole."""

Keeper = Annotated[Caller, caller_with("safeguards:keep")]
Reader = Annotated[Caller, caller_with("safeguards:keep", "rights:act")]


class Lists:
    """The lists of the caller's organisation, in one transaction."""

    def __init__(self, request: Request, caller: Keeper, tx: Transaction, now: Now, once: Annotated[Once, Depends()]) -> None:
        self._sealer: Sealer = request.app.state.sealer
        self._outbox: Outbox = request.app.state.outbox
        self._caller, self._tx, self._now, self._once = caller, tx, now, once

    async def put(self, kind: Kind, new: Wire, *, since: date) -> SafeguardRow:
        """Put a line on the list, once. Raises RequestIncomplete for a day that has not come, or where the list is full."""
        earlier = await self._once.earlier(self._tx, self._caller, f"put_{kind}")
        if earlier is not None:
            return await self._tx.get_one(SafeguardRow, earlier)
        if since > await self._today():
            raise RequestIncomplete("it is so when it is recorded", field="since")
        standing = select(func.count()).where(
            SafeguardRow.organisation_id == self._caller.organisation_id, SafeguardRow.kind == kind, SafeguardRow.ended_on.is_(None)
        )
        if (await self._tx.scalar(standing) or 0) >= MOST:
            raise RequestIncomplete(f"{MOST} lines stand: end those that are over", field="since")
        identifier = uuid7(self._now)
        row = SafeguardRow(
            id=identifier,
            kind=kind,
            organisation_id=self._caller.organisation_id,
            since=since,
            recorded_at=self._now,
            sealed=self._sealer.seal(new.model_dump_json().encode(), table=TABLE, row=identifier, of=kind),
        )
        self._tx.add(row)
        await self._once.keep(self._tx, self._caller, f"put_{kind}", identifier, self._now)
        self._tell(row, "recorded")
        return row

    async def end(self, kind: Kind, identifier: UUID, end: EndOfEntry) -> SafeguardRow:
        """Let a line end. Raises NoSuchListEntry, StepNotPossible where it has ended otherwise, RequestIncomplete."""
        query = select(SafeguardRow).where(SafeguardRow.id == identifier, SafeguardRow.kind == kind).with_for_update()
        row = (await self._tx.scalars(query.where(SafeguardRow.organisation_id == self._caller.organisation_id))).one_or_none()
        if row is None:
            raise NoSuchListEntry
        if row.ended_on is not None:
            if row.ended_on != end.ended_on:
                raise StepNotPossible("it has ended")
            return row
        if not row.since <= end.ended_on <= await self._today():
            raise RequestIncomplete("it ends after it began, and not in the future", field="ended_on")
        row.ended_on = end.ended_on
        self._tell(row, "ended")
        return row

    async def _today(self) -> date:
        return await today_at(self._tx, self._caller.organisation_id, self._now)

    def _tell(self, row: SafeguardRow, happened: str) -> None:
        context = Context(operation=f"{row.kind}-{happened}", about=f"{row.kind}:{row.id}")
        key = f"{row.kind}:{row.id}:{happened}"
        self._outbox.record(self._tx, event_of("rights", key, self._caller, context, custodians=(row.organisation_id,)))


async def today_at(tx: AsyncSession, organisation_id: UUID, now: datetime) -> date:
    """The organisation's own calendar day."""
    return now.astimezone(ZoneInfo(await zone_name_of(tx, organisation_id))).date()


async def list_of(tx: AsyncSession, caller: Caller, kind: Kind, on: date) -> Sequence[SafeguardRow]:
    """The lines of the caller's own list that stood on a day. An agency above another asks that one's client."""
    stood = (SafeguardRow.since <= on, or_(SafeguardRow.ended_on.is_(None), SafeguardRow.ended_on > on))
    mine = (SafeguardRow.organisation_id == caller.organisation_id, SafeguardRow.kind == kind)
    return (await tx.scalars(select(SafeguardRow).where(*mine, *stood).order_by(SafeguardRow.id))).all()


def opened(sealer: Sealer, row: SafeguardRow, new: type[Wire]) -> dict[str, object]:
    """The members of a line as it is said aloud. Raises SealBroken."""
    said = new.model_validate_json(sealer.open(row.sealed, table=TABLE, row=row.id, of=row.kind))
    beside = {"id": row.id, "organisation_id": row.organisation_id, "recorded_at": row.recorded_at, "ended_on": row.ended_on}
    return dict(said) | beside


def safeguard_measures(connection: Connection, sealer: Sealer, in_force: ColumnElement[bool]) -> dict[str, int]:
    """Whom the agencies list, in counts: all, those whose training is on record, and the districts that name who is responsible.

    in_force  of an organisation: a district that has ended names nobody
    """
    columns = (SafeguardRow.id, SafeguardRow.kind, SafeguardRow.organisation_id, SafeguardRow.sealed)
    standing = select(*columns).where(SafeguardRow.kind == "access-listing", SafeguardRow.ended_on.is_(None))
    listed = trained = 0
    naming: set[UUID] = set()
    for row in connection.execute(standing):
        said = NewAccessListing.model_validate_json(sealer.open(row.sealed, table=TABLE, row=row.id, of=row.kind))
        listed, trained = listed + 1, trained + (said.trained_on is not None)
        naming.update({row.organisation_id} if said.responsible else ())
    districts = select(OrganisationRow.id).where(OrganisationRow.kind == "lea", OrganisationRow.id.in_(naming), in_force)
    return {
        "access_listed": listed,
        "access_listed_trained": trained,
        "districts_naming_responsible": len(connection.execute(districts).all()),
    }
