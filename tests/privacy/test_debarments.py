"""A finding of the Department's office closes one agency's records to a party."""

import json
from typing import Any
from uuid import uuid4

import pytest

from safepassage.wire_lists import DebarmentPage
from safepassage.wire_policy import Debarment
from shared.contracts.privacy import SubjectFacts
from tests.privacy.node import problem_of
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

WRITE = ("debarments:write",)


def finding(world: World, **more: Any) -> dict[str, Any]:
    values = {
        "party": str(world.vendor.id),
        "originating_agency": str(world.oak.id),
        "finding": "SPPO 26-7",
        "begins_at": "2026-10-20T12:00:00Z",
        "until": "2031-10-20T12:00:00Z",
    }
    return values | more


async def denied(world: World, facts: SubjectFacts, district: Any) -> bool:
    agreement = await world.agreement(by=district, district_ids=[str(district.id)])
    decision = await world.node.decide(world.by_contract(agreement, facts), by=world.node.client(world.vendor))
    return decision.outcome == "deny"


@pytest.mark.requirement("FERPA-99.67")
async def test_a_debarred_party_gets_nothing_of_that_agency_from_its_first_instant(world: World) -> None:
    ours, theirs = await world.student(), await world.student(district=world.elm)
    assert not await denied(world, ours, world.oak)
    answer = await world.node.client(world.sea, *WRITE).post("/v1/debarments", finding(world))
    assert answer.status == 201
    assert await denied(world, ours, world.oak)
    assert not await denied(world, theirs, world.elm)
    recorded = Debarment.model_validate_json(answer.body)
    read = await world.node.client(world.sea, *WRITE).get(f"/v1/debarments/{recorded.id}")
    assert Debarment.model_validate_json(read.body) == recorded


async def test_a_debarment_of_less_than_five_years_is_not_recorded(world: World) -> None:
    answer = await world.node.client(world.sea, *WRITE).post("/v1/debarments", finding(world, until="2031-10-20T11:59:59Z"))
    assert answer.status == 422


async def test_a_party_is_named_in_printable_characters(world: World) -> None:
    for party in ("Acme Reading", "acme\0", ""):
        answer = await world.node.client(world.sea, *WRITE).post("/v1/debarments", finding(world, party=party))
        assert (answer.status, problem_of(answer).field) == (422, "party")


async def test_only_the_state_agency_records_one(world: World) -> None:
    assert (await world.node.client(world.oak, *WRITE).post("/v1/debarments", finding(world))).status == 403
    assert (await world.node.client(world.sea, "agreements:write").post("/v1/debarments", finding(world))).status == 403
    unknown = await world.node.client(world.sea, *WRITE).get(f"/v1/debarments/{uuid4()}")
    assert (unknown.status, problem_of(unknown).code) == (404, "no-such-debarment")


async def test_the_same_finding_again_is_recorded_once(world: World) -> None:
    sea, key = world.node.client(world.sea, *WRITE), str(uuid4())
    once, again = await sea.post("/v1/debarments", finding(world), key=key), await sea.post("/v1/debarments", finding(world), key=key)
    assert once.body == again.body
    assert [event.context.operation for event in await world.node.events()].count("debarment-recorded") == 1


async def test_the_list_is_paged_and_the_state_agencys_alone(world: World) -> None:
    staff = world.node.client(world.sea, *WRITE)
    made = []
    for number in range(5):
        world.node.clock.advance(seconds=1)
        made.append(json.loads((await staff.post("/v1/debarments", finding(world, finding=f"SPPO 26-{number}"))).body)["id"])
    read, query = [], "limit=2"
    while query:
        page = DebarmentPage.model_validate_json((await staff.get("/v1/debarments", query)).body)
        read += [str(one.id) for one in page.debarments]
        query = f"limit=2&cursor={page.next}" if page.next else ""
    assert read == made
    foreign = await world.node.client(world.oak, *WRITE).get("/v1/debarments")
    assert foreign.status == 403
