"""Pulling: what an Ed-Fi system has becomes its organisation's load; how far it went is written with the last of what was loaded.

Killed at any point nothing is lost: what was loaded is as it was before when it comes again, and the version from which changes are asked
for is written in the transaction of the last part.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from anyio import to_thread
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.record.loads import LoadReport
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.changes import NotTold, changes_since
from services.records.ed_fi.collecting import Bodies, all_of, everything
from services.records.formats.edfi_api import FORMAT, SOURCE, read_edfi_api
from services.records.formats.parsed import ParsedRoster, ParsedStudent
from services.records.roster_storing import LoadedBy, RosterStoring
from services.records.tables import EdFiPullRow, LoadRow, SourceIdRow
from services.records.vault import Vault
from shared.contracts.audit import Actor
from shared.database import Database
from shared.outbox import Outbox

JOB: Final = "pull-ed-fi"
PART: Final = 250
"""Students stored in one transaction."""


@dataclass(frozen=True)
class Store:
    """Where a pull puts what it gets."""

    database: Database
    vault: Vault
    outbox: Outbox
    jurisdiction: str


@dataclass(frozen=True)
class Pulled:
    """What a pull did."""

    report: LoadReport | None
    """None: nothing had changed."""
    change_version: int
    whole: bool
    """Everything was read, not what changed alone."""


async def pull(api: EdFiApi, store: Store, *, now: datetime) -> Pulled:
    """Load what changed since the last pull, or everything where there was none, or where the system cannot tell what changed.

    Raises EdFiSystemUnavailable, EdFiSystemRefused, and TemporarilyUnavailable where another pull or load of the same was faster.
    """
    system = api.system
    held = await _held(store.database, system.organisation_id, system.name)
    versions = await api.newest_change()
    oldest, newest = versions or (0, 0)
    since = None if held is None or versions is None or not oldest <= held <= newest else held
    if since is not None and since == newest:
        return Pulled(None, newest, whole=False)
    gone: Collection[str] = ()
    bodies: Bodies | None = None
    if since is not None:
        try:
            changes = await changes_since(api, since)
        except NotTold:
            since = None
        else:
            await _rename(store, system.organisation_id, changes.renamed)
            bodies = await all_of(api, changes.students)
            gone = changes.students - {str(one.get("studentUniqueId")).strip() for one in bodies.get("students", ())}
    if bodies is None:
        bodies = await everything(api)
    roster = await to_thread.run_sync(lambda: _roster(bodies, gone, now))
    report = await _stored(store, api, roster, held=held, version=newest, now=now)
    return Pulled(report, newest, whole=since is None)


async def _held(database: Database, organisation_id: UUID, name: str) -> int | None:
    async with database.reading() as tx:
        row = await tx.get(EdFiPullRow, (organisation_id, name))
        return None if row is None else row.change_version


def _roster(bodies: Bodies, gone: Collection[str], now: datetime) -> ParsedRoster:
    """What is to be stored. Whom the system no longer has is enrolled no more; the record stays."""
    roster = read_edfi_api(bodies) if bodies.get("students") else ParsedRoster(FORMAT, SOURCE, frozenset())
    for number, identifier in enumerate(sorted(gone), start=1):
        roster.students.append(ParsedStudent(identifier, f"students/deletes:{number}", None, ended_on=now.date()))
    roster.findings.counts["to-be-deleted"] += len(gone)
    return roster


async def _stored(store: Store, api: EdFiApi, roster: ParsedRoster, *, held: int | None, version: int, now: datetime) -> LoadReport:
    system, load_id = api.system, uuid7(now)
    storing = RosterStoring(
        store.vault,
        store.outbox,
        roster,
        loader=LoadedBy(system.organisation_id, Actor(kind="system", job=JOB)),
        jurisdiction=store.jurisdiction,
        load_id=load_id,
        now=now,
    )
    parts = [roster.students[start : start + PART] for start in range(0, len(roster.students), PART)] or [[]]
    try:
        for number, part in enumerate(parts, start=1):
            async with store.database.transaction() as tx:
                await storing.store(tx, part, part=number)
                if number == len(parts):
                    report = storing.report()
                    await _move(tx, api, held=held, version=version, now=now)
                    tx.add(_load_row(system.organisation_id, system.name, report))
    except IntegrityError as error:
        raise TemporarilyUnavailable("another load of the same students is under way") from error
    return report


def _load_row(organisation_id: UUID, name: str, report: LoadReport) -> LoadRow:
    return LoadRow(
        id=report.id,
        organisation_id=organisation_id,
        client_id=f"job:{JOB}:{name}",
        format=report.format,
        loaded_at=report.loaded_at,
        report=report.model_dump_json(),
    )


async def _move(tx: AsyncSession, api: EdFiApi, *, held: int | None, version: int, now: datetime) -> None:
    """Write how far it went, if nobody else went further meanwhile. INVARIANT: in the transaction of the last of what was loaded."""
    organisation_id, name = api.system.organisation_id, api.system.name
    query = select(EdFiPullRow).where(EdFiPullRow.organisation_id == organisation_id, EdFiPullRow.system == name)
    row = (await tx.execute(query.with_for_update())).scalar_one_or_none()
    if (None if row is None else row.change_version) != held:
        raise TemporarilyUnavailable("another pull of the same system was faster")
    if row is None:
        tx.add(EdFiPullRow(organisation_id=organisation_id, system=name, change_version=version, pulled_at=now))
        await tx.flush()
    else:
        row.change_version, row.pulled_at = version, now


async def _rename(store: Store, organisation_id: UUID, renamed: dict[str, str]) -> None:
    """A student whom the system knows by another id now is the same student here. Done again it changes nothing."""
    if not renamed:
        return
    tags = {
        store.vault.tags.source_id(organisation_id, SOURCE, before): store.vault.tags.source_id(organisation_id, SOURCE, after)
        for before, after in renamed.items()
    }
    async with store.database.transaction() as tx:
        rows = (await tx.execute(select(SourceIdRow).where(SourceIdRow.tag.in_([*tags, *tags.values()])))).scalars().all()
        held = {row.tag: (row.student_id, row.content_tag) for row in rows}
        moving = {before: after for before, after in tags.items() if before in held}
        while taken := {before for before, after in moving.items() if after in held and after not in moving}:
            moving = {before: after for before, after in moving.items() if before not in taken}
        if moving:
            values = [{"tag": after, "student_id": held[before][0], "content_tag": held[before][1]} for before, after in moving.items()]
            await tx.execute(delete(SourceIdRow).where(SourceIdRow.tag.in_(moving)))
            await tx.execute(insert(SourceIdRow), values)
