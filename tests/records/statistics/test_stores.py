"""Who is counted and what is charged, on both engines."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from safepassage.problems.statistics import BudgetSpent
from services.records.loading import Loading
from services.records.received_storing import ReceivedEnrollment, store_received
from services.records.shredding import Shredder
from services.records.statistics import ledger
from services.records.statistics.coded_students import CODED
from services.records.statistics.codes_kept import keep_codes
from services.records.statistics.coding import coded
from services.records.statistics.population import Reach, coded_students
from services.records.subject_facts import EnrolledAt
from services.records.tables import CodedStudentRow, StudentRow
from services.records.unions import unite
from shared.group_commit import Writing
from tests.conftest import StandingClock
from tests.records.conftest import NOON
from tests.records.test_storing import LEA, PEER, SCHOOL, TODAY, VENDOR, Store, arriving, store
from tests.records.whole_record import whole_record

__all__ = ["store"]

pytestmark = pytest.mark.anyio


async def counted(store: Store, organisation_id: UUID | None, *, left: bool = False) -> list[int]:
    reach = Reach(organisation_id, "left" if left else "enrolled", TODAY)
    return (await coded_students(store.database, store.vault, reach, [LEA])).districts


async def test_who_is_enrolled_or_has_left_is_counted_within_reach(store: Store) -> None:
    ended = (EnrolledAt(SCHOOL, date(2025, 8, 24), date(2026, 6, 10)),)
    long_ago = (EnrolledAt(SCHOOL, date(2020, 8, 24), date(2021, 6, 10)),)
    back = (*ended, EnrolledAt(SCHOOL, date(2026, 8, 24)))
    elsewhere = (EnrolledAt(VENDOR, date(2026, 8, 24)),)
    cases = (back, ended, long_ago, elsewhere, (EnrolledAt(SCHOOL, date(2026, 8, 24), TODAY),))
    await store.store(*(arriving(whole_record(start=1000 * n), enrolled=one) for n, one in enumerate(cases, start=1)))
    assert len(await counted(store, None)) == 3
    assert await counted(store, LEA) == [0, 0]
    assert await counted(store, SCHOOL, left=True) == [0]
    assert await counted(store, uuid4()) == []


async def test_who_has_gone_on_elsewhere_has_left_the_district_and_not_the_node(store: Store) -> None:
    """A state that loads for all of its districts has one record of a child who moves between two."""
    moved = (EnrolledAt(SCHOOL, date(2025, 8, 24), date(2026, 6, 10)), EnrolledAt(VENDOR, date(2026, 8, 24)))
    await store.store(arriving(enrolled=moved))
    assert (len(await counted(store, LEA, left=True)), len(await counted(store, VENDOR, left=True))) == (1, 0)
    assert await counted(store, None, left=True) == []


@pytest.mark.parametrize(
    ("pairs", "left", "counted_of"),
    [
        ([(0, 1)], [], 2),
        ([(0, 1), (0, 2)], [], 1),
        ([(0, 1), (0, 2)], [0], 1),  # the one that leads has left: the other two are one child all the same
        ([(0, 1), (1, 2)], [1], 1),  # a chain whose middle is not in reach
        ([(1, 0)], [0], 2),
        ([], [0], 2),
    ],
)
async def test_a_child_counts_once_however_its_records_were_united(
    store: Store, pairs: list[tuple[int, int]], left: list[int], counted_of: int
) -> None:
    here, gone = (EnrolledAt(SCHOOL, date(2025, 8, 24)),), (EnrolledAt(SCHOOL, date(2025, 8, 24), date(2026, 6, 10)),)
    three = [arriving(whole_record(start=1000 * n), enrolled=gone if n in left else here) for n in range(3)]
    ids = [one.student_id for one in await store.store(*three)]
    for one, other in pairs:
        about = {"leading_id": ids[one], "other_id": ids[other], "by": "job:match", "now": NOON}
        await store.database.write(lambda connection, about=about: unite(connection, **about))  # type: ignore[misc]  # a default binds it
    assert len(await counted(store, None)) == counted_of


async def test_a_code_follows_what_is_stored_and_what_is_destroyed(store: Store) -> None:
    [own] = await store.store(arriving())
    exchange_id = uuid4()
    await store.database.write(
        lambda connection: store_received(
            Writing(connection),
            store.vault,
            store.outbox,
            whole_record(start=500_000),
            from_node=PEER,
            exchange_id=exchange_id,
            student_id=own.student_id,
            custodian_id=LEA,
            enrollment=ReceivedEnrollment(SCHOOL, TODAY),
            jurisdiction="US-XA",
            now=NOON,
        )
    )
    async with store.database.reading() as tx:
        held = await tx.get(CodedStudentRow, own.student_id)
    assert held is not None
    assert held.version == own.version + 1
    async with store.database.transaction() as tx:
        await Shredder(store.vault, store.outbox, StandingClock(NOON), about="agreement:1", jurisdiction="US-XA").copy(tx, exchange_id)
    async with store.database.reading() as tx:
        assert await tx.get(CodedStudentRow, own.student_id) is None
    assert await counted(store, LEA) == [0]


async def test_a_code_that_a_question_had_to_make_is_there_for_the_next_one_of_whoever_is_as_before(store: Store) -> None:
    """A load of who is as before stores nothing: without this, each question after an upgrade would read every record."""
    first, second, gone = await store.store(*(arriving(whole_record(start=1000 * n)) for n in (1, 2, 3)))
    ids = [first.student_id, second.student_id]
    whole = await coded_students(store.database, store.vault, Reach(None, "enrolled", TODAY), [LEA])
    assert whole.made_anew == []
    async with store.database.transaction() as tx:
        await tx.execute(delete(CodedStudentRow).where(CodedStudentRow.student_id == first.student_id))
        await tx.execute(update(StudentRow).where(StudentRow.id == second.student_id).values(version=second.version + 1))  # by a notice
    made = (await coded_students(store.database, store.vault, Reach(None, "enrolled", TODAY), [LEA])).made_anew
    assert sorted(one.student_id for one in made) == sorted(ids)
    again = await coded_students(store.database, store.vault, Reach(None, "enrolled", TODAY), [LEA])
    assert (again.made_anew, again.codes) == ([], whole.codes)
    # a fault: who was coded is changed, has another key or is gone before the code is stored
    async with store.database.transaction() as tx:
        await tx.execute(delete(CodedStudentRow).where(CodedStudentRow.student_id.in_(ids)))
        await tx.execute(delete(StudentRow).where(StudentRow.id == gone.student_id))
    late = [
        made[0]._replace(version=made[0].version - 1),
        made[1]._replace(wrapped_key=b"another"),
        made[0]._replace(student_id=gone.student_id),
    ]
    await keep_codes(store.database, late)
    async with store.database.reading() as tx:
        assert (await tx.scalars(select(CodedStudentRow))).all() == []


@pytest.mark.requirement("DAY-state")
async def test_who_is_in_a_programme_is_coded_by_the_day_that_it_is_where_the_student_is(store: Store) -> None:
    """At two in the morning of the 20th by UTC it is the 19th in New York, the last day of the programme."""
    at, record = datetime(2026, 10, 20, 2, tzinfo=UTC), whole_record()
    assert record.programmes is not None
    assert record.programmes.homeless is not None
    homeless = record.programmes.homeless.model_copy(update={"begin_date": None, "end_date": date(2026, 10, 19)})
    record = record.model_copy(update={"programmes": record.programmes.model_copy(update={"homeless": homeless})})
    async with store.database.transaction() as tx:
        loading = Loading(store.vault, store.outbox, jurisdiction="US-XA", now=at)
        [stored] = await loading.store_in(tx, [arriving(record)])
    async with store.database.reading() as tx:
        held = await tx.get_one(CodedStudentRow, stored.student_id)
    code = stored.key.open(held.sealed, section=CODED, source=CODED, version=held.version)
    on_the_day, after_it = (coded(record, arrived_from=None, today=date(2026, 10, day)) for day in (19, 20))
    assert code == on_the_day != after_it


async def test_an_account_is_charged_by_one_at_a_time_and_never_overdrawn(store: Store) -> None:
    organisation_id = uuid4()

    async def charge() -> bool:
        async with store.database.transaction() as tx:
            account = await ledger.locked(tx, organisation_id, TODAY)
            try:
                account.spent = ledger.require_left(account.spent, 0.3, 1.0)
            except BudgetSpent:
                return False
            return True

    assert sorted(await asyncio.gather(*(charge() for _ in range(6)))) == [False] * 3 + [True] * 3
    async with store.database.reading() as tx:
        assert await ledger.spent(tx, organisation_id, TODAY) == 900_000
        assert await ledger.spent(tx, organisation_id, date(2027, 7, 1)) == 0


def test_a_school_year_begins_in_july_and_charges_are_rounded_up() -> None:
    assert [ledger.school_year_of(day) for day in (date(2026, 6, 30), date(2026, 7, 1))] == [2026, 2027]
    assert [ledger.charge_of(one) for one in (0.5, 1 / 3, 0.01)] == [500_000, 333_334, 10_000]
