"""RFC 7592: a client reads, narrows and ends its own registration with its own token; of another's it learns nothing."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.gateway.registration.metadata import NEVER_SENT
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask_token, new_key
from tests.gateway.house import ISSUER, House
from tests.gateway.registration.registering import initial_token, manage, metadata, register, signer

pytestmark = pytest.mark.anyio

DECISION = "/v1/decisions/019a0000-0000-7000-8000-000000000000"


async def registered(house: House, **about: Any) -> tuple[Party, str]:
    """A client that came in by itself, and its registration access token."""
    party = Party("", ISSUER)
    vendor = await house.organisation("vendor")
    body = metadata(party, scope="agreements:read records:read", purposes=["assessment", "audit-evaluation"], **about)
    answer = await register(house, body, token=await initial_token(house, vendor.id))
    assert answer.status == 201, answer.body
    party.client_id = answer.json["client_id"]
    await house.hand.approve_registration(UUID(party.client_id))
    return party, str(answer.json["registration_access_token"])


def update(party: Party, **about: Any) -> dict[str, Any]:
    return metadata(party, client_id=party.client_id, **about)


@pytest.mark.requirement("DOOR-narrowed")
async def test_an_update_narrows_and_gives_another_token(house: House) -> None:
    party, first = await registered(house)
    read = await manage(house, "GET", party.client_id, first)
    assert (read.status, read.json["registration_access_token"], read.headers["cache-control"]) == (200, first, "no-store")
    changed = await manage(house, "PUT", party.client_id, first, update(party, purposes=["assessment"], client_name="Elm, new"))
    assert (changed.status, changed.json["scope"], changed.json["purposes"]) == (200, "records:read", ["assessment"]), changed.body
    second = changed.json["registration_access_token"]
    assert second != first
    assert (await manage(house, "GET", party.client_id, first)).code == "invalid_token"
    assert (await manage(house, "GET", party.client_id, second)).json["client_name"] == "Elm, new"
    assert (await ask_token(house.app, party, house.now)).json["scope"] == "records:read"
    for wider in ({"scope": "agreements:read records:read"}, {"purposes": ["assessment", "audit-evaluation"]}):
        refused = await manage(house, "PUT", party.client_id, second, update(party, **wider))
        assert (refused.status, refused.code) == (400, "invalid_client_metadata"), "what it had once it has no more"
    operations = [event.context.operation for event in await house.entries() if event.class_ == "administration"]
    assert operations[-3:] == ["client-registered-itself", "client-registration-approved", "client-registration-changed"]


@pytest.mark.requirement("DOOR-narrowed")
async def test_an_update_that_says_more_than_it_may_changes_nothing(house: House) -> None:
    party, token = await registered(house, software_id="reader")
    apps = await signer(house)
    own = update(party, software_id="reader")
    cases: dict[str, dict[str, Any]] = {
        "more scope": own | {"scope": "agreements:read records:read audit:search"},
        "more purposes": own | {"purposes": ["marketing"]},
        "no client_id": {name: value for name, value in own.items() if name != "client_id"},
        "another's client_id": own | {"client_id": str(uuid4())},
        "its token": own | {"registration_access_token": token},
        "its URL": own | {"registration_client_uri": "x"},
        "when it was given": own | {"client_id_issued_at": 1},
        "when its secret ends": own | {"client_secret_expires_at": 1},
        "a statement": own | {"software_statement": apps.statement(house.now)},
        "other software": own | {"software_id": "writer"},
        "no software": {name: value for name, value in own.items() if name != "software_id"},
        "another organisation": own | {"organisation_id": str(uuid4())},
        "no keys": {name: value for name, value in own.items() if name != "jwks"},
        "a secret": own | {"token_endpoint_auth_method": "client_secret_post"},
        "a certificate": {name: value for name, value in own.items() if name != "jwks"}
        | {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.example"},
        "people": own | {"grant_types": ["authorization_code"], "redirect_uris": ["https://app.example/"]},
    }
    before = (await manage(house, "GET", party.client_id, token)).json
    for name, body in cases.items():
        answer = await manage(house, "PUT", party.client_id, token, body)
        assert (answer.status, answer.code) == (400, "invalid_client_metadata"), name
    assert (await manage(house, "GET", party.client_id, token)).json == before


@pytest.mark.requirement("DOOR-narrowed")
async def test_what_a_publisher_said_of_a_client_stays_and_its_statement_may_come_back(house: House) -> None:
    apps, party = await signer(house), Party("", ISSUER)
    statement = apps.statement(house.now, contacts=["desk@vendor.example"])
    registered = (await register(house, metadata(party, software_statement=statement))).json
    party.client_id, token = registered["client_id"], registered["registration_access_token"]
    read = (await manage(house, "GET", party.client_id, token)).json
    assert read == registered
    own = {name: value for name, value in read.items() if name not in NEVER_SENT}
    other = apps.statement(house.now)
    refused = await manage(house, "PUT", party.client_id, token, own | {"software_statement": other})
    assert (refused.status, refused.code) == (400, "invalid_client_metadata")
    renamed = own | {"client_name": "Department of Education", "contacts": ["desk@evil.example"], "software_version": "1.3.0"}
    changed = await manage(house, "PUT", party.client_id, token, renamed)
    assert changed.status == 200, changed.body
    for name, value in (("client_name", "Reader"), ("contacts", ["desk@vendor.example"]), ("software_version", "1.3.0")):
        assert changed.json[name] == value
    without = {name: value for name, value in own.items() if name != "software_statement"}
    again = await manage(house, "PUT", party.client_id, changed.json["registration_access_token"], without | {"client_name": "Other"})
    assert (again.status, again.json["client_name"]) == (200, "Reader")


@pytest.mark.requirement("DOOR-narrowed")
async def test_whoever_has_not_the_token_is_answered_as_for_a_client_that_is_none(house: House) -> None:
    party, token = await registered(house)
    _, others = await registered(house)
    plain = await house.sea_party("decisions:read")

    async def answers(client_id: str, with_token: str | None) -> list[Answer]:
        body = update(party) | {"client_id": client_id}
        return [
            await manage(house, method, client_id, with_token, body if method == "PUT" else None) for method in ("GET", "PUT", "DELETE")
        ]

    seen = [one for with_token in (others, "A" * 43, "", None) for one in await answers(party.client_id, with_token)]
    for client_id in (str(uuid4()), plain.client_id, party.client_id.upper(), "admin"):
        seen += await answers(client_id, token)
    assert {(one.status, one.body) for one in seen} == {(401, seen[0].body)}
    assert {one.headers["www-authenticate"] for one in seen} == {'Bearer error="invalid_token"'}
    assert (await manage(house, "GET", party.client_id, token)).status == 200


async def test_of_several_changes_with_one_token_one_is_made(house: House) -> None:
    party, token = await registered(house)
    changes = [manage(house, "PUT", party.client_id, token, update(party, client_name=f"Name {number}")) for number in range(5)]
    assert Counter(answer.status for answer in await asyncio.gather(*changes)) == {200: 1, 401: 4}


async def test_with_new_keys_the_tokens_of_the_old_ones_count_no_more(house: House, clock: StandingClock) -> None:
    party, token = await registered(house)
    clock.advance(minutes=30)
    await house.app.state.standing.refresh()
    old = await house.token(party)
    newer = Party(party.client_id, ISSUER, kid="two", key=new_key("Ed25519"))
    assert (await manage(house, "PUT", party.client_id, token, update(newer))).status == 200
    assert (await house.call(party, old, "GET", "/oauth/token_info")).code == "access-token-not-valid"
    assert [(await ask_token(house.app, one, house.now)).status for one in (party, newer)] == [401, 200]


async def test_a_client_that_ends_its_registration_is_out_at_once_and_for_good(house: House, clock: StandingClock) -> None:
    party, token = await registered(house)
    clock.advance(minutes=30)
    await house.app.state.standing.refresh()
    access = await house.token(party)
    answer = await manage(house, "DELETE", party.client_id, token)
    assert (answer.status, answer.body) == (204, b"")
    assert (await house.call(party, access, "GET", "/oauth/token_info")).code == "access-token-not-valid"
    assert (await ask_token(house.app, party, house.now)).code == "unauthorized_client"
    assert (await manage(house, "GET", party.client_id, token)).code == "invalid_token"
    admin = await house.sea_party("admin:clients")
    admins = await house.token(admin)
    enabled = await house.call(admin, admins, "DELETE", f"/v1/clients/{party.client_id}/disablement")
    assert (enabled.status, enabled.code) == (409, "registration-not-approved")
    approved = await house.call(admin, admins, "POST", f"/v1/registrations/{party.client_id}/approval")
    assert (approved.status, approved.code) == (409, "registration-not-pending")
    assert [one.state for one in await house.hand.registrations()] == ["ended"]


async def test_whom_an_administrator_has_disabled_does_not_manage_itself(house: House, clock: StandingClock) -> None:
    party, token = await registered(house)
    client = (await house.hand.registrations())[0].client
    await house.hand.disable_client(client.id)
    for method in ("GET", "PUT", "DELETE"):
        answer = await manage(house, method, party.client_id, token, update(party) if method == "PUT" else None)
        assert (answer.status, answer.code) == (401, "invalid_token"), method
    await house.hand.enable_client(client.id)
    assert (await manage(house, "GET", party.client_id, token)).status == 200


async def test_a_pending_client_may_change_what_it_asks_for_and_still_waits(house: House) -> None:
    party = Party("", ISSUER)
    vendor = await house.organisation("vendor")
    told = (await register(house, metadata(party, scope="agreements:read records:read"), token=await initial_token(house, vendor.id))).json
    party.client_id = told["client_id"]
    changed = await manage(house, "PUT", party.client_id, told["registration_access_token"], update(party))
    assert (changed.status, changed.json["registration_state"], changed.json["scope"]) == (200, "pending", "records:read")
    assert (await ask_token(house.app, party, house.now)).code == "unauthorized_client"
