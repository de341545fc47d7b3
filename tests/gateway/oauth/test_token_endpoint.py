import hmac
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from safepassage.canonical import to_base64url
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party, ask, ask_token, encoded, new_key
from tests.gateway.house import House, claims_of


async def refused(house: House, party: Party, form: dict[str, str], **about: Any) -> tuple[int, str]:
    """Status and OAuth error of a request that must not succeed, and that must change nothing."""
    answer = await ask_token(house.app, party, house.now, form=form, **about)
    assert answer.status in (400, 401), answer.body
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json) <= {"error", "error_description"}
    assert [event for event in await house.entries() if event.class_ == "authentication"] == []
    return answer.status, answer.json["error"]


@pytest.mark.anyio
@pytest.mark.parametrize("algorithm", ["Ed25519", "EdDSA", "ES256", "PS256"])
async def test_a_client_gets_a_token_for_its_key(house: House, algorithm: str) -> None:
    party = await house.sea_party("decisions:read", algorithm=algorithm)
    answer = await ask_token(house.app, party, house.now)
    assert answer.status == 200, answer.body
    assert {name: answer.json[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "DPoP",
        "expires_in": 300,
        "scope": "decisions:read",
    }
    claims = claims_of(answer.json["access_token"])
    assert claims["client_id"] == claims["sub"] == party.client_id
    assert claims["iss"] == claims["aud"] == party.issuer
    assert claims["cnf"]["jkt"] == party.proof_key.thumbprint()
    assert claims["exp"] - claims["iat"] == 300


@pytest.mark.anyio
async def test_a_token_is_on_the_log(house: House) -> None:
    party = await house.sea_party("decisions:read", purposes=["audit-evaluation"])
    claims = claims_of(await house.token(party))
    (event,) = [event for event in await house.entries() if event.class_ == "authentication"]
    assert event.key == f"token:{claims['jti']}"
    assert (event.actor.client_id, str(event.actor.organisation_id)) == (party.client_id, claims["organisation_id"])
    assert (event.context.operation, event.context.purpose) == ("token-issued", "audit-evaluation")


ASSERTIONS = {
    "audience is the token endpoint": {"aud": "https://node.example/oauth/token"},
    "audience is another node": {"aud": "https://other.example"},
    "audience is a list with the issuer": {"aud": ["https://node.example"]},
    "no audience": {"aud": None},
    "issuer is another client": {"iss": "somebody"},
    "no subject": {"sub": None},
    "expired": {"iat": None, "exp": 1},
    "no expiry": {"exp": None},
    "expiry is text": {"exp": "9999999999"},
    "expiry is a fraction": {"exp": 1.5e9},
    "no jti": {"jti": None},
    "jti too short": {"jti": "1"},
    "jti too long": {"jti": "j" * 129},
    "jti is a number": {"jti": 12345678},
}


@pytest.mark.anyio
async def test_an_assertion_that_is_not_exactly_right_authenticates_nobody(house: House, reader: Party) -> None:
    for name, claims in ASSERTIONS.items():
        form = reader.form(house.now, client_assertion=reader.assertion(house.now, **claims))
        assert await refused(house, reader, form) == (401, "invalid_client"), name


LIFETIMES = {
    "lasts 61 seconds": {"iat": 0, "exp": 61},
    "was issued long ago": {"iat": -3600, "exp": 30},
    "is to begin in 11 seconds": {"iat": 0, "nbf": 11, "exp": 60},
    "was issued 11 seconds ahead": {"iat": 11, "exp": 60},
    "has expired this second": {"iat": -60, "exp": 0},
    "says not when it was issued and lasts 61 seconds": {"iat": None, "exp": 61},
}


@pytest.mark.anyio
async def test_an_assertion_lasts_a_minute_at_the_most(house: House, reader: Party) -> None:
    seconds = int(house.now.timestamp())
    for name, offsets in LIFETIMES.items():
        claims = {claim: None if offset is None else seconds + offset for claim, offset in offsets.items()}
        form = reader.form(house.now, client_assertion=reader.assertion(house.now, **claims))
        assert await refused(house, reader, form) == (401, "invalid_client"), name


@pytest.mark.anyio
async def test_a_client_whose_clock_is_ten_seconds_ahead_is_let_in(house: House, reader: Party) -> None:
    ahead = house.now + timedelta(seconds=10)
    answer = await ask_token(house.app, reader, house.now, form=reader.form(ahead), proof=reader.proof(ahead, "POST", "/oauth/token"))
    assert answer.status == 200, answer.body


HEADERS: dict[str, dict[str, Any]] = {
    "a key by value": {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}},
    "a key by URL": {"jku": "https://evil.example/jwks"},
    "a certificate by URL": {"x5u": "https://evil.example/cert"},
    "a certificate": {"x5c": ["AAAA"]},
    "critical extensions": {"crit": ["b64"], "b64": False},
    "another type": {"typ": "at+jwt"},
    "the type of a proof": {"typ": "dpop+jwt"},
    "an unknown key": {"kid": "two"},
    "no algorithm": {"alg": "none"},
    "another algorithm": {"alg": "ES256"},
    "a kid that is a number": {"kid": 1},
}


