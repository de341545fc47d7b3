"""What of a destroyed student the school year still has that is not over: said in full, and nothing beside it."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from services.audit.openings import Place, open_entries
from services.audit.school_years import key_epoch
from services.audit.subject_index import rows_about
from services.audit.tables import DestructionRow, SealedRow, SubjectKeyRow
from tests.audit.audit_node import AuditNode, disclosure, event, running
from tests.audit.retention.officials import SCHOOL_YEAR, THEN, approved, ask, carried_out, found, read, years_later
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

THE_ACT_ITSELF = {
    ("rights", "destruction-cleared"),
    ("destruction", "destruction-asked"),
    ("destruction", "destruction-approved"),
    ("destruction", "destruction-destroyed"),
}
"""The clearance, and what the officials did. Who read the destruction, has read no student."""


async def opened_of(node: AuditNode, student: UUID) -> set[tuple[str, str]]:
    """Everything sealed in the store that opens and names the student: class and operation. By no index."""
    async with node.database.reading() as tx:
        places = [Place(*row) for row in await tx.execute(select(SealedRow.log, SealedRow.idx).distinct())]
        entries = await open_entries(tx, node.app.state.keys, sorted(places))
    named = [one for one in entries if any(part.student == student for part in one.subjects)]
    about = [one for one in entries if one not in named and str(student) in str((one.actor, one.context))]
    assert about == [], "no other entry's words have the student's id"
    return {(one.leaf.class_, str(one.context.payload["operation"])) for one in named if one.context is not None}


@pytest.mark.requirement("LOG-I9")
async def test_the_years_that_are_over_have_nothing_and_the_current_one_has_that_it_was_done_and_who_looked(
    store_url: str, own_keys: Path
) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, own_keys, clock, rotates_key_encryption_key=True) as node:
        await node.append(disclosure(node, student), event("match", student=student))
        assert await opened_of(node, student) == {("disclosure", "exchange"), ("match", "test")}
        await years_later(node, clock)
        await node.append(event("match", student=student))
        destruction = await carried_out(node, await approved(node, student, school_years=[SCHOOL_YEAR]), clock)
        assert destruction.state == "done"
        assert (await found(node, student_id=str(student)))["entries"]
        left = await opened_of(node, student)
        assert left == THE_ACT_ITSELF | {("search", "search-log"), ("match", "test")}
        epoch = key_epoch(int(clock().timestamp()))
        async with node.database.reading() as tx:
            tags = await node.app.state.keys.tags_by_epoch(tx, str(student))
            keys = set(await tx.scalars(select(SubjectKeyRow.key_id).where(SubjectKeyRow.key_id.in_(list(tags.values())))))
            indexed = {year for year, tag in tags.items() if await rows_about(tx, tag)}
            sealed = {
                year
                for year, tag in tags.items()
                if await tx.scalar(select(SealedRow.idx).where(SealedRow.key_id == tag).limit(1)) is not None
            }
            named = await tx.scalar(select(DestructionRow.sealed_student))
        assert (keys, indexed, sealed, named) == ({tags[epoch]}, {epoch}, {epoch}, None)
        # And the current year is nobody's to destroy: its key seals what is yet to come.
        refused = await ask(node, student_id=str(student), school_years=[epoch])
        assert (refused.status, b"school-year-not-over" in refused.body) == (409, True)
        assert (await read(node, destruction.id)).state == "done"
