"""Whoever asks for few students looks at few, however many the node has: a page of an agreement, and whether one child may be seen."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Select, insert, select, text, update

from services.records.exchange import listing
from services.records.match_reviews import candidates_of_reviews, open_review
from services.records.reach import Reach, counting, last_before, students_in_reach
from services.records.stretches import ALL_IDS, Stretch, even, first_found
from services.records.tables import EnrollmentRow, StudentRow, TransferHoldRow
from services.records.transfers import hold_routes
from services.records.visibility import visible
from shared.caller import Caller
from shared.internal_token import Principal
from tests.records.both_engines import running  # noqa: F401  every test here is on both engines
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, OneState, some_students
from tests.records.statements import plans, steps

pytestmark = pytest.mark.anyio

TODAY: date = NOON.date()


class _Undone(Exception):
    """So that nothing stays of what a test stored."""


async def within_a_look(alder: OneState, look: Callable[[Connection], None]) -> None:
    """In a transaction that is taken back."""

    def change(connection: Connection) -> None:
        look(connection)
        raise _Undone

    with pytest.raises(_Undone):
        await alder.records.state.database.write(change)


def store(connection: Connection, alder: OneState, count: int, *places: str, seed: int = 1, at: datetime = NOON) -> list[UUID]:
    """So many students, enrolled in these districts in turn; their ids in order."""
    drawn = random.Random(seed)
    ids = [UUID(int=drawn.getrandbits(128), version=4) for _ in range(count)]
    where = [alder.by_key[places[number % len(places)]] for number in range(count)]
    made = {"originating_agency": "A", "wrapped_key": b"k", "version": 1, "facts_version": 1, "created_at": at, "changed_at": at}
    connection.execute(insert(StudentRow), [{"id": one, "custodian_id": place, **made} for one, place in zip(ids, where, strict=True)])
    held = [
        {"student_id": one, "organisation_id": place, "entry_date": date(2026, 8, 1), "exit_date": None}
        for one, place in zip(ids, where, strict=True)
    ]
    connection.execute(insert(EnrollmentRow), held)
    return sorted(ids)


def reach_of(alder: OneState, *districts: str, **more: Any) -> Reach:
    return Reach([alder.by_key[one] for one in districts], TODAY, **more)


@pytest.mark.parametrize("districts", [(DISTRICT,), (DISTRICT, OTHER_DISTRICT)])
async def test_pages_of_any_size_have_everybody_once_and_in_order(alder: OneState, districts: tuple[str, ...]) -> None:
    def look(connection: Connection) -> None:
        store(connection, alder, 150, OTHER_DISTRICT, seed=2)
        everybody = set(store(connection, alder, 400, DISTRICT))
        if OTHER_DISTRICT in districts:
            everybody = set(connection.execute(select(StudentRow.id)).scalars())
        for limit in (1, 7, 100, 1000):
            seen: list[UUID] = []
            while page := students_in_reach(connection, reach_of(alder, *districts), (), after=seen[-1] if seen else None, limit=limit):
                seen += [one.student_id for one in page]
                assert len(page) == min(limit, len(everybody) - len(seen) + len(page))
            assert seen == sorted(everybody)

    await within_a_look(alder, look)


async def test_everybody_is_counted_once_and_found_at_the_place_in_the_order(alder: OneState) -> None:
    def look(connection: Connection) -> None:
        ids, reach = store(connection, alder, 300, DISTRICT), reach_of(alder, DISTRICT)
        counted = [(stretch, connection.execute(counting(reach), stretch.values).scalar_one()) for stretch in even(16)]
        assert sum(count for _, count in counted) == len(ids)
        begin = 0
        for stretch, count in counted:
            for place in range(count):
                after = last_before(connection, reach, stretch, place)
                assert [one.student_id for one in students_in_reach(connection, reach, (), after=after, limit=1)] == [ids[begin + place]]
            begin += count
        stretch, count = counted[3]
        after = last_before(connection, reach, stretch, count + 2)  # of whom some have left since they were counted
        begin = sum(count for _, count in counted[:4])
        assert [one.student_id for one in students_in_reach(connection, reach, (), after=after, limit=1)] == [ids[begin]]

    await within_a_look(alder, look)


async def test_who_has_left_has_no_facts_or_did_not_change_is_in_no_page(alder: OneState) -> None:
    def look(connection: Connection) -> None:
        [left, factless, older, other] = store(connection, alder, 4, DISTRICT)
        connection.execute(update(EnrollmentRow).where(EnrollmentRow.student_id == left).values(exit_date=date(2026, 9, 1)))
        connection.execute(update(StudentRow).where(StudentRow.id == factless).values(facts_version=0))
        connection.execute(update(StudentRow).where(StudentRow.id == older).values(changed_at=NOON - timedelta(days=200)))
        for more in ({}, {"student_ids": [left, factless, older, other]}):
            reach = reach_of(alder, DISTRICT, changed_since=NOON, **more)
            assert [one.student_id for one in students_in_reach(connection, reach, (), limit=9)] == [other]
        assert not students_in_reach(connection, reach_of(alder, OTHER_DISTRICT, student_ids=[other]), (), limit=9)

    await within_a_look(alder, look)


def found_by(query: Select[Any]) -> Callable[[Connection], Any]:
    return lambda connection: connection.execute(query).all()


def _page(alder: OneState) -> Callable[[Connection], Any]:
    return lambda connection: students_in_reach(connection, reach_of(alder, DISTRICT, OTHER_DISTRICT), (), limit=10)


def _one(alder: OneState, student: UUID) -> Callable[[Connection], Any]:
    reach = reach_of(alder, DISTRICT, OTHER_DISTRICT, student_ids=[student])
    return lambda connection: students_in_reach(connection, reach, (), limit=1)


def _seen(alder: OneState, student: UUID) -> Callable[[Connection], Any]:
    claims = alder.district(DISTRICT, "records:read").claims
    narrowed = claims.model_copy(update={"details": {"districts": [str(alder.by_key[DISTRICT])]}})
    mine, narrow = (Caller(one, cast("Principal", None)) for one in (claims, narrowed))
    queries = [select(StudentRow.id).where(StudentRow.id == student, visible(caller, NOON)) for caller in (mine, narrow)]
    return lambda connection: [connection.execute(query).all() for query in queries]


async def test_no_more_is_looked_at_for_a_page_or_for_one_student_where_there_are_more(alder: OneState) -> None:
    if not alder.records.state.database.is_sqlite:
        return  # it has no count of its steps; its plans are below

    def look(connection: Connection) -> None:
        [first, *_] = store(connection, alder, 1_000, DISTRICT, OTHER_DISTRICT)
        asked = [_page(alder), _one(alder, first), _seen(alder, first)]
        few = [steps(connection, one) for one in asked]
        store(connection, alder, 9_000, DISTRICT, OTHER_DISTRICT, seed=3)
        many = [steps(connection, one) for one in asked]
        assert all(after <= before * 1.5 + 5 for before, after in zip(few, many, strict=True)), (few, many)

    await within_a_look(alder, look)


async def test_the_enrolments_of_a_stretch_or_of_one_student_are_found_by_an_index(alder: OneState) -> None:
    def look(connection: Connection) -> None:
        [first, *_] = store(connection, alder, 2_000, DISTRICT, OTHER_DISTRICT)
        if connection.dialect.name == "postgresql":
            connection.execute(text("ANALYZE student, enrollment"))  # or its plan depends on whether the server happened to do so
        page = plans(connection, _page(alder))[0]
        alone = [plans(connection, one)[0] for one in (_one(alder, first), _seen(alder, first))]
        if connection.dialect.name == "sqlite":
            assert "ix_enrollment_organisation_student (organisation_id=? AND student_id>? AND student_id<?)" in page
            assert all("enrollment_1 (student_id=?" in one for one in alone)
        else:
            assert "student_id > " in page.partition("enrollment")[2].partition("Index Cond:")[2].partition("\n")[0]
            assert all("(student_id = " in one.partition(" on enrollment")[2].partition("Index Cond:")[2] for one in alone)

    await within_a_look(alder, look)


@given(st.sets(st.integers(1, ALL_IDS - 1), max_size=40), st.integers(0, ALL_IDS - 1), st.integers(1, 45))
def test_the_first_after_an_id_are_found_wherever_ids_lie(ids: set[int], after: int, limit: int) -> None:
    def find(stretch: Stretch, most: int) -> list[int]:
        return [one for one in sorted(ids) if stretch.after < one <= stretch.until][:most]

    assert first_found(find, after=UUID(int=after), limit=limit) == [one for one in sorted(ids) if one > after][:limit]


@given(st.integers(1, 70))
def test_even_stretches_have_every_id_once(parts: int) -> None:
    stretches = list(even(parts))
    assert [one.after for one in stretches] == [0, *(one.until for one in stretches[:-1])]
    assert stretches[-1].until == ALL_IDS - 1
    assert len({(one.until - one.after) // (ALL_IDS // 1000) for one in stretches}) <= 2


async def test_a_student_gets_a_random_id_and_none_that_begins_with_when_it_was_made(alder: OneState) -> None:
    """Or the students of a node would lie in one narrow stretch of all ids."""
    ours = [one for one in some_students() if one.district.key == DISTRICT][:3]
    assert {(await alder.district().load(one.load)).id.version for one in ours} == {4}


async def test_a_district_sees_requests_without_a_look_at_every_student_whose_record_it_keeps(alder: OneState) -> None:
    if not alder.records.state.database.is_sqlite:
        return  # it has no count of its steps

    def look(connection: Connection) -> None:
        caller = Caller(alder.district(DISTRICT, "exchange:operate").claims, cast("Principal", None))
        query = listing._theirs(caller, None, None, None)
        assert query is not None
        few = steps(connection, found_by(query))
        store(connection, alder, 3_000, DISTRICT)
        assert steps(connection, found_by(query)) <= few + 2

    await within_a_look(alder, look)


async def test_a_match_is_told_with_its_candidates_without_comparing_it_with_those_of_every_other(alder: OneState) -> None:
    compared = 0

    class Compared(UUID):
        """An id that counts."""

        __hash__ = UUID.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return super().__eq__(other)

    state = alder.records.state
    async with state.database.transaction() as tx:
        students = await tx.run_sync(lambda session: store(session.connection(), alder, 120, DISTRICT))
        expiring = {"student_ids": students[:2], "reasons": ("same-name",), "expires_at": NOON, "now": NOON}
        asked = [UUID(int=number) for number in range(60)]
        opened = await tx.run_sync(lambda session: [open_review(session.connection(), request_id=one, **expiring) for one in asked])
    async with state.database.reading() as tx:
        found = await candidates_of_reviews(tx, [Compared(int=one.int) for one in opened])
    assert compared <= 4 * len(opened)
    assert {one.int: those for one, those in found.items()} == {one.int: tuple(students[:2]) for one in opened}


async def test_holds_that_wait_are_found_without_looking_at_every_student(alder: OneState) -> None:
    callers = hold_routes._callers(Caller(alder.district(DISTRICT, "matches:resolve").claims, cast("Principal", None)))

    def ask(connection: Connection) -> None:
        connection.execute(callers.where(TransferHoldRow.outcome.is_(None)).order_by(TransferHoldRow.id).limit(101)).all()

    def look(connection: Connection) -> None:
        store(connection, alder, 2_000, DISTRICT)
        [plan] = plans(connection, ask)
        if connection.dialect.name == "sqlite":
            assert steps(connection, ask) < 30
            assert "SEARCH student USING INDEX ix_student_custodian_id" not in plan
        else:
            assert "ix_student_custodian_id" not in plan

    await within_a_look(alder, look)
