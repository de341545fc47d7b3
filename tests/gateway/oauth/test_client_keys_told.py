"""The services are told the registered key of a vendor's client, so that they know what it signed; of no other do they need it."""

import pytest

from services.gateway.oauth.tokens import AccessClaims
from tests.gateway.by_hand import ask_token
from tests.gateway.house import House, claims_of


@pytest.mark.anyio
@pytest.mark.parametrize("algorithm", ["Ed25519", "ES256"])
async def test_a_token_names_the_thumbprint_of_the_registered_key_that_asked_for_it(house: House, algorithm: str) -> None:
    party = await house.sea_party("decisions:read", algorithm=algorithm)
    answer = await ask_token(house.app, party, house.now)
    assert claims_of(answer.json["access_token"])["client_key"] == party.key.thumbprint()


@pytest.mark.anyio
@pytest.mark.parametrize(("kind", "told"), [("vendor", True), ("agency", True), ("sea", False), ("lea", False), ("peer", False)])
async def test_it_is_passed_on_for_those_who_attest_and_nobody_says_it_for_themselves(house: House, kind: str, told: bool) -> None:
    party = await house.sea_party("decisions:read")
    answer = await ask_token(house.app, party, house.now)
    claims = AccessClaims.model_validate(claims_of(answer.json["access_token"]) | {"organisation_kind": kind})
    assert claims.caller().details.get("client_key") == (party.key.thumbprint() if told else None)
