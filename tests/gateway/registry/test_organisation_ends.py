"""An organisation ends, by a change or with its last day: what lets somebody in on its behalf ends at every process, and stays ended."""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from safepassage.wire_organisations import Organisation
from services.gateway import app as gateway_app
from services.gateway.tables import FamilyLinkRow
from tests.conftest import StandingClock
from tests.gateway.becoming import becomes
from tests.gateway.by_hand import Party, ask_token
from tests.gateway.family.families import FamilyBrowser
from tests.gateway.family.test_links import ask as ask_for_links
from tests.gateway.family.test_links import is_going_on, made
from tests.gateway.house import House, open_house
from tests.gateway.oauth.codes.flow import Application, application, person
from tests.gateway.oauth.test_peers import BIRCH, World, world
from tests.gateway.oauth.test_token_exchange import exchanged
from tests.gateway.people.conftest import peopled, peoples
from tests.gateway.people.signing_in import Browser

__all__ = ("peopled", "peoples", "world")

pytestmark = pytest.mark.anyio


async def opens(house: House, party: Party, token: str) -> int:
    return (await house.call(party, token, "GET", "/oauth/token_info")).status


async def change(house: House, organisation: Organisation, **about: Any) -> Organisation:
    """The operator changes what is known of it; this process has heard of it."""
    changed = await house.hand.change_organisation(organisation.model_copy(update=about))
    await house.app.state.standing.refresh()
    return changed


async def district(house: House, **about: Any) -> Organisation:
    held = [one for one in await house.hand.organisations() if one.kind == "sea"]
    state = held[0] if held else await house.organisation("sea")
    return await house.organisation("lea", parent_id=state.id, **about)


@pytest.mark.requirement("DOOR-organisation-ends")
async def test_tokens_of_its_clients_end_in_the_request_that_ends_it_and_nobody_elses_do(house: House, clock: StandingClock) -> None:
    admin = await house.sea_party("admin:organisations")
    oak, elm = await district(house), await district(house)
    party, other = await house.party(oak, "records:read"), await house.party(elm, "records:read")
    actor = await house.sea_party("records:read", registered={"may_exchange": (UUID(party.client_id),)})
    clock.advance(hours=1)
    await house.app.state.standing.refresh()
    token, foreign, admins = await house.token(party), await house.token(other), await house.token(admin)
    made_of_it = await exchanged(house, actor, token)
    ended = oak.model_copy(update={"valid_until": house.now.date()}).model_dump(mode="json")
    for body, expected in ((oak.model_copy(update={"name": "Oak"}).model_dump(mode="json"), 200), (ended | {"version": 2}, 401)):
        answer = await house.call(admin, admins, "PUT", f"/v1/organisations/{oak.id}", json=body)
        assert answer.status == 200, answer.body
        assert [await opens(house, party, token), await opens(house, actor, made_of_it)] == [expected] * 2
    assert await opens(house, other, foreign) == 200
    assert (await ask_token(house.app, party, house.now)).json["error"] == "unauthorized_client"


@pytest.mark.requirement("DOOR-organisation-ends")
async def test_what_was_issued_before_does_not_come_back_with_it(house: House, clock: StandingClock) -> None:
    oak = await district(house)
    party = await house.party(oak, "records:read")
    clock.advance(hours=1)
    await house.app.state.standing.refresh()
    token = await house.token(party)
    oak = await change(house, oak, valid_from=house.now.date() + timedelta(days=1))
    assert await opens(house, party, token) == 401
    clock.advance(seconds=5)
    oak = await change(house, oak, valid_from=date(2020, 1, 1))
    assert await opens(house, party, token) == 401
    clock.advance(seconds=1)
    after = await house.token(party)
    assert [await opens(house, party, one) for one in (token, after)] == [401, 200]
    await change(house, oak, name="Oak Unified")
    assert await opens(house, party, after) == 200


