"""Nothing is destroyed of a student whose records somebody waits to inspect (34 CFR 99.10(e)): asked of privacy just before."""

from datetime import date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, select

from safepassage.problems.exchanges import NoSuchExchange
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.problems.rights import InspectionOutstanding, NoSuchClearance, OptOutSaidHereAlone
from safepassage.record.loads import NewStudent
from safepassage.wire_directory import Preference
from safepassage.wire_duties import NewDestruction
from services.privacy.sealing import Sealer
from services.privacy.subjects import FORGOTTEN
from services.privacy.tables import DestructionRow, PreferenceRow, RightsEventRow, RightsRequestRow, SubjectRow
from services.records.destroying import Destroying, Leavers, over
from services.records.facts_anew import facts_of_children_anew
from services.records.facts_lane import LANE, PATH
from services.records.permanent_record import PERMANENT
from services.records.reading import read_record
from services.records.same_child import of_one_child
from services.records.shredding import Shredded, Shredder
from services.records.tables import StudentRow
from services.records.unions import unite
from shared.contracts.privacy import SubjectFacts
from tests.records.one_state import DISTRICT, OneState, some_students
from tests.records.test_destroyed_everywhere import facts_known, file_copy
from tests.silent_services import silent

pytestmark = pytest.mark.anyio


def destroying(alder: OneState) -> Destroying:
    state = alder.records.state
    shredder = Shredder(state.vault, state.outbox, alder.clock, about="destruction:1", jurisdiction="US-XA")
    return Destroying(state.database, shredder, over(state.siblings))


async def loaded(alder: OneState, count: int, *, left: date | None = None, after: int = 0) -> list[UUID]:
    """Students of a district, after the first so many, that privacy knows; their every enrolment ended on the day `left`."""
    ids = []
    for one in [one for one in some_students() if one.case is None and one.district.key == DISTRICT][after : after + count]:
        ids.append((await alder.district().load(one.load if left is None else _who_left(one.load, left))).id)
    await alder.tell()
    return ids


def _who_left(load: NewStudent, day: date) -> NewStudent:
    sent = load.model_dump(mode="json", exclude_none=True)
    for enrolment in sent["record"]["enrollment"]["enrollments"]:
        enrolment |= {"entry_date": str(day.replace(year=day.year - 1)), "exit_date": str(day)}
    return NewStudent.model_validate(sent)


async def cleared(alder: OneState, student_id: UUID, *, keeps_permanent_record: bool = False) -> UUID:
    sealer: Sealer = alder.node.applications["privacy"].state.sealer
    return await _put(alder, clearance_row(sealer, student_id, alder.clock(), keeps_permanent_record=keeps_permanent_record))


def clearance_row(sealer: Sealer, student_id: UUID, now: datetime, *, keeps_permanent_record: bool = False) -> DestructionRow:
    """What `POST /v1/destructions` of privacy stores."""
    identifier, clear = (
        uuid4(),
        NewDestruction(
            student_id=student_id, reason="parent-request", evidence_ref="letter 7", keeps_permanent_record=keeps_permanent_record
        ),
    )
    sealed = sealer.seal(clear.model_dump_json().encode(), table="destruction", row=identifier, of=f"destruction:{student_id}")
    return DestructionRow(id=identifier, student_id=student_id, custodian_id=uuid4(), cleared_at=now, sealed=sealed)


async def asked_to_inspect(alder: OneState, student_id: UUID) -> UUID:
    about = {"custodian_id": uuid4(), "taken_by_id": uuid4(), "recorded_at": alder.clock(), "sealed": b"-"}
    return await _put(alder, RightsRequestRow(id=uuid4(), kind="inspection", student_id=student_id, **about))


async def answered(alder: OneState, request_id: UUID) -> None:
    what = {"kind": "withdrawn", "at": alder.clock(), "client_id": "desk", "organisation_id": uuid4(), "sealed": b"-"}
    await _put(alder, RightsEventRow(id=uuid4(), request_id=request_id, number=1, **what))


async def _put(alder: OneState, row: DestructionRow | PreferenceRow | RightsRequestRow | RightsEventRow) -> UUID:
    identifier = row.id
    async with alder.node.applications["privacy"].state.database.transaction() as tx:
        tx.add(row)
    return identifier


async def held(alder: OneState) -> set[UUID]:
    async with alder.records.state.database.reading() as tx:
        return set(await tx.scalars(select(StudentRow.id)))


