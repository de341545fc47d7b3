"""Two records of one child: found by the job, united by reference, separated again with nothing lost; each step on the log."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from node.command import app
from safepassage.record.loads import MatchPage, MatchReview, NewStudent, RecordUnion, Student
from services.privacy.subjects import open_facts
from services.privacy.tables import SubjectRow
from services.records.linking.job import Found, find_doubles
from services.records.shredding import Shredder
from services.records.tables import EnrollmentRow, MergeProposalRow, SectionRow, StudentRow, TagRow, UnionRow
from shared.database import Database
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, Caller, OneState, problem, some_students

pytestmark = pytest.mark.anyio

ORDINARY = next(one for one in some_students() if one.case is None and one.district.key == DISTRICT and one.twin_of is None)
TWINS = [one for one in some_students() if one.case == "twins-alike"]


def another_record(of: NewStudent, **identity: Any) -> NewStudent:
    """The same child under another source id, with the identity changed."""
    said = of.model_dump(mode="json", exclude_none=True)
    said["source_id"] = f"{of.source_id}-again"
    said["record"]["identity"] |= identity
    return NewStudent.model_validate(said)


def state_id(value: str) -> list[dict[str, str]]:
    return [{"kind": "state", "system": "XA", "value": value}]


LOCAL = [{"kind": "district", "system": DISTRICT, "value": "77777"}]


async def run(alder: OneState) -> Found:
    told: list[int] = []
    found = await find_doubles(alder.records.state.database, alder.records.state.vault, jurisdiction="US-XA", now=NOON, told=told.append)
    assert told[-1:] == ([found.students] if found.students else [])
    return found


async def waiting(caller: Caller) -> list[MatchReview]:
    answer = await caller.send("GET", "/v1/matches")
    return list(MatchPage.model_validate_json(answer.body).matches)


async def read(caller: Caller, student_id: UUID) -> Student:
    answer = await caller.send("GET", f"/v1/students/{student_id}")
    assert answer.status == 200, answer.body
    return Student.model_validate_json(answer.body)


COUNTED = {"version", "facts_version", "changed_at"}
"""Columns of a student that go on with each union, for privacy is told of it."""


async def everything(alder: OneState) -> dict[str, list[str]]:
    """All that is stored of students, as it is, but for what counts the versions of a student."""
    kept = {
        row.__tablename__: [column for column in row.__table__.columns if row is not StudentRow or column.key not in COUNTED]
        for row in (StudentRow, SectionRow, TagRow, EnrollmentRow)
    }
    async with alder.records.state.database.reading() as tx:
        return {name: sorted(map(repr, (await tx.execute(select(*columns))).all())) for name, columns in kept.items()}


@pytest.fixture
def never_resumed(alder: OneState) -> Iterator[list[UUID]]:
    """Requests that went on: a proposal is none."""
    calls: list[UUID] = []

    async def on_match_resolved(tx: object, request_id: UUID, student_id: UUID | None, now: object) -> None:
        calls.append(request_id)

    kept, alder.records.state.on_match_resolved = alder.records.state.on_match_resolved, on_match_resolved
    yield calls
    alder.records.state.on_match_resolved = kept


@pytest.mark.requirement("HARD-25")
async def test_two_ids_of_one_child_are_proposed_united_by_a_person_and_separated_with_nothing_lost(
    alder: OneState, never_resumed: list[UUID]
) -> None:
    district = alder.district()
    first = (await district.load(ORDINARY.load)).id
    second = (await district.load(another_record(ORDINARY.load, identifiers=state_id("99999999995")))).id
    before = await everything(alder)
    assert await run(alder) == Found(students=2, united=0, proposed=1)
    [review] = await waiting(district)
    assert (review.kind, review.request_id, set(review.candidates)) == ("records", None, {first, second})
    assert review.reasons == ("identifier-contradicts",)
    assert await waiting(alder.district(OTHER_DISTRICT)) == []

    path, key = f"/v1/matches/{review.id}/resolution", str(uuid4())
    for _ in range(2):
        resolved = await district.send("POST", path, {"student_id": str(second)}, idempotency_key=key)
        assert (json.loads(resolved.body)["outcome"], json.loads(resolved.body)["kind"]) == ("student", "records")
    [same] = (await read(district, first)).same_as
    assert (same.student_id, same.leads) == (second, True)
    [back] = (await read(district, second)).same_as
    assert (back.student_id, back.leads, back.union_id) == (first, False, same.union_id)
    assert await everything(alder) == before

    elsewhere = await alder.district(OTHER_DISTRICT).send("POST", f"/v1/unions/{same.union_id}/separation", idempotency_key=str(uuid4()))
    unknown = await district.send("POST", f"/v1/unions/{uuid4()}/separation", idempotency_key=str(uuid4()))
    assert problem(elsewhere) == problem(unknown) == "no-such-union"
    separated = await district.send("POST", f"/v1/unions/{same.union_id}/separation", idempotency_key=key)
    assert RecordUnion.model_validate_json(separated.body).separated_at == NOON
    again = await district.send("POST", f"/v1/unions/{same.union_id}/separation", idempotency_key=str(uuid4()))
    assert problem(again) == "union-separated"
    assert (await read(district, first)).same_as == ()
    assert await everything(alder) == before
    assert never_resumed == []

    await alder.tell()
    steps = [one for one in await alder.logged("match") if set(one.student_ids) == {first, second}]
    assert [(one.context or {})["operation"] for one in steps] == ["records-united", "records-separated"]


@pytest.mark.parametrize("identifiers", [LOCAL, state_id("99999999995")], ids=["sure", "for-a-person"])
async def test_who_is_destroyed_while_all_are_compared_is_neither_united_nor_proposed(
    alder: OneState, identifiers: list[dict[str, str]]
) -> None:
    district, state = alder.district(), alder.records.state
    await district.load(ORDINARY.load)
    gone = (await district.load(another_record(ORDINARY.load, identifiers=identifiers))).id
    shredder = Shredder(state.vault, state.outbox, alder.clock, about="destruction:1", jurisdiction="US-XA")

    async def destroy() -> None:
        another = Database(state.database.url)
        async with another.transaction() as tx:
            await shredder.student(tx, gone)
        await another.close()

    def told(_: int) -> None:  # all are opened, and not yet compared
        with ThreadPoolExecutor(1) as another_process:
            another_process.submit(asyncio.run, destroy()).result()

    found = await find_doubles(state.database, state.vault, jurisdiction="US-XA", now=NOON, told=told)
    assert found == Found(students=2, united=0, proposed=0)
    assert await alder.rows(UnionRow) == await alder.rows(MergeProposalRow) == []


async def test_what_is_sure_is_united_by_the_job_and_a_second_run_changes_nothing(alder: OneState) -> None:
    district = alder.district()
    first = (await district.load(ORDINARY.load)).id
    second = (await district.load(another_record(ORDINARY.load, identifiers=LOCAL))).id
    assert await run(alder) == Found(students=2, united=1, proposed=0)
    assert await run(alder) == Found(students=2, united=0, proposed=0)
    [same] = (await read(district, first)).same_as
    assert same.student_id == second
    [row] = await alder.rows(UnionRow)
    assert row.united_by == "job:match"
    await alder.tell()
    [entry] = [one for one in await alder.logged("match") if set(one.student_ids) == {first, second}]
    assert ((entry.context or {})["operation"], (entry.actor or {})["kind"]) == ("records-united", "system")
    await district.send("POST", f"/v1/unions/{same.union_id}/separation", idempotency_key=str(uuid4()))
    assert await run(alder) == Found(students=2, united=0, proposed=0)


async def test_a_third_record_that_may_be_of_the_same_child_is_proposed_once_and_not_again_in_a_later_run(alder: OneState) -> None:
    """Beside two that the job unites: in the run that unites them, or when it comes afterwards."""
    district = alder.district()
    for number in (0, 1):
        await district.load(another_record(ORDINARY.load, identifiers=LOCAL).model_copy(update={"source_id": f"copy-{number}"}))
    born = ORDINARY.load.record.identity and ORDINARY.load.record.identity.birth_date
    assert born is not None
    slipped = born.birth_date.replace(day=born.birth_date.day % 28 + 1)
    third = another_record(ORDINARY.load, identifiers=LOCAL, birth_date={"birth_date": slipped.isoformat()})
    await district.load(third.model_copy(update={"source_id": "third"}))
    assert await run(alder) == Found(students=3, united=1, proposed=1)
    assert await run(alder) == Found(students=3, united=0, proposed=0)
    assert len(await alder.rows(MergeProposalRow)) == 1


async def told_of_children(alder: OneState) -> dict[UUID, tuple[UUID, ...]]:
    """What privacy knows now of which records are of one child."""
    await alder.tell()
    state = alder.node.applications["privacy"].state
    async with state.database.reading() as tx:
        rows = (await tx.scalars(select(SubjectRow).where(SubjectRow.sealed != b""))).all()
        return {row.student_id: open_facts(state.sealer, row).same_child for row in rows}


@pytest.mark.requirement("FERPA-99.37-united")
async def test_privacy_is_told_which_records_are_of_one_child_also_by_a_later_load_until_they_are_separated(alder: OneState) -> None:
    district = alder.district()
    first = (await district.load(ORDINARY.load)).id
    second = (await district.load(another_record(ORDINARY.load, identifiers=LOCAL))).id
    await run(alder)
    known = await told_of_children(alder)
    assert (known[first], known[second]) == ((second,), (first,))
    await district.load(ORDINARY.load)
    known = await told_of_children(alder)
    assert (known[first], known[second]) == ((second,), (first,))
    [row] = await alder.rows(UnionRow)
    await district.send("POST", f"/v1/unions/{row.id}/separation", idempotency_key=str(uuid4()))
    known = await told_of_children(alder)
    assert known[first] == known[second] == ()


@pytest.mark.requirement("FERPA-99.37-united")
async def test_privacy_is_told_of_records_that_a_person_united(alder: OneState, never_resumed: list[UUID]) -> None:
    district = alder.district()
    first = (await district.load(ORDINARY.load)).id
    second = (await district.load(another_record(ORDINARY.load, identifiers=state_id("99999999995")))).id
    await run(alder)
    [review] = await waiting(district)
    assert (await told_of_children(alder))[first] == ()
    await district.send("POST", f"/v1/matches/{review.id}/resolution", {"student_id": str(second)}, idempotency_key=str(uuid4()))
    known = await told_of_children(alder)
    assert (known[first], known[second]) == ((second,), (first,))


@pytest.mark.requirement("HARD-1")
async def test_twins_are_never_united_by_the_job(alder: OneState) -> None:
    for twin in TWINS:
        await alder.district(twin.district.key).load(twin.load)
        await alder.district(twin.district.key).load(another_record(twin.load, identifiers=LOCAL))
    found = await run(alder)
    assert (found.students, found.united) == (4, 0)
    assert found.proposed >= 2
    assert await alder.rows(UnionRow) == []


async def test_two_children_are_said_to_be_two_and_are_not_proposed_again(alder: OneState, never_resumed: list[UUID]) -> None:
    district = alder.district()
    await district.load(ORDINARY.load)
    await district.load(another_record(ORDINARY.load, identifiers=state_id("99999999995")))
    await run(alder)
    [review] = await waiting(district)
    answer = await district.send("POST", f"/v1/matches/{review.id}/resolution", {"student_id": None}, idempotency_key=str(uuid4()))
    assert json.loads(answer.body)["outcome"] == "none"
    assert await alder.rows(UnionRow) == []
    assert await run(alder) == Found(students=2, united=0, proposed=0)
    assert len(await alder.rows(MergeProposalRow)) == 1
    assert never_resumed == []


async def test_with_a_record_that_is_destroyed_its_proposals_and_unions_go(alder: OneState) -> None:
    district, state = alder.district(), alder.records.state
    first = (await district.load(ORDINARY.load)).id
    second = (await district.load(another_record(ORDINARY.load, identifiers=LOCAL))).id
    await district.load(another_record(ORDINARY.load, identifiers=state_id("99999999995")).model_copy(update={"source_id": "third"}))
    await run(alder)
    assert await waiting(district)
    shredder = Shredder(state.vault, state.outbox, alder.clock, about="destruction:1", jurisdiction="US-XA")
    for student_id in (first, second):
        async with state.database.transaction() as tx:
            await shredder.student(tx, student_id)
    assert await waiting(district) == []
    assert await alder.rows(UnionRow) == await alder.rows(MergeProposalRow) == []


async def test_a_record_that_the_caller_may_not_see_is_not_named(alder: OneState) -> None:
    district = alder.district()
    first = (await district.load(ORDINARY.load)).id
    there = next(one for one in some_students() if one.case is None and one.district.key == OTHER_DISTRICT)
    moved = another_record(ORDINARY.load, identifiers=LOCAL).model_dump(mode="json", exclude_none=True)
    moved["record"]["enrollment"] = there.load.model_dump(mode="json", exclude_none=True)["record"]["enrollment"]
    second = (await alder.district(OTHER_DISTRICT).load(NewStudent.model_validate(moved))).id
    assert (await run(alder)).united == 1
    assert (await read(district, first)).same_as == ()
    assert (await read(alder.district(OTHER_DISTRICT), second)).same_as == ()
    [row] = await alder.rows(UnionRow)
    parted = await district.send("POST", f"/v1/unions/{row.id}/separation", idempotency_key=str(uuid4()))
    assert problem(parted) == "no-such-union"


async def test_a_node_without_students_has_no_doubles(alder: OneState) -> None:
    assert await run(alder) == Found(students=0, united=0, proposed=0)


def test_the_command_says_what_it_did_and_where_no_node_is(made_state: Path, tmp_path: Path) -> None:
    shutil.copytree(made_state, tmp_path / "alder")
    said = CliRunner().invoke(app, ["job", "match", str(tmp_path / "alder")])
    assert (said.exit_code, said.stdout) == (0, "0 records compared: 0 pairs united, 0 wait for a person.\n")
    assert CliRunner().invoke(app, ["job", "match", str(tmp_path)]).exit_code == 2
    said = CliRunner().invoke(app, ["job", "birth-buckets", str(tmp_path / "alder")])
    assert (said.exit_code, said.stdout) == (0, "0 records looked at.\n")
