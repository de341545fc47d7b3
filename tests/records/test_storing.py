"""Storing and reading on both engines: sealed in place, replaced by source, found by tag, pseudonyms that two pages agree on."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from node.synthetic import ALDER, students
from safepassage.problems.records import NoSuchStudent, SealBroken
from safepassage.record import StudentRecord
from safepassage.wire_organisations import Organisation
from services.records.child_arriving import EnrolledSince, child_arriving
from services.records.loading import Arriving, Loading, Stored
from services.records.loading_students import as_record
from services.records.matching import Certain, NeedsPerson, match
from services.records.matching_candidates import find_candidates
from services.records.pseudonyms import pseudonyms_of
from services.records.reach import Reach, students_in_reach
from services.records.reading import read_received, read_record
from services.records.received_storing import ReceivedEnrollment, store_received
from services.records.release import release
from services.records.subject_facts import EnrolledAt
from services.records.tables import EnrollmentRow, LeaseRow, OrganisationRow, OutboxRow, SectionRow, StudentRow, TagRow
from services.records.vault import Vault
from services.records.vault_rotation import rewrap_data_keys, versions_in
from shared.contracts.organisations import OrganisationProjection
from shared.database import Database
from shared.group_commit import Writing
from shared.outbox import Outbox
from shared.tenancy import project
from tests.conftest import StandingClock
from tests.records.conftest import NOON
from tests.records.whole_record import whole_record
from tests.stores import at_head

pytestmark = pytest.mark.anyio

LEA, SCHOOL, VENDOR = UUID(int=1 << 64), UUID(int=2 << 64), UUID(int=3 << 64)
TODAY = NOON.date()
PEER = "https://birch.example"


@dataclass
class Store:
    """The records service's store without the service."""

    database: Database
    vault: Vault
    outbox: Outbox

    async def store(self, *arriving: Arriving) -> list[Stored]:
        async with self.database.transaction() as tx:
            return await Loading(self.vault, self.outbox, jurisdiction="US-XA", now=NOON).store_in(tx, arriving)

    async def receive(self, record: StudentRecord, student_id: UUID) -> UUID:
        """File what another node sent of a student. Gives the exchange that brought it."""
        exchange_id = uuid4()

        def file(connection: Connection) -> None:
            store_received(
                Writing(connection),
                self.vault,
                self.outbox,
                record,
                from_node=PEER,
                exchange_id=exchange_id,
                student_id=student_id,
                custodian_id=LEA,
                enrollment=ReceivedEnrollment(SCHOOL, date(2026, 10, 20)),
                jurisdiction="US-XA",
                now=NOON,
            )

        await self.database.write(file)
        return exchange_id


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest, tmp_path: Path, node_keys: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_place")
    await at_head("records", url)
    database = Database(url)
    vault = Vault.of(node_keys / "records")
    outbox = Outbox("records", database, cast("Any", None), StandingClock(NOON), row=OutboxRow, lease=LeaseRow, holder="test")
    outbox.sealing = vault
    async with database.transaction() as tx:
        for identifier, kind, parent in ((LEA, "lea", None), (SCHOOL, "school", LEA)):
            new = {"id": identifier, "version": 1, "kind": kind, "name": kind, "parent_id": parent, "valid_from": date(2020, 1, 1)}
            await project(tx, OrganisationRow, OrganisationProjection(version=1, organisation=Organisation.model_validate(new)))
    yield Store(database, vault, outbox)
    await database.close()


def arriving(record: Any = None, **about: Any) -> Arriving:
    enrolled = (EnrolledAt(SCHOOL, date(2026, 8, 24)),)
    one = Arriving(record or whole_record(), custodian_id=LEA, originating_agency=str(LEA), enrolled=enrolled)
    return replace(one, **about)


async def test_what_is_stored_is_read_whole_or_by_section(store: Store) -> None:
    [stored] = await store.store(arriving())
    async with store.database.reading() as tx:
        whole = await read_record(tx, store.vault, stored.student_id)
        part = await read_record(tx, store.vault, stored.student_id, sections=["discipline"])
        with pytest.raises(NoSuchStudent):
            await read_record(tx, store.vault, uuid4())
    assert (stored.created, stored.version, stored.facts_version) == (True, 1, 1)
    assert release(whole.record, whole.record.elements()) == release(whole_record(), whole_record().elements())
    assert set(part.record.elements()) == {"discipline.incidents", "discipline.restraint"}
    assert len(part.record.statements) == 1


