"""RFC 8693 for a person's token: the person stays who it is for, who acts is said, and what ends the one ends the other."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from safepassage.wire_clients import ClientGrants
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party, ask_token
from tests.gateway.house import House, claims_of, open_house
from tests.gateway.oauth.codes.flow import GIVEN, PURPOSE, application, person
from tests.gateway.oauth.test_client_certificates import registered
from tests.gateway.oauth.test_token_exchange import ACCESS, GRANT
from tests.gateway.oauth.test_whose_certificate import AUTHORITY
from tests.gateway.people.signing_in import person_of

pytestmark = pytest.mark.anyio


async def exchanged(house: House, party: Party, token: str) -> str:
    form = party.proven(house.now, grant_type=GRANT, subject_token=token, subject_token_type=ACCESS)
    answer = await ask_token(house.app, party, house.now, form=form)
    assert answer.status == 200, answer.body
    return str(answer.json["access_token"])


@pytest.mark.requirement("DOOR-exchange")
async def test_the_person_stays_and_who_acts_is_said_until_the_person_or_the_application_is_out(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    actor = await peopled.sea_party(*GIVEN.split(), purposes=[PURPOSE], registered={"may_exchange": [app.party.client_id]})
    token = (await app.tokens(browser))["access_token"]
    made = await exchanged(peopled, actor, token)
    before, after = claims_of(token), claims_of(made)
    for name in ("sub", "acr", "auth_time", "role", "authorization_id"):
        assert after.get(name) == before.get(name), name
    assert before["sub"] != app.party.client_id
    assert (after["client_id"], after["act"]) == (actor.client_id, {"sub": actor.client_id})
    assert (await peopled.call(actor, made, "GET", "/v1/decisions")).status == 200
    who, caller = await person_of(browser, peopled.now), peopled.heard("privacy").principal.caller
    assert caller is not None
    assert (caller.person, caller.client_id, caller.for_client) == (who.identifier, actor.client_id, app.party.client_id)
    [event] = [one for one in await peopled.entries() if one.context.operation == "token-exchanged"]
    assert (event.actor.person, event.actor.client_id) == (who.identifier, actor.client_id)
    grants = ClientGrants(version=1, scopes=("decisions:read",), purposes=(PURPOSE,))
    await peopled.hand.change_client_grants(UUID(app.party.client_id), grants)
    await peopled.app.state.standing.refresh()
    for party, one in ((app.party, token), (actor, made)):
        assert (await peopled.call(party, one, "GET", "/v1/decisions")).status == 401


@pytest.mark.requirement("DOOR-exchange")
async def test_whom_a_client_with_a_certificate_acts_for_is_told_too(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any]
) -> None:
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.pem)
    proxied = {
        "client_certificate_authorities": tmp_path / "ca.pem",
        "client_certificate_header": "client-cert",
        "trusted_proxies": ["10.0.0.0/8"],
    }
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **peoples, **proxied) as house:
        app, browser = await application(house), await person(house)
        token = (await app.tokens(browser))["access_token"]
        grants = {"scopes": tuple(GIVEN.split()), "purposes": (PURPOSE,), "may_exchange": (UUID(app.party.client_id),)}
        actor = await registered(house, **grants)
        answer = await actor.ask(grant_type=GRANT, subject_token=token, subject_token_type=ACCESS)
        assert (answer.status, answer.json["token_type"]) == (200, "Bearer"), answer.body
        assert (await actor.get(answer.json["access_token"])).status == 200
        caller = house.heard("privacy").principal.caller
        assert caller is not None
        assert (caller.person, caller.client_id) == ((await person_of(browser, house.now)).identifier, actor.client_id)
