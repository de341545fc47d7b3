"""Storing a parsed roster, a part at a time: who is new, who changed, who is as before, and whose enrolment did not resolve."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.record.loads import LoadedRecord, LoadReport
from services.records.formats.not_valid import faults_of
from services.records.formats.parsed import ParsedRoster, ParsedStudent
from services.records.left_with_source import left_in, with_reach
from services.records.loading import Arriving, Loading, Stored
from services.records.loading_places import Places
from services.records.loading_received import received_before
from services.records.loading_rosters import ended, loaded_of, over
from services.records.loading_students import Known, content_tag, known_by_source, placed, tagged
from services.records.logged import left_event, load_events
from services.records.read_marks import ReadMark
from services.records.reading import opened
from services.records.record_sources import merged, record_of
from services.records.roster_as_before import AsBefore, keep_marks
from services.records.roster_division import Division, Leaving, LoadedBy, staying_of, written_of
from services.records.roster_keeping import RosterKeeping
from services.records.sealing_anew import seal_anew
from services.records.tables import OWN, SectionRow, StudentRow
from services.records.vault import DataKey, Vault
from shared.outbox import Outbox


class RosterStoring:
    """One roster of one loader. `store` runs in a transaction of its own for each part."""

    def __init__(
        self,
        vault: Vault,
        outbox: Outbox,
        roster: ParsedRoster,
        *,
        loader: LoadedBy,
        jurisdiction: str,
        load_id: UUID,
        now: datetime,
        leaving: Leaving | Literal["as-before"] | None = "as-before",
    ) -> None:
        """`leaving`: what is left with a system of whom the roster brings; None: all is kept from now on."""
        self._vault, self._outbox, self._jurisdiction = vault, outbox, jurisdiction
        self._loader, self._roster, self._load_id, self._now = loader, roster, load_id, now
        self._division, self._divided = Division(roster, loader.organisation_id, leaving), set[UUID]()
        self._keeping = RosterKeeping(self._vault, organisation_id=loader.organisation_id, source_system=roster.source_system)
        self._places: Places | None = None
        self._today = now.date()
        """Where the loader is, once its places are known."""
        self._seen: set[bytes] = set()
        self._as_it_was: list[AsBefore] = []
        """Of one part: students who were read, and of whom nothing is stored anew."""

    async def store(self, tx: AsyncSession, students: Sequence[ParsedStudent], *, part: int) -> None:
        """Store one part of the upload."""
        if self._places is None:
            self._places = await Places.of(tx, self._loader.organisation_id)
            self._today = self._places.today(self._now)
        tags = [self._tag(one) for one in students]
        known = await known_by_source(tx, tags)
        same = {
            tag: unresolved
            for one, tag in zip(students, tags, strict=True)
            if (unresolved := self._as_before(one, known.get(tag), self._places)) is not None
        }
        self._as_it_was.clear()
        before = await self._records(tx, {held.student_id for tag, held in known.items() if tag not in same})
        ready = [(one, self._prepare(one, tag, self._places, known, before, same)) for one, tag in zip(students, tags, strict=True)]
        arriving = [(one, prepared) for one, prepared in ready if prepared is not None]
        attached = await self._attached(tx, arriving)
        loading = Loading(self._vault, self._outbox, jurisdiction=self._jurisdiction, now=self._now)
        stored = await loading.store_in(tx, attached)
        counts = self._roster.findings.counts
        counts["created"] += sum(one.created for one in stored)
        counts["changed"] += sum(not one.created for one in stored)
        whose = [(one.student_id, what.custodian_id) for one, what in zip(stored, attached, strict=True)]
        self._outbox.record(
            tx, *load_events(self._loader.actor, load_id=self._load_id, part=part, format_=self._roster.format, students=whose)
        )
        ids = {held_tag: held.student_id for held_tag, held in known.items()}
        ids |= {what.source_tag: one.student_id for one, what in zip(stored, attached, strict=True) if what.source_tag is not None}
        student_ids = {one.source_id: ids[tag] for one, tag in zip(students, tags, strict=True) if tag in ids}
        await self._remove_left(tx, [one for one in stored if one.left_now])
        await self._keep(tx, student_ids, {one.student_id: one.key for one in stored})
        await keep_marks(tx, self._vault, self._as_it_was)

    async def _remove_left(self, tx: AsyncSession, stored: Sequence[Stored]) -> None:
        """Of these a part was kept that is left with the source from now on: no older copy is opened by a key that goes on being used."""
        for one in stored:
            await seal_anew(tx, self._vault, await tx.get_one(StudentRow, one.student_id, with_for_update=True, populate_existing=True))
        if stored:
            self._roster.findings.counts["removed-and-left-with-the-source"] += len(stored)
            whose = [(one.student_id, one.custodian_id) for one in stored]
            self._outbox.record(tx, left_event(self._loader.actor, students=whose, now=self._now))

    async def _keep(self, tx: AsyncSession, student_ids: Mapping[str, UUID], keys: Mapping[UUID, DataKey]) -> None:
        """What the source said of these, so that a delta can follow it."""
        if self._roster.kept is not None:
            kept = self._roster.kept.students
            theirs = {one: kept[one] for one in student_ids if one in kept}
            self._say_left(await self._keeping.keep_students(tx, theirs, student_ids, keys, files=self._roster.kept.files))

    async def finish(self, tx: AsyncSession) -> None:
        """What the source said beside its students. In the transaction that puts the report on record, and before the report is made."""
        if self._roster.kept is not None:
            self._say_left(await self._keeping.keep_roster(tx, self._roster.kept, self._now))

    def _say_left(self, left: Mapping[str, int]) -> None:
        for file_name, count in left.items():
            self._roster.findings.missed_of(count, "too-much-to-keep", file_name)

    async def _attached(self, tx: AsyncSession, arriving: Sequence[tuple[ParsedStudent, Arriving]]) -> list[Arriving]:
        """With the student that each one is, where another state's record came first."""
        found = await received_before(tx, self._vault, [what for _, what in arriving])
        attached = []
        for place, (one, what) in enumerate(arriving):
            earlier = found.get(place)
            if earlier is not None and earlier.doubtful:
                self._roster.findings.missed("may-be-here-already", one.position)
            attached.append(what if earlier is None or earlier.student_id is None else replace(what, student_id=earlier.student_id))
        return attached

    def report(self) -> LoadReport:
        """What was done."""
        findings = self._roster.findings
        return LoadReport(
            id=self._load_id,
            format=self._roster.format,
            loaded_at=self._now,
            counts={name: count for name, count in sorted(findings.counts.items()) if count},
            reasons=dict(sorted(findings.reasons.items())),
            unresolved=tuple(one.model_copy(update={"position": findings.told(one.position)}) for one in findings.unresolved),
            not_valid=tuple(findings.faults.told(findings.told)),
        )

    def _tag(self, one: ParsedStudent) -> bytes:
        return self._vault.tags.source_id(self._loader.organisation_id, one.source_system or self._roster.source_system, one.source_id)

    def _prepare(
        self,
        one: ParsedStudent,
        tag: bytes,
        places: Places,
        known: Mapping[bytes, Known],
        before: Mapping[UUID, LoadedRecord],
        same: Mapping[bytes, bool],
    ) -> Arriving | None:
        """What is to be stored of one student; None where nothing is."""
        findings = self._roster.findings
        if tag in self._seen:
            findings.missed("source-id-twice", one.position)
            return None
        self._seen.add(tag)
        if tag in same:
            self._division.count(one, self._division.of(one, known.get(tag)))
            if same[tag]:
                findings.missed("enrollment-not-resolved", one.position)
            else:
                self._stays(one, tag, known[tag], places)
            findings.counts["unchanged"] += 1
            return None
        held = known.get(tag)
        if one.as_before is not None:
            # INVARIANT: who was not read is as before still; what another load has put there since is not taken for the same.
            raise TemporarilyUnavailable("another load of the same students is under way")
        earlier = before.get(held.student_id) if held is not None else None
        if earlier is not None and one.carries is not None and not one.carries:
            findings.counts["unchanged"] += 1
            return None
        left = self._division.of(one, held)
        said = staying_of(one, left)
        if one.record is None:
            if earlier is None:
                return None
            record = ended(earlier, one.ended_on or self._today)
        else:
            self._division.count(one, left)
            if earlier is not None and held is not None and held.student_id in self._divided:
                earlier = with_reach(earlier, one.record)
            record = over(earlier, one.record, carries=self._carries(one), updates=self._roster.updates)
        try:
            ready = placed(
                record,
                places=places,
                source_system=one.source_system or self._roster.source_system,
                as_of=one.as_of or self._now,
                today=self._today,
                student_id=held.student_id if held is not None else None,
                source_tag=tag,
                kept=said.beside,
                left=left,
            )
        except ValidationError as error:
            findings.not_valid(one.position, faults_of(error))
            return None
        if ready.unresolved and record.enrollment is not None:
            findings.missed("enrollment-not-resolved", one.position)
        arriving = tagged(ready, self._vault.tags, said.record, said.text, written_of(one, left)).arriving
        if held is not None and held.content_tag == arriving.content_tag:
            if not ready.unresolved:
                self._stays(one, tag, held, places)
            findings.counts["unchanged"] += 1
            return None
        mark = None if ready.unresolved else self._mark(one, arriving.content_tag, places)
        return arriving if mark is None else replace(arriving, read_mark=mark)

    def _carries(self, one: ParsedStudent) -> frozenset[str]:
        return self._roster.carries if one.carries is None else one.carries

    def _as_before(self, one: ParsedStudent, held: Known | None, places: Places) -> bool | None:
        """Whether the enrolment does not resolve of a student of whom the very same was said before: told without opening what is held.

        None where that cannot be told: what is held has a part in where a student belongs unless the roster says all enrolments itself.
        """
        if one.as_before is not None:
            return False if held is not None and held.read_tag == one.as_before else None
        if held is None or one.record is None or one.record.enrollment is None or "enrollment.enrollments" not in self._carries(one):
            return None
        where, left = places.belonging(one.record, self._today), self._division.of(one, held)
        said = staying_of(one, left)
        tag = content_tag(self._vault.tags, where, said.text, said.beside, written_of(one, left))
        return where.unresolved if tag == held.content_tag else None

    def _stays(self, one: ParsedStudent, tag: bytes, held: Known, places: Places) -> None:
        mark = self._mark(one, held.content_tag, places)
        if mark is not None:
            self._as_it_was.append(AsBefore(held.student_id, tag, held.content_tag, mark))

    def _mark(self, one: ParsedStudent, content_tag: bytes, places: Places) -> ReadMark | None:
        """By what the student is known when the same comes again."""
        return ReadMark.of(one, self._vault.tags, places, carries=self._carries(one), content_tag=content_tag, today=self._today)

    async def _records(self, tx: AsyncSession, ids: set[UUID]) -> dict[UUID, LoadedRecord]:
        """What was loaded for these students before."""
        if not ids:
            return {}
        keys = {row.id: row.wrapped_key for row in (await tx.execute(select(StudentRow).where(StudentRow.id.in_(ids)))).scalars()}
        sealed: dict[UUID, list[SectionRow]] = {}
        query = select(SectionRow).where(SectionRow.student_id.in_(ids), SectionRow.source == OWN)
        for row in (await tx.execute(query)).scalars():
            sealed.setdefault(row.student_id, []).append(row)
        parts = {student_id: opened(self._vault.data_key(student_id, keys[student_id]), rows) for student_id, rows in sealed.items()}
        self._divided |= {student_id for student_id, those in parts.items() if left_in(those) is not None}
        return {student_id: loaded_of(record_of(merged(those))) for student_id, those in parts.items()}
