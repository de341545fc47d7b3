"""Clients that register themselves to act for people, or to come by a certificate: within the word for them, and looked at first."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask_token
from tests.gateway.house import ISSUER, House, open_house
from tests.gateway.oauth.codes.flow import Application, person
from tests.gateway.oauth.test_client_certificates import Behind
from tests.gateway.oauth.test_whose_certificate import AUTHORITY, OWN
from tests.gateway.people.conftest import peopled, peoples
from tests.gateway.registration.registering import Signer, initial_token, manage, metadata, register, signer
from tests.gateway.registration.statements import CALLBACK

__all__ = ("peopled", "peoples")

pytestmark = pytest.mark.anyio

GRANTS = ["authorization_code", "refresh_token"]
SECOND = "https://app.example/second"
SCOPES = ("audit:search", "decisions:read", "evidence:read")


@pytest.fixture
async def certified(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[House]:
    """A house that lets clients in by certificates of an authority, in development."""
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.pem)
    settings: dict[str, Any] = {
        "client_certificate_authorities": tmp_path / "ca.pem",
        "client_certificate_header": "client-cert",
        "trusted_proxies": ["10.0.0.0/8"],
        "insecure_development": True,
    }
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **settings) as opened:
        yield opened


async def agencys(house: House, **about: Any) -> Signer:
    """A publisher of the state agency's, whose applications may act for its people."""
    return await signer(house, organisation=await house.organisation("sea"), scopes=SCOPES, purposes=("audit-evaluation",), **about)


async def by_statement(house: House, apps: Signer, party: Party, **claims: Any) -> Answer:
    """Register an application that a statement speaks for."""
    said = {"scope": " ".join(SCOPES), "redirect_uris": [CALLBACK, SECOND], "grant_types": GRANTS, "purposes": ["audit-evaluation"]}
    answer = await register(house, metadata(party, software_statement=apps.statement(house.now, **said | claims)))
    if answer.status == 201:
        party.client_id = answer.json["client_id"]
    return answer


async def acting(house: House, **about: Any) -> tuple[Application, dict[str, Any]]:
    """An application that registered itself and was let in, and what it was told."""
    apps, party = await agencys(house, **about), Party("", ISSUER)
    answer = await by_statement(house, apps, party)
    assert answer.status == 201, answer.body
    await house.hand.approve_registration(UUID(party.client_id))
    await house.app.state.standing.refresh()
    return Application(house, party), answer.json


@pytest.mark.requirement("DOOR-registered")
async def test_an_application_registers_to_act_for_people_and_does_once_it_was_looked_at(peopled: House) -> None:
    app, told = await acting(peopled, trusted=True)
    assert told["registration_state"] == "pending", "who asks people is looked at, whoever speaks for it"
    assert (told["redirect_uris"], told["grant_types"], told["response_types"]) == ([CALLBACK, SECOND], GRANTS, ["code"])
    got = await app.tokens(await person(peopled))
    assert (await app.refresh(got["refresh_token"])).status == 200
    refused = await ask_token(peopled.app, app.party, peopled.now)
    assert (refused.status, refused.code) == (400, "unauthorized_client"), "it registered to act for people alone"
    [waited] = await peopled.hand.registrations()
    assert waited.client.redirect_uris == (CALLBACK, SECOND), "who approves sees where people are sent back to"


async def test_where_people_are_sent_back_to_is_the_statements_whatever_the_body_says(peopled: House) -> None:
    apps, party = await agencys(peopled), Party("", ISSUER)
    statement = apps.statement(peopled.now, scope="decisions:read", redirect_uris=[CALLBACK])
    evil = {"redirect_uris": ["https://evil.example/"], "grant_types": ["authorization_code"]}
    told = (await register(peopled, metadata(party, software_statement=statement, **evil))).json
    assert (told["redirect_uris"], told["grant_types"]) == ([CALLBACK], ["authorization_code"])
    app = Application(peopled, Party(told["client_id"], ISSUER, key=party.key))
    await peopled.hand.approve_registration(UUID(told["client_id"]))
    refused = await app.push(redirect_uri="https://evil.example/")
    assert (refused.status, refused.code) == (400, "invalid_request")


