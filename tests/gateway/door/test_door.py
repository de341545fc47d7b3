"""What gets through the door, and in which shape; what does not, and with which problem."""

from typing import Any

import pytest

from safepassage.compact import thumbprint
from safepassage.problems.requests import NotPermitted
from services.gateway.door.limits_in_force import digest_of_limits
from services.gateway.door.permission import require_permission
from services.gateway.door.route import API_HEADERS
from shared.keys import SigningKey
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask, ask_token, new_key
from tests.gateway.house import House, claims_of

PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"


def nothing_came_through(house: House) -> None:
    assert [heard for service in house.behind.values() for heard in service.heard if not heard.path.startswith("/internal/")] == []


def is_problem(answer: Answer, status: int, code: str) -> None:
    """A problem document with everything an answer of the API has."""
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert {(name, answer.headers[name]) for name, _ in API_HEADERS} == set(API_HEADERS)
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    assert answer.json["remedy"]


@pytest.mark.anyio
async def test_a_proven_caller_is_named_to_the_service(house: House, reader: Party) -> None:
    token = await house.token(reader)
    answer = await house.call(reader, token, "GET", PATH + "?a=1&b=%20")
    assert (answer.status, answer.json) == (200, {"answered": True})
    heard = house.heard()
    assert (heard.method, heard.path, heard.query, heard.body) == ("GET", PATH, "a=1&b=%20", b"")
    caller = heard.principal.caller
    assert caller is not None
    claims = claims_of(token)
    assert (caller.client_id, str(caller.organisation_id), caller.organisation_kind, caller.role) == (
        reader.client_id,
        claims["organisation_id"],
        "sea",
        "registrar",
    )
    assert caller.scopes == {"exchange:request", "decisions:read"}
    assert heard.by_name.keys() == {"sp-internal", "traceparent", "x-request-id"}
    assert heard.by_name["x-request-id"] == answer.headers["x-request-id"]


