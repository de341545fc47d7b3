"""What was taken back at one process opens nothing at any other within two seconds, by the clock on the wall."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import pytest

from services.gateway.registry.administration import administration
from shared.clock import system_clock
from tests.gateway.by_hand import Party
from tests.gateway.processes import GatewayProcess, Gateways, gateways
from tests.stores import at_head

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

INFO = "/oauth/token_info"
SECONDS = 2.0


@pytest.fixture
async def four(postgres_place: str, node_keys: Path) -> AsyncIterator[Gateways]:
    await at_head("gateway", postgres_place)
    async with gateways(4, database_url=postgres_place, keys=node_keys) as made:
        yield made


async def token_of(process: GatewayProcess, party: Party) -> str:
    now = system_clock()
    answer = await process.token(party.form(now), party.proof(now, "POST", "/oauth/token"))
    assert answer.status == 200, answer.body
    return str(answer.json["access_token"])


async def status_at(process: GatewayProcess, party: Party, token: str) -> int:
    proof = party.proof(system_clock(), "GET", INFO, token=token)
    return (await process.ask("GET", INFO, [("Authorization", f"DPoP {token}"), ("DPoP", proof)])).status


async def out_everywhere(four: Gateways, party: Party, token: str) -> float:
    """Seconds until every process refuses."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(30):
        for process in four.processes:
            while await status_at(process, party, token) != 401:  # noqa: ASYNC110 it is looked for, as by who has the token
                await asyncio.sleep(0.02)
    return loop.time() - began


@pytest.mark.requirement("DOOR-taken-back")
async def test_within_two_seconds_four_processes_refuse_what_one_took_back_and_whom_an_operator_put_out(four: Gateways) -> None:
    await four.start()
    party, other = await four.party("decisions:read"), await four.party("decisions:read")
    token, others = await token_of(four.processes[0], party), await token_of(four.processes[0], other)
    assert {await status_at(process, *held) for process in four.processes for held in ((party, token), (other, others))} == {200}
    form = urlencode(party.proven(system_clock(), token=token)).encode()
    kind = [("Content-Type", "application/x-www-form-urlencoded")]
    assert (await four.processes[0].ask("POST", "/oauth/revoke", kind, form)).status == 200
    assert await out_everywhere(four, party, token) < SECONDS
    async with administration(four.settings, clock=system_clock) as hand:
        await hand.disable_client(UUID(other.client_id))
    assert await out_everywhere(four, other, others) < SECONDS


async def asked_until_refused(process: GatewayProcess, party: Party) -> list[str]:
    """The tokens that it gave, one request after the other, until it gave none."""
    given: list[str] = []
    async with asyncio.timeout(30):
        while True:
            now = system_clock()
            answer = await process.token(party.form(now), party.proof(now, "POST", "/oauth/token"))
            if answer.status != 200:
                assert answer.json["error"] == "unauthorized_client", answer.body
                return given
            given.append(str(answer.json["access_token"]))


@pytest.mark.requirement("DOOR-taken-back")
async def test_no_token_that_is_given_while_its_client_is_being_disabled_outlives_that_by_two_seconds(four: Gateways) -> None:
    await four.start()
    party, loop = await four.party("decisions:read"), asyncio.get_running_loop()
    async with administration(four.settings, clock=system_clock) as hand, asyncio.TaskGroup() as group:
        asking = [group.create_task(asked_until_refused(process, party)) for process in four.processes for _ in range(2)]
        await status_at(four.processes[0], party, await token_of(four.processes[0], party))  # they have begun
        await hand.disable_client(UUID(party.client_id))
        ends = loop.time() + SECONDS
    given = [token for task in asking for token in task.result()]
    assert len(given) > len(asking), "they were given some"
    latest = [tokens[-1] for task in asking if (tokens := task.result())]
    for process in four.processes:
        while {await status_at(process, party, token) for token in latest} != {401}:
            assert loop.time() < ends, "it outlives the client"
    await asyncio.sleep(max(0.0, ends - SECONDS + 1 - loop.time()))  # a token says its second, and no more of when it was given
    async with administration(four.settings, clock=system_clock) as hand:
        await hand.enable_client(UUID(party.client_id))
    fresh = await token_of(four.processes[0], party)
    assert {await status_at(process, party, fresh) for process in four.processes} == {200}
    assert {await status_at(process, party, token) for process in four.processes for token in latest} == {401}, "it asks for new tokens"
