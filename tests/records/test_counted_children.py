"""A child of whom several records were touched is counted once where records says that they are one child's, and nobody else learns it."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from services.audit import radius_counts, radius_parts
from services.records.counted_children import held, once
from services.records.tables import EducatorCredentialRow, EnrollmentRow, StudentRow, UnionRow
from services.records.unions import unite
from tests.records.both_engines import running  # noqa: F401  every test here is on both engines
from tests.records.conftest import NOON
from tests.records.exchange.test_educator_credentials import educator, micro_credential
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, OneState
from tests.records.test_residence_counts import by_state, counted, district, found_by, loaded, state_agency, step

pytestmark = pytest.mark.anyio


async def united(alder: OneState, one: UUID, other: UUID) -> UUID:
    write = partial(unite, leading_id=one, other_id=other, by="job:match", now=NOON)
    union: UUID = await alder.records.state.database.write(write)
    return union


@pytest.mark.parametrize("at_once", [1, 2, 1_000])
async def test_a_child_of_three_united_records_counts_once_in_whichever_parts_they_are(
    alder: OneState, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    for module in (radius_counts, radius_parts):
        monkeypatch.setattr(module, "AT_ONCE_IN_A_PART", at_once)
    client = f"stolen-{at_once}"
    students = sorted(await loaded(alder, "XA", "XA", "XA", "CO", "XB", "CO", by=client))
    homes = await _homes(alder, client)
    for one, other in ((students[0], students[3]), (students[3], students[5])):
        await united(alder, one, other)
    officer = state_agency(alder)
    count = await counted(alder, officer, client)
    found = await found_by(officer, count)
    assert (found.students, found.united) == (4, 2)
    assert sum(by_state(found).values()) == 4
    assert homes == 6
    assert (await step(officer, count)).of == 6, "how far it is, is told in records"


async def _homes(alder: OneState, client: str) -> int:
    officer = state_agency(alder)
    found = await found_by(officer, await counted(alder, officer, client))
    assert (found.united, by_state(found)) == (0, {"XA": 3, "CO": 2, "XB": 1, "elsewhere": 0, "unknown": 0})
    return found.students


async def test_where_both_records_say_one_state_or_one_alone_says_any_it_is_that_and_of_two_states_it_is_not_known(alder: OneState) -> None:
    first, second, third, fourth, fifth, sixth = await loaded(alder, "XA", "XA", "CO", None, "XB", "CO", by="stolen-2a")
    pairs = [await united(alder, *pair) for pair in ((first, second), (third, fourth), (fifth, sixth))]
    officer = state_agency(alder)
    count = await counted(alder, officer, "stolen-2a")
    found = await found_by(officer, count)
    assert (found.united, by_state(found)) == (3, {"XA": 1, "CO": 1, "elsewhere": 0, "unknown": 1})
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(update(UnionRow).where(UnionRow.id.in_(pairs)).values(separated_at=NOON, separated_by="x"))
    found = await found_by(officer, count)
    assert (found.united, by_state(found)) == (0, {"XA": 2, "CO": 2, "XB": 1, "elsewhere": 0, "unknown": 1}), "parted, they are two again"


async def test_a_child_lives_where_its_record_says_that_was_not_touched(alder: OneState) -> None:
    (touched,) = await loaded(alder, None, by="stolen-3a")
    (other,) = await loaded(alder, "CO", key=OTHER_DISTRICT, by="honest-3a")
    await united(alder, other, touched)
    officer = state_agency(alder)
    found = await found_by(officer, await counted(alder, officer, "stolen-3a"))
    assert (found.united, by_state(found)) == (0, {"CO": 1, "elsewhere": 0, "unknown": 0})


@pytest.mark.requirement("BAD-foreign")
async def test_a_district_is_not_told_that_anothers_record_is_of_a_child_of_its_own(alder: OneState) -> None:
    one, other = await loaded(alder, "XA", "CO", by="stolen-4a")
    await united(alder, one, other)
    own = district(alder)
    count = await counted(alder, own, "stolen-4a")
    assert (await found_by(own, count)).united == 1
    elsewhere = alder.by_key[OTHER_DISTRICT]
    assert elsewhere != alder.by_key[DISTRICT]
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(update(StudentRow).where(StudentRow.id == other).values(custodian_id=elsewhere))
        await tx.execute(update(EnrollmentRow).where(EnrollmentRow.student_id == other).values(organisation_id=elsewhere))
    found = await found_by(own, count)
    assert (found.united, by_state(found)) == (0, {"XA": 1, "elsewhere": 0, "unknown": 1})


@pytest.mark.parametrize("born", [None, date(1980, 4, 2)])
async def test_educators_are_told_apart_among_those_of_whom_it_is_not_known(alder: OneState, born: date | None) -> None:
    client, drawn = f"stolen-5{born}", educator().model_copy(update={"birth_date": born})
    staff = alder.caller(alder.by_key[DISTRICT], "lea", "educators:credentials", client_id=client)
    for key in ("a" * 32, "b" * 32):
        body = micro_credential(drawn).model_dump(mode="json")
        assert (await staff.send("POST", "/v1/educator-credentials", body, **{"idempotency-key": key})).status == 201
    await loaded(alder, "CO", by=client)
    officer, own, other = state_agency(alder), district(alder), district(alder, OTHER_DISTRICT)
    found = await found_by(officer, await counted(alder, officer, client))
    assert (found.students, found.unknown, found.staff, found.united) == (2, 1, 1, 0), "one educator of two credentials"
    assert (await found_by(own, await counted(alder, own, client))).staff == 1
    assert (await found_by(other, await counted(alder, other, client))).students == 0
    searcher = alder.caller(alder.by_key[DISTRICT], "lea", "educators:credentials", client_id=f"{client}-again")
    assert (await searcher.send("POST", "/v1/educator-credentials/searches", drawn.identifier.model_dump(mode="json"))).status == 200
    found = await found_by(officer, await counted(alder, officer, f"{client}-again"))
    assert (found.students, found.unknown, found.staff) == (1, 1, 1), "who only looked has touched the educator, too"
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(update(EducatorCredentialRow).values(organisation_id=alder.by_key[OTHER_DISTRICT]))
    assert (await found_by(own, await counted(alder, own, client))).staff == 0, "of another's staff it is not told"


RECORDS = st.sets(st.integers(0, 40).map(lambda number: UUID(int=number)), min_size=1)


@given(count=RECORDS, wanted=RECORDS, size=st.integers(1, 7), before=st.integers(0, 8))
async def test_a_record_is_found_in_the_parts_before_and_only_there(count: set[UUID], wanted: set[UUID], size: int, before: int) -> None:
    ordered = sorted(count)
    parts = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    before = min(before, len(parts))
    asked: list[int] = []

    async def part_at(part: int) -> Sequence[UUID]:
        asked.append(part)
        return parts[part]

    assert await held(sorted(wanted), before, part_at) == {one for part in parts[:before] for one in part} & wanted
    assert len(asked) == len(set(asked)), "none is asked for twice"
    assert set(asked) <= set(range(before))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=24), st.integers(1, 6))
def test_part_by_part_each_child_is_counted_once(children_of: list[int], size: int) -> None:
    records = [UUID(int=number) for number in range(len(children_of))]
    child = {
        record: frozenset(other for other, whose in zip(records, children_of, strict=True) if whose == mine)
        for record, mine in zip(records, children_of, strict=True)
    }
    found = []
    for start in range(0, len(records), size):
        found += once(records[start : start + size], child, records[:start])
    assert sorted(map(sorted, found)) == sorted(map(sorted, set(child.values())))
