"""Four processes on one machine, which remember proofs together; and others beside them, which do not."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.clock import system_clock
from tests.gateway.by_hand import Party
from tests.gateway.oauth.test_replay_processes import INFO, SPELLINGS, call, everywhere, said
from tests.gateway.processes import GatewayProcess, Gateways, gateways
from tests.stores import at_head

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture
async def four(postgres_place: str, node_keys: Path, tmp_path: Path) -> AsyncIterator[Gateways]:
    await at_head("gateway", postgres_place)
    async with gateways(4, database_url=postgres_place, keys=node_keys, proofs_directory=tmp_path / "proofs") as made:
        yield made


async def nonce_of(process: GatewayProcess, token: str, party: Party) -> str:
    answer = await call(process, token, party.proof(system_clock(), "GET", INFO, token=token), "DPoP")
    assert (answer.status, answer.code) == (401, "proof-nonce-required")
    return answer.headers["dpop-nonce"]


@pytest.mark.requirement("DOOR-once")
async def test_a_proof_counts_once_at_four_processes_after_a_kill_and_nowhere_else(
    four: Gateways, postgres_place: str, node_keys: Path, tmp_path: Path
) -> None:
    await four.start()
    party = await four.party("decisions:read")
    first, *others = four.processes
    token = (await first.token(party.form(system_clock()), party.proof(system_clock(), "POST", "/oauth/token"))).json["access_token"]
    nonce = await nonce_of(first, token, party)
    used = []
    for _ in range(8):
        used.append(proof := party.proof(system_clock(), "GET", INFO, token=token, nonce=nonce))
        answers = said(await everywhere(four.processes, token, proof))
        assert answers == {"accepted": 1, "proof-used-before": 4 * len(SPELLINGS) - 1}
    await asyncio.gather(*(process.end(signal.SIGKILL) for process in (first, others[0])))
    await four.start(first, others[0])
    for process in four.processes:
        answers = [await call(process, token, proof, "dpop") for proof in used]
        assert said(answers) == {"proof-used-before": len(used)}
    async with (
        gateways(1, database_url=postgres_place, keys=node_keys, proofs_directory=tmp_path / "of another machine") as elsewhere,
        gateways(1, database_url=postgres_place, keys=node_keys) as of_the_store,
    ):
        for made in (elsewhere, of_the_store):
            await made.start()
            for proof in used:
                answer = await call(made.processes[0], token, proof, "DPoP")
                assert (answer.status, answer.code) == (401, "proof-nonce-required")
            own = answer.headers["dpop-nonce"]
            theirs = party.proof(system_clock(), "GET", INFO, token=token, nonce=own)
            assert (await call(first, token, theirs, "DPoP")).code == "proof-nonce-required"
            assert (await call(made.processes[0], token, theirs, "DPoP")).status == 200
