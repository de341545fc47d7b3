"""Several questions of records in one call: each is decided, kept and told as it would be alone."""

from typing import Any

import pytest
from sqlalchemy import update

from services.privacy.tables import DecisionRow, SubjectRow
from shared import prepared
from shared.contracts.privacy import DecisionAnswers, DecisionBatch, DecisionRequest, Standing, StandingBatch, Standings, SubjectVersion
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


async def decided(world: World, *asked: DecisionRequest) -> DecisionAnswers:
    body = DecisionBatch(requests=asked).model_dump(mode="json", by_alias=True)
    answer = await world.node.send("POST", "/internal/decision-batches", world.node.records_token(None), body=body)
    assert answer.status == 200, answer.body
    return DecisionAnswers.model_validate_json(answer.body)


async def standings(world: World, *ids: Any) -> tuple[Standing, ...]:
    body = StandingBatch(decision_ids=ids).model_dump(mode="json")
    answer = await world.node.send("POST", "/internal/standing-batches", world.node.records_token(None), body=body)
    assert answer.status == 200, answer.body
    return Standings.model_validate_json(answer.body).standings


async def test_each_is_decided_as_alone_and_a_problem_of_one_is_its_own(world: World) -> None:
    first, second, third = [await world.student() for _ in range(3)]
    permitted, denied = world.by_transfer(first), world.by_transfer(third).model_copy(update={"transfer": None})
    newer = world.by_transfer(second).model_copy(update={"subjects": (SubjectVersion(student_id=second.student_id, facts_version=9),)})
    nobody = permitted.model_copy(update={"subjects": ()})
    before, events = await world.node.count(DecisionRow), len(await world.node.events())
    answers = (await decided(world, permitted, newer, nobody, denied)).answers
    assert [None if one.problem is None else one.problem.code for one in answers] == [None, "facts-behind", "invalid-request", None]
    good, bad = answers[0].decision, answers[3].decision
    assert good is not None
    assert bad is not None
    alone = await world.node.decide(permitted)
    assert (good.outcome, good.policies, good.input_hash) == (alone.outcome, alone.policies, alone.input_hash)
    assert (good.token is not None, bad.outcome, bad.token) == (True, "deny", None)
    assert await world.node.count(DecisionRow) == before + 3
    assert len(await world.node.events()) == events + 3


async def test_each_stands_or_has_fallen_by_itself(world: World) -> None:
    first, second = await world.student(), await world.student()
    asked = [world.by_transfer(one) for one in (first, second)]
    ids = [one.decision.id for one in (await decided(world, *asked)).answers if one.decision is not None]
    assert await standings(world, *ids) == (Standing(stands=True), Standing(stands=True))
    await world.node.push(world.facts(student_id=first.student_id, version=2, flags=frozenset({"protected-address"})))
    fallen, stands = await standings(world, *ids)
    assert (fallen.stands, stands.stands) == (False, True)
    assert await world.node.standing(ids[0]) == fallen
    assert await world.node.count(SubjectRow) >= 2


async def test_a_hundred_ask_the_store_no_more_often_than_two_and_nothing_is_kept_for_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    students = [await world.student() for _ in range(6)]
    asked, plain = list[object](), prepared.rows

    def noted(connection: Any, statement: Any, values: Any = None) -> list[Any]:
        asked.append(statement)
        return plain(connection, statement, values)

    monkeypatch.setattr(prepared, "rows", noted)
    counts = list[tuple[int, int]]()
    for some in (students[:2], students):
        asked.clear()
        answers = (await decided(world, *(world.by_transfer(one) for one in some))).answers
        ids = [one.decision.id for one in answers if one.decision is not None and one.decision.token is not None]
        decisions = len(asked)
        assert all(one.stands for one in await standings(world, *ids))
        assert len(ids) == len(some)
        counts.append((decisions, len(asked) - decisions))
    assert counts[0] == counts[1]
    alone = len(asked)
    assert (await world.node.standing(ids[0])).stands
    assert len(asked) - alone >= counts[0][1] - 1  # all of it anew
    assert sorted(await standings(world, ids[0], ids[0], ids[1]), key=str) == [Standing(stands=True)] * 3


async def test_a_record_whose_seal_is_broken_is_the_problem_of_its_own_question(world: World) -> None:
    whole, broken = await world.student(), await world.student()
    async with world.node.app.state.database.transaction() as tx:
        await tx.execute(update(SubjectRow).where(SubjectRow.student_id == broken.student_id).values(sealed=b"\0" * 64))
    answers = (await decided(world, world.by_transfer(broken), world.by_transfer(whole))).answers
    assert [None if one.problem is None else one.problem.code for one in answers] == ["seal-broken", None]
