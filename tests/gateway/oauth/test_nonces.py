from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.gateway.oauth.nonces import ProofNonces
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask_token
from tests.gateway.house import House, open_house

PATH = "/v1/decisions/019a0000-0000-7000-8000-000000000000"


@pytest.fixture
async def strict(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, require_proof_nonce=True) as house:
        yield house


@pytest.mark.anyio
async def test_a_node_that_wants_nonces_gives_one_and_takes_it(strict: House) -> None:
    party = await strict.sea_party("decisions:read")
    first = await ask_token(strict.app, party, strict.now)
    assert (first.status, first.code) == (400, "use_dpop_nonce")
    nonce = first.headers["dpop-nonce"]
    proof = party.proof(strict.now, "POST", "/oauth/token", nonce=nonce)
    second = await ask_token(strict.app, party, strict.now, proof=proof)
    assert second.status == 200, second.body
    assert second.headers["dpop-nonce"]
    token = second.json["access_token"]
    without = await strict.call(party, token, "GET", PATH)
    assert (without.status, without.code) == (401, "proof-nonce-required")
    assert 'error="use_dpop_nonce"' in without.headers["www-authenticate"]
    nonce = without.headers["dpop-nonce"]
    proof = party.proof(strict.now, "GET", PATH, token=token, nonce=nonce)
    assert (await strict.call(party, token, "GET", PATH, proof=proof)).status == 200
    assert (await strict.call(party, token, "GET", PATH, proof=proof)).code == "proof-used-before"


@pytest.mark.anyio
async def test_after_a_start_a_proof_is_asked_for_a_nonce_for_as_long_as_a_clock_may_be_ahead(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house:
        party = await house.sea_party("decisions:read")
        token = await house.token(party)
        assert (await house.call(party, token, "GET", PATH)).status == 200, "nobody was known before it"
    async with open_house(tmp_path, node_keys, clock) as house:
        answer = await house.call(party, token, "GET", PATH)
        assert (answer.status, answer.code) == (401, "proof-nonce-required")
        proof = party.proof(house.now, "GET", PATH, token=token, nonce=answer.headers["dpop-nonce"])
        house.clock.advance(milliseconds=5)
        answer = await house.call(party, token, "GET", PATH, proof=proof)
        assert (answer.status, answer.code) == (401, "proof-nonce-required"), "given in the very instant of the start"
        proof = party.proof(house.now, "GET", PATH, token=token, nonce=answer.headers["dpop-nonce"])
        assert (await house.call(party, token, "GET", PATH, proof=proof)).status == 200
        house.clock.advance(seconds=10)
        assert (await house.call(party, token, "GET", PATH)).code == "proof-nonce-required"
        house.clock.advance(seconds=1)
        assert (await house.call(party, token, "GET", PATH)).status == 200
        older = party.proof(house.now, "GET", PATH, token=token, iat=int(house.now.timestamp()) - 30)
        assert (await house.call(party, token, "GET", PATH, proof=older)).code == "proof-nonce-required"


def test_a_nonce_is_ours_and_lasts_five_minutes(clock: StandingClock) -> None:
    nonces, others = ProofNonces(b"a" * 32), ProofNonces(b"b" * 32)
    nonce, given = nonces.give(clock()), clock().timestamp()
    assert nonces.verify(nonce, clock()) == pytest.approx(given, abs=0.001)
    for wrong in ("", "AAAA", nonce[:-1], nonce + "A", others.give(clock()), nonce.swapcase(), "ä"):
        with pytest.raises(Exception, match="nonce"):
            nonces.verify(wrong, clock())
    clock.advance(seconds=299)
    nonces.verify(nonce, clock())
    clock.advance(seconds=1)
    with pytest.raises(Exception, match="nonce"):
        nonces.verify(nonce, clock())
    clock.advance(seconds=-301)
    assert nonces.verify(nonce, clock()) == clock().timestamp(), "of another process, whose clock is a second ahead: of now at the latest"
    clock.advance(milliseconds=-1)
    with pytest.raises(Exception, match="nonce"):
        nonces.verify(nonce, clock())
