"""The store counts each commit that changed a counted table, whoever wrote it, on either engine; and none that was taken back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, delete, insert, update

from services.records.tables import ChangeMarkRow, EnrollmentRow, OrganisationRow, SectionRow, StudentRow, TagRow
from shared.change_marks import changes_in
from shared.database import Database
from shared.migrations import migrate

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
FIRST, SECOND, PLACE = UUID(int=1), UUID(int=2), UUID(int=9)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A store of records."""
    url = f"sqlite+inline:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    await migrate("records", database)
    yield database
    await database.close()


def student(identifier: UUID) -> Any:
    row = {"id": identifier, "custodian_id": PLACE, "originating_agency": "A", "wrapped_key": b"k", "version": 1, "facts_version": 1}
    return insert(StudentRow).values(**row, created_at=NOON, changed_at=NOON)


def section(identifier: UUID) -> Any:
    return insert(SectionRow).values(student_id=identifier, section="identity", source="own", version=1, sealed=b"s")


def enrolment(identifier: UUID) -> Any:
    return insert(EnrollmentRow).values(student_id=identifier, organisation_id=PLACE, entry_date=date(2026, 8, 1), exit_date=None)


def organisation(identifier: UUID) -> Any:
    row = {"id": identifier, "kind": "school", "valid_from": date(2020, 1, 1), "version": 1, "whole": "{}"}
    return insert(OrganisationRow).values(**row)


async def number(store: Database) -> int:
    return await store.read(partial(changes_in, row=ChangeMarkRow))


async def commit(store: Database, *statements: Any) -> None:
    def change(connection: Connection) -> None:
        for one in statements:
            connection.execute(one)

    await store.write(change)


async def test_whatever_is_made_altered_or_removed_of_a_counted_table_is_counted(store: Database) -> None:
    await commit(store, student(FIRST), student(SECOND))
    kinds: list[tuple[type[Any], Callable[[UUID], Any], dict[str, Any]]] = [
        (SectionRow, section, {"sealed": b"t"}),
        (EnrollmentRow, enrolment, {"exit_date": date(2026, 9, 1)}),
        (OrganisationRow, organisation, {"parent_id": PLACE}),
        (StudentRow, lambda _: student(UUID(int=3)), {"custodian_id": FIRST}),
    ]
    for row, made, altered in kinds:
        for statement in (made(FIRST), update(row).values(**altered), delete(row)):
            before = await number(store)
            await commit(store, statement)
            assert await number(store) > before, (row.__tablename__, str(statement))


async def test_what_goes_with_a_student_what_was_taken_back_and_other_tables(store: Database) -> None:
    await commit(store, student(FIRST), section(FIRST))
    before = await number(store)

    def undone(connection: Connection) -> None:
        connection.execute(student(SECOND))
        connection.execute(delete(StudentRow))
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(undone)
    await commit(store, insert(TagRow).values(tag=b"t" * 16, student_id=FIRST, source="own"))
    assert await number(store) == before
    await commit(store, delete(StudentRow))
    assert await number(store) > before


async def test_another_process_that_writes_is_seen_and_none_waits_for_another(store: Database) -> None:
    """Each of them sees its own number at least; on PostgreSQL they write at the same time, in each other's way nowhere else."""
    others = [Database(store.url) for _ in range(4)]

    async def add(other: Database, first: int) -> None:
        for place in range(5):
            await commit(other, student(UUID(int=first + place)), section(UUID(int=first + place)))

    before = await number(store)
    await asyncio.gather(*(add(other, 100 * place) for place, other in enumerate(others, start=1)))
    assert await number(store) >= before + 20
    for other in others:
        await other.close()


async def test_a_number_is_of_its_snapshot(store: Database) -> None:
    async with store.reading() as tx:
        before = await tx.run_sync(lambda session: changes_in(session.connection(), ChangeMarkRow))
        await commit(store, student(FIRST))
        assert await tx.run_sync(lambda session: changes_in(session.connection(), ChangeMarkRow)) == before
    assert await number(store) > before
