"""Who may record and end a contract, and who sees it."""

from typing import Any
from uuid import uuid4

import pytest

from safepassage.wire_policy import Agreement
from services.privacy.tables import AgreementRow
from tests.privacy.node import problem_of
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

WRITE = ("agreements:write",)


async def test_a_district_records_its_own_contract(world: World) -> None:
    agreement = await world.agreement()
    assert (agreement.recorded_at, agreement.terminated_at) == (world.node.clock(), None)
    for reader in (world.oak, world.sea, world.vendor):
        answer = await world.node.client(reader, "agreements:read").get(f"/v1/agreements/{agreement.id}")
        assert Agreement.model_validate_json(answer.body) == agreement


async def test_strangers_see_no_contract(world: World) -> None:
    agreement, request_id = await world.agreement(), uuid4()
    for stranger in (world.elm, world.oak_school):
        client = world.node.client(stranger, *WRITE)
        for identifier in (agreement.id, uuid4()):
            assert (await client.get(f"/v1/agreements/{identifier}")).status == 404
        foreign = await client.post(f"/v1/agreements/{agreement.id}/termination", {"reason": "x"}, request_id=request_id)
        unknown = await client.post(f"/v1/agreements/{uuid4()}/termination", {"reason": "x"}, request_id=request_id)
        assert (foreign.status, foreign.body) == (unknown.status, unknown.body)


@pytest.mark.parametrize("whose", ["another", "school", "state", "unknown", "mixed"])
async def test_a_contract_binds_own_districts_only(world: World, whose: str) -> None:
    districts = {
        "another": [world.elm.id],
        "school": [world.oak_school.id],
        "state": [world.sea.id],
        "unknown": [uuid4()],
        "mixed": [world.oak.id, world.elm.id],
    }[whose]
    body = world.new_agreement(district_ids=[str(one) for one in districts])
    answer = await world.node.client(world.oak, *WRITE).post("/v1/agreements", body)
    assert (answer.status, problem_of(answer).code) == (403, "district-not-yours")
    assert await world.node.count(AgreementRow) == 0


async def test_a_vendor_writes_no_contract(world: World) -> None:
    answer = await world.node.client(world.vendor, *WRITE).post("/v1/agreements", world.new_agreement())
    assert answer.status == 403
    assert (await world.node.client(world.oak, "rights:act").post("/v1/agreements", world.new_agreement())).status == 403


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ends_on": "2026-08-15"}, "invalid-request"),
        ({"elements": ["identity.shoe_size"]}, "unknown-element"),
        ({"purposes": ["profiling"]}, "unknown-purpose"),
        ({"recipient_id": str(uuid4())}, "no-such-recipient"),
        ({"direct_control": ""}, "invalid-request"),
        ({"district_ids": []}, "invalid-request"),
        ({"kind": "handshake"}, "invalid-request"),
    ],
)
@pytest.mark.one_row_on_postgresql
async def test_what_lacks_a_clause_is_not_recorded(world: World, change: dict[str, Any], code: str) -> None:
    answer = await world.node.client(world.oak, *WRITE).post("/v1/agreements", world.new_agreement(**change))
    assert (answer.status, problem_of(answer).code) == (422, code)


async def test_a_school_is_no_contractor(world: World) -> None:
    body = world.new_agreement(recipient_id=str(world.elm_school.id))
    assert problem_of(await world.node.client(world.oak, *WRITE).post("/v1/agreements", body)).code == "no-such-recipient"


async def test_each_district_ends_its_own_part(world: World) -> None:
    both = [str(world.oak.id), str(world.elm.id)]
    agreement = await world.agreement(by=world.sea, district_ids=both)
    path, reason = f"/v1/agreements/{agreement.id}/termination", {"reason": "breach"}
    vendor = world.node.client(world.vendor)
    ours, theirs = await world.student(), await world.student(district=world.elm)
    left = Agreement.model_validate_json((await world.node.client(world.oak, *WRITE).post(path, reason)).body)
    assert (left.district_ids, left.terminated_at) == ((world.elm.id,), None)
    assert (await world.node.decide(world.by_contract(agreement, ours), by=vendor)).outcome == "deny"
    assert (await world.node.decide(world.by_contract(agreement, theirs), by=vendor)).outcome == "permit"
    again = await world.node.client(world.oak, *WRITE).post(path, reason)
    assert (again.status, problem_of(again).code) == (409, "agreement-terminated")
    world.node.clock.advance(hours=1)
    ended = Agreement.model_validate_json((await world.node.client(world.sea, *WRITE).post(path, reason)).body)
    assert (set(ended.district_ids), ended.terminated_at) == ({world.oak.id, world.elm.id}, world.node.clock())
    assert (await world.node.decide(world.by_contract(agreement, theirs), by=vendor)).outcome == "deny"


async def test_the_same_request_again_makes_no_second_contract(world: World) -> None:
    oak, key, body = world.node.client(world.oak, *WRITE), str(uuid4()), world.new_agreement()
    once, again = await oak.post("/v1/agreements", body, key=key), await oak.post("/v1/agreements", body, key=key)
    assert (once.status, once.body) == (again.status, again.body) == (201, once.body)
    assert await world.node.count(AgreementRow) == 1
    path, key = f"/v1/agreements/{Agreement.model_validate_json(once.body).id}/termination", str(uuid4())
    ended, repeated = await oak.post(path, {"reason": "over"}, key=key), await oak.post(path, {"reason": "over"}, key=key)
    assert (ended.status, ended.body) == (repeated.status, repeated.body)


async def test_contracts_are_told_to_the_log(world: World) -> None:
    agreement = await world.agreement()
    await world.node.client(world.oak, *WRITE).post(f"/v1/agreements/{agreement.id}/termination", {"reason": "breach"})
    told = [event for event in await world.node.events() if event.class_ == "agreement"]
    assert [(event.context.operation, event.context.agreement_id) for event in told] == [
        ("agreement-recorded", agreement.id),
        ("agreement-terminated", agreement.id),
    ]
    assert told[0].context.recipient_organisation == str(world.vendor.id)