@pytest.mark.anyio
async def test_the_header_of_an_assertion_can_choose_no_key(house: House, reader: Party) -> None:
    for name, header in HEADERS.items():
        form = reader.form(house.now, client_assertion=reader.assertion(house.now, header=header))
        assert await refused(house, reader, form) == (401, "invalid_client"), name


@pytest.mark.anyio
async def test_a_public_key_is_never_a_shared_secret(house: House) -> None:
    """Algorithm confusion: HS256 with the bytes of the registered public key."""
    party = await house.sea_party("decisions:read", algorithm="ES256")
    for secret in (party.key.as_pem(private=False), party.key.as_der(private=False)):
        claims = claims_of(party.assertion(house.now))
        head = f"{encoded({'alg': 'HS256', 'kid': 'one', 'typ': 'JWT'})}.{encoded(claims)}"
        forged = f"{head}.{to_base64url(hmac.digest(secret, head.encode(), 'sha256'))}"
        assert await refused(house, party, party.form(house.now, client_assertion=forged)) == (401, "invalid_client")


@pytest.mark.anyio
async def test_a_signature_is_needed(house: House, reader: Party) -> None:
    head, payload, _ = reader.assertion(house.now).split(".")
    stranger = Party(reader.client_id, reader.issuer, key=new_key("Ed25519"))
    for forged in (
        f"{head}.{payload}.",
        f"{head}.{payload}",
        f"{head}.{payload}.{'A' * 86}",
        stranger.assertion(house.now),
        "",
        "x" * 5000,
    ):
        form = reader.form(house.now, client_assertion=forged) if forged else {"grant_type": "client_credentials"}
        assert (await refused(house, reader, form))[1] in ("invalid_client", "invalid_request")


@pytest.mark.anyio
async def test_an_assertion_counts_once(house: House, reader: Party) -> None:
    assertion = reader.assertion(house.now)
    first = await ask_token(house.app, reader, house.now, form=reader.form(house.now, client_assertion=assertion))
    again = await ask_token(house.app, reader, house.now, form=reader.form(house.now, client_assertion=assertion))
    assert (first.status, again.status, again.code) == (200, 401, "invalid_client")
    assert len([event for event in await house.entries() if event.class_ == "authentication"]) == 1


@pytest.mark.anyio
async def test_a_proof_counts_once_at_the_token_endpoint_too(house: House, reader: Party) -> None:
    proof = reader.proof(house.now, "POST", "/oauth/token")
    first = await ask_token(house.app, reader, house.now, proof=proof)
    again = await ask_token(house.app, reader, house.now, proof=proof)
    assert (first.status, again.status, again.code) == (200, 400, "invalid_dpop_proof")
    fresh = reader.form(house.now)
    refused_then = await ask_token(house.app, reader, house.now, form=fresh, proof=proof)
    assert refused_then.status == 400
    assert (await ask_token(house.app, reader, house.now, form=fresh)).status == 200, "a refused request uses nothing up"


PROOFS: dict[str, dict[str, Any]] = {
    "for another method": {"htm": "GET"},
    "for another path": {"htu": "https://node.example/oauth/jwks"},
    "for another host": {"htu": "https://other.example/oauth/token"},
    "made a minute ago": {"iat": -61},
    "made ahead": {"iat": 11},
    "without jti": {"jti": None},
    "of another type": {"header": {"typ": "JWT"}},
    "with a kid": {"header": {"kid": "one"}},
    "with a private key": {"header": {"jwk": "private"}},
    "unsigned": {"header": {"alg": "none"}},
}


@pytest.mark.anyio
async def test_a_proof_that_is_not_exactly_right_gets_no_token(house: House, reader: Party) -> None:
    for name, wrong in PROOFS.items():
        about = dict(wrong)
        if about.get("header", {}).get("jwk") == "private":
            about["header"] = {"jwk": reader.proof_key.as_dict(private=True)}
        if "iat" in about:
            about["iat"] += int(house.now.timestamp())
        proof = reader.proof(house.now, "POST", "/oauth/token", **about)
        assert await refused(house, reader, reader.form(house.now), proof=proof) == (400, "invalid_dpop_proof"), name


@pytest.mark.anyio
async def test_a_token_needs_one_proof_and_not_two(house: House, reader: Party) -> None:
    assert await refused(house, reader, reader.form(house.now), proof=None) == (400, "invalid_dpop_proof")
    two = [("dpop", reader.proof(house.now, "POST", "/oauth/token"))]
    assert await refused(house, reader, reader.form(house.now), headers=two) == (400, "invalid_dpop_proof")


@pytest.mark.anyio
async def test_one_way_of_authenticating_at_a_time(house: House, reader: Party) -> None:
    basic = [("authorization", "Basic c29tZTpzZWNyZXQ=")]
    assert await refused(house, reader, reader.form(house.now), headers=basic) == (400, "invalid_request")
    assert await refused(house, reader, reader.form(house.now, client_secret="secret")) == (400, "invalid_request")
    assert await refused(house, reader, {"grant_type": "client_credentials", "client_id": reader.client_id}) == (400, "invalid_request")
    assert await refused(house, reader, reader.form(house.now, client_id="somebody-else")) == (401, "invalid_client")
    assert (await ask_token(house.app, reader, house.now, form=reader.form(house.now, client_id=reader.client_id))).status == 200


