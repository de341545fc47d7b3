"""What is no access token opens nothing, though this node's own key signed it; nor does what is almost one that was let in a moment ago."""

import json
import string

import pytest

from safepassage.canonical import to_base64url
from tests.gateway.by_hand import Party
from tests.gateway.house import House, claims_of

PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"
BASE64URL = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


async def refused(house: House, reader: Party, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        answer = await house.call(reader, text, "GET", PATH)
        assert (answer.status, answer.code) == (401, "access-token-not-valid"), name


@pytest.mark.requirement("DOOR-proof")
@pytest.mark.anyio
async def test_a_token_of_another_kind_opens_nothing_whoever_signed_it(house: House, reader: Party) -> None:
    claims, own = claims_of(await house.token(reader)), house.app.state.token_keys.current.active
    of_a_person = {"aud": reader.client_id, "nonce": "n" * 22, "auth_time": claims["iat"]}
    kinds = {
        "an id_token": own.sign_compact(typ="JWT", payload=claims | of_a_person),
        "a logout token": own.sign_compact(typ="logout+jwt", payload=claims | {"events": {}}),
        "a transaction token": own.sign_compact(typ="txntoken+jwt", payload=claims),
        "a token between services": own.sign_compact(typ="sp-internal+jwt", payload=claims),
        "an answer about a token": own.sign_compact(typ="token-introspection+jwt", payload=claims | {"active": True}),
        "a decision": own.sign_compact(typ="decision+jwt", payload=claims),
        "an assertion": reader.assertion(house.now),
        "a proof": reader.proof(house.now, "GET", PATH),
    }
    await refused(house, reader, kinds)
    assert [one for one in house.behind["records"].heard if not one.path.startswith("/internal/")] == []


@pytest.mark.requirement("DOOR-proof")
@pytest.mark.anyio
async def test_a_token_that_was_let_in_lets_none_in_that_is_almost_it(house: House, reader: Party) -> None:
    token = await house.token(reader)
    assert (await house.call(reader, token, "GET", PATH)).status == 200
    header, payload, signature = token.split(".")
    last = BASE64URL[BASE64URL.index(signature[-1]) ^ 1]  # of 64 bytes the last character has four bits that say nothing
    more = to_base64url(json.dumps(claims_of(token) | {"scope": "records:read:state"}).encode())
    unsigned = to_base64url(json.dumps({"typ": "at+jwt", "alg": "none"}).encode())
    almost = {
        "the same signature, spelt otherwise": f"{header}.{payload}.{signature[:-1]}{last}",
        "the same signature, filled up": f"{token}==",
        "another signature": f"{header}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "another payload": f"{header}.{more}.{signature}",
        "another header": f"{unsigned}.{payload}.{signature}",
        "in capitals": token.upper(),
    }
    await refused(house, reader, almost)
    assert (await house.call(reader, token, "GET", PATH)).status == 200
