"""Agreements in a list: those that stand, those about to end, those that are over; to whom each alone is shown."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from safepassage.wire_agreement_use import AgreementUse
from safepassage.wire_lists import AgreementPage, DestructionAttestations
from tests.privacy.node import Client, organisation
from tests.privacy.test_destructions import ended, vendor, word
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


async def listed(client: Client, query: str = "") -> list[UUID]:
    """The ids of every page, in their order."""
    found: list[UUID] = []
    cursor = ""
    while True:
        answer = await client.get("/v1/agreements", f"{query}{'&cursor=' + cursor if cursor else ''}".lstrip("&"))
        assert answer.status == 200, answer.body
        page = AgreementPage.model_validate_json(answer.body)
        found += [one.id for one in page.agreements]
        if page.next is None:
            return found
        cursor = page.next


def reader(world: World, name: str) -> Client:
    return world.node.client(getattr(world, name), "agreements:read")


async def test_each_agreement_is_in_the_lists_of_its_parties_and_in_no_others(world: World) -> None:
    oaks = (await world.agreement()).id
    both = (await world.agreement(by=world.sea, district_ids=[str(world.oak.id), str(world.elm.id)], ends_on="2027-06-01")).id
    seen = {name: await listed(reader(world, name)) for name in ("oak", "elm", "sea", "vendor", "oak_school")}
    assert seen == {"oak": [both, oaks], "elm": [both], "sea": [both, oaks], "vendor": [both, oaks], "oak_school": []}
    assert await listed(reader(world, "sea"), f"recipient_id={world.vendor.id}") == [both, oaks]
    assert await listed(reader(world, "sea"), f"recipient_id={world.oak.id}") == []


async def test_pages_have_each_agreement_once_those_that_end_first_in_front(world: World) -> None:
    days = ["2027-03-01", "2027-01-01", "2027-02-01", "2027-01-01"]
    made = [(day, (await world.agreement(ends_on=day)).id) for day in days]
    for query in ("limit=1", "limit=3", ""):
        assert await listed(reader(world, "oak"), query) == [identifier for _, identifier in sorted(made)]
    newest = [identifier for _, identifier in sorted(made, reverse=True)]
    assert await listed(reader(world, "oak"), "state=all&limit=1") == newest
    assert await listed(reader(world, "oak"), "state=all&sort=ends_on&limit=1") == newest[::-1]
    assert await listed(reader(world, "oak"), "sort=-ends_on&limit=3") == newest


async def test_agreements_by_party_follow_its_name_when_it_is_called_otherwise(world: World) -> None:
    made = {}
    for name in ("Zebra", "árbol", "Maple"):
        world.vendor = organisation("vendor", name)
        await world.node.project(world.vendor)
        made[name] = (await world.agreement()).id
    oak = reader(world, "oak")
    assert await listed(oak, "sort=recipient&limit=1") == [made["árbol"], made["Maple"], made["Zebra"]]
    assert await listed(oak, "sort=-recipient&limit=2") == [made["Zebra"], made["Maple"], made["árbol"]]
    renamed = world.vendor.model_copy(update={"name": "Aardvark", "version": world.vendor.version + 1})
    await world.node.project(renamed)
    assert await listed(oak, "sort=recipient") == [made["Maple"], made["árbol"], made["Zebra"]]
    await world.node.project(world.vendor)
    assert await listed(oak, "sort=recipient") == [made["Maple"], made["árbol"], made["Zebra"]], "an older version changes nothing"


async def test_it_stands_until_its_last_day_or_until_the_last_district_has_ended_it(world: World) -> None:
    soon = (await world.agreement(ends_on="2026-12-01")).id
    both = (await world.agreement(by=world.sea, district_ids=[str(world.oak.id), str(world.elm.id)])).id
    oak = reader(world, "oak")
    assert [await listed(oak, f"state={state}") for state in ("current", "ending", "over")] == [[soon, both], [soon], []]
    for district in (world.oak, world.elm):
        assert await listed(oak, "state=over") == []
        answer = await world.node.client(district, "agreements:write").post(f"/v1/agreements/{both}/termination", {"reason": "breach"})
        assert answer.status == 200
    assert [await listed(oak, f"state={state}") for state in ("current", "over")] == [[soon], [both]]
    world.node.clock.instant = datetime(2026, 12, 1, 4, 59, tzinfo=UTC)
    assert await listed(oak) == [soon]
    world.node.clock.instant = datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert (await listed(oak), await listed(oak, "state=over")) == ([], [both, soon])


async def test_a_vendors_word_is_listed_to_itself_and_to_whom_it_was_owed(world: World) -> None:
    client = vendor(world)
    agreement = await ended(world, client)
    path = f"/v1/agreements/{agreement.id}/destruction-attestations"
    assert (await client.post("/v1/destruction-attestations", word(client, agreement))).status == 201
    for party in (client, world.node.client(world.oak, "obligations:read"), world.node.client(world.sea, "obligations:read")):
        (one,) = DestructionAttestations.model_validate_json((await party.get(path)).body).attestations
        assert (one.agreement_id, len(one.discharged)) == (agreement.id, 1)
    assert (await world.node.client(world.elm, "obligations:read").get(path)).status == 404


async def test_another_districts_attestation_under_the_same_agreement_is_not_told(world: World) -> None:
    client = vendor(world)
    agreement = await world.agreement(by=world.sea, district_ids=[str(world.oak.id), str(world.elm.id)])
    await world.node.decide(world.by_contract(agreement, await world.student()), by=client)
    world.node.clock.instant = datetime(2027, 7, 1, 6, tzinfo=UTC)
    assert (await client.post("/v1/destruction-attestations", word(client, agreement))).status == 201
    path = f"/v1/agreements/{agreement.id}/destruction-attestations"
    seen = [await world.node.client(one, "obligations:read").get(path) for one in (world.oak, world.elm)]
    assert [len(DestructionAttestations.model_validate_json(one.body).attestations) for one in seen] == [1, 0]


async def test_use_is_counted_of_the_newest_decisions_alone_where_that_is_asked(world: World) -> None:
    agreement, facts = await world.agreement(), await world.student()
    await world.node.decide(world.by_contract(agreement, facts), by=world.node.client(world.vendor))
    oak = reader(world, "oak")
    use = AgreementUse.model_validate_json((await oak.get(f"/v1/agreements/{agreement.id}/use", "newest=200")).body)
    assert (use.decisions, use.complete) == (1, True)
    assert (await oak.get(f"/v1/agreements/{agreement.id}/use", "newest=1")).status == 422