async def _ends_with_its_last_day(house: House, clock: StandingClock) -> None:
    """Midnight in New York, where the state agency is, is when nobody changes anything."""
    tomorrow = house.now.date() + timedelta(days=1)
    ending, staying = await district(house, valid_until=tomorrow), await district(house, valid_until=tomorrow + timedelta(days=1))
    parties = [await house.party(one, "records:read") for one in (ending, staying)]
    clock.advance(hours=15, minutes=57)
    await house.app.state.standing.refresh()
    tokens = [await house.token(party) for party in parties]
    assert [await opens(house, *one) for one in zip(parties, tokens, strict=True)] == [200, 200]
    clock.advance(minutes=4)
    await house.app.state.standing.refresh()
    assert [await opens(house, *one) for one in zip(parties, tokens, strict=True)] == [401, 200]
    await change(house, ending, valid_until=None)
    assert [await opens(house, *one) for one in zip(parties, tokens, strict=True)] == [401, 200]


async def _ends_at_the_other_process(first: House, second: House) -> None:
    oak = await district(first)
    party = await first.party(oak, "records:read")
    token = await first.token(party)
    assert await opens(second, party, token) == 200
    await first.hand.change_organisation(oak.model_copy(update={"valid_until": first.now.date()}))

    async def refused() -> bool:
        return await opens(second, party, token) == 401

    await becomes(refused)


@pytest.mark.requirement("DOOR-organisation-ends")
async def test_both_hold_on_sqlite(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_app, "LOOK_SECONDS", 0.01)
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as first, open_house(tmp_path, node_keys, clock) as second:
        await _ends_at_the_other_process(first, second)
        await _ends_with_its_last_day(first, clock)


@pytest.mark.postgres
async def test_both_hold_on_postgresql(
    tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_app, "LOOK_SECONDS", 0.01)
    about = {"database_url": postgres_url}
    async with open_house(tmp_path, node_keys, clock, **about) as first, open_house(tmp_path, node_keys, clock, **about) as second:
        await _ends_at_the_other_process(first, second)
        await _ends_with_its_last_day(first, clock)


async def _person_of(house: House, **about: Any) -> tuple[Organisation, Application, Browser]:
    """An officer of a district, who let an application of the state's act for them."""
    app = await application(house, "records:read")
    oak = await district(house, **about)
    return oak, app, await person(house, "district-officer", organisation_id=oak.id)


@pytest.mark.requirement("DOOR-organisation-ends")
async def test_what_its_people_let_applications_do_ends_and_so_do_their_sessions(peopled: House, clock: StandingClock) -> None:
    oak, app, browser = await _person_of(peopled)
    tokens, held = await app.tokens(browser, scope="records:read"), dict(browser.cookies)
    assert await opens(peopled, app.party, tokens["access_token"]) == 200
    oak = await change(peopled, oak, valid_until=peopled.now.date())
    assert await opens(peopled, app.party, tokens["access_token"]) == 401
    assert (await browser.get("/signed-in")).status == 303
    clock.advance(seconds=1)
    await change(peopled, oak, valid_until=None)
    assert await opens(peopled, app.party, tokens["access_token"]) == 401
    assert (await app.refresh(tokens["refresh_token"])).code == "invalid_grant"
    assert (await Browser(peopled, held).get("/signed-in")).status == 303
    ended = [event for event in await peopled.entries() if event.context.operation == "authorization-ended"]
    assert [(event.context.reason, event.actor.kind) for event in ended] == [("organisation-ended", "operator")]


async def test_what_others_people_let_its_applications_do_ends_for_good(peopled: House, clock: StandingClock) -> None:
    _, app, browser = await _person_of(peopled)
    tokens = await app.tokens(browser, scope="records:read")
    [state] = [one for one in await peopled.hand.organisations() if one.kind == "sea"]
    state = await change(peopled, state, valid_until=peopled.now.date())
    clock.advance(seconds=1)
    await change(peopled, state, valid_until=None)
    assert (await app.refresh(tokens["refresh_token"])).code == "invalid_grant"
    assert (await browser.get("/signed-in")).status == 200


