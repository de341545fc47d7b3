"""The desk at which staff take requests of parents and students: what each of its steps has in common, in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.rights import NoSuchRightsRequest
from safepassage.wire import Wire
from safepassage.wire_policy import ActingFor
from services.privacy.behind import event_of
from services.privacy.clocks import begins
from services.privacy.duties import Clock, end_duties, start_duties
from services.privacy.identified import require_identified
from services.privacy.rights import (
    EVENT_TABLE,
    TABLE,
    Happened,
    Held,
    Kind,
    Person,
    Said,
    Staff,
    StaffOrFamily,
    acting_person,
    event_place,
    received_at,
    request_place,
    visible_request,
    with_events,
    zone_name_of,
)
from services.privacy.sealing import Sealer
from services.privacy.tables import RightsEventRow, RightsRequestRow
from shared.caller import Caller
from shared.contracts.audit import Context
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.outbox import Outbox
from shared.request_clock import Now


@dataclass(frozen=True)
class Files:
    """The requests that the caller may see."""

    caller: Caller
    tx: AsyncSession
    sealer: Sealer

    async def held(self, kind: Kind, request_id: UUID) -> Held:
        """One of them. Raises NoSuchRightsRequest."""
        return await self._held(kind, request_id, for_update=False)

    async def _held(self, kind: Kind, request_id: UUID, *, for_update: bool) -> Held:
        query = visible_request(self.caller, kind, request_id)
        if for_update:
            query = query.with_for_update(of=RightsRequestRow)
        row = (await self.tx.execute(query)).scalar_one_or_none()
        if row is None:
            raise NoSuchRightsRequest
        return (await with_events(self.tx, self.sealer, [row]))[0]


@dataclass(frozen=True)
class Desk(Files):
    """The files, and the hand that writes in them."""

    now: datetime
    once: Once
    outbox: Outbox
    identity_check_days: int

    async def earlier(self, operation: str) -> UUID | None:
        """The request that the same call made or changed before. Raises IdempotencyKeyReused."""
        return await self.once.earlier(self.tx, self.caller, operation)

    async def locked(self, kind: Kind, request_id: UUID) -> Held:
        """A request that nobody else changes until this has committed. Raises NoSuchRightsRequest."""
        return await self._held(kind, request_id, for_update=True)

    async def acting(self, student_id: UUID, acting_for: ActingFor, *, on: date) -> Person:
        """Who holds the student's rights and acts now, by what they said `on` a day of the caller's agency.

        Raises NoSuchStudent, RightsNotHeld, RequestIncomplete, IdentityCheckTooOld.
        """
        at = begins(on, ZoneInfo(await zone_name_of(self.tx, self.caller.organisation_id)))
        days = self.identity_check_days
        return await acting_person(self.tx, self.sealer, self.caller, student_id, acting_for, at=at, now=self.now, days=days)

    def require_identified(self, acting_for: ActingFor) -> None:
        """Of whoever says something now. Raises RequestIncomplete, IdentityCheckTooOld."""
        require_identified(acting_for, self.caller, at=self.now, now=self.now, days=self.identity_check_days)

    async def file(
        self,
        kind: Kind,
        whole: Wire,
        *,
        student_id: UUID,
        custodian_id: UUID,
        about_id: UUID | None = None,
        overdue_at: datetime | None = None,
    ) -> Held:
        """Put a request on record; `about_id` is the request that it follows."""
        request_id, clear = uuid7(self.now), whole.model_dump_json().encode()
        row = RightsRequestRow(
            id=request_id,
            kind=kind,
            student_id=student_id,
            custodian_id=custodian_id,
            taken_by_id=self.caller.organisation_id,
            about_id=about_id,
            recorded_at=self.now,
            overdue_at=overdue_at,
            sealed=self.sealer.seal(clear, table=TABLE, row=request_id, of=request_place(kind, student_id, custodian_id)),
        )
        self.tx.add(row)
        await self.tx.flush()
        return Held(row, clear)

    async def let_happen(self, held: Held, kind: str, said: Said) -> Held:
        """Let something happen to a locked request, if its state allows it. Raises StepNotPossible."""
        held.require_step(kind)
        event_id, at = uuid7(self.now), max([self.now, *(one.at for one in held.happened)])
        clear = said.model_dump_json(exclude_none=True).encode()
        self.tx.add(
            RightsEventRow(
                id=event_id,
                request_id=held.row.id,
                number=len(held.happened) + 1,
                kind=kind,
                at=at,
                client_id=self.caller.client_id,
                organisation_id=self.caller.organisation_id,
                sealed=self.sealer.seal(clear, table=EVENT_TABLE, row=event_id, of=event_place(kind, held.row.id)),
            )
        )
        await self.tx.flush()
        return Held(held.row, held.whole, (*held.happened, Happened(kind, at, self.caller.organisation_id, said)))

    async def received_at(self, on: date, zone_name: str) -> datetime:
        """The instant at which a clock that starts on a day starts. Raises RequestIncomplete for a day that has not come."""
        return received_at(on, zone_name, now=self.now, taken_in=await zone_name_of(self.tx, self.caller.organisation_id))

    async def start(self, clock: Clock) -> None:
        """A duty begins."""
        await start_duties(self.tx, self.sealer, [clock], now=self.now)

    async def end(self, held: Held, *kinds: str, evidence_ref: str) -> None:
        """The request's duties of these kinds are done, with this evidence."""
        await end_duties(self.tx, self.sealer, self.caller, about=held.about, kinds=kinds, evidence_ref=evidence_ref, now=self.now)

    async def close(
        self, operation: str, held: Held, happened: str, *, reason: str | None = None, acting_for: ActingFor | None = None
    ) -> None:
        """The step is done: the same call again does nothing, and the log is told, in ids and codes."""
        row = held.row
        await self.once.keep(self.tx, self.caller, operation, row.id, self.now)
        event = event_of(
            "rights",
            f"{held.about}:{happened}:{uuid7(row.recorded_at)}",
            self.caller,
            Context(operation=f"{row.kind}-{happened}", reason=reason, about=held.about),
            students=(row.student_id,),
            custodians=(row.custodian_id,),
            acting_for=None if acting_for is None else acting_for.person_id,
        )
        self.outbox.record(self.tx, event)


async def _files(request: Request, caller: Staff, tx: ReadOnly) -> Files:
    return Files(caller, tx, request.app.state.sealer)


async def _desk(request: Request, caller: Staff, tx: Transaction, now: Now, once: Annotated[Once, Depends()]) -> Desk:
    return Desk(caller, tx, request.app.state.sealer, now, once, request.app.state.outbox, request.app.state.settings.identity_check_days)


async def _open_desk(request: Request, caller: StaffOrFamily, tx: Transaction, now: Now, once: Annotated[Once, Depends()]) -> Desk:
    return await _desk(request, caller, tx, now, once)


StaffFiles = Annotated[Files, Depends(_files)]
StaffDesk = Annotated[Desk, Depends(_desk)]
OpenDesk = Annotated[Desk, Depends(_open_desk)]
"""A family member stands at it themselves, for their own student: what they may ask there is said by each operation that has it."""
