"""Administration at an address of its own: what is there is not at the public one, and the other way round."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx
import pytest

from node.demo.processes import free_port
from node.server import Listener, Stopping, server
from services.gateway.door.entrances import AdministrationListener
from services.gateway.door.route import Route
from services.gateway.door.routing_table import ROUTES
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, alike, ask
from tests.gateway.house import ISSUER, House, open_house

pytestmark = pytest.mark.anyio

INSIDE = "https://inside.node.example:8444"
HEALTH = ("/livez", "/readyz")


@pytest.fixture
async def apart(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[House]:
    settings = {"administration_port": 8444, "administration_url": INSIDE}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **settings) as house:
        yield house


async def call_at(house: House, party: Party, token: str, path: str, *, inside: bool, named: str) -> Answer:
    """A GET whose proof names an address, at one of the two."""
    proof = Party(party.client_id, named, key=party.key, proof_key=party.proof_key).proof(house.now, "GET", path, token=token)
    app = AdministrationListener(house.app) if inside else house.app
    return await ask(app, "GET", path, headers=[("authorization", f"DPoP {token}"), ("dpop", proof)])


def administered() -> list[Route]:
    return [route for route in ROUTES if route.is_administration]


@pytest.mark.requirement("DOOR-administration")
async def test_at_the_public_address_administration_does_not_exist(apart: House) -> None:
    party = await apart.sea_party("admin:organisations", "admin:clients", "decisions:read")
    token = await apart.token(party)
    nothing = await call_at(apart, party, token, "/v1/nothing", inside=False, named=ISSUER)
    assert len(administered()) > 8
    for route in administered():
        path = route.template.replace("{", "").replace("}", "")
        answer = await ask(apart.app, route.method, path, headers=[("authorization", f"DPoP {token}")])
        assert (answer.status, answer.code, alike(answer)) == (404, "no-such-route", alike(nothing)), path
        assert (await ask(apart.app, "PATCH", path)).status == 404, path


@pytest.mark.requirement("DOOR-administration")
async def test_at_its_own_address_there_is_administration_and_health_and_nothing_else(apart: House) -> None:
    party = await apart.sea_party("admin:organisations", "admin:clients", "decisions:read")
    token = await apart.token(party)
    assert (await call_at(apart, party, token, "/v1/organisations", inside=True, named=INSIDE)).status == 200
    inside = AdministrationListener(apart.app)
    for route in ROUTES:
        if not route.is_administration and route.template not in HEALTH:
            path = route.template.replace("{", "").replace("}", "").replace(":path", "")
            for fields in ([], [("accept", "text/html")]):
                assert (await ask(inside, route.method, path, headers=fields)).status == 404, path
    for path in HEALTH:
        assert (await ask(inside, "GET", path)).status == 200


async def test_a_proof_for_the_one_address_is_none_for_the_other(apart: House) -> None:
    party = await apart.sea_party("admin:organisations", "decisions:read")
    token, path = await apart.token(party), "/v1/organisations"
    for named, status in ((ISSUER, 401), (INSIDE, 200)):
        assert (await call_at(apart, party, token, path, inside=True, named=named)).status == status
    decision = "/v1/decisions/019a0000-0000-7000-8000-000000000000"
    for named, status in ((INSIDE, 401), (ISSUER, 200)):
        assert (await call_at(apart, party, token, decision, inside=False, named=named)).status == status


async def test_nothing_that_a_caller_sends_makes_the_public_address_the_other(apart: House) -> None:
    for fields, status in (
        ([("host", "inside.node.example:8444")], 421),
        ([("x-forwarded-host", "inside.node.example")], 404),
        ([("x-forwarded-port", "8444")], 404),
    ):
        answer = await ask(apart.app, "GET", "/v1/organisations", headers=fields)
        assert answer.status == status, fields


async def test_both_are_served_by_one_process_and_end_together(apart: House) -> None:
    public, inside = free_port(), free_port()
    served = server(
        apart.app,
        host="127.0.0.1",
        port=public,
        beside=Listener(AdministrationListener(apart.app), "127.0.0.1", inside),
        stopping=Stopping(),
    )
    served.config.lifespan = "off"
    task = asyncio.create_task(served.serve())
    while not served.started or len(served.servers) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    async with httpx.AsyncClient(trust_env=False) as client:
        told = {port: (await client.get(f"http://127.0.0.1:{port}/v1/organisations")).status_code for port in (public, inside)}
    assert told == {public: 404, inside: 401}
    served.should_exit = True
    await task
    for port in (public, inside):
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False)


async def test_where_no_setting_says_so_there_is_one_address(house: House) -> None:
    party = await house.sea_party("admin:organisations")
    token = await house.token(party)
    assert (await house.call(party, token, "GET", "/v1/organisations")).status == 200