@pytest.mark.anyio
async def test_nothing_that_a_stranger_adds_is_believed_inside(house: House, reader: Party) -> None:
    token = await house.token(reader)
    forged = SigningKey.generate().sign_compact(typ="sp-internal+jwt", payload={"iss": "gateway", "aud": "records"})
    smuggled = [
        ("sp-internal", forged),
        ("Cookie", "session=1"),
        ("Forwarded", "for=10.0.0.1"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Forwarded-Host", "internal"),
        ("X-Request-Id", "019a0000-0000-7000-8000-000000000000"),
        ("X-Original-URL", "/internal/entries"),
        ("Proxy-Authorization", "Basic x"),
        ("TE", "trailers"),
        ("Trailer", "sp-internal"),
        ("Keep-Alive", "timeout=5"),
        ("Baggage", "a=b"),
        ("Tracestate", "a=b"),
        ("Connection", "close, Idempotency-Key, sp-internal"),
        ("Idempotency-Key", "019a0000-0000"),
        ("Accept-Language", "en"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ]
    answer = await house.call(reader, token, "GET", PATH, headers=smuggled)
    assert answer.status == 200, answer.body
    heard = house.heard()
    assert heard.by_name.keys() == {"sp-internal", "traceparent", "x-request-id", "accept-language"}
    assert heard.by_name["sp-internal"] != forged
    assert heard.by_name["x-request-id"] != "019a0000-0000-7000-8000-000000000000"
    version, trace, span, _ = heard.by_name["traceparent"].split("-")
    assert (version, trace) == ("00", "4bf92f3577b34da6a3ce929d0e0e4736")
    assert span != "00f067aa0ba902b7"


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/oauth/token_info", "/oauth/jwks", "/v1/nothing"])
async def test_nobody_says_under_which_name_a_request_is_in_our_log(house: House, reader: Party, path: str) -> None:
    """At the gateway's own routes too, which tell of themselves."""
    token, chosen = await house.token(reader), "019a0000-0000-7000-8000-000000000000"
    headers = [("x-request-id", chosen), ("sp-internal", "e30.e30.e30")]
    answer = await house.call(reader, token, "GET", path, headers=headers)
    assert answer.headers["x-request-id"] != chosen
    again = await house.call(reader, token, "GET", path, headers=headers)
    assert again.headers["x-request-id"] not in (chosen, answer.headers["x-request-id"])


@pytest.mark.anyio
async def test_an_invalid_trace_begins_a_new_one(house: House, reader: Party) -> None:
    token = await house.token(reader)
    for given in ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "x" * 55):
        await house.call(reader, token, "GET", PATH, headers=[("traceparent", given)])
        trace = house.heard().by_name["traceparent"].split("-")[1]
        assert len(trace) == 32, given
        assert trace not in given


@pytest.mark.anyio
async def test_a_service_may_say_only_what_is_on_the_list(house: House, reader: Party) -> None:
    token = await house.token(reader)
    fields = [(b"content-type", b"application/json"), (b"etag", b'"1"'), (b"set-cookie", b"a=b"), (b"server", b"x"), (b"sp-internal", b"x")]
    house.behind["records"].answer = (200, [*fields, (b"cache-control", b"public"), (b"x-powered-by", b"y")], b"{}")
    answer = await house.call(reader, token, "GET", PATH)
    own = {"x-request-id", "ratelimit-policy", "ratelimit", *(name for name, _ in API_HEADERS)}
    assert answer.headers.keys() == {"content-type", "content-length", "etag", *own}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.anyio
async def test_a_fault_of_a_service_is_told_as_a_problem_or_not_at_all(house: House, reader: Party) -> None:
    token = await house.token(reader)
    house.behind["records"].answer = (500, [(b"content-type", b"text/plain")], b"Traceback: SSN 123-45-6789")
    is_problem(await house.call(reader, token, "GET", PATH), 503, "temporarily-unavailable")


@pytest.mark.anyio
async def test_the_internal_token_is_made_anew_for_each_caller_and_every_five_seconds(
    house: House, reader: Party, clock: StandingClock
) -> None:
    other = await house.sea_party("exchange:request")
    token, others = await house.token(reader), await house.token(other)
    seen = []
    for party, access in ((reader, token), (reader, token), (other, others)):
        await house.call(party, access, "GET", PATH)
        seen.append(house.heard().by_name["sp-internal"])
    clock.advance(seconds=5)
    await house.call(reader, token, "GET", PATH)
    seen.append(house.heard().by_name["sp-internal"])
    assert seen[0] == seen[1]
    assert len(set(seen)) == 3


@pytest.mark.requirement("DOOR-proof")
@pytest.mark.anyio
async def test_no_credential_no_entry(house: House, reader: Party) -> None:
    token = await house.token(reader)
    answer = await ask(house.app, "GET", PATH)
    is_problem(answer, 401, "not-authenticated")
    metadata = "https://node.example/.well-known/oauth-protected-resource"
    assert answer.headers["www-authenticate"] == f'DPoP algs="Ed25519 EdDSA ES256", resource_metadata="{metadata}"'
    for authorization in (f"Bearer {token}", "Basic eDp5", "DPoP", "DPoP x.y.z", f"DPoP {token}x", "DPoP " + "x" * 20_000):
        answer = await ask(
            house.app, "GET", PATH, headers=[("authorization", authorization), ("dpop", reader.proof(house.now, "GET", PATH))]
        )
        is_problem(answer, 401, "access-token-not-valid")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    twice = [("authorization", f"DPoP {token}")]
    is_problem(await house.call(reader, token, "GET", PATH, headers=twice), 401, "access-token-not-valid")
    nothing_came_through(house)


@pytest.mark.anyio
async def test_a_token_that_is_not_exactly_one_of_ours_opens_nothing(house: House, reader: Party) -> None:
    token = await house.token(reader)
    claims, own = claims_of(token), house.app.state.token_keys.current.active
    stranger = SigningKey.generate()
    assert stranger.kid == thumbprint(stranger.public)
    forged = {
        "signed by another key": stranger.sign_compact(typ="at+jwt", payload=claims),
        "for another audience": own.sign_compact(typ="at+jwt", payload=claims | {"aud": "https://other.example"}),
        "by another issuer": own.sign_compact(typ="at+jwt", payload=claims | {"iss": "https://other.example"}),
        "of another type": own.sign_compact(typ="JWT", payload=claims),
        "an internal token": own.sign_compact(typ="sp-internal+jwt", payload=claims),
        "for a list of audiences": own.sign_compact(typ="at+jwt", payload=claims | {"aud": [claims["aud"]]}),
        "expired": own.sign_compact(typ="at+jwt", payload=claims | {"exp": claims["iat"]}),
        "of the future": own.sign_compact(typ="at+jwt", payload=claims | {"iat": claims["iat"] + 60}),
        "bound to nothing": own.sign_compact(typ="at+jwt", payload={name: value for name, value in claims.items() if name != "cnf"}),
        "with an unknown member": own.sign_compact(typ="at+jwt", payload=claims | {"admin": True}),
        "of another subject": own.sign_compact(typ="at+jwt", payload=claims | {"sub": "somebody"}),
        "a client assertion": reader.assertion(house.now),
        "unsigned": ".".join([token.split(".")[0], token.split(".")[1], ""]),
    }
    for name, bad in forged.items():
        answer = await house.call(reader, bad, "GET", PATH)
        assert (answer.status, answer.code) == (401, "access-token-not-valid"), name
    nothing_came_through(house)


@pytest.mark.anyio
async def test_a_token_ends_to_the_second(house: House, reader: Party, clock: StandingClock) -> None:
    token = await house.token(reader)
    assert (await house.call(reader, token, "GET", PATH)).status == 200
    clock.advance(seconds=299)
    await house.app.state.standing.refresh()
    assert (await house.call(reader, token, "GET", PATH)).status == 200
    clock.advance(seconds=1)
    is_problem(await house.call(reader, token, "GET", PATH), 401, "access-token-not-valid")


WRONG_PROOFS: dict[str, dict[str, Any]] = {
    "for another method": {"htm": "POST"},
    "for another path": {"htu": "https://node.example/v1/students"},
    "for another host": {"htu": "https://other.example" + PATH},
    "for the plain scheme": {"htu": "http://node.example" + PATH},
    "with a user in the URL": {"htu": "https://node.example@other.example" + PATH},
    "for another token": {"ath": "A" * 43},
    "for no token": {"ath": None},
    "made a minute ago": {"iat": -61},
    "made ahead": {"iat": 11},
    "with a time that is text": {"iat": "now"},
    "without jti": {"jti": None},
    "with a nonce that is not ours": {"nonce": "AAAA"},
    "of another type": {"header": {"typ": "JWT"}},
    "with a key by URL": {"header": {"jku": "https://evil.example"}},
    "unsigned": {"header": {"alg": "none"}},
    "with another algorithm": {"header": {"alg": "Ed25519"}},
}


@pytest.mark.requirement("DOOR-proof")
@pytest.mark.anyio
async def test_a_proof_is_for_this_method_url_token_and_moment(house: House, reader: Party) -> None:
    token = await house.token(reader)
    for name, wrong in WRONG_PROOFS.items():
        about = dict(wrong)
        if type(about.get("iat")) is int:
            about["iat"] += int(house.now.timestamp())
        answer = await house.call(reader, token, "GET", PATH, proof=reader.proof(house.now, "GET", PATH, token=token, **about))
        expected = ("proof-nonce-required", "use_dpop_nonce") if "nonce" in wrong else ("proof-not-valid", "invalid_dpop_proof")
        assert (answer.status, answer.code) == (401, expected[0]), name
        assert f'error="{expected[1]}"' in answer.headers["www-authenticate"]
    nothing_came_through(house)


@pytest.mark.requirement("DOOR-proof")
@pytest.mark.anyio
async def test_a_stolen_token_is_worth_nothing_without_its_key(house: House, reader: Party) -> None:
    token = await house.token(reader)
    thief = Party(reader.client_id, reader.issuer, key=reader.key)
    is_problem(await house.call(thief, token, "GET", PATH), 401, "proof-not-valid")
    await house.call(reader, token, "GET", PATH)
    is_problem(await house.call(thief, token, "GET", PATH), 401, "proof-not-valid")


@pytest.mark.requirement("DOOR-proof")
@pytest.mark.anyio
async def test_a_proof_counts_once(house: House, reader: Party, clock: StandingClock) -> None:
    token = await house.token(reader)
    proof = reader.proof(house.now, "GET", PATH, token=token)
    answers = [await house.call(reader, token, "GET", PATH, proof=proof) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 401]
    is_problem(answers[1], 401, "proof-used-before")
    clock.advance(seconds=59)
    await house.app.state.standing.refresh()
    is_problem(await house.call(reader, token, "GET", PATH, proof=proof), 401, "proof-used-before")


@pytest.mark.anyio
async def test_default_port_case_and_query_do_not_count_in_a_proof(house: House, reader: Party) -> None:
    token = await house.token(reader)
    for url in ("https://NODE.example:443" + PATH, "HTTPS://node.example" + PATH, f"https://node.example{PATH}?a=1#b"):
        answer = await house.call(reader, token, "GET", PATH, proof=reader.proof(house.now, "GET", PATH, token=token, htu=url))
        assert answer.status == 200, url


@pytest.mark.anyio
async def test_a_token_that_was_verified_for_one_route_opens_no_other(house: House, reader: Party) -> None:
    token = await house.token(reader, scope="exchange:request")
    assert (await house.call(reader, token, "GET", PATH)).status == 200
    answer = await house.call(reader, token, "GET", "/v1/decisions/019a0000-0000-7000-8000-000000000000")
    is_problem(answer, 403, "not-permitted")
    assert "decisions:read" in answer.json["detail"]


@pytest.mark.anyio
async def test_a_route_that_needs_two_scopes_opens_to_neither_alone(house: House) -> None:
    party = await house.sea_party("exchange:request", "records:read")
    for scope, status in (("exchange:request", 403), ("records:read", 403), ("exchange:request records:read", 200)):
        token = await house.token(party, scope=scope)
        assert (await house.call(party, token, "GET", PATH + "/record")).status == status, scope


@pytest.mark.anyio
async def test_peers_routes_are_for_peers(house: House, reader: Party) -> None:
    token = await house.token(reader)
    own = house.app.state.token_keys.current.active
    as_if = own.sign_compact(typ="at+jwt", payload=claims_of(token) | {"scope": "exchange:peer"})
    for access, refused in ((token, (403, "not-permitted")), (as_if, (401, "access-token-not-valid"))):
        answer = await house.call(reader, access, "POST", "/v1/peer/receipts", headers=[("content-type", "application/jose")], body=b"x")
        is_problem(answer, *refused)
    door = house.app.state.door
    route, verified = door.entrances.public.routes.match("POST", b"/v1/peer/receipts"), door.authentication.tokens.verify(as_if, house.now)
    with pytest.raises(NotPermitted, match="only another node's client"):
        require_permission(route, verified)


@pytest.mark.anyio
async def test_a_disabled_client_and_a_replaced_key_end_the_tokens_that_are_out(house: House, reader: Party, clock: StandingClock) -> None:
    admin = await house.sea_party("admin:clients")
    token, admins = await house.token(reader), await house.token(admin)
    assert (await house.call(reader, token, "GET", PATH)).status == 200
    path = f"/v1/clients/{reader.client_id}"
    assert (await house.call(admin, admins, "POST", f"{path}/disablement")).status == 200
    is_problem(await house.call(reader, token, "GET", PATH), 401, "access-token-not-valid")
    assert (await house.call(admin, admins, "DELETE", f"{path}/disablement")).status == 200
    is_problem(await house.call(reader, token, "GET", PATH), 401, "access-token-not-valid")
    clock.advance(seconds=1)
    token = await house.token(reader)
    assert (await house.call(reader, token, "GET", PATH)).status == 200
    reader.key, reader.kid = new_key("ES256"), "two"
    reader.algorithm = "ES256"
    version = (await house.call(admin, admins, "GET", path)).json["version"]
    replaced = await house.call(admin, admins, "PUT", f"{path}/keys", json={"version": version, "jwks": {"keys": [reader.jwk]}})
    assert replaced.status == 200, replaced.body
    is_problem(await house.call(reader, token, "GET", PATH), 401, "access-token-not-valid")
    assert (await house.call(reader, await house.token(reader), "GET", PATH)).status == 200


@pytest.mark.anyio
async def test_when_it_cannot_be_known_whether_a_token_still_counts_nobody_is_let_in(
    house: House, reader: Party, clock: StandingClock
) -> None:
    token = await house.token(reader)
    clock.advance(seconds=16)
    is_problem(await house.call(reader, token, "GET", PATH), 503, "temporarily-unavailable")


@pytest.mark.anyio
async def test_paths_that_could_mean_two_things_are_refused_before_anything_else(house: House) -> None:
    for path in (
        b"/v1//clients", b"/v1/../internal/entries", b"/v1/%2e%2e/internal", b"/v1/clients%2fx", b"/v1/clients%2Fx", b"/v1/clients%5cx",
        b"/v1/clients\\x", b"/v1/clients%00", b"/v1/clients/%0a", b"/./v1", b"/v1/..", b"/v1/clients;x=1", b"/v1/\xc3\xa9", b"/v1/%zz",
        b"/v1/%", b"/v1/%c3%a9", b"//node.example/v1", b"/" + b"a" * 3000,
    ):  # fmt: skip
        is_problem(await ask(house.app, "GET", path), 400, "path-not-allowed")
    for query in (b"a=\xff", b"a=<b>", b"a b", b"a=" + b"1" * 5000):
        is_problem(await ask(house.app, "GET", PATH.encode() + b"?" + query), 400, "path-not-allowed")


@pytest.mark.requirement("DOOR-table")
@pytest.mark.anyio
async def test_what_is_not_in_the_table_does_not_exist(house: House) -> None:
    for path in ("/", "/internal/entries", "/metrics", "/docs/", "/redoc", "/v1", "/v1/clients/", "/V1/clients", "/v1/nothing"):
        is_problem(await ask(house.app, "GET", path), 404, "no-such-route")
    answer = await ask(house.app, "PATCH", "/v1/clients")
    is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.requirement("DOOR-bounded")
@pytest.mark.anyio
async def test_bodies_are_bounded_and_of_the_kind_that_the_route_takes(house: House, reader: Party) -> None:
    token, path = await house.token(reader), "/v1/exchange-requests"
    json_type = [("content-type", "application/json; charset=utf-8")]
    assert (await house.call(reader, token, "POST", path, headers=json_type, body=b"{}")).status == 200
    assert house.heard().body == b"{}"
    assert (await house.call(reader, token, "POST", path, headers=json_type, chunks=[b"{", b"}"])).status == 200
    assert house.heard().body == b"{}"
    count = len(house.behind["records"].heard)
    large = b"x" * (64 * 1024 + 1)
    for about in ({"body": large}, {"chunks": [b"x" * 40_000, b"x" * 40_000]}):
        is_problem(await house.call(reader, token, "POST", path, headers=json_type, **about), 413, "body-too-large")
    for kind in ("text/plain", "application/jsonx", "multipart/form-data", ""):
        is_problem(
            await house.call(reader, token, "POST", path, headers=[("content-type", kind)], body=b"{}"), 415, "unsupported-media-type"
        )
    packed = [*json_type, ("content-encoding", "gzip")]
    is_problem(await house.call(reader, token, "POST", path, headers=packed, body=b"x"), 415, "encoding-not-taken")
    is_problem(await house.call(reader, token, "GET", PATH, headers=json_type, body=b"{}"), 413, "body-too-large")
    two = [*json_type, ("content-type", "text/plain")]
    is_problem(await house.call(reader, token, "POST", path, headers=two, body=b"{}"), 400, "malformed-request")
    both = [*json_type, ("content-length", "2"), ("transfer-encoding", "chunked")]
    is_problem(await house.call(reader, token, "POST", path, headers=both, body=b"{}"), 400, "malformed-request")
    odd = [*json_type, ("content-length", "+2")]
    is_problem(await house.call(reader, token, "POST", path, headers=odd, body=b"{}"), 400, "malformed-request")
    assert len(house.behind["records"].heard) == count


@pytest.mark.anyio
async def test_health_is_open_and_says_nothing_more_than_a_digest_of_the_limits(house: House) -> None:
    limits = digest_of_limits(house.settings)
    for path, status in (("/livez", {"status": "alive"}), ("/readyz", {"status": "ready", "limits": limits})):
        answer = await ask(house.app, "GET", path)
        assert (answer.status, answer.json) == (200, status)
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.anyio
async def test_the_gateways_own_answers_carry_the_same_headers(house: House, reader: Party) -> None:
    for answer in (
        await ask_token(house.app, reader, house.now),
        await ask(house.app, "GET", "/oauth/jwks"),
        await ask(house.app, "GET", "/.well-known/oauth-authorization-server"),
        await ask(house.app, "GET", "/.well-known/safe-passage"),
    ):
        assert {(name, answer.headers[name]) for name, _ in API_HEADERS} == set(API_HEADERS)
        assert "x-request-id" in answer.headers