FORMS: dict[str, Any] = {
    "a parameter twice": lambda form: form + "&grant_type=client_credentials",
    "a scope twice": lambda form: form + "&scope=decisions:read&scope=decisions:read",
    "no value at all": lambda form: form + "&lonely",
    "not UTF-8": lambda form: form + "&x=%ff",
    "a line break in a value": lambda form: form + "&x=%0a",
    "too many parameters": lambda form: form + "".join(f"&p{number}=1" for number in range(64)),
    "another grant": lambda form: form.replace("client_credentials", "password"),
    "no grant": lambda form: form.replace("grant_type", "grant"),
}


@pytest.mark.anyio
async def test_a_form_is_read_in_one_way_or_not_at_all(house: House, reader: Party) -> None:
    for name, change in FORMS.items():
        answer = await ask_token(house.app, reader, house.now, form=change(urlencode(reader.form(house.now))))
        assert answer.status == 400, name
        assert answer.code in ("invalid_request", "unsupported_grant_type"), name
        assert "password" not in answer.body.decode()


@pytest.mark.anyio
async def test_parameters_come_in_the_body_alone(house: House, reader: Party) -> None:
    answer = await ask_token(house.app, reader, house.now, target="/oauth/token?grant_type=client_credentials")
    assert (answer.status, answer.code) == (400, "invalid_request")
    wrong = await ask(house.app, "POST", "/oauth/token", headers=[("content-type", "application/json")], body=b"{}")
    assert (wrong.status, wrong.code) == (415, "unsupported-media-type")
    long = await ask(house.app, "POST", "/oauth/token", headers=[("content-type", "application/x-www-form-urlencoded")], body=b"a" * 33_000)
    assert (long.status, long.code) == (413, "body-too-large")


@pytest.mark.anyio
async def test_a_scope_that_the_client_may_not_have_is_refused_and_not_left_out(house: House, reader: Party) -> None:
    for scope in (
        "records:read:state",
        "decisions:read records:read:state",
        "unknown:scope",
        "decisions:read  exchange:request",
        " ",
        "decisions:read decisions:read",
    ):
        assert await refused(house, reader, reader.form(house.now, scope=scope)) == (400, "invalid_scope"), scope
    narrowed = await ask_token(house.app, reader, house.now, form=reader.form(house.now, scope="decisions:read"))
    assert narrowed.json["scope"] == "decisions:read"


@pytest.mark.anyio
async def test_a_disabled_client_and_one_of_an_ended_organisation_get_no_token(house: House, reader: Party) -> None:
    await house.hand.disable_client(UUID(reader.client_id))
    assert await refused(house, reader, reader.form(house.now)) == (400, "unauthorized_client")
    await house.hand.enable_client(UUID(reader.client_id))
    vendor = await house.organisation("vendor", valid_until=house.now.date())
    party = await house.party(vendor, "records:read")
    assert await refused(house, party, party.form(house.now)) == (400, "unauthorized_client")


@pytest.mark.anyio
async def test_refusals_are_counted_per_minute_and_reason(house: House, reader: Party, clock: StandingClock) -> None:
    for _ in range(5):
        await ask_token(house.app, reader, house.now, form=reader.form(house.now, client_assertion=reader.assertion(house.now, aud="x")))
    await ask_token(house.app, reader, house.now, form=reader.form(house.now, scope="unknown:scope"))
    clock.advance(minutes=1)
    await ask_token(house.app, reader, house.now, form=reader.form(house.now, scope="unknown:scope"))
    counted = [(event.context.reason, event.context.count) for event in await house.entries() if event.class_ == "refusal"]
    assert sorted(counted) == [("assertion-audience", 5), ("scope", 1), ("scope", 1)]


@pytest.mark.anyio
async def test_an_unknown_client_looks_like_a_known_one(house: House, reader: Party) -> None:
    stranger = Party("019a0000-0000-7000-8000-000000000000", reader.issuer)
    known = Party(reader.client_id, reader.issuer)
    answers = [await ask_token(house.app, party, house.now) for party in (stranger, known)]
    assert [(answer.status, answer.json) for answer in answers] == [
        (401, {"error": "invalid_client", "error_description": "client authentication failed"})
    ] * 2
    assert answers[0].headers.keys() == answers[1].headers.keys()


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/par", "/oauth/register"])
async def test_the_line_of_a_refused_request_says_which_error_was_answered(
    house: House, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "safe_passage.gateway"):
        answer = await ask(house.app, "POST", path, headers=[("content-type", "application/x-www-form-urlencoded")], body=b"a=b")
    assert answer.status >= 400
    told = answer.json.get("error", answer.json.get("code"))
    assert [(vars(one)["status"], vars(one)["code"]) for one in caplog.records if one.getMessage() == "request"] == [(answer.status, told)]
