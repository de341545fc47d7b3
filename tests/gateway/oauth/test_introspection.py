"""RFC 7662 and RFC 9701: who may ask about a token, and what is told."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from safepassage.compact import verify_compact
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_organisations import Organisation
from services.gateway.tables import ClientRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, alike, ask, ask_endpoint, ask_token
from tests.gateway.house import ISSUER, House, claims_of

INTROSPECT = "/oauth/introspect"
ODS = "https://ods.alder.example/data/v3"
NOT_ACTIVE = {"active": False}


async def about(house: House, party: Party, token: str, **more: Any) -> Answer:
    return await ask_endpoint(house.app, INTROSPECT, party.proven(house.now, token=token), **more)


@pytest.fixture
async def agency(house: House) -> Organisation:
    return await house.organisation("sea")


@pytest.fixture
async def server(house: House, agency: Organisation) -> Party:
    """A resource server outside of the node."""
    return await house.party(agency, "decisions:read", registered={"resource": ODS})


@pytest.fixture
async def client(house: House, agency: Organisation) -> Party:
    return await house.party(agency, "decisions:read", "records:load", purposes=("audit-evaluation",))


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-told")
async def test_a_resource_server_is_told_of_tokens_for_itself_and_a_client_of_its_own(house: House, server: Party, client: Party) -> None:
    token = await house.token(client, resource=ODS, scope="records:load")
    claims = claims_of(token)
    assert claims["aud"] == ODS
    for party in (server, client):
        answer = await about(house, party, token)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json == {
            "active": True,
            "token_type": "DPoP",
            "scope": "records:load",
            "cnf": {"jkt": client.proof_key.thumbprint()},
            "authorization_details": [{"type": "student_data_access", "purpose": "audit-evaluation"}],
            **{name: claims[name] for name in ("iss", "aud", "sub", "client_id", "jti", "iat", "exp", "organisation_id")},
        }
    asked = [event for event in await house.entries() if event.context.operation == "token-introspected"]
    assert [(event.actor.client_id, event.context.outcome, event.context.about) for event in asked] == [
        (party.client_id, "active", f"token:{claims['jti']}") for party in (server, client)
    ]


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-told")
async def test_of_every_other_token_it_is_only_told_that_it_is_not_active(
    house: House, clock: StandingClock, server: Party, client: Party
) -> None:
    old = await house.token(client, resource=ODS)
    clock.advance(minutes=6)
    for_the_node = await house.token(client)
    taken_back, living = await house.token(client, resource=ODS), await house.token(client, resource=ODS)
    await ask_endpoint(house.app, "/oauth/revoke", client.proven(house.now, token=taken_back))
    stranger = await house.sea_party("decisions:read")
    answers = [
        await about(house, server, for_the_node),
        await about(house, server, old),
        await about(house, server, taken_back),
        await about(house, client, taken_back),
        await about(house, stranger, living),
        await about(house, server, living[:-6] + "AAAAAA"),
        await about(house, server, "nonsense"),
        await about(house, server, client.assertion(house.now)),
    ]
    assert {(one.status, one.body, alike(one)) for one in answers} == {(200, answers[0].body, alike(answers[0]))}
    assert answers[0].json == NOT_ACTIVE
    await house.hand.disable_client(UUID(client.client_id))
    await house.app.state.standing.refresh()
    assert (await about(house, server, living)).json == NOT_ACTIVE
    told = {event.context.about for event in await house.entries() if event.context.operation == "token-introspected"}
    assert told == {None}


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-told")
async def test_nobody_is_this_node_and_told_of_everybodys_tokens(house: House, client: Party) -> None:
    district = await house.organisation("lea", parent_id=(await house.hand.organisations())[0].id)
    for resource in (ISSUER, f"{ISSUER}/", f"{ISSUER}/v1"):
        with pytest.raises(InvalidRequest) as refused:
            await house.party(district, "decisions:read", registered={"resource": resource})
        assert refused.value.field == "resource", resource
    spy = await house.party(district, "decisions:read", registered={"resource": f"{ISSUER}.example"})
    async with house.app.state.database.transaction() as tx:  # one that was registered before this was refused
        await tx.execute(update(ClientRow).where(ClientRow.id == UUID(spy.client_id)).values(resource=ISSUER))
    assert (await about(house, spy, await house.token(client))).json == {"active": False}


@pytest.mark.anyio
async def test_a_server_that_is_disabled_is_told_nothing(house: House, server: Party, client: Party) -> None:
    token = await house.token(client, resource=ODS)
    await house.hand.disable_client(UUID(server.client_id))
    assert (await about(house, server, token)).json == NOT_ACTIVE
    answer = await ask_token(house.app, client, house.now, form=client.form(house.now, resource=ODS))
    assert (answer.status, answer.code) == (400, "invalid_target")


@pytest.mark.anyio
async def test_an_answer_is_signed_for_who_asked_where_it_is_asked_for(house: House, server: Party, client: Party) -> None:
    token = await house.token(client, resource=ODS)
    signed = ("accept", "application/token-introspection+jwt")
    keys = house.app.state.token_keys.current.verifying
    for asked, told in ((token, True), ("nonsense", False)):
        answer = await about(house, server, asked, headers=[signed])
        assert answer.headers["content-type"] == signed[1]
        said = verify_compact(answer.body.decode(), typ="token-introspection+jwt", keys=keys, max_length=8192)
        assert set(said) == {"iss", "aud", "iat", "token_introspection"}
        assert (said["iss"], said["aud"], said["iat"]) == (ISSUER, server.client_id, int(house.now.timestamp()))
        assert said["token_introspection"]["active"] is told
    # It is no access token, whoever would send it as one.
    refused = await house.call(server, answer.body.decode(), "GET", "/v1/decisions/019a0000-0000-7000-8000-000000000000")
    assert refused.code == "access-token-not-valid"


@pytest.mark.anyio
async def test_who_proves_nothing_is_told_nothing(house: House, server: Party, client: Party) -> None:
    token = await house.token(client, resource=ODS)
    form = server.proven(house.now, token=token)
    assert (await ask_endpoint(house.app, INTROSPECT, form)).json["active"] is True
    impostor = Party(server.client_id, ISSUER)
    cases = {
        "the assertion again": (form, (401, "invalid_client")),
        "another's signature": (impostor.proven(house.now, token=token), (401, "invalid_client")),
        "the token alone": ({"token": token}, (400, "invalid_request")),
        "no token": (server.proven(house.now), (400, "invalid_request")),
        "a secret": ({"token": token, "client_id": server.client_id, "client_secret": "s"}, (400, "invalid_request")),
    }
    for name, (parameters, expected) in cases.items():
        answer = await ask_endpoint(house.app, INTROSPECT, parameters)
        assert (answer.status, answer.code) == expected, name
    bearer = await ask_endpoint(
        house.app, INTROSPECT, server.proven(house.now, token=token), headers=[("authorization", f"Bearer {token}")]
    )
    assert (bearer.status, bearer.code) == (400, "invalid_request")
    got = await ask(house.app, "GET", f"{INTROSPECT}?token={token}")
    assert got.status == 405
