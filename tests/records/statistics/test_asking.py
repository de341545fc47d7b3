"""Statistics as a district and the state agency ask for them: charged, kept, logged, and told with noise."""

import asyncio
import csv
import io
import json
from html import escape
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from safepassage.wire_statistics import WORDS, KeptStatisticsList, StatisticsAnswer, StatisticsBudget, StatisticsQuestion
from services.records.shredding import Shredder
from services.records.statistics.counting import Counted, counts
from services.records.statistics.population import Reach, coded_students
from services.records.tables import CodedStudentRow, EnrollmentRow, SectionRow, StatisticsAnswerRow, StatisticsBudgetRow, StudentRow
from services.records.unions import unite
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, STATE_AGENCY, Caller, OneState, problem, some_students

pytestmark = pytest.mark.anyio

STUDENTS = some_students(40)
BY_SEX = StatisticsQuestion(by=("sex",), measures=("chronically-absent",), epsilon=2.0)


def state_agency(alder: OneState, *scopes: str, **details: str) -> Caller:
    wanted = scopes or ("records:statistics", "records:read:state")
    return alder.caller(STATE_AGENCY, "sea", *wanted, client_id="analyst", **(details or {"purpose": "audit-evaluation"}))


def district(alder: OneState, key: str = DISTRICT) -> Caller:
    return alder.district(key, "records:statistics", "records:load", "records:read")


@pytest.fixture
async def loaded(alder: OneState) -> OneState:
    """Alder with some students of several districts, and nothing asked yet."""
    async with alder.records.state.database.transaction() as tx:
        for row in (StatisticsAnswerRow, StatisticsBudgetRow):
            await tx.execute(delete(row))
    lines = "\n".join(one.load.model_dump_json(exclude_none=True) for one in STUDENTS).encode()
    sender = alder.caller(STATE_AGENCY, "sea", "records:load", client_id="loader")
    answer = await sender.load_roster(lines, "application/x-ndjson")
    assert answer.status == 200, answer.body
    return alder


async def ask(caller: Caller, question: StatisticsQuestion) -> StatisticsAnswer:
    answer = await caller.send("POST", "/v1/statistics", question.model_dump(mode="json"))
    assert answer.status == 200, answer.body
    return StatisticsAnswer.model_validate_json(answer.body)


async def budget(caller: Caller) -> StatisticsBudget:
    return StatisticsBudget.model_validate_json((await caller.send("GET", "/v1/statistics-budget")).body)


async def exact(alder: OneState, question: StatisticsQuestion, organisation_id: UUID | None = None) -> dict[tuple[str, ...], Counted]:
    """What is told to nobody."""
    state = alder.records.state
    reach = Reach(organisation_id, question.population, NOON.date())
    districts = sorted(alder.by_key[key] for key in {one.district.key for one in STUDENTS})
    coded = await coded_students(state.database, state.vault, reach, districts)
    return dict(counts(coded.codes, coded.districts, [str(one) for one in districts], question, proficient_level=3))


async def test_the_counts_are_those_of_the_records(loaded: OneState) -> None:
    enrolled = {row.student_id for row in await loaded.rows(EnrollmentRow) if row.exit_date is None or row.exit_date >= NOON.date()}
    [everybody] = (await exact(loaded, StatisticsQuestion())).values()
    assert everybody.students == len(enrolled)
    by_sex = await exact(loaded, BY_SEX)
    assert sum(one.students for one in by_sex.values()) == len(enrolled)
    assert set(by_sex) >= {("female",), ("male",)}
    by_district = await exact(loaded, StatisticsQuestion(by=("district",)))
    assert len(by_district) > 1
    only = await exact(loaded, StatisticsQuestion(), loaded.by_key[DISTRICT])
    assert only[()].students == by_district[(str(loaded.by_key[DISTRICT]),)].students


@pytest.mark.requirement("STAT-noise")
async def test_a_table_has_every_cell_and_no_small_one_is_told(loaded: OneState) -> None:
    answer = await ask(state_agency(loaded), StatisticsQuestion(by=("race-ethnicity", "homeless"), measures=("gifted",), epsilon=2.0))
    assert [cell.words for cell in answer.cells] == [(race, home) for race in WORDS["race-ethnicity"] for home in ("no", "yes")]
    assert all(cell.students is None or cell.students >= answer.smallest_group for cell in answer.cells)
    assert all((cell.students is None) == (cell.measures is None) for cell in answer.cells)
    assert answer.noise == pytest.approx(2.08, abs=0.05)


