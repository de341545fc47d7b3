"""Destroying what the store holds of students: whole records, the copy that came with one exchange, those who left before a day.

What is deleted here is in older copies of the store still, sealed. A student who goes has no data key that is ever wrapped again; one of
whom a part stays gets a new one. So once the version of the key-encryption key before is destroyed, no copy opens what went
(docs/decisions/0025). The log keeps its entries and proofs.

# INVARIANT: what was destroyed is under no data key that a later version of the key-encryption key wraps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from safepassage.ids import uuid7
from safepassage.problems.records import NoSuchStudent, StudentInExchange
from services.records.educators.destroying import destroy_educator
from services.records.facts_anew import facts_anew
from services.records.facts_lane import LANE, PATH
from services.records.kept_of_sources import forget_in_sources
from services.records.leavers import has_left, under_way
from services.records.permanent_record import permanent_parts
from services.records.reading import opened
from services.records.same_child import of_one_child, united_without
from services.records.sealing_anew import DESTROYED, seal_anew
from services.records.tables import (
    OWN,
    ArrivedNoticeRow,
    AttachmentRow,
    CodedStudentRow,
    ExchangeRequestRow,
    IncomingEnvelopeRow,
    KeptAnswerRow,
    KeptStudentRow,
    MatchReviewRow,
    MergeProposalRow,
    OutgoingEnvelopeRow,
    OutgoingNoticeRow,
    PeerRequestRow,
    SectionRow,
    StudentRow,
    TagRow,
    TransferHoldRow,
)
from services.records.unions import unite
from services.records.vault import Vault
from shared.clock import Clock
from shared.contracts.audit import Actor, Context, Event
from shared.contracts.subject_batches import MOST, DestroyedSubject, DestroyedSubjects
from shared.outbox import Outbox

FORGET: Final = "/internal/subjects/destroyed"
OF_A_STEP: Final = 200
"""Students of one transaction, and of one entry of the log."""


@dataclass(frozen=True)
class Shredded:
    """What went."""

    students: int
    """Whole records, with their look-up tags, enrolments and pseudonyms."""
    parts: int
    """Sections of records of which something stays."""
    permanent: bool = False
    """What stays is the permanent record of 34 CFR 300.624(b)."""


class Shredder:
    """Destroys; each call is one transaction's work, with its entry for the log. What was cut short is begun again."""

    def __init__(self, vault: Vault, outbox: Outbox, clock: Clock, *, about: str, jurisdiction: str) -> None:
        """`about` is what the log is told that it was for: `destruction:<clearance>`, `agreement:<id>`."""
        self._vault, self._outbox, self._clock, self._about, self._jurisdiction = vault, outbox, clock, about, jurisdiction

    async def student(self, tx: AsyncSession, student_id: UUID) -> Shredded:
        """The whole record of a student. Raises NoSuchStudent, StudentInExchange."""
        if not await self._destroy(tx, [student_id]):
            raise NoSuchStudent
        return Shredded(1, 0)

    async def but_permanent_record(self, tx: AsyncSession, student_id: UUID) -> Shredded:
        """A student's record, whoever made it, but for the permanent one (34 CFR 300.624(b)); documents and what was kept beside it go.

        Who has nothing of that goes whole. Raises NoSuchStudent, StudentInExchange, StatementOfDisagreementMissing.
        """
        student = await tx.get(StudentRow, student_id, with_for_update=True)
        if student is None:
            raise NoSuchStudent
        await self._require_at_rest(tx, [student_id])
        old = self._vault.data_key(student_id, student.wrapped_key)
        before = opened(old, (await tx.scalars(select(SectionRow).where(SectionRow.student_id == student_id))).all())
        staying = permanent_parts(before)
        if not staying:
            return await self.student(tx, student_id)
        await self._destroy_in_exchanges(tx, [student_id])
        await forget_in_sources(tx, self._vault, [student_id])
        for row in (SectionRow, TagRow, CodedStudentRow, AttachmentRow, KeptStudentRow, TransferHoldRow):
            await tx.execute(delete(row).where(row.student_id == student_id))
        await tx.execute(update(KeptAnswerRow).where(KeptAnswerRow.student_id == student_id).values(sealed=DESTROYED))
        new, student.wrapped_key = self._vault.new_data_key(student_id)
        for part in staying:
            place: dict[str, Any] = {"section": part.section, "source": part.source, "version": part.version}
            tx.add(SectionRow(student_id=student_id, **place, sealed=new.seal(part.encoded(), **place)))
        await tx.flush()
        await self._tell_facts_of_what_stays(tx, student)
        held = {(part.section, part.source): part.members for part in staying}
        gone = sum(held.get((part.section, part.source)) != part.members for part in before)
        self._tell(tx, "all-but-permanent-record-destroyed", [(student_id, student.custodian_id)], parts=gone)
        return Shredded(0, gone, permanent=True)

    async def educator(self, tx: AsyncSession, educator_id: UUID) -> int:
        """Every credential of an educator that the node keeps; how many. Raises NoSuchEducator, EducatorInExchange, SealBroken."""
        count, custodian_id = await destroy_educator(tx, self._vault, educator_id)
        self._tell(tx, "educator-destroyed", [(educator_id, custodian_id)], parts=count)
        return count

    async def copy(self, tx: AsyncSession, exchange_id: UUID) -> Shredded:
        """What one exchange brought. A student of whom nothing else is held goes whole. Raises StudentInExchange."""
        source = str(exchange_id)
        held = SectionRow.student_id.in_(select(SectionRow.student_id).where(_brought_by(exchange_id)))
        rows = (await tx.scalars(select(SectionRow).where(held))).all()
        staying = {row.student_id for row in rows if row.source != source}
        whole = await self._destroy(tx, sorted({row.student_id for row in rows} - staying))
        parts = 0
        for student_id in sorted(staying):
            parts += await self._destroy_source(tx, student_id, source, [row for row in rows if row.student_id == student_id])
        await tx.execute(update(ExchangeRequestRow).where(ExchangeRequestRow.id == exchange_id).values(particulars=DESTROYED))
        return Shredded(whole, parts)

    async def collected(self, tx: AsyncSession, before: datetime, *, after: UUID | None) -> list[UUID]:
        """The next exchanges of which what they brought was collected before an instant and is here still, at most OF_A_STEP, by id."""
        asked = ExchangeRequestRow
        query = select(asked.id).where(asked.collected_at < before, asked.particulars != DESTROYED)
        return list(
            (await tx.scalars((query if after is None else query.where(asked.id > after)).order_by(asked.id).limit(OF_A_STEP))).all()
        )

    async def leavers(self, tx: AsyncSession, custodian_id: UUID, day: date, *, after: UUID | None) -> list[UUID]:
        """The next students of a custodian whose every enrolment ended before `day`, at most OF_A_STEP, by id. One on the way is none."""
        query = select(StudentRow.id).where(*has_left(custodian_id, day), *([] if after is None else [StudentRow.id > after]))
        return list((await tx.scalars(query.order_by(StudentRow.id).limit(OF_A_STEP))).all())

    async def those_who_left(self, tx: AsyncSession, ids: Sequence[UUID], custodian_id: UUID, day: date) -> int:
        """Destroy those of the students who are leavers still; how many."""
        still = (await tx.scalars(select(StudentRow.id).where(StudentRow.id.in_(ids), *has_left(custodian_id, day)))).all()
        return await self._destroy(tx, still)

    async def students_of_copy(self, tx: AsyncSession, exchange_id: UUID) -> list[UUID]:
        """Whom what one exchange brought is about."""
        return list((await tx.scalars(select(SectionRow.student_id).where(_brought_by(exchange_id)).distinct())).all())

    async def _destroy(self, tx: AsyncSession, ids: Sequence[UUID]) -> int:
        """Whole records. Raises StudentInExchange where one is on its way: it is delivered or withdrawn first."""
        query = select(StudentRow.id, StudentRow.custodian_id, StudentRow.version).order_by(StudentRow.id).with_for_update()
        # INVARIANT: students are locked in one order, here with those that are united below, so that nobody waits in a circle.
        locked = await tx.run_sync(lambda session: {*ids, *chain(*of_one_child(session.connection(), ids).values())})
        found = [row for row in (await tx.execute(query.where(StudentRow.id.in_(locked)))).all() if row.id in ids]
        if not found:
            return 0
        await self._require_at_rest(tx, ids)
        await self._destroy_in_exchanges(tx, ids)
        await forget_in_sources(tx, self._vault, ids)
        await tx.run_sync(self._keep_united, ids)
        proposed = select(MergeProposalRow.match_id).where(or_(MergeProposalRow.one_id.in_(ids), MergeProposalRow.other_id.in_(ids)))
        for about in (
            MatchReviewRow.student_id.in_(ids),
            MatchReviewRow.id.in_(proposed),
        ):  # PostgreSQL finds neither by an index for an OR
            await tx.execute(delete(MatchReviewRow).where(about))
        await tx.execute(delete(StudentRow).where(StudentRow.id.in_(ids)))  # sections, documents, tags and all the rest go with it
        self._tell(tx, "record-destroyed", [(row.id, row.custodian_id) for row in found], parts=None)
        gone = [DestroyedSubject(student_id=row.id, custodian_id=row.custodian_id, facts_version=row.version + 1) for row in found]
        for start in range(0, len(gone), MOST):
            self._outbox.tell(tx, "privacy", "POST", FORGET, DestroyedSubjects(students=tuple(gone[start : start + MOST])))
        return len(found)

    def _keep_united(self, session: Session, ids: Sequence[UUID]) -> None:
        """What joins two records that stay by one that goes joins them from now on by itself."""
        connection = session.connection()
        for leading, other in united_without(connection, ids):
            unite(connection, leading_id=leading, other_id=other, by=self._about, now=self._clock())

    async def _require_at_rest(self, tx: AsyncSession, ids: Sequence[UUID]) -> None:
        """Under the lock of the students' rows. Raises StudentInExchange."""
        if (await tx.scalars(select(StudentRow.id).where(StudentRow.id.in_(ids), under_way(StudentRow.id)).limit(1))).first() is not None:
            raise StudentInExchange

    async def _destroy_in_exchanges(self, tx: AsyncSession, ids: Sequence[UUID]) -> None:
        """Who the children were by whom somebody asked, and what was told of them."""
        for row in (ExchangeRequestRow, PeerRequestRow, OutgoingNoticeRow, ArrivedNoticeRow):
            await tx.execute(update(row).where(row.student_id.in_(ids)).values(particulars=DESTROYED))
        for envelope in (OutgoingEnvelopeRow, IncomingEnvelopeRow):
            await tx.execute(update(envelope).where(envelope.student_id.in_(ids)).values(ciphertext=None))

    async def _destroy_source(self, tx: AsyncSession, student_id: UUID, source: str, rows: Sequence[SectionRow]) -> int:
        """The parts of one source; what stays is sealed again under a new data key, since the old one opens older copies of what goes."""
        student = await tx.get(StudentRow, student_id, with_for_update=True)
        if student is None:  # destroyed as a whole since it was looked for
            return 0
        await self._require_at_rest(tx, [student_id])
        gone = [row for row in rows if row.source == source]
        for row in gone:
            await tx.delete(row)
        for of_a_source in (AttachmentRow, TagRow):  # chunks of documents have no key any more; they are swept away
            await tx.execute(delete(of_a_source).where(of_a_source.student_id == student_id, of_a_source.source == source))
        await tx.execute(delete(CodedStudentRow).where(CodedStudentRow.student_id == student_id))  # it was made of what goes, too
        await seal_anew(tx, self._vault, student)
        await self._tell_facts_of_what_stays(tx, student)
        self._tell(tx, "copy-destroyed", [(student_id, student.custodian_id)], parts=len(gone))
        return len(gone)

    async def _tell_facts_of_what_stays(self, tx: AsyncSession, student: StudentRow) -> None:
        """INVARIANT: no version of the facts that privacy has rests on what went. In whichever order it hears of both, it is told so."""
        forgotten = student.version + 1
        facts = await tx.run_sync(
            lambda session: facts_anew(
                session.connection(), self._vault, student.id, jurisdiction=self._jurisdiction, now=self._clock(), versions=2
            )
        )
        gone = DestroyedSubject(student_id=student.id, custodian_id=student.custodian_id, facts_version=forgotten, part_stays=True)
        self._outbox.tell(tx, "privacy", "POST", FORGET, DestroyedSubjects(students=(gone,)))
        if facts is not None:
            self._outbox.tell(tx, "privacy", "POST", PATH, facts, lane=LANE)

    def _tell(self, tx: AsyncSession, operation: str, students: Sequence[tuple[UUID, UUID]], *, parts: int | None) -> None:
        event = Event(
            class_="load",
            key=f"shredded:{uuid7(self._clock())}",
            subjects=tuple(student for student, _ in students),
            custodians=tuple(custodian for _, custodian in students),
            actor=Actor(kind="operator"),
            context=Context(operation=operation, about=self._about, count=len(students) if parts is None else parts),
        )
        self._outbox.record(tx, event)


def _brought_by(exchange_id: UUID) -> ColumnElement[bool]:
    """Of a section. That it is not the node's own is said by the word itself: for one that is bound, the partial index is of no use."""
    return and_(SectionRow.source == str(exchange_id), SectionRow.source != literal_column(f"'{OWN}'"))