@pytest.mark.requirement("DOOR-narrowed")
async def test_an_update_takes_redirects_and_grants_away_and_adds_none(peopled: House) -> None:
    app, told = await acting(peopled)
    client_id, token = app.party.client_id, told["registration_access_token"]
    own = metadata(app.party, client_id=client_id, scope=" ".join(SCOPES), purposes=["audit-evaluation"], software_id="reader")
    narrower = own | {"redirect_uris": [SECOND], "grant_types": ["authorization_code"]}
    wider = {
        "another redirect": (narrower | {"redirect_uris": [SECOND, SECOND + "/"]}, "invalid_redirect_uri"),
        "its own tokens": (narrower | {"grant_types": ["client_credentials", "authorization_code"]}, "invalid_client_metadata"),
    }
    for name, (body, error) in wider.items():
        refused = await manage(peopled, "PUT", client_id, token, body)
        assert (refused.status, refused.code) == (400, error), name
    changed = await manage(peopled, "PUT", client_id, token, narrower)
    assert (changed.status, changed.json["redirect_uris"], changed.json["grant_types"]) == (200, [SECOND], ["authorization_code"])
    token = changed.json["registration_access_token"]
    for had, error in (({"redirect_uris": [CALLBACK]}, "invalid_redirect_uri"), ({"grant_types": GRANTS}, "invalid_client_metadata")):
        assert (await manage(peopled, "PUT", client_id, token, narrower | had)).code == error, "what it had once it has no more"
    assert (await app.push()).code == "invalid_request"
    assert (await app.push(redirect_uri=SECOND)).status == 201


@pytest.mark.requirement("DOOR-narrowed")
async def test_who_was_looked_at_to_act_for_people_goes_by_no_other_name_then(peopled: House) -> None:
    """Nobody vouches for the name but who approves, and people are asked by it: before that it would be a name that nobody has seen."""
    agency, party = await peopled.organisation("sea"), Party("", ISSUER)
    said = metadata(party, scope="decisions:read", redirect_uris=[CALLBACK], grant_types=GRANTS)
    token = await initial_token(peopled, agency.id, scopes=["decisions:read"])
    told = (await register(peopled, said, token=token)).json
    client_id, held = told["client_id"], told["registration_access_token"]
    other, same = said | {"client_id": client_id, "client_name": "State Education Agency"}, said | {"client_id": client_id}
    for approve in (False, True):
        if approve:
            await peopled.hand.approve_registration(UUID(client_id))
        refused = await manage(peopled, "PUT", client_id, held, other)
        assert (refused.status, refused.code) == (400, "invalid_client_metadata"), approve
        changed = await manage(peopled, "PUT", client_id, held, same)
        assert (changed.status, changed.json["client_name"]) == (200, "Elm SIS")
        held = changed.json["registration_access_token"]


@pytest.mark.requirement("DOOR-registered")
async def test_a_client_registers_the_name_of_its_certificate_and_comes_by_it(certified: House) -> None:
    agency = await certified.organisation("sea")
    names = {"tls_client_auth_subject_dn": "CN=sis.oak.example,O=Oak"}
    body = metadata(Party("", ISSUER), token_endpoint_auth_method="tls_client_auth", jwks=None, **names)
    answer = await register(certified, body, token=await initial_token(certified, agency.id))
    assert answer.status == 201, answer.body
    told, token = answer.json, answer.json["registration_access_token"]
    assert {name: told[name] for name in names} == names
    assert told["token_endpoint_auth_method"] == "tls_client_auth"
    assert "jwks" not in told
    sis = Behind(certified, told["client_id"], OWN)
    assert (await sis.ask()).code == "unauthorized_client"
    await certified.hand.approve_registration(UUID(told["client_id"]))
    assert (await sis.ask()).status == 200
    own = body | {"client_id": told["client_id"]}
    for name, other in {"subject": {"tls_client_auth_subject_dn": "CN=other"}, "kind": {"tls_client_auth_san_dns": "a.example"}}.items():
        changed = {key: value for key, value in own.items() if key not in names} | other
        assert (await manage(certified, "PUT", told["client_id"], token, changed)).code == "invalid_client_metadata", name
    changed = await manage(certified, "PUT", told["client_id"], token, own | {"client_name": "Another"})
    assert (changed.status, changed.json["client_name"], (await sis.ask()).status) == (200, "Another", 200)


async def test_a_node_in_development_takes_loopback_addresses(certified: House) -> None:
    agency = await certified.organisation("sea")
    body = metadata(Party("", ISSUER), redirect_uris=["http://127.0.0.1/callback"], grant_types=["authorization_code"])
    assert (await register(certified, body, token=await initial_token(certified, agency.id))).status == 201
