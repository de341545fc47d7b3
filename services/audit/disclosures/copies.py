"""The copies of the record of further disclosures that districts are due: made in time, given, and known to be given. 34 CFR 99.32(b)(2).

A state agency that discloses on behalf of a district records the additional parties and their interests, and gives the district a copy
within 30 days. What a copy tells is read from the log; this keeps which entries it has, and what became of it.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.log import EventKeyReused
from safepassage.wire_log import DisclosureCopy
from services.audit.agency_days import zone_of_agency
from services.audit.disclosures.disclosure_record import copy_due
from services.audit.drafts import draft_of
from services.audit.sequencer import Sequencer
from services.audit.tables import DisclosureCopyRow, RedisclosureRow
from shared.contracts.audit import Actor, Context, Event

log = logging.getLogger(__name__)

MOST_OF_A_COPY: Final = 1_000
"""Entries; a district that has more gets several."""
EVERY_SECONDS: Final = 60.0
OPERATION: Final = "disclosure-copy"
JOB: Final = Actor(kind="system", job="disclosure-copies")


async def make_in_time(app: FastAPI) -> None:
    """A lifespan task: look every minute whether a district's copy is to be made. What fails is said, and done the next time."""
    while True:
        try:
            await make_due(app, now=app.state.clock())
        except Exception as error:
            log.error("copies of disclosures not made", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
        await asyncio.sleep(EVERY_SECONDS)


async def make_due(app: FastAPI, *, now: datetime) -> int:
    """Make the copies for districts whose oldest further disclosure is `disclosure_copy_days` old. Gives how many were made.

    # INVARIANT: a further disclosure is in one copy, whoever makes it; a copy is shown once it is in the log that it was made.
    """
    state = app.state
    latest = int((now - timedelta(days=state.settings.disclosure_copy_days)).timestamp())
    made = 0
    due = select(RedisclosureRow.organisation).where(RedisclosureRow.copy_id.is_(None), RedisclosureRow.t <= latest).limit(1)
    while True:
        async with state.database.reading() as tx:
            organisation = await tx.scalar(due)
        if organisation is None:
            break
        async with state.database.transaction() as tx:
            made += await _make(tx, organisation, now)
    await _log_made(app, now)
    return made


async def _make(tx: AsyncSession, organisation: bytes, now: datetime) -> bool:
    """Put the oldest entries that are in no copy into a new one. False if another process was faster."""
    row, copy_id = RedisclosureRow, uuid7(now)
    waiting = row.copy_id.is_(None), row.organisation == organisation
    oldest = select(row.log, row.idx).where(*waiting).order_by(row.log, row.idx).limit(MOST_OF_A_COPY)
    taken = update(row).where(*waiting, tuple_(row.log, row.idx).in_(oldest)).values(copy_id=copy_id)
    await tx.execute(taken.execution_options(synchronize_session=False))
    entries, first_t, last_t = (
        await tx.execute(select(func.count(), func.min(row.t), func.max(row.t)).where(row.copy_id == copy_id))
    ).one()
    if not entries:
        return False
    tx.add(
        DisclosureCopyRow(
            id=copy_id,
            organisation_id=UUID(bytes=organisation),
            entries=entries,
            first_t=first_t,
            last_t=last_t,
            due_on=copy_due(datetime.fromtimestamp(first_t, UTC), await zone_of_agency(tx)),
            made_at=now,
            logged=False,
        )
    )
    return True


async def _log_made(app: FastAPI, now: datetime) -> None:
    """Log the copies that are not in the log yet; the same event twice is one entry."""
    sequencer: Sequencer = app.state.sequencer
    async with app.state.database.reading() as tx:
        rows = (await tx.scalars(select(DisclosureCopyRow).where(DisclosureCopyRow.logged.is_(False)).limit(1_000))).all()
    if not rows:
        return
    events = [_event(row, "made", JOB, key=f"{OPERATION}:{row.id}:made") for row in rows]
    await sequencer.append([draft_of(one, producer="audit", digest_key=sequencer.digest_key) for one in events])
    async with app.state.database.transaction() as tx:
        await tx.execute(update(DisclosureCopyRow).where(DisclosureCopyRow.id.in_([row.id for row in rows])).values(logged=True))


async def give(app: FastAPI, row: DisclosureCopyRow, actor: Actor, *, to: str, at: datetime) -> None:
    """Put on record that the district has it: in the log first, and then in the row. Once; who was first is on record."""
    sequencer: Sequencer = app.state.sequencer
    event = _event(row, "given", actor, key=f"{OPERATION}:{row.id}:given")
    with suppress(EventKeyReused):  # somebody else was first, and may have been stopped between the log and the row
        await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])
    async with app.state.database.transaction() as tx:
        given = update(DisclosureCopyRow).where(DisclosureCopyRow.id == row.id, DisclosureCopyRow.given_at.is_(None))
        await tx.execute(given.values(given_at=at, given_to=to))


def _event(row: DisclosureCopyRow, outcome: str, actor: Actor, *, key: str) -> Event:
    context = Context(
        about=f"{OPERATION}:{row.id}",
        operation=OPERATION,
        outcome=outcome,
        count=row.entries,
        recipient_organisation=str(row.organisation_id),
        citations=("34 CFR 99.32(b)(2)(iii)",),
    )
    return Event(class_="export", key=key, custodians=(row.organisation_id,), actor=actor, context=context)


def shown(row: DisclosureCopyRow, *, now: datetime, zone: ZoneInfo) -> DisclosureCopy:
    """The copy as it stands; `zone` is the state agency's, in whose calendar it is due."""
    overdue = now.astimezone(zone).date() > row.due_on
    return DisclosureCopy(
        id=row.id,
        organisation_id=row.organisation_id,
        entries=row.entries,
        first_at=datetime.fromtimestamp(row.first_t, UTC),
        last_at=datetime.fromtimestamp(row.last_t, UTC),
        made_at=row.made_at,
        due_on=row.due_on,
        given_at=row.given_at,
        given_to=row.given_to,
        state="given" if row.given_at is not None else "overdue" if overdue else "waiting",
    )
