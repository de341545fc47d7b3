"""Whether a client exists is not told by how long a refusal takes: both pay for one look-up and one signature."""

import time
from statistics import median

import pytest

from tests.gateway.by_hand import Party, ask_token
from tests.gateway.house import House


@pytest.mark.anyio
async def test_an_unknown_client_takes_as_long_as_a_known_one(house: House) -> None:
    for algorithm in ("Ed25519", "PS256"):
        known = await house.sea_party("decisions:read", algorithm=algorithm)
        impostor = Party(known.client_id, known.issuer, algorithm=algorithm)
        stranger = Party("019a0000-0000-7000-8000-000000000000", known.issuer, algorithm=algorithm, key=impostor.key)
        spent: dict[str, list[float]] = {"known": [], "unknown": []}
        for _ in range(25):
            for name, party in (("known", impostor), ("unknown", stranger)):
                form, proof = party.form(house.now), party.proof(house.now, "POST", "/oauth/token")
                began = time.process_time()
                answer = await ask_token(house.app, party, house.now, form=form, proof=proof)
                spent[name].append(time.process_time() - began)
                assert answer.status == 401
        assert 0.7 < median(spent["known"]) / median(spent["unknown"]) < 1.4, (algorithm, median(spent["known"]), median(spent["unknown"]))
