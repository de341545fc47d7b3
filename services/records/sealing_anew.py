"""A new data key for what stays of a student: the old one opens older copies of what went (docs/decisions/0025)."""

from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.records.attachments.documents import open_held, seal_held
from services.records.roster_keeping import resealed
from services.records.statistics.coded_students import CODED
from services.records.tables import AttachmentRow, CodedStudentRow, KeptAnswerRow, KeptStudentRow, SectionRow, SourceIdRow, StudentRow
from services.records.vault import Vault

DESTROYED: Final = b""
"""An answer that was kept of a record of which a part went, and `particulars` of an exchange about a child whose record did."""


async def seal_anew(tx: AsyncSession, vault: Vault, student: StudentRow) -> None:
    """Seal everything that is there of a locked student under a new key. Answers that were kept to be given again had what went in them;
    what a roster told of the student is told anew by the next.

    # INVARIANT: what was destroyed is under no data key that a later version of the key-encryption key wraps. Raises SealBroken.
    """
    await tx.flush()
    old = vault.data_key(student.id, student.wrapped_key)
    new, student.wrapped_key = vault.new_data_key(student.id)
    for row in (await tx.scalars(_of(SectionRow, student))).all():
        place: dict[str, Any] = {"section": row.section, "source": row.source, "version": row.version}
        row.sealed = new.seal(old.open(row.sealed, **place), **place)
    for code in (await tx.scalars(_of(CodedStudentRow, student))).all():
        place = {"section": CODED, "source": CODED, "version": code.version}
        code.sealed = new.seal(old.open(code.sealed, **place), **place)
    for kept in (await tx.scalars(_of(KeptStudentRow, student))).all():
        kept.sealed = resealed(old, new, kept)
    for document in (await tx.scalars(_of(AttachmentRow, student))).all():
        document.sealed = seal_held(new, open_held(old, document.sealed, document.id, document.source), document.id, document.source)
    await tx.execute(update(SourceIdRow).where(SourceIdRow.student_id == student.id).values(read_tag=None, read_sealed=None))
    await tx.execute(update(KeptAnswerRow).where(KeptAnswerRow.student_id == student.id).values(sealed=DESTROYED))
    await tx.flush()


def _of(row: Any, student: StudentRow) -> Any:
    """As they are in the store now, whatever the session knew of them before."""
    return select(row).where(row.student_id == student.id).execution_options(populate_existing=True)