async def test_they_end_with_its_last_day_too(peopled: House, clock: StandingClock) -> None:
    clock.advance(hours=15, minutes=57)
    await peopled.app.state.standing.refresh()
    _, app, browser = await _person_of(peopled, valid_until=peopled.now.date())  # in New York that is tomorrow
    tokens = await app.tokens(browser, scope="records:read")
    assert await opens(peopled, app.party, tokens["access_token"]) == 200
    clock.advance(minutes=4)
    await peopled.app.state.standing.refresh()
    assert await opens(peopled, app.party, tokens["access_token"]) == 401
    assert (await browser.get("/signed-in")).status == 303


@pytest.mark.requirement("DOOR-organisation-ends")
async def test_families_links_and_visits_end_with_the_agency_that_made_them(house: House) -> None:
    visiting, waiting = FamilyBrowser(house), await made(house)
    visits = await made(house)
    assert (await visiting.use(visits.link)).status == 303
    [oak] = [one for one in await house.hand.organisations() if one.kind == "lea"]
    assert await is_going_on(visiting)
    oak = await change(house, oak, valid_until=house.now.date())
    assert not await is_going_on(visiting)
    assert (await FamilyBrowser(house).use(waiting.link)).status == 403
    house.clock.advance(seconds=1)
    await change(house, oak, valid_until=None)
    assert not await is_going_on(visiting)
    assert (await FamilyBrowser(house).use(waiting.link)).status == 403
    house.clock.advance(seconds=1)
    states = [(await ask_for_links(house, "GET", f"/v1/family-links/{link.id}")).json["state"] for link in (waiting, visits)]
    assert states == ["withdrawn"] * 2
    told = [one.context.about for one in await house.entries() if one.context.operation == "family-link-withdrawn"]
    assert sorted(told, key=str) == sorted((f"family-link:{link.id}" for link in (waiting, visits)), key=str)


async def test_a_link_that_waits_is_not_used_up_on_the_day_on_which_its_agency_is_no_more(house: House, clock: StandingClock) -> None:
    waiting = await made(house)
    [oak] = [one for one in await house.hand.organisations() if one.kind == "lea"]
    await change(house, oak, valid_until=house.now.date() + timedelta(days=1))
    clock.advance(hours=16)
    assert (await FamilyBrowser(house).use(waiting.link)).status == 403
    async with house.app.state.database.reading() as tx:
        assert (await tx.execute(select(FamilyLinkRow.used_at))).scalar_one() is None


@pytest.mark.requirement("DOOR-organisation-ends")
async def test_a_peer_that_is_an_organisation_no_more_is_out_with_the_tokens_that_it_has(world: World, clock: StandingClock) -> None:
    birch = world.network.birch()
    token = (await world.token(birch)).json["access_token"]
    assert (await world.send_receipt(birch, token)).status == 200
    [peer] = [one for one in await world.house.hand.organisations() if one.entity_id == BIRCH]
    peer = await change(world.house, peer, valid_until=world.house.now.date())
    assert (await world.send_receipt(birch, token)).code == "access-token-not-valid"
    clock.advance(seconds=1)
    await change(world.house, peer, valid_until=None)
    assert (await world.send_receipt(birch, token)).code == "access-token-not-valid"
    clock.advance(seconds=1)
    assert (await world.send_receipt(birch, (await world.token(birch)).json["access_token"])).status == 200


async def test_a_load_that_takes_long_puts_nothing_back_that_a_later_one_has(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    oak = await district(house)
    party, standing = await house.party(oak, "records:read"), house.app.state.standing
    load, began, goes_on, under_way, most = standing._load, asyncio.Event(), asyncio.Event(), 0, 0

    async def slow() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        began.set()
        await goes_on.wait()
        await load()
        under_way -= 1

    monkeypatch.setattr(standing, "_load", slow)
    async with asyncio.timeout(20):
        first = asyncio.create_task(standing.refresh())
        await began.wait()
        await house.hand.change_organisation(oak.model_copy(update={"valid_until": house.now.date()}))
        later = [asyncio.create_task(standing.refresh()) for _ in range(5)]
        await asyncio.sleep(0)
        goes_on.set()
        await asyncio.gather(first, *later)
    assert most == 1
    assert standing._changed[party.client_id].kids == frozenset()