@pytest.mark.requirement("FERPA-99.10")
async def test_a_record_is_not_destroyed_while_somebody_waits_to_inspect_it_though_it_was_cleared_before(alder: OneState) -> None:
    [student] = await loaded(alder, 1)
    clearance = await cleared(alder, student)
    request = await asked_to_inspect(alder, student)
    with pytest.raises(InspectionOutstanding):
        await destroying(alder).student(student, clearance=clearance)
    assert await held(alder) == {student}
    await answered(alder, request)
    assert await destroying(alder).student(student, clearance=clearance) == Shredded(1, 0)
    assert await held(alder) == set()


@pytest.mark.requirement("IDEA-destroyed")
async def test_where_the_clearance_keeps_the_permanent_record_all_but_that_is_destroyed(alder: OneState) -> None:
    [student] = await loaded(alder, 1)
    assert student in await known_to_privacy(alder)
    clearance = await cleared(alder, student, keeps_permanent_record=True)
    shredded = await destroying(alder).student(student, clearance=clearance)
    assert (shredded.students, shredded.permanent) == (0, True)
    assert await held(alder) == {student}
    async with alder.records.state.database.reading() as tx:
        elements = (await read_record(tx, alder.records.state.vault, student)).record.elements()
    assert {"identity.name", "enrollment.enrollments", "contacts.addresses"} <= set(elements) <= set(PERMANENT)
    await alder.tell()
    assert student not in await known_to_privacy(alder)


async def known_to_privacy(alder: OneState) -> set[UUID]:
    async with alder.node.applications["privacy"].state.database.reading() as tx:
        return set(await tx.scalars(select(SubjectRow.student_id).where(SubjectRow.sealed != FORGOTTEN)))


async def test_a_clearance_of_another_student_or_of_nobody_destroys_nothing(alder: OneState) -> None:
    one, other = await loaded(alder, 2)
    for clearance in (await cleared(alder, other), uuid4()):
        with pytest.raises(NoSuchClearance):
            await destroying(alder).student(one, clearance=clearance)
    assert await held(alder) == {one, other}


async def test_who_is_not_there_is_said(alder: OneState) -> None:
    [student] = await loaded(alder, 1)
    clearance = await cleared(alder, student)
    await destroying(alder).student(student, clearance=clearance)
    with pytest.raises(NoSuchStudent):
        await destroying(alder).student(student, clearance=clearance)


@pytest.mark.requirement("FERPA-99.10")
async def test_whoever_waits_for_one_record_of_a_child_waits_for_those_that_it_is_united_with(alder: OneState) -> None:
    first, second, third = await loaded(alder, 3)
    database = alder.records.state.database
    for one, other in ((first, second), (second, third)):
        await database.write(
            lambda connection, one=one, other=other: unite(connection, leading_id=one, other_id=other, by="x", now=alder.clock())
        )
    everyone = {first, second, third}
    assert await database.read(lambda connection: of_one_child(connection, [first, third])) == {first: everyone, third: everyone}
    clearance, request = await cleared(alder, first), await asked_to_inspect(alder, third)
    with pytest.raises(InspectionOutstanding):
        await destroying(alder).student(first, clearance=clearance)
    await answered(alder, request)
    await destroying(alder).student(first, clearance=clearance)
    assert await held(alder) == {second, third}


async def united(alder: OneState, one: UUID, other: UUID) -> None:
    """Both are of one child, and privacy is told so."""
    state = alder.records.state

    def unite_and_tell(connection: Connection) -> list[SubjectFacts]:
        unite(connection, leading_id=one, other_id=other, by="x", now=alder.clock())
        return facts_of_children_anew(connection, state.vault, [one], jurisdiction="US-XA", now=alder.clock())

    facts = await state.database.write(unite_and_tell)
    async with state.database.transaction() as tx:
        for told in facts:
            state.outbox.tell(tx, "privacy", "POST", PATH, told, lane=LANE)
    await alder.tell()


async def opted_out(alder: OneState, student_id: UUID, **more: object) -> None:
    """An opt-out of directory information stands in privacy's store."""
    state, identifier, district = alder.node.applications["privacy"].state, uuid4(), alder.by_key[DISTRICT]
    by = {"person_id": uuid4(), "assurance_level": "ial2", "method": "in-person", "evidence_ref": "x", "authenticated_at": alder.clock()}
    said = {
        "kind": "directory-opt-out",
        "student_id": student_id,
        "acting_for": by,
        "document": "A" * 43,
        "received_at": alder.clock(),
        **more,
    }
    preference = Preference.model_validate({"id": identifier, "district_id": district, "of": said, "recorded_at": alder.clock()})
    of = f"preference:{student_id}:{district}"
    sealed = state.sealer.seal(preference.model_dump_json().encode(), table="preference", row=identifier, of=of)
    about = {"kind": "directory-opt-out", "student_id": student_id, "district_id": district, "recorded_at": alder.clock(), "epoch": 1}
    await _put(alder, PreferenceRow(id=identifier, **about, rescinded_at=None, sealed=sealed))


