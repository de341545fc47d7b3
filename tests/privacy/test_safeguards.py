"""The lists of 34 CFR 300.616 and 300.623: each agency's own, by days; a line ends and stays."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from safepassage.problems.requests import NotPermitted
from safepassage.problems.rights import NoSuchListEntry, RequestIncomplete, StepNotPossible
from safepassage.wire_safeguards import AccessListing, AccessListings, RecordLocation, RecordLocations
from services.privacy import safeguard_lists
from services.privacy.readiness.people_measures import in_force
from services.privacy.safeguard_lists import safeguard_measures
from services.privacy.tables import SafeguardRow
from tests.privacy.node import Client, problem_of
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

PLACE = {"record_type": "individualized education programs", "location": "special education office, cabinet 4", "since": "2026-08-01"}
NAMED = {
    "name": "Ada Moreno",
    "position": "case manager",
    "may_access": ["individualized education programs"],
    "since": "2026-08-01",
}
TRAINED = {"trained_on": "2026-08-20", "training_ref": "training log 12", "responsible": True}


@pytest.fixture
def keeper(world: World) -> Client:
    return world.node.client(world.oak, "safeguards:keep")


async def put(client: Client, path: str, body: dict[str, Any]) -> Any:
    answer = await client.post(path, body)
    assert answer.status == 201, answer.body
    return (RecordLocation if "locations" in path else AccessListing).model_validate_json(answer.body)


async def listed(client: Client, query: str = "") -> list[str]:
    return [one.name for one in AccessListings.model_validate_json((await client.get("/v1/access-listings", query)).body).listings]


@pytest.mark.requirement("IDEA-lists")
async def test_a_parent_who_asks_is_given_the_types_and_locations_of_the_day(world: World, keeper: Client) -> None:
    first = await put(keeper, "/v1/record-locations", PLACE)
    await put(keeper, "/v1/record-locations", PLACE | {"record_type": "evaluations", "kept_by": "director"})
    ended = await keeper.post(f"/v1/record-locations/{first.id}/end", {"ended_on": "2026-10-01"})
    assert RecordLocation.model_validate_json(ended.body).ended_on is not None
    desk = world.node.client(world.oak, "rights:act")
    today = RecordLocations.model_validate_json((await desk.get("/v1/record-locations")).body)
    assert (today.on, [one.record_type for one in today.locations]) == (world.node.clock().date(), ["evaluations"])
    then = RecordLocations.model_validate_json((await desk.get("/v1/record-locations", "on=2026-09-30")).body)
    assert [one.record_type for one in then.locations] == ["evaluations", "individualized education programs"]
    assert RecordLocations.model_validate_json((await desk.get("/v1/record-locations", "on=2026-10-01")).body).locations == today.locations


@pytest.mark.requirement("IDEA-lists")
async def test_the_current_listing_has_names_and_positions_and_who_left_is_on_that_of_then(world: World, keeper: Client) -> None:
    ada = await put(keeper, "/v1/access-listings", NAMED | TRAINED)
    await put(keeper, "/v1/access-listings", NAMED | {"name": "Ben Okoye", "position": "school psychologist"})
    assert (ada.responsible, ada.position, ada.training_ref) == (True, "case manager", "training log 12")
    assert await listed(keeper) == ["Ada Moreno", "Ben Okoye"]
    assert (await keeper.post(f"/v1/access-listings/{ada.id}/end", {"ended_on": "2026-10-20"})).status == 200
    assert await listed(keeper) == ["Ben Okoye"]
    assert await listed(keeper, "on=2026-10-19") == ["Ada Moreno", "Ben Okoye"]
    assert await listed(keeper, "on=2026-07-31") == []
    told = [event.context.operation for event in await world.node.events() if event.class_ == "rights"]
    assert told == ["access-listing-recorded", "access-listing-recorded", "access-listing-ended"]


async def test_a_list_is_of_its_own_agency_and_kept_by_its_keeper_alone(world: World, keeper: Client) -> None:
    mine = await put(keeper, "/v1/access-listings", NAMED)
    other = world.node.client(world.elm, "safeguards:keep")
    assert await listed(other) == []
    end = {"ended_on": "2026-10-01"}
    for client, path in (
        (other, f"access-listings/{mine.id}"),
        (keeper, f"record-locations/{mine.id}"),
        (keeper, f"access-listings/{uuid4()}"),
    ):
        answer = await client.post(f"/v1/{path}/end", end)
        assert (answer.status, problem_of(answer).code) == (404, NoSuchListEntry.code)
    desk = await world.node.client(world.oak, "rights:act").post("/v1/access-listings", NAMED)
    assert (desk.status, problem_of(desk).code) == (403, NotPermitted.code)


async def test_the_same_request_twice_puts_one_line_and_a_line_ends_once(world: World, keeper: Client) -> None:
    first, second = [await keeper.post("/v1/access-listings", NAMED, key="0198f2a4-6d31-7c55-9b1e-2f6a7c0d4e11") for _ in range(2)]
    assert first.body == second.body
    assert await world.node.count(SafeguardRow) == 1
    path = f"/v1/access-listings/{AccessListing.model_validate_json(first.body).id}/end"
    statuses = [(await keeper.post(path, {"ended_on": day})).status for day in ("2026-10-01", "2026-10-01", "2026-10-02")]
    assert statuses == [200, 200, StepNotPossible.status]


async def test_what_cannot_be_so_is_not_recorded(world: World, keeper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = (world.node.clock().date() + timedelta(days=1)).isoformat()
    listing = await put(keeper, "/v1/access-listings", NAMED)
    end = f"/v1/access-listings/{listing.id}/end"
    wrong = [
        ("/v1/access-listings", NAMED | {"since": tomorrow}, "since"),
        ("/v1/access-listings", NAMED | {"trained_on": "2026-08-20"}, "training_ref"),
        ("/v1/record-locations", PLACE | {"since": tomorrow}, "since"),
        (end, {"ended_on": "2026-07-31"}, "ended_on"),
        (end, {"ended_on": tomorrow}, "ended_on"),
    ]
    monkeypatch.setattr(safeguard_lists, "MOST", 1)
    for path, body, field in [*wrong, ("/v1/access-listings", NAMED, "since")]:
        answer = await keeper.post(path, body)
        assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (422, RequestIncomplete.code, field)
    assert await world.node.count(SafeguardRow) == 1


async def test_the_scorecard_counts_who_is_listed_trained_and_responsible(world: World, keeper: Client) -> None:
    await put(keeper, "/v1/access-listings", NAMED | TRAINED)
    left = await put(keeper, "/v1/access-listings", NAMED | TRAINED)
    await keeper.post(f"/v1/access-listings/{left.id}/end", {"ended_on": "2026-10-01"})
    await put(world.node.client(world.elm, "safeguards:keep"), "/v1/access-listings", NAMED)
    await put(world.node.client(world.oak_school, "safeguards:keep"), "/v1/access-listings", NAMED | TRAINED)
    state = world.node.app.state

    def measure(connection: Connection) -> dict[str, int]:
        return safeguard_measures(connection, state.sealer, in_force(connection, world.node.clock()))

    found = await state.database.read(measure)
    assert found == {"access_listed": 3, "access_listed_trained": 2, "districts_naming_responsible": 1}
    gone = world.oak.model_copy(update={"valid_until": world.node.clock().date(), "version": world.oak.version + 1})
    await world.node.project(gone)
    assert (await state.database.read(measure))["districts_naming_responsible"] == 0
