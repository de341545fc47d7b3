"""A person decides about a match: whose candidates they are, once, and what waits goes on in the same transaction."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.record.loads import MatchPage, MatchResolution, MatchReview
from safepassage.record.match_cases import MatchCase
from services.records.match_reviews import open_review
from services.records.shredding import Shredder
from services.records.tables import MatchReviewRow
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, STATE_AGENCY, Caller, OneState, problem, some_students

pytestmark = pytest.mark.anyio

STUDENTS = some_students()
OURS = [one for one in STUDENTS if one.district.key == DISTRICT][:2]
THEIRS = [one for one in STUDENTS if one.district.key == OTHER_DISTRICT][:1]

Resumed = list[tuple[UUID, UUID | None]]


@pytest.fixture
async def resumed(alder: OneState) -> AsyncIterator[Resumed]:
    """What went on after a person's word."""
    calls: Resumed = []

    async def on_match_resolved(tx: AsyncSession, request_id: UUID, student_id: UUID | None, now: datetime) -> None:
        assert tx.in_transaction()
        calls.append((request_id, student_id))

    kept, alder.records.state.on_match_resolved = alder.records.state.on_match_resolved, on_match_resolved
    yield calls
    alder.records.state.on_match_resolved = kept


async def opened(alder: OneState, *student_ids: UUID, request_id: UUID | None = None) -> UUID:
    match_id: UUID = await alder.records.state.database.write(
        partial(
            open_review,
            request_id=request_id or uuid4(),
            student_ids=student_ids,
            reasons=("multiple-birth",),
            expires_at=NOON + timedelta(days=14),
            now=NOON,
        )
    )
    return match_id


async def waiting(caller: Caller, query: str = "") -> list[MatchReview]:
    answer = await caller.send("GET", "/v1/matches", query=query)
    assert answer.status == 200, answer.body
    return list(MatchPage.model_validate_json(answer.body).matches)


async def test_a_match_waits_for_those_who_keep_all_of_its_candidates(alder: OneState, resumed: Resumed) -> None:
    mine = [(await alder.district().load(one.load)).id for one in OURS]
    theirs = [(await alder.district(OTHER_DISTRICT).load(one.load)).id for one in THEIRS]
    own, mixed = await opened(alder, *mine), await opened(alder, mine[0], theirs[0])
    state = alder.caller(STATE_AGENCY, "sea", "matches:resolve")
    assert [one.id for one in await waiting(alder.district())] == [own]
    assert await waiting(alder.district(OTHER_DISTRICT)) == []
    assert {one.id for one in await waiting(state)} == {own, mixed}
    [review] = await waiting(alder.district())
    assert (set(review.candidates), review.reasons) == (set(mine), ("multiple-birth",))
    answer = await alder.district(OTHER_DISTRICT).send(
        "POST", f"/v1/matches/{own}/resolution", {"student_id": None}, idempotency_key=str(uuid4())
    )
    assert problem(answer) == "no-such-match"


async def test_a_resolution_is_final_and_resumes_what_waited(alder: OneState, resumed: Resumed) -> None:
    mine = [(await alder.district().load(one.load)).id for one in OURS]
    request_id, key = uuid4(), str(uuid4())
    match_id = await opened(alder, *mine, request_id=request_id)
    path, body = f"/v1/matches/{match_id}/resolution", {"student_id": str(mine[1]), "reason": "documents-seen"}
    first = await alder.district().send("POST", path, body, idempotency_key=key)
    again = await alder.district().send("POST", path, body, idempotency_key=key)
    assert first.status == again.status == 200
    assert json.loads(first.body) == json.loads(again.body)
    assert resumed == [(request_id, mine[1])]
    other = await alder.district().send("POST", path, {"student_id": None}, idempotency_key=str(uuid4()))
    assert problem(other) == "match-resolved"
    assert await waiting(alder.district()) == []
    [row] = await alder.rows(MatchReviewRow)
    assert (row.outcome, row.student_id, row.resolved_by) == ("student", mine[1], f"sis-{DISTRICT}")
    await alder.tell()
    [entry] = [one for one in await alder.logged("match") if one.student_ids == (mine[1],)]
    assert ((entry.context or {})["outcome"], (entry.context or {})["reason"]) == ("student", "documents-seen")


@pytest.mark.requirement("CON-matches")
async def test_who_looks_at_a_match_is_on_the_log_and_to_another_district_it_does_not_exist(alder: OneState, resumed: Resumed) -> None:
    mine = [(await alder.district().load(one.load)).id for one in OURS]
    match_id, before = await opened(alder, *mine), len(await alder.logged("read"))
    path = f"/v1/matches/{match_id}"
    assert problem(await alder.district(OTHER_DISTRICT).send("GET", path)) == "no-such-match"
    assert problem(await alder.district().send("GET", f"/v1/matches/{uuid4()}")) == "no-such-match"
    assert len(await alder.logged("read")) == before
    answer = await alder.district().send("GET", path)
    case = MatchCase.model_validate_json(answer.body)
    assert (set(case.candidates), case.is_sought_known) == (set(mine), False)
    assert [len(row.candidates) for row in case.rows] == [2] * len(case.rows)
    entry = (await alder.logged("read"))[-1]
    assert (set(entry.student_ids), (entry.context or {})["operation"]) == (set(mine), "match-read")
    assert "identity.name" in (entry.context or {})["elements"]


