"""Pulling: what an Ed-Fi system has becomes its organisation's load; how far it went is written with the last of what was loaded.

Killed at any point nothing is lost: what was loaded is as it was before when it comes again, and the version from which changes are asked
for is written in the transaction of the last part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from anyio import to_thread
from sqlalchemy import delete, exists, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.record.loads import LoadReport
from services.records.destroying import Asking, waited_for
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.changes import NotTold, changes_since
from services.records.ed_fi.collecting import every_of, everything
from services.records.ed_fi.packed import GROUP, PackedBodies
from services.records.ed_fi.wanted import Watch
from services.records.formats.edfi_api import FORMAT, SOURCE, Reading
from services.records.formats.parsed import Findings, ParsedRoster, ParsedStudent
from services.records.record_sources import LEFT
from services.records.roster_division import Leaving, LoadedBy
from services.records.roster_storing import RosterStoring
from services.records.tables import EdFiKeepingRow, EdFiPullRow, LoadRow, SectionRow, SourceIdRow
from services.records.vault import Vault
from shared.contracts.audit import Actor
from shared.database import Database
from shared.outbox import Outbox

JOB: Final = "pull-ed-fi"
PART: Final = GROUP
"""Students stored in one transaction."""
RECORD, IDENTITY, PARTLY = "record", "identity", "partly"
"""What is kept: all that is read; what finds the child; the second, but for those whose record somebody waits to inspect."""


@dataclass(frozen=True)
class Store:
    """Where a pull puts what it gets."""

    database: Database
    vault: Vault
    outbox: Outbox
    jurisdiction: str
    asking: Asking
    """Whether somebody waits to inspect what would be kept no more."""
    memory: int
    """Bytes that what is read may take."""


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

    Raises EdFiSystemUnavailable, EdFiSystemRefused, RosterTooLargeHere before anything is stored, and TemporarilyUnavailable where another
    pull or load of the same was faster.
    """
    system = api.system
    keeps, before = await _keeping(store.database, system.organisation_id, system.name)
    held = None if before is None else before.change_version
    versions = await api.newest_change()
    oldest, newest = versions or (0, 0)
    as_before = before is not None and before.keeps == keeps
    since = None if held is None or versions is None or not as_before or not oldest <= held <= newest else held
    if since is not None and since == newest:
        return Pulled(None, newest, whole=False)
    gone: Sequence[str] = ()
    watch = Watch(api, None if versions is None else newest)
    packed: PackedBodies | None = None
    if since is not None:
        try:
            changes = await changes_since(api, since, watch)
        except NotTold:
            since = None
        else:
            await _rename(store, system.organisation_id, changes.renamed)
            packed = PackedBodies(store.memory)
            await every_of(api, changes.students, packed, watch, gone=changes.deleted | changes.renamed.keys())
            gone = sorted(changes.students - packed.students.keys())
    if packed is None:
        packed = PackedBodies(store.memory)
        await everything(api, packed, watch)
    report = await _stored(store, api, packed, gone, keeps=keeps, held=held, version=newest, now=now)
    return Pulled(report, newest, whole=since is None)


async def _keeping(database: Database, organisation_id: UUID, name: str) -> tuple[str, EdFiPullRow | None]:
    """What is to be kept, and how far the last pull went and what it kept."""
    async with database.reading() as tx:
        said = await tx.get(EdFiKeepingRow, (organisation_id, name))
        return RECORD if said is None else said.keeps, await tx.get(EdFiPullRow, (organisation_id, name))


