"""Whoever has a token without its key, at a gateway whose proofs are kept by PostgreSQL while they are verified (decision 107)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.gateway.oauth.shared_proofs import DatabaseProofStore
from services.gateway.proof_tables import UsedProofRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask, spoilt
from tests.gateway.house import House, open_house
from tests.gateway.negatives.asked import proof_text
from tests.gateway.negatives.calls import ANOTHER_KEY, ANOTHER_TOKEN, CALLS, ELSEWHERE, JTI, NONCE, NOT_NOW, UNSIGNED
from tests.gateway.negatives.negative import Refusal
from tests.gateway.negatives.scene import Scene
from tests.gateway.negatives.test_negatives import counted, require_refused

pytestmark = pytest.mark.anyio

PATH = "/v1/decisions/019a0000-0000-7000-8000-000000000000"


@pytest.fixture
async def shared(tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str) -> AsyncIterator[House]:
    """A house that remembers proofs as several processes do."""
    async with open_house(tmp_path, node_keys, clock, database_url=postgres_url) as house:
        door = house.app.state.door
        store = DatabaseProofStore(house.app.state.database)
        house.app.state.door = replace(door, authentication=replace(door.authentication, store=store))
        yield house


async def rows(house: House) -> int:
    query = select(func.count()).select_from(UsedProofRow)
    return int((await house.app.state.database.find(query, {}))[0][0])


def forwarded(house: House) -> int:
    """How many of the requests have come to the service."""
    return sum(one.path == PATH for one in house.behind["privacy"].heard)


async def send(house: House, token: str, proof: str) -> Answer:
    return await ask(house.app, "GET", PATH, headers=[("authorization", f"DPoP {token}"), ("dpop", proof)])


def detail(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.code, str(answer.json.get("detail") or "")


@pytest.mark.postgres
@pytest.mark.requirement("DOOR-proof")
async def test_a_forged_proof_is_refused_forwards_nothing_and_leaves_one_row_for_its_key(shared: House) -> None:
    party, other = await shared.sea_party("decisions:read"), await shared.sea_party("decisions:read")
    token, others_token = await shared.token(party), await shared.token(other)
    before = await rows(shared)

    def made(by: Party, with_token: str) -> str:
        return by.proof(shared.now, "GET", PATH, token=with_token)

    for _ in range(5):
        status, code, says = detail(await send(shared, token, spoilt(made(party, token))))
        assert (status, code) == (401, "proof-not-valid")
        assert says.startswith(UNSIGNED.says)
    assert forwarded(shared) == 0
    assert await rows(shared) == before + 1
    assert (await send(shared, token, made(party, token))).status == 200
    assert detail(await send(shared, others_token, spoilt(made(other, others_token))))[2].startswith(UNSIGNED.says)
    assert await rows(shared) == before + 3
    assert forwarded(shared) == 1


@pytest.mark.postgres
@pytest.mark.requirement("DOOR-proof")
async def test_who_brings_a_used_proof_with_another_signature_is_not_told_that_it_was_used(shared: House) -> None:
    party = await shared.sea_party("decisions:read")
    token = await shared.token(party)
    proof = party.proof(shared.now, "GET", PATH, token=token)
    assert (await send(shared, token, proof)).status == 200
    fresh = await send(shared, token, spoilt(party.proof(shared.now, "GET", PATH, token=token)))
    assert detail(await send(shared, token, spoilt(proof))) == detail(fresh)
    assert (await send(shared, token, proof)).code == "proof-used-before"
    assert forwarded(shared) == 1


@pytest.mark.postgres
@pytest.mark.requirement("DOOR-negatives")
async def test_each_call_is_refused_by_such_a_gateway_for_the_same_reason(shared: House) -> None:
    await require_refused(shared, CALLS)


@pytest.mark.requirement("DOOR-negatives")
async def test_of_a_proof_with_another_fault_too_it_is_told_that_it_is_not_signed(house: House) -> None:
    scene = await Scene.of(house)
    faults = [one for one in CALLS if one.refusal in (ANOTHER_KEY, ELSEWHERE, ANOTHER_TOKEN, NOT_NOW, JTI, NONCE)]
    assert len({one.refusal for one in faults}) == 6
    for negative in faults:
        asked = await scene.right(negative.given)
        negative.change(asked)
        proof_text(spoilt)(asked)
        counted(house)
        answer = await scene.send(asked.sent())
        says = str(answer.json.get("detail") or "")
        told = Refusal(answer.status, answer.code, counted(house), UNSIGNED.says if UNSIGNED.says in says else says)
        assert told == UNSIGNED, negative.name
