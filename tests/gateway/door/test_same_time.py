"""Whether a client exists is not told by what a refusal costs: both pay for one look-up and the same signatures."""

import time

import pytest

from services.gateway.oauth.client_keys import ClientKey
from tests.gateway.by_hand import Party, ask_token
from tests.gateway.house import House


@pytest.mark.anyio
@pytest.mark.parametrize("algorithm", ["Ed25519", "PS256", "ES256"])
async def test_an_unknown_client_costs_the_signatures_of_a_known_one(house: House, algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = await house.sea_party("decisions:read", algorithm=algorithm)
    impostor = Party(known.client_id, known.issuer, algorithm=algorithm)
    stranger = Party("019a0000-0000-7000-8000-000000000000", known.issuer, algorithm=algorithm, key=impostor.key)
    verify, checked = ClientKey.verify, []

    def counted(self: ClientKey, signed: bytes, signature: bytes, *, algorithm: str) -> None:
        checked.append(algorithm)
        verify(self, signed, signature, algorithm=algorithm)

    monkeypatch.setattr(ClientKey, "verify", counted)
    assert (await ask_token(house.app, impostor, house.now)).status == 401
    of_known = tuple(checked)
    checked.clear()
    assert (await ask_token(house.app, stranger, house.now)).status == 401
    assert tuple(checked) == of_known
    assert algorithm in of_known


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
        least = {name: min(each) for name, each in spent.items()}  # what else the machine does only adds to it
        assert 0.7 < least["known"] / least["unknown"] < 1.4, (algorithm, least)