@pytest.mark.requirement("STAT-budget")
async def test_the_same_question_has_the_same_answer_and_costs_once(loaded: OneState) -> None:
    caller = state_agency(loaded)
    first = await ask(caller, BY_SEX)
    spent = (await budget(caller)).spent
    assert spent == 2.0
    assert [await ask(caller, BY_SEX) for _ in range(3)] == [first] * 3
    assert (await budget(caller)).spent == spent
    answer = await caller.send("GET", f"/v1/statistics/{first.id}")
    assert StatisticsAnswer.model_validate_json(answer.body) == first


async def test_an_answer_is_a_page_to_print_and_a_table_with_the_same_numbers(loaded: OneState) -> None:
    caller = state_agency(loaded)
    answer = await ask(caller, StatisticsQuestion(by=("district",), measures=("gifted",), epsilon=2.0))
    page = await caller.send("GET", f"/v1/statistics/{answer.id}/page")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    assert all(escape(name) in text for name in answer.districts.values())
    assert all(cell.students is None or f"{cell.students:,}</td>" in text for cell in answer.cells)
    rows = list(csv.reader(io.StringIO((await caller.send("GET", f"/v1/statistics/{answer.id}/table")).body.decode())))
    assert rows[0] == ["district", "students", "gifted.yes", "gifted.known", "gifted.rate"]
    assert [row[:2] for row in rows[1:]] == [[cell.words[0], str(cell.students or "")] for cell in answer.cells]
    assert problem(await district(loaded).send("GET", f"/v1/statistics/{answer.id}/page")) == "no-such-statistics"


@pytest.mark.requirement("STAT-budget")
async def test_at_once_the_same_question_is_answered_and_charged_once(loaded: OneState) -> None:
    caller = state_agency(loaded)
    answers = await asyncio.gather(*(ask(caller, BY_SEX) for _ in range(4)))
    assert len({one.id for one in answers}) == 1
    assert (await budget(caller)).spent == 2.0


@pytest.mark.requirement("STAT-budget")
async def test_a_spent_budget_refuses_what_is_new_and_nothing_else(loaded: OneState) -> None:
    caller, other = state_agency(loaded), district(loaded)
    questions = [StatisticsQuestion(by=(one,), epsilon=2.0) for one in ("sex", "grade", "homeless", "foster", "migrant", "disability")]
    first = [await ask(caller, one) for one in questions[:5]]
    refused = await caller.send("POST", "/v1/statistics", questions[5].model_dump(mode="json"))
    assert (refused.status, problem(refused)) == (409, "statistics-budget-spent")
    assert len(await loaded.rows(StatisticsAnswerRow)) == 5
    assert await ask(caller, questions[0]) == first[0]
    assert (await budget(caller)).left == 0
    await ask(other, questions[5])
    assert (await budget(other)).left == 8.0


async def test_at_once_different_questions_do_not_overdraw_a_budget(loaded: OneState) -> None:
    caller = state_agency(loaded)
    dimensions = ("sex", "grade", "homeless", "foster", "migrant", "disability", "low-income")
    bodies = [StatisticsQuestion(by=(one,), epsilon=2.0).model_dump(mode="json") for one in dimensions]
    answers = await asyncio.gather(*(caller.send("POST", "/v1/statistics", body) for body in bodies))
    assert sorted(one.status for one in answers) == [200] * 5 + [409] * 2
    assert (await budget(caller)).left == 0


async def test_a_new_school_year_has_a_new_budget_and_a_new_answer(loaded: OneState) -> None:
    caller = state_agency(loaded)
    first = await ask(caller, BY_SEX)
    try:
        loaded.clock.instant = NOON.replace(year=2027, month=7)
        assert (await budget(caller)).spent == 0
        assert (await ask(caller, BY_SEX)).id != first.id
        assert (await budget(caller)).spent == 2.0
    finally:
        loaded.clock.instant = NOON


async def test_who_may_ask(loaded: OneState) -> None:
    body = BY_SEX.model_dump(mode="json")
    for caller, said in (
        (state_agency(loaded, "records:read:state"), "not-permitted"),
        (state_agency(loaded, "records:statistics"), "not-permitted"),
        (loaded.caller(STATE_AGENCY, "sea", "records:statistics", "records:read:state"), "purpose-missing"),
        (loaded.caller(uuid4(), "vendor", "records:statistics", purpose="instruction"), "not-permitted"),
    ):
        assert problem(await caller.send("POST", "/v1/statistics", body)) == said
    answer = await ask(district(loaded), BY_SEX)
    assert problem(await district(loaded, OTHER_DISTRICT).send("GET", f"/v1/statistics/{answer.id}")) == "no-such-statistics"
    assert problem(await state_agency(loaded).send("GET", f"/v1/statistics/{answer.id}")) == "no-such-statistics"
    by_district = await ask(district(loaded), StatisticsQuestion(by=("district",)))
    assert [cell.words for cell in by_district.cells] == [(str(loaded.by_key[DISTRICT]),)]
    large = await state_agency(loaded).send("POST", "/v1/statistics", {"by": ["grade", "arrived-from", "race-ethnicity"]})
    assert (large.status, problem(large)) == (422, "statistics-table-too-large")