async def test_none_of_them_is_an_answer_and_a_stranger_is_not(alder: OneState, resumed: Resumed) -> None:
    mine = [(await alder.district().load(one.load)).id for one in OURS]
    match_id = await opened(alder, mine[0])
    path = f"/v1/matches/{match_id}/resolution"
    stranger = await alder.district().send("POST", path, {"student_id": str(mine[1])}, idempotency_key=str(uuid4()))
    assert problem(stranger) == "not-a-candidate"
    none = await alder.district().send("POST", path, {"student_id": None}, idempotency_key=str(uuid4()))
    assert json.loads(none.body)["outcome"] == "none"
    assert [student for _, student in resumed] == [None]


def test_that_none_is_the_child_is_said_and_never_left_out() -> None:
    assert MatchResolution(student_id=None).model_dump_json(exclude_none=True) == '{"student_id":null}'
    with pytest.raises(ValidationError):
        MatchResolution.model_validate_json("{}")


async def test_asking_again_for_the_same_request_opens_no_second_match(alder: OneState, resumed: Resumed) -> None:
    mine = [(await alder.district().load(one.load)).id for one in OURS]
    request_id = uuid4()
    assert await opened(alder, *mine, request_id=request_id) == await opened(alder, *mine, request_id=request_id)


async def test_matches_come_in_pages(alder: OneState, resumed: Resumed) -> None:
    mine = [(await alder.district().load(one.load)).id for one in OURS]
    ids = {await opened(alder, *mine) for _ in range(3)}
    seen, query = set(), "limit=2"
    for _ in range(2):
        answer = await alder.district().send("GET", "/v1/matches", query=query)
        seen |= {UUID(one["id"]) for one in json.loads(answer.body)["matches"]}
        query = answer.headers.get("link", "").partition("?")[2].partition(">")[0]
    assert (seen, query) == (ids, "")


async def test_those_of_one_question_come_by_themselves_in_pages_that_keep_it(alder: OneState, resumed: Resumed) -> None:
    mine = [(await alder.district().load(one.load)).id for one in OURS]
    about_requests = [await opened(alder, *mine) for _ in range(3)]
    until = NOON + timedelta(days=14)
    open_one = partial(open_review, request_id=None, student_ids=mine, reasons=("nickname",), expires_at=until, now=NOON)
    about_records = await alder.records.state.database.write(open_one)
    assert [(one.id, one.kind) for one in await waiting(alder.district(), "kind=records")] == [(about_records, "records")]
    answer = await alder.district().send("GET", "/v1/matches", query="kind=request&limit=2")
    query = answer.headers["link"].partition("?")[2].partition(">")[0]
    first = [UUID(one["id"]) for one in json.loads(answer.body)["matches"]]
    assert [*first, *[one.id for one in await waiting(alder.district(), query)]] == sorted(about_requests)
    other = await alder.district().send("GET", "/v1/matches", query=query.replace("kind=request", "kind=records"))
    assert problem(other) == "invalid-request", "a place in one list is none in another"


async def test_only_who_has_the_scope_sees_matches(alder: OneState, resumed: Resumed) -> None:
    assert problem(await alder.district(DISTRICT, "records:read").send("GET", "/v1/matches")) == "not-permitted"


async def test_a_match_of_which_every_candidate_was_destroyed_is_the_state_agencys_and_no_districts(
    alder: OneState, resumed: Resumed
) -> None:
    mine = [(await alder.district().load(one.load)).id for one in OURS]
    match_id, request_id = await opened(alder, *mine), uuid4()
    alone = await opened(alder, mine[0], request_id=request_id)
    state = alder.caller(STATE_AGENCY, "sea", "matches:resolve")
    services = alder.records.state
    shredder = Shredder(services.vault, services.outbox, alder.clock, about="destruction:test", jurisdiction="US-XA")
    async with services.database.transaction() as tx:
        await shredder.student(tx, mine[0])
    assert [one.candidates for one in await waiting(alder.district())] == [(mine[1],)]
    assert await waiting(alder.district(OTHER_DISTRICT)) == []
    for district in (DISTRICT, OTHER_DISTRICT):
        assert problem(await alder.district(district).send("GET", f"/v1/matches/{alone}")) == "no-such-match"
    assert {one.id: one.candidates for one in await waiting(state)} == {match_id: (mine[1],), alone: ()}
    path = f"/v1/matches/{alone}/resolution"
    assert problem(await alder.district().send("POST", path, {"student_id": None}, idempotency_key=str(uuid4()))) == "no-such-match"
    assert (await state.send("POST", path, {"student_id": None}, idempotency_key=str(uuid4()))).status == 200
    assert resumed == [(request_id, None)]
