"""What is told of an Ed-Fi system: what is kept of it, how its last pulls and pushes went, which loads came with them."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from safepassage.problems.records import NoSuchLoad
from safepassage.record.load_causes import CAUSES
from safepassage.record.loads import LoadReport
from safepassage.wire_ed_fi import EdFiAttempts, EdFiHow, EdFiLoad, EdFiSystemDetail, EdFiSystemOfOrganisation
from services.records.ed_fi.noting import PULL, PUSH
from services.records.ed_fi.pulling import JOB, RECORD
from services.records.ed_fi.systems import EdFiSystem
from services.records.load_reports import quality_of
from services.records.record_sources import LEFT
from services.records.tables import OWN, EdFiKeepingRow, EdFiPullRow, EdFiStandingRow, LoadRow, OrganisationRow, SectionRow, StudentRow
from shared.database import ReadOnly
from shared.tenancy import within

LONG: Final = timedelta(days=1)
"""What has failed for so long does not mend by itself."""
BROKEN_OFF: Final = timedelta(hours=12)
"""What has not ended by then was broken off: nobody has told how."""
LOADS: Final = 50


def how_of(row: EdFiStandingRow, now: datetime, *, every: timedelta | None) -> EdFiHow:
    """How it stands. Pure.

    every  from one attempt to the next; None where nobody expects one
    """
    # INVARIANT: an attempt that is under way mends nothing: what has failed before goes on being told until one has done what it is for.
    if row.failing_since is not None and now - row.failing_since >= LONG:
        return "failing-long"
    if every is not None and now - row.attempted_at > 2 * every:
        return "late"
    if row.fault is not None:
        return "failing"
    if row.ended_at is None:
        return "under-way" if now - row.attempted_at < BROKEN_OFF else "failing"
    return "good"


def attempts_of(row: EdFiStandingRow | None, now: datetime, *, every: timedelta | None) -> EdFiAttempts | None:
    """None where there was none."""
    if row is None:
        return None
    return EdFiAttempts.model_validate(
        {
            "how": how_of(row, now, every=every),
            "attempted_at": row.attempted_at,
            "succeeded_at": row.succeeded_at,
            "fault": row.fault,
            "faults": row.faults,
            "failing_since": row.failing_since,
            "next_at": row.next_at,
            "counts": json.loads(row.counts),
        }
    )


async def told(tx: ReadOnly, systems: Collection[EdFiSystem], now: datetime) -> tuple[EdFiSystemOfOrganisation, ...]:
    """Each of the systems, which a door has given."""
    whose = {one.organisation_id for one in systems}
    keepings = await tx.scalars(select(EdFiKeepingRow).where(EdFiKeepingRow.organisation_id.in_(whose)))
    said = {(row.organisation_id, row.system): row for row in keepings}
    pulls = await tx.scalars(select(EdFiPullRow).where(EdFiPullRow.organisation_id.in_(whose)))
    pulled = {(row.organisation_id, row.system): row for row in pulls}
    standings = await tx.scalars(select(EdFiStandingRow).where(EdFiStandingRow.organisation_id.in_(whose)))
    stands = {(row.organisation_id, row.system, row.direction): row for row in standings}
    left = {one: await _left_with(tx, one) for one in {organisation for organisation, _ in said}}
    answers = []
    for system in systems:
        key = (system.organisation_id, system.name)
        keeping, last = said.get(key), pulled.get(key)
        answers.append(
            EdFiSystemOfOrganisation(
                name=system.name,
                keeps="record" if keeping is None or keeping.keeps == RECORD else "identity",
                done=last is not None and last.keeps == (RECORD if keeping is None else keeping.keeps),
                pulled_at=None if last is None else last.pulled_at,
                students_left_with_district=left.get(system.organisation_id, 0),
                organisation_id=system.organisation_id,
                host=system.host,
                pulls=attempts_of(stands.get((*key, PULL)), now, every=system.pulled_every),
                pushes=attempts_of(stands.get((*key, PUSH)), now, every=None),
            )
        )
    return tuple(answers)


async def detail_of(tx: ReadOnly, system: EdFiSystem, now: datetime, *, load_id: UUID | None) -> EdFiSystemDetail:
    """One system, which a door has given, with its loads and the quality of one of them. Raises NoSuchLoad."""
    loads = select(LoadRow).where(
        LoadRow.organisation_id == system.organisation_id, LoadRow.client_id == f"job:{JOB}:{system.name}", LoadRow.report != ""
    )
    newest = (await tx.scalars(loads.order_by(LoadRow.id.desc()).limit(LOADS))).all()
    shown = newest[0] if newest else None
    if load_id is not None:
        shown = (await tx.scalars(loads.where(LoadRow.id == load_id))).one_or_none()
        if shown is None:
            raise NoSuchLoad
    [one] = await told(tx, [system], now)
    return EdFiSystemDetail(system=one, loads=tuple(_loads(newest)), quality=None if shown is None else quality_of(shown))


def _loads(rows: Iterable[LoadRow]) -> Iterable[EdFiLoad]:
    for row in rows:
        report = LoadReport.model_validate_json(row.report)
        wrong = sum(count for reason, count in report.reasons.items() if CAUSES[reason].kind != "not-read")
        yield EdFiLoad(id=report.id, loaded_at=report.loaded_at, counts=report.counts, wrong=wrong)


async def _left_with(tx: ReadOnly, organisation_id: UUID) -> int:
    """Students of the organisation of whom the rest is with a system of its own."""
    own = within(OrganisationRow, organisation_id)
    left = select(func.count()).select_from(SectionRow).join(StudentRow, StudentRow.id == SectionRow.student_id)
    return (
        await tx.execute(left.where(SectionRow.section == LEFT, SectionRow.source == OWN, StudentRow.custodian_id.in_(own)))
    ).scalar_one()