async def test_each_answer_is_on_the_log_first_and_no_number_is(loaded: OneState) -> None:
    caller = state_agency(loaded)
    answer = await ask(caller, BY_SEX)
    await ask(caller, BY_SEX)
    entries = [one.context for one in await loaded.logged("read") if (one.context or {}).get("operation") == "statistics"]
    mine = [one for one in entries if one.get("purpose") == "audit-evaluation"][-2:]
    assert [(one["outcome"], one.get("count"), one["request_digest"] == mine[0]["request_digest"]) for one in mine] == [
        ("enrolled", None, True)
    ] * 2
    with loaded.audit_gone():
        refused = await caller.send("POST", "/v1/statistics", StatisticsQuestion(by=("grade",)).model_dump(mode="json"))
    assert problem(refused) == "log-unavailable"
    assert json.loads((await caller.send("GET", f"/v1/statistics/{answer.id}")).body)["id"] == str(answer.id)


async def test_a_united_child_counts_once(loaded: OneState) -> None:
    database = loaded.records.state.database
    enrolled = {row.student_id for row in await loaded.rows(EnrollmentRow) if row.exit_date is None}
    one, other = sorted(enrolled)[:2]
    before = (await exact(loaded, StatisticsQuestion()))[()].students
    await database.write(lambda connection: unite(connection, leading_id=one, other_id=other, by="job:match", now=NOON))
    assert (await exact(loaded, StatisticsQuestion()))[()].students == before - 1


@pytest.mark.requirement("STAT-sealed")
async def test_a_shredded_student_is_no_longer_counted(loaded: OneState) -> None:
    state = loaded.records.state
    gone = min(row.student_id for row in await loaded.rows(EnrollmentRow) if row.exit_date is None)
    before = (await exact(loaded, StatisticsQuestion()))[()].students
    async with state.database.transaction() as tx:
        await Shredder(state.vault, state.outbox, loaded.clock, about="destruction:1", jurisdiction="US-XA").student(tx, gone)
    assert (await exact(loaded, StatisticsQuestion()))[()].students == before - 1
    assert gone not in {row.student_id for row in await loaded.rows(CodedStudentRow)}


@pytest.mark.requirement("STAT-sealed")
async def test_who_has_no_code_of_this_version_is_coded_from_the_record(loaded: OneState) -> None:
    question = StatisticsQuestion(by=("grade", "sex"), measures=("gifted", "disciplined"))
    before = await exact(loaded, question)
    async with loaded.records.state.database.transaction() as tx:
        some = (await tx.scalars(select(StudentRow.id).order_by(StudentRow.id).limit(15))).all()
        await tx.execute(delete(CodedStudentRow).where(CodedStudentRow.student_id.in_(some[:10])))
        await tx.execute(update(CodedStudentRow).where(CodedStudentRow.student_id.in_(some[10:])).values(version=99))
    assert await exact(loaded, question) == before


@pytest.mark.requirement("STAT-sealed")
async def test_nothing_that_was_counted_is_in_clear_on_the_disk(loaded: OneState, running: OneState) -> None:
    codes = []
    state = loaded.records.state
    for row in await loaded.rows(CodedStudentRow):
        student: Any = next(one for one in await loaded.rows(StudentRow) if one.id == row.student_id)
        key = state.vault.data_key(student.id, student.wrapped_key)
        codes.append(key.open(row.sealed, section="coded", source="coded", version=row.version))
    await ask(state_agency(loaded), BY_SEX)
    assert len(codes) == len(await loaded.rows(StudentRow))
    folder = Path(str(state.database.url.database)).parent
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not any(code in written for code in codes)
    assert {row.section for row in await loaded.rows(SectionRow)}.isdisjoint({"coded"})


async def test_what_was_given_is_listed_without_its_numbers_and_to_its_own_organisation(loaded: OneState) -> None:
    mine, theirs = district(loaded), district(loaded, OTHER_DISTRICT)
    first = await ask(mine, BY_SEX)
    loaded.clock.advance(seconds=1)
    second = await ask(mine, StatisticsQuestion(by=("grade",), epsilon=2.0))
    await ask(theirs, BY_SEX)
    answer = await mine.send("GET", "/v1/statistics")
    assert [one.id for one in KeptStatisticsList.model_validate_json(answer.body).answers] == [second.id, first.id]
    assert b"cells" not in answer.body
    assert (await state_agency(loaded, "records:statistics").send("GET", "/v1/statistics")).status == 403