async def test_a_second_load_replaces_sections_tags_and_enrolments_and_no_others(store: Store) -> None:
    first, other = await store.store(arriving(), arriving(whole_record(start=500_000)))
    thinner = release(whole_record(start=900_000), {"identity.name", "identity.birth_date"})
    [again] = await store.store(arriving(thinner, student_id=first.student_id, enrolled=()))
    async with store.database.reading() as tx:
        rows = (await tx.execute(select(SectionRow.student_id, SectionRow.section, SectionRow.version))).all()
        enrolled = (await tx.execute(select(EnrollmentRow.student_id))).scalars().all()
        tags = (await tx.execute(select(TagRow.student_id))).scalars().all()
    assert (again.created, again.version) == (False, 2)
    assert {(row.section, row.version) for row in rows if row.student_id == first.student_id} == {("identity", 2)}
    assert len([row for row in rows if row.student_id == other.student_id]) == 12
    assert set(enrolled) == {other.student_id}
    assert set(tags) == {first.student_id, other.student_id}


async def test_a_received_record_stands_beside_the_nodes_own_and_does_not_replace_it(store: Store) -> None:
    own = release(whole_record(), {"identity.name", "identity.birth_date", "enrollment.enrollments"})
    [stored] = await store.store(arriving(own))
    sent, exchange_id = whole_record(start=500_000), uuid4()
    received = await store.database.write(
        lambda connection: store_received(
            Writing(connection),
            store.vault,
            store.outbox,
            sent,
            from_node=PEER,
            exchange_id=exchange_id,
            student_id=stored.student_id,
            custodian_id=LEA,
            enrollment=ReceivedEnrollment(SCHOOL, date(2026, 10, 20)),
            jurisdiction="US-XA",
            now=NOON,
        )
    )
    assert (received.student_id, received.created, received.version) == (stored.student_id, False, 2)
    async with store.database.reading() as tx:
        merged = (await read_record(tx, store.vault, stored.student_id)).record
        alone = (await read_received(tx, store.vault, stored.student_id, exchange_id)).record
        student = await tx.get_one(StudentRow, stored.student_id)
        enrolled = (await tx.execute(select(EnrollmentRow.entry_date))).scalars().all()
    assert merged.identity == own.identity
    assert merged.health == sent.health
    assert merged.provenance["health"].originating_agency == f"{PEER}#0300010"
    assert alone.identity == sent.identity
    assert (student.custodian_id, student.originating_agency) == (LEA, str(LEA))
    assert sorted(enrolled) == [date(2026, 8, 24), date(2026, 10, 20)]


async def test_a_received_record_of_a_child_new_here_keeps_its_origin(store: Store) -> None:
    received = await store.database.write(
        lambda connection: store_received(
            Writing(connection),
            store.vault,
            store.outbox,
            whole_record(),
            from_node=PEER,
            exchange_id=uuid4(),
            student_id=None,
            custodian_id=LEA,
            enrollment=ReceivedEnrollment(SCHOOL, TODAY),
            jurisdiction="US-XA",
            now=NOON,
        )
    )
    async with store.database.reading() as tx:
        student = await tx.get_one(StudentRow, received.student_id)
    assert (received.created, student.custodian_id, student.originating_agency) == (True, LEA, f"{PEER}#0300010")


async def test_a_sealed_section_that_was_moved_or_changed_does_not_open(store: Store) -> None:
    first, other = await store.store(arriving(), arriving(whole_record(start=500_000)))
    async with store.database.transaction() as tx:
        stolen = (await tx.execute(select(SectionRow.sealed).where(SectionRow.student_id == other.student_id))).scalars().first()
        query = update(SectionRow).where(SectionRow.student_id == first.student_id, SectionRow.section == "identity")
        await tx.execute(query.values(sealed=stolen))
    async with store.database.reading() as tx:
        with pytest.raises(SealBroken):
            await read_record(tx, store.vault, first.student_id)
        assert (await read_record(tx, store.vault, first.student_id, sections=["health"])).record.health


