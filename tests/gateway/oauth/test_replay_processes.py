"""Two and four processes over one PostgreSQL: whatever counts once counts once, wherever it comes, however its header is spelt."""

import asyncio
import itertools
import signal
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.clock import system_clock
from tests.gateway.by_hand import Answer, Party
from tests.gateway.processes import GatewayProcess, Gateways, gateways
from tests.stores import at_head

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

SPELLINGS = ("DPoP", "dpop", "DPOP", "dPoP")
INFO = "/oauth/token_info"
EACH = 8


@pytest.fixture
async def four(postgres_place: str, node_keys: Path) -> AsyncIterator[Gateways]:
    await at_head("gateway", postgres_place)
    async with gateways(4, database_url=postgres_place, keys=node_keys) as made:
        yield made


def said(answers: list[Answer]) -> Counter[str]:
    """How many were accepted, and how often which refusal."""
    return Counter("accepted" if answer.status == 200 else answer.code for answer in answers)


async def call(process: GatewayProcess, token: str, proof: str, spelling: str) -> Answer:
    """A call with a token; header and scheme are spelt as `spelling`."""
    return await process.ask("GET", INFO, [("Authorization", f"{spelling} {token}"), (spelling, proof)])


async def everywhere(processes: list[GatewayProcess], token: str, proof: str) -> list[Answer]:
    """The same call at each process at the same time, in every spelling."""
    ways = itertools.product(processes, SPELLINGS)
    return await asyncio.gather(*(call(process, token, proof, spelling) for process, spelling in ways))


def token_proof(party: Party) -> str:
    return party.proof(system_clock(), "POST", "/oauth/token")


@pytest.mark.requirement("DOOR-once")
async def test_what_counts_once_is_accepted_once_at_two_and_at_four_processes_and_after_a_restart(four: Gateways) -> None:
    await four.start()
    party = await four.party("decisions:read")
    issued = await four.processes[0].token(party.form(system_clock()), token_proof(party))
    assert issued.status == 200, issued.body
    token = issued.json["access_token"]
    for count in (2, 4):
        processes = four.processes[:count]
        # Proofs at a resource: every process, every spelling.
        for _ in range(EACH):
            proof = party.proof(system_clock(), "GET", INFO, token=token)
            answers = said(await everywhere(processes, token, proof))
            assert answers == {"accepted": 1, "proof-used-before": count * len(SPELLINGS) - 1}
        # Assertions, each time with a proof of its own.
        for _ in range(EACH):
            form = party.form(system_clock())
            asked = [process.token(form, token_proof(party)) for process in processes for _ in range(2)]
            assert said(await asyncio.gather(*asked)) == {"accepted": 1, "invalid_client": 2 * count - 1}
        # Proofs at the token endpoint, each time with an assertion of its own.
        for _ in range(EACH):
            proof = token_proof(party)
            ways = itertools.product(processes, SPELLINGS)
            asked = [process.token(party.form(system_clock()), proof, proof_field=spelling) for process, spelling in ways]
            assert said(await asyncio.gather(*asked)) == {"accepted": 1, "invalid_dpop_proof": count * len(SPELLINGS) - 1}
    await _nothing_comes_again_after_a_restart(four, party, token)


async def _nothing_comes_again_after_a_restart(four: Gateways, party: Party, token: str) -> None:
    """Asked politely and killed: what was used before the end is refused after the start, by a process that never saw it too."""
    first, *others = four.processes
    for process in others:
        await process.end(signal.SIGTERM)
    used_at = system_clock()
    proof = party.proof(used_at, "GET", INFO, token=token)
    assert (await call(first, token, proof, "DPoP")).status == 200
    form, at_the_token_endpoint = party.form(used_at), token_proof(party)
    assert (await first.token(form, at_the_token_endpoint)).status == 200
    await first.end(signal.SIGKILL)
    await four.start(first, others[0])
    for process in (first, others[0]):
        refused = await call(process, token, proof, "dpop")
        assert (refused.status, refused.code) == (401, "proof-used-before")
        again = await process.token(form, token_proof(party))
        assert again.json["error_description"].startswith("the assertion was used before")
        again = await process.token(party.form(system_clock()), at_the_token_endpoint)
        assert again.json["error_description"].startswith("the proof was used before")
    assert system_clock() - used_at < timedelta(seconds=60), "too slow to tell: the proofs had nearly ended by themselves"
