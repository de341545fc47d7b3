"""A client that loses something loses the tokens that say it, and what was made from them, at every process; whatever it loses it by."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from safepassage.wire_clients import ClientGrants
from services.gateway import app as gateway_app
from tests.conftest import StandingClock
from tests.gateway.becoming import becomes
from tests.gateway.by_hand import Party
from tests.gateway.house import House, open_house
from tests.gateway.oauth.codes.flow import person
from tests.gateway.oauth.test_token_exchange import actor_for, details, exchanged
from tests.gateway.people.conftest import peopled, peoples
from tests.gateway.registration.registering import manage, metadata
from tests.gateway.registration.test_managing import registered, update
from tests.gateway.registration.test_people_and_certificates import CALLBACK, SCOPES, SECOND, acting

__all__ = ("peopled", "peoples")

pytestmark = pytest.mark.anyio

BOTH = ("decisions:read", "exchange:request")
PURPOSES = ("assessment", "instruction")


async def opens(house: House, party: Party, token: str) -> int:
    return (await house.call(party, token, "GET", "/oauth/token_info")).status


async def narrow(house: House, party: Party, *scopes: str, **about: Any) -> None:
    """An administrator changes what the client may have; its version is that of a client that was never changed."""
    await house.hand.change_client_grants(UUID(party.client_id), ClientGrants(version=1, scopes=scopes, **about))
    await house.app.state.standing.refresh()


@pytest.mark.requirement("DOOR-taken-back")
async def test_a_token_that_says_more_than_its_client_may_counts_no_more_and_one_that_does_not_still_does(
    house: House, clock: StandingClock
) -> None:
    for lost, scopes, purposes in (("scope", BOTH[:1], PURPOSES), ("purpose", BOTH, PURPOSES[:1]), ("nothing", BOTH, PURPOSES)):
        party = await house.sea_party(*BOTH, purposes=PURPOSES)
        clock.advance(minutes=30)
        await house.app.state.standing.refresh()
        for_both = await house.token(party, authorization_details=details(purpose="instruction"))
        less = await house.token(party, scope=BOTH[0], authorization_details=details())
        await narrow(house, party, *scopes, "audit:search", purposes=purposes)
        assert [await opens(house, party, one) for one in (for_both, less)] == [200 if lost == "nothing" else 401, 200], lost
        assert await opens(house, party, await house.token(party)) == 200


@pytest.mark.requirement("DOOR-taken-back")
async def test_what_was_made_from_a_token_ends_when_either_client_loses_it(house: House) -> None:
    for which in ("subject", "actor", "may_exchange", "neither"):
        subject = await house.sea_party(*BOTH)
        actor = await actor_for(house, subject, *BOTH)
        token = await exchanged(house, actor, await house.token(subject))
        less = await exchanged(house, actor, await house.token(subject), scope=BOTH[0])
        own = await house.token(actor)
        if which == "subject":
            await narrow(house, subject, BOTH[0])
        else:
            kept = () if which == "may_exchange" else (UUID(subject.client_id),)
            await narrow(house, actor, *(BOTH[:1] if which == "actor" else BOTH), may_exchange=kept)
        expected = {"subject": [401, 200, 200], "actor": [401, 200, 401], "may_exchange": [401, 401, 200], "neither": [200, 200, 200]}
        assert [await opens(house, actor, one) for one in (token, less, own)] == expected[which], which


async def test_another_process_refuses_them_within_a_second_however_the_client_was_narrowed_or_ended(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_app, "LOOK_SECONDS", 0.01)
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house, open_house(tmp_path, node_keys, clock) as second:
        for method in ("grants", "PUT", "DELETE"):
            party, token = await registered(house)
            access = await house.token(party)
            assert await opens(second, party, access) == 200, method
            if method == "grants":
                grants = ClientGrants(version=2, scopes=("records:read",))
                await house.hand.change_client_grants(UUID(party.client_id), grants)
            else:
                answer = await manage(house, method, party.client_id, token, update(party) if method == "PUT" else None)
                assert answer.status < 300, answer
            await becomes(lambda party=party, access=access: _refuses(second, party, access))  # type: ignore[misc]


@pytest.mark.requirement("DOOR-refresh")
async def test_what_people_let_a_client_do_ends_when_it_gives_that_up_itself_and_no_sooner(peopled: House) -> None:
    app, told = await acting(peopled)
    client_id, token = app.party.client_id, told["registration_access_token"]
    browser = await person(peopled)
    whole, less = await app.tokens(browser), await app.tokens(browser, scope="decisions:read")
    code = await app.code(browser)
    own: dict[str, Any] = {"client_id": client_id, "software_id": "reader", "purposes": ["audit-evaluation"]}
    own |= {"redirect_uris": [CALLBACK, SECOND], "grant_types": ["authorization_code", "refresh_token"]}
    changed = await manage(peopled, "PUT", client_id, token, metadata(app.party, **own, scope=" ".join(SCOPES[1:])))
    assert changed.status == 200, changed
    assert [await opens(peopled, app.party, one["access_token"]) for one in (whole, less)] == [401, 200]
    assert [(await app.refresh(one["refresh_token"])).status for one in (whole, less)] == [400, 200]
    assert (await app.exchange(code)).code == "invalid_grant"
    following = await app.tokens(browser, scope="decisions:read")
    assert (await manage(peopled, "DELETE", client_id, changed.json["registration_access_token"])).status == 204
    assert await opens(peopled, app.party, following["access_token"]) == 401
    assert (await app.refresh(following["refresh_token"])).status == 400
    ended = [event.context.reason for event in await peopled.entries() if event.context.operation == "authorization-ended"]
    assert sorted(ended, key=str) == ["grants-changed"] * 2 + ["registration-ended"] * 2


async def _refuses(house: House, party: Party, token: str) -> bool:
    return await opens(house, party, token) == 401
