"""The facts of a decision, found by one question to PostgreSQL, are those of a transaction, and what is not among them is read anew."""

from uuid import UUID

import pytest

from services.privacy import foreseen
from services.privacy.tables import SubjectRow
from shared.contracts.privacy import DecisionRequest
from shared.seen_together import NotSeen, Seen
from tests.postgres.round_trips import round_trips
from tests.privacy.test_debarments import WRITE, finding
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

BIRCH = "https://birch.example"


def read_in_transactions(texts: list[str]) -> bool:
    return any("REPEATABLE READ" in text for text in texts)


def about_the_decision(texts: list[str]) -> list[str]:
    """Beside what goes on behind, and what asks whether a connection that has rested is still there."""
    assert not read_in_transactions(texts)
    return [text.split()[1] for text in texts if text.startswith(("WITH question", "WITH change", "SELECT decision."))]


@pytest.mark.parametrize("store_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
async def test_a_decision_on_a_transfer_asks_twice_and_whether_it_stands_twice_and_both_of_a_debarred_party_in_a_transaction(
    world: World,
) -> None:
    asked = world.by_transfer(await world.student())
    await world.node.decide(world.by_transfer(await world.student()))  # the connections are there
    with round_trips() as texts:
        decision = await world.node.decide(asked)
    assert decision.outcome != "deny"
    assert about_the_decision(texts) == ["question_0", "change_0"]
    with round_trips() as texts:
        assert (await world.node.standing(decision.id)).stands
    assert about_the_decision(texts) == ["decision.id,", "question_0"]
    body = finding(world, party=BIRCH, begins_at="2026-10-20T00:00:00Z", until="2031-10-20T00:00:00Z")
    assert (await world.node.client(world.sea, *WRITE).post("/v1/debarments", body)).status == 201
    with round_trips() as texts:
        assert (await world.node.decide(asked)).outcome == "deny"
    assert read_in_transactions(texts)
    assert not (await world.node.standing(decision.id)).stands


@pytest.mark.parametrize("store_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
async def test_what_another_agency_made_is_read_with_that_agency_and_a_consent_in_a_transaction(world: World) -> None:
    theirs = await world.student(originating_agency=str(world.elm.id))
    with round_trips() as texts:
        decision = await world.node.decide(world.by_transfer(theirs, action="redisclose"))
    assert read_in_transactions(texts)
    assert (await world.node.standing(decision.id)).stands == (decision.outcome != "deny")
    facts = await world.student()
    consent = await world.consent(facts)
    with round_trips() as texts:
        await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    assert read_in_transactions(texts)


@pytest.mark.parametrize("store_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
async def test_facts_that_privacy_has_not_are_behind_whichever_way_they_are_read(world: World) -> None:
    facts = await world.student()
    behind = world.by_transfer(facts.model_copy(update={"facts_version": facts.facts_version + 1}))
    answer = await world.node.ask(behind)
    assert (answer.status, b"facts-behind" in answer.body) == (409, True)


def test_a_question_that_was_not_foreseen_is_not_answered_by_another_one() -> None:
    seen, held = Seen(), SubjectRow.__table__.select()
    seen.answer(held, {"ids": [UUID(int=1)]}, ["row"])
    assert seen.rows(held, {"ids": [UUID(int=1)]}) == ["row"]
    others: list[dict[str, list[UUID]]] = [{"ids": [UUID(int=2)]}, {"ids": []}, {}, {"others": [UUID(int=1)]}]
    for values in others:
        with pytest.raises(NotSeen):
            seen.rows(held, values)
    other = SubjectRow.__table__.select()
    seen.answer_whatever(other, [])
    assert seen.rows(other, {"any": 1}) == []


async def test_only_who_names_no_more_than_a_student_and_organisations_is_foreseen(world: World) -> None:
    asked: DecisionRequest = world.by_transfer(await world.student())
    assert foreseen._is_foreseen(asked)
    more = {
        "consent_id": UUID(int=1),
        "agreement_id": UUID(int=1),
        "evidence_ids": (UUID(int=1),),
        "other_consent_ids": (UUID(int=1),),
        "duty_ids": (UUID(int=1),),
        "in_place_of": UUID(int=1),
        "basis": "directory",
        "subjects": (*asked.subjects, *asked.subjects),
    }
    for name, value in more.items():
        assert not foreseen._is_foreseen(asked.model_copy(update={name: value})), name