class _Parts:
    """What is to be stored, a part at a time. Whom the system no longer has is enrolled no more; the record stays."""

    def __init__(self, packed: PackedBodies, gone: Sequence[str]) -> None:
        self._packed, self._gone = packed, gone
        self._groups = packed.groups() if packed.students else 0
        self._reading = Reading(packed.resources)
        self.roster = self._reading.roster if self._groups else ParsedRoster(FORMAT, SOURCE, frozenset())

    def __len__(self) -> int:
        return max(1, self._groups + -(-len(self._gone) // PART))

    def part(self, number: int) -> list[ParsedStudent]:
        """Of each number once, in order, from 0. Raises UnreadableRoster."""
        students = []
        if number < self._groups:
            students = self._reading.students(self._packed.group(number))
            if number == self._groups - 1:
                self._reading.end()
        else:
            start = (number - self._groups) * PART
            for place, identifier in enumerate(self._gone[start : start + PART], start=start + 1):
                students.append(ParsedStudent(identifier, f"students/deletes:{place}", None))
            self.roster.findings.counts["to-be-deleted"] += len(students)
        return students


def _stays_there(findings: Findings) -> None:
    """What the record has no place for is not kept beside it either: the report says so."""
    findings.counts["left-beside-with-the-source"] = findings.counts.pop("kept-beside-the-record", 0)
    if "member-kept" in findings.reasons:
        findings.reasons["member-left"] = findings.reasons.pop("member-kept")
    findings.unresolved[:] = [
        one.model_copy(update={"reason": "member-left"}) if one.reason == "member-kept" else one for one in findings.unresolved
    ]


async def _awaited(store: Store, api: EdFiApi, students: Iterable[str]) -> frozenset[UUID]:
    """Students of whom all is kept and somebody waits to inspect it (34 CFR 99.10(e)): for now it stays as it is."""
    tags = [store.vault.tags.source_id(api.system.organisation_id, SOURCE, one) for one in students]
    awaited: set[UUID] = set()
    for start in range(0, len(tags), PART):
        query = select(SourceIdRow.student_id).where(
            SourceIdRow.tag.in_(tags[start : start + PART]),
            ~exists().where(SectionRow.student_id == SourceIdRow.student_id, SectionRow.section == LEFT),
        )
        async with store.database.reading() as tx:
            whole = sorted((await tx.scalars(query)).all())
        awaited |= await waited_for(store.database, store.asking, whole) if whole else set()
    return frozenset(awaited)


async def _stored(
    store: Store, api: EdFiApi, packed: PackedBodies, gone: Sequence[str], *, keeps: str, held: int | None, version: int, now: datetime
) -> LoadReport:
    system, load_id, parts, stays_there = api.system, uuid7(now), _Parts(packed, gone), keeps == IDENTITY
    roster = parts.roster
    awaited = await _awaited(store, api, (*packed.students, *gone)) if stays_there else frozenset[UUID]()
    if awaited:
        roster.findings.counts["kept-while-awaited"] = len(awaited)
        # The next pull reads everything again: nobody may wait any more then.
        keeps = PARTLY
    storing = RosterStoring(
        store.vault,
        store.outbox,
        roster,
        loader=LoadedBy(system.organisation_id, Actor(kind="system", job=JOB)),
        jurisdiction=store.jurisdiction,
        load_id=load_id,
        now=now,
        leaving=None if keeps == RECORD else Leaving(system.name, awaited),
    )
    try:
        for number in range(len(parts)):
            part = await to_thread.run_sync(parts.part, number)
            async with store.database.transaction() as tx:
                await storing.store(tx, part, part=number + 1)
                if number == len(parts) - 1:
                    if stays_there:
                        _stays_there(roster.findings)
                    report = storing.report()
                    await _move(tx, api, keeps=keeps, held=held, version=version, now=now)
                    tx.add(_load_row(system.organisation_id, system.name, report, done_at=api.clock()))
    except IntegrityError as error:
        raise TemporarilyUnavailable("another load of the same students is under way") from error
    return report


def _load_row(organisation_id: UUID, name: str, report: LoadReport, *, done_at: datetime) -> LoadRow:
    return LoadRow(
        id=report.id,
        organisation_id=organisation_id,
        client_id=f"job:{JOB}:{name}",
        format=report.format,
        loaded_at=done_at,
        report=report.model_dump_json(),
    )


async def _move(tx: AsyncSession, api: EdFiApi, *, keeps: str, held: int | None, version: int, now: datetime) -> None:
    """Write how far it went, if nobody else went further meanwhile. INVARIANT: in the transaction of the last of what was loaded."""
    organisation_id, name = api.system.organisation_id, api.system.name
    query = select(EdFiPullRow).where(EdFiPullRow.organisation_id == organisation_id, EdFiPullRow.system == name)
    row = (await tx.execute(query.with_for_update())).scalar_one_or_none()
    if (None if row is None else row.change_version) != held:
        raise TemporarilyUnavailable("another pull of the same system was faster")
    if row is None:
        tx.add(EdFiPullRow(organisation_id=organisation_id, system=name, change_version=version, pulled_at=now, keeps=keeps))
        await tx.flush()
    else:
        row.change_version, row.pulled_at, row.keeps = version, now, keeps


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
