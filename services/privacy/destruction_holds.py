"""While somebody waits to inspect the records of a student, what a party holds of the student is not destroyed (34 CFR 99.10(e)).

Of an agreement one word is given for all that was received under it, so all of it waits: the duty to destroy is suspended, not overdue.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.privacy.recorded import open_record
from services.privacy.rights import is_outstanding
from services.privacy.sealing import Sealer
from services.privacy.subjects import FORGOTTEN, open_facts
from services.privacy.tables import DecisionRow, ObligationRow, RightsRequestRow, SubjectRow

DESTROY: Final = "destroy-by"
AT_ONCE: Final = 200
AT_MOST: Final = 20_000
"""Decisions of one agreement that are looked through, the newest. Of one that has more it is taken that the student is among them."""


async def suspended(tx: AsyncSession, sealer: Sealer, rows: Sequence[ObligationRow]) -> frozenset[UUID]:
    """Which of the obligations are suspended. Raises SealBroken.

    # INVARIANT: an obligation is suspended as long as one request to inspect is outstanding, anywhere in the node, of a child one of
    # whose records was permitted to the party; nothing else suspends it.
    """
    owed = [row for row in rows if row.kind == DESTROY and row.discharged_at is None and row.waived_at is None]
    students = await _awaiting(tx, sealer) if owed else frozenset()
    if not students:
        return frozenset()
    held: dict[UUID, bool] = {}
    found = set()
    for row in owed:
        of = row.agreement_id or row.decision_id
        if of not in held:
            received = DecisionRow.id == row.decision_id if row.agreement_id is None else DecisionRow.agreement_id == row.agreement_id
            held[of] = await _received(tx, sealer, received, students)
        if held[of]:
            found.add(row.id)
    return frozenset(found)


async def _awaiting(tx: AsyncSession, sealer: Sealer) -> frozenset[UUID]:
    """Students whose records somebody waits to inspect: of a child that has several, all of them."""
    outstanding = select(RightsRequestRow.student_id).where(RightsRequestRow.kind == "inspection", is_outstanding("inspection"))
    asked_for = frozenset((await tx.scalars(outstanding.distinct())).all())
    known = select(SubjectRow).where(SubjectRow.student_id.in_(outstanding), SubjectRow.sealed != FORGOTTEN)
    subjects = (await tx.scalars(known)).all()
    return asked_for.union(*(open_facts(sealer, subject).same_child for subject in subjects))


async def _received(tx: AsyncSession, sealer: Sealer, condition: Any, students: Collection[UUID]) -> bool:
    """Whether a decision that permitted something is about one of the students. Page by page: others are served in between."""
    last: UUID | None = None
    for _ in range(AT_MOST // AT_ONCE):
        before = [] if last is None else [DecisionRow.id < last]
        page = select(DecisionRow).where(condition, *before).order_by(DecisionRow.id.desc()).limit(AT_ONCE)
        rows = (await tx.execute(page)).scalars().all()
        for row in rows:
            record = open_record(sealer, row)
            if record.token is not None and any(subject.student_id in students for subject in record.request.subjects):
                return True
        if len(rows) < AT_ONCE:
            return False
        last = rows[-1].id
    return True