async def test_a_child_is_found_among_many_by_keyed_tags(store: Store) -> None:
    everyone = list(students(ALDER, as_of=TODAY, count=40))
    records = [as_record(one.load.record, originating_agency="x", source_system="y", as_of=NOON) for one in everyone]
    stored = await store.store(*(arriving(record) for record in records))
    wanted = next(one for one in everyone if one.case == "diacritics")
    found = await store.database.read(lambda connection: find_candidates(connection, store.vault, wanted.selector))
    assert match(wanted.selector, found) == Certain(stored[wanted.index].student_id)
    other = wanted.selector.model_copy(update={"state_student_id": "9990001"})
    since = [EnrolledSince(LEA, date(2026, 8, day)) for day in (23, 24)]
    arrived = [
        await store.database.read(lambda connection, one=one: child_arriving(connection, store.vault, other, enrolled=one))  # type: ignore[misc]
        for one in since
    ]
    assert isinstance(arrived[0], NeedsPerson)
    assert arrived[1] == Certain(stored[wanted.index].student_id)


async def test_two_pages_at_once_agree_on_pseudonyms(store: Store) -> None:
    stored = await store.store(*(arriving(whole_record(start=number * 100_000)) for number in range(1, 6)))
    ids = [one.student_id for one in stored]
    first, second = await asyncio.gather(*(pseudonyms_of(store.database, VENDOR, ids) for _ in range(2)))
    assert first == second
    assert len(set(first.values())) == 5


async def test_one_source_id_is_one_student_also_in_a_race(store: Store) -> None:
    tag = b"t" * 16
    outcomes = await asyncio.gather(
        *(store.store(arriving(whole_record(start=n * 100_000), source_tag=tag)) for n in (1, 2)), return_exceptions=True
    )
    refused = [one for one in outcomes if isinstance(one, IntegrityError)]
    assert len(refused) == 1
    async with store.database.reading() as tx:
        assert len((await tx.execute(select(StudentRow.id))).scalars().all()) == 1


async def test_a_page_reaches_who_is_enrolled_today_with_what_is_sealed(store: Store) -> None:
    present = await store.store(*(arriving(whole_record(start=number * 100_000)) for number in range(1, 4)))
    gone = EnrolledAt(SCHOOL, date(2025, 8, 24), date(2026, 6, 5))
    await store.store(arriving(whole_record(start=700_000), enrolled=(gone,)))
    wanted = ["identity.name", "health.alerts"]
    page = await store.database.read(lambda tx: students_in_reach(tx, Reach([LEA], TODAY), wanted, limit=10))
    rest = await store.database.read(lambda tx: students_in_reach(tx, Reach([LEA], TODAY), wanted[:1], after=page[0].student_id, limit=10))
    assert [one.student_id for one in page] == sorted(one.student_id for one in present)
    assert [{row.section for row in one.rows} for one in page] == [{"identity", "health", "statements"}] * 3
    assert [one.student_id for one in rest] == [one.student_id for one in page[1:]]


async def test_after_a_rotation_every_data_key_is_wrapped_again_and_the_old_version_may_go(
    store: Store, tmp_path: Path, node_keys: Path
) -> None:
    keys = tmp_path / "rotating"
    shutil.copytree(node_keys / "records", keys)
    vault = Vault.of(keys)
    rotating = Store(store.database, vault, store.outbox)
    stored = await rotating.store(arriving(), arriving(whole_record(start=500_000)))
    vault.provider.rotate()
    [later] = await rotating.store(arriving(whole_record(start=900_000)))
    assert await versions_in(store.database) == {1, 2}
    assert await rewrap_data_keys(store.database, vault) == 2
    assert await versions_in(store.database) == {2}
    assert await rewrap_data_keys(store.database, vault) == 0
    (keys / "key-encryption" / "1.key").unlink()
    async with store.database.reading() as tx:
        for one in (*stored, later):
            assert (await read_record(tx, Vault.of(keys), one.student_id)).record.identity