@pytest.mark.requirement("FERPA-99.37-united")
async def test_a_record_is_not_destroyed_while_an_opt_out_stands_that_the_childs_other_record_has_not(alder: OneState) -> None:
    gone, stays, nobodys = await loaded(alder, 3)
    await united(alder, gone, stays)
    await opted_out(alder, gone)
    await opted_out(alder, nobodys)
    clearance = await cleared(alder, gone)
    with pytest.raises(OptOutSaidHereAlone):
        await destroying(alder).student(gone, clearance=clearance)
    await opted_out(alder, stays, elements=["identity.name"])  # of less
    with pytest.raises(OptOutSaidHereAlone):
        await destroying(alder).student(gone, clearance=clearance)
    await opted_out(alder, stays)
    await destroying(alder).student(gone, clearance=clearance)
    await destroying(alder).student(nobodys, clearance=await cleared(alder, nobodys))
    assert await held(alder) == {stays}


@pytest.mark.requirement("FERPA-99.37-united")
async def test_a_years_leaver_stays_whose_opt_out_would_go_along_and_two_records_of_one_child_go_together(alder: OneState) -> None:
    [stays] = await loaded(alder, 1)
    gone, first, second = await loaded(alder, 3, left=date(2026, 6, 5), after=1)
    await united(alder, gone, stays)
    await united(alder, first, second)
    for one in (gone, first):
        await opted_out(alder, one)
    assert await destroying(alder).left_before(alder.by_key[DISTRICT], date(2026, 7, 1)) == Leavers(destroyed=2, awaited=0, said=1)
    assert await held(alder) == {gone, stays}


@pytest.mark.requirement("FERPA-99.37-united")
async def test_records_that_one_which_goes_had_united_are_united_with_each_other(alder: OneState) -> None:
    first, second, third = await loaded(alder, 3)
    await united(alder, first, second)
    await united(alder, second, third)
    await destroying(alder).student(second, clearance=await cleared(alder, second))
    database = alder.records.state.database
    assert await database.read(lambda connection: of_one_child(connection, [first])) == {first: {first, third}}


@pytest.mark.requirement("FERPA-99.10")
async def test_of_a_years_leavers_those_stay_whose_records_somebody_waits_to_inspect(
    alder: OneState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.records.shredding.OF_A_STEP", 2)  # several steps of few
    leavers = sorted(await loaded(alder, 5, left=date(2026, 6, 5)))
    waits = {leavers[1], leavers[4]}
    for student in waits:
        await asked_to_inspect(alder, student)
    custodian = alder.by_key[DISTRICT]
    assert await destroying(alder).left_before(custodian, date(2026, 6, 1)) == Leavers(0, 0)
    assert await destroying(alder).left_before(custodian, date(2026, 7, 1)) == Leavers(destroyed=3, awaited=2)
    assert await held(alder) == waits
    assert await destroying(alder).left_before(custodian, date(2026, 7, 1)) == Leavers(destroyed=0, awaited=2)


@pytest.mark.requirement("FERPA-99.10")
async def test_what_an_exchange_brought_stays_while_somebody_waits_to_inspect_the_students_records(alder: OneState) -> None:
    [student] = await loaded(alder, 1)
    [*_, known] = await facts_known(alder)
    exchange = uuid4()
    await file_copy(alder, student, exchange, known)
    await alder.tell()
    request = await asked_to_inspect(alder, student)
    with pytest.raises(InspectionOutstanding):
        await destroying(alder).copy(exchange)
    with silent(alder.records, "privacy"), pytest.raises(TemporarilyUnavailable):
        await destroying(alder).copy(exchange)
    await answered(alder, request)
    assert (await destroying(alder).copy(exchange)).parts > 5
    assert await held(alder) == {student}


async def test_without_an_answer_of_privacy_nothing_is_destroyed(alder: OneState) -> None:
    [student] = await loaded(alder, 1, left=date(2026, 6, 5))
    clearance, exchange = await cleared(alder, student), uuid4()
    with silent(alder.records, "privacy"):
        for work in (
            destroying(alder).student(student, clearance=clearance),
            destroying(alder).left_before(alder.by_key[DISTRICT], date(2026, 7, 1)),
        ):
            with pytest.raises(TemporarilyUnavailable):
                await work
        with pytest.raises(NoSuchExchange):  # of nobody nothing is asked
            await destroying(alder).copy(exchange)
    assert await held(alder) == {student}
