"""Pushed authorization requests that are not taken: each as good as can be but for one thing, and refused for that thing."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from sqlalchemy import func, select

from services.gateway.oauth.codes.redirects import is_registered
from services.gateway.tables import PushedRequestRow
from tests.gateway.by_hand import Answer, Party, ask, ask_endpoint
from tests.gateway.house import ISSUER, House
from tests.gateway.oauth.codes.flow import CALLBACK, Application, application, refused_for

pytestmark = pytest.mark.anyio

Negative = tuple[Mapping[str, str | None], str, str]
"""What is changed in the request, OAuth's error, the reason that is counted."""

_DETAILS = '[{"type":"student_data_access","purpose":"%s"}]'

NEGATIVES: dict[str, Negative] = {
    "a request object": ({"request": "eyJhbGciOiJub25lIn0.e30."}, "invalid_request", "request-object"),
    "a request_uri of its own": ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request", "request-object"),
    "a request_uri at another server": ({"request_uri": "https://app.example/request.jwt"}, "invalid_request", "request-object"),
    "no response_type": ({"response_type": None}, "invalid_request", "response-type"),
    "response_type token": ({"response_type": "token"}, "unsupported_response_type", "response-type"),
    "response_type id_token": ({"response_type": "id_token"}, "unsupported_response_type", "response-type"),
    "response_type code token": ({"response_type": "code token"}, "unsupported_response_type", "response-type"),
    "response_type none": ({"response_type": "none"}, "unsupported_response_type", "response-type"),
    "response_mode fragment": ({"response_mode": "fragment"}, "invalid_request", "response-mode"),
    "response_mode form_post": ({"response_mode": "form_post"}, "invalid_request", "response-mode"),
    "no redirect_uri": ({"redirect_uri": None}, "invalid_request", "redirect-uri"),
    "another redirect_uri": ({"redirect_uri": "https://evil.example/callback"}, "invalid_request", "redirect-uri"),
    "a path below the redirect_uri": ({"redirect_uri": CALLBACK + "/more"}, "invalid_request", "redirect-uri"),
    "a slash at its end": ({"redirect_uri": CALLBACK + "/"}, "invalid_request", "redirect-uri"),
    "a query at its end": ({"redirect_uri": CALLBACK + "?x=1"}, "invalid_request", "redirect-uri"),
    "a fragment at its end": ({"redirect_uri": CALLBACK + "#x"}, "invalid_request", "redirect-uri"),
    "another case": ({"redirect_uri": "https://APP.example/callback"}, "invalid_request", "redirect-uri"),
    "another scheme": ({"redirect_uri": "http://app.example/callback"}, "invalid_request", "redirect-uri"),
    "its default port": ({"redirect_uri": "https://app.example:443/callback"}, "invalid_request", "redirect-uri"),
    "a user before its host": ({"redirect_uri": "https://app.example@evil.example/callback"}, "invalid_request", "redirect-uri"),
    "a host below its host": ({"redirect_uri": "https://app.example.evil.example/callback"}, "invalid_request", "redirect-uri"),
    "dots in its path": ({"redirect_uri": "https://app.example/x/../callback"}, "invalid_request", "redirect-uri"),
    "loopback where it is not registered": ({"redirect_uri": "http://127.0.0.1:8000/callback"}, "invalid_request", "redirect-uri"),
    "a redirect_uri of a script": ({"redirect_uri": "javascript:alert(1)"}, "invalid_request", "redirect-uri"),
    "a long state": ({"state": "x" * 513}, "invalid_request", "state"),
    "a state that is not ASCII": ({"state": "ä"}, "invalid_request", "state"),
    "a long nonce": ({"nonce": "x" * 513}, "invalid_request", "state"),
    "a state with a control character": ({"state": "a\rb"}, "invalid_request", "malformed"),
    "no challenge": ({"code_challenge": None}, "invalid_request", "challenge"),
    "a challenge of 42 characters": ({"code_challenge": "a" * 42}, "invalid_request", "challenge"),
    "a challenge of 44 characters": ({"code_challenge": "a" * 44}, "invalid_request", "challenge"),
    "a challenge with another alphabet": ({"code_challenge": "a" * 42 + "~"}, "invalid_request", "challenge"),
    "a challenge with padding": ({"code_challenge": "a" * 42 + "="}, "invalid_request", "challenge"),
    "no challenge method": ({"code_challenge_method": None}, "invalid_request", "challenge-method"),
    "challenge method plain": ({"code_challenge_method": "plain"}, "invalid_request", "challenge-method"),
    "challenge method in small letters": ({"code_challenge_method": "s256"}, "invalid_request", "challenge-method"),
    "a scope of another client": ({"scope": "records:load"}, "invalid_scope", "scope"),
    "a scope that there is not": ({"scope": "everything"}, "invalid_scope", "scope"),
    "a scope twice": ({"scope": "audit:search audit:search"}, "invalid_scope", "scope"),
    "two spaces between scopes": ({"scope": "audit:search  decisions:read"}, "invalid_scope", "scope"),
    "another purpose": ({"authorization_details": _DETAILS % "marketing"}, "invalid_authorization_details", "authorization-details"),
    "details of another type": (
        {"authorization_details": '[{"type":"payment"}]'},
        "invalid_authorization_details",
        "authorization-details",
    ),
    "details that are no JSON": ({"authorization_details": "["}, "invalid_authorization_details", "authorization-details"),
    "a resource that nobody is": ({"resource": "https://other.example/api"}, "invalid_target", "resource"),
    "acr_values with two spaces": ({"acr_values": "a  b"}, "invalid_request", "acr-values"),
    "long acr_values": ({"acr_values": "a" * 201}, "invalid_request", "acr-values"),
    "a max_age of words": ({"max_age": "soon"}, "invalid_request", "max-age"),
    "a max_age below zero": ({"max_age": "-1"}, "invalid_request", "max-age"),
    "a max_age of days": ({"max_age": "86401"}, "invalid_request", "max-age"),
    "dpop_jkt of another key": ({"dpop_jkt": "A" * 43}, "invalid_dpop_proof", "proof"),
    "a short dpop_jkt": ({"dpop_jkt": "A" * 42}, "invalid_request", "dpop-jkt"),
    "a client_id of another": ({"client_id": "019a0000-0000-7000-8000-000000000000"}, "invalid_client", "assertion-subject"),
    "a secret beside the assertion": ({"client_secret": "x"}, "invalid_request", "second-method"),
    "no assertion": ({"client_assertion": None}, "invalid_request", "malformed"),
    "an assertion type of SAML": (
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        "invalid_request",
        "malformed",
    ),
}


async def _rows(house: House) -> int:
    async with house.app.state.database.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(PushedRequestRow))).scalar_one())


@pytest.mark.requirement("DOOR-par")
async def test_every_request_with_a_fault_is_refused_for_it_and_leaves_nothing(peopled: House) -> None:
    app = await application(peopled)
    for name, (changes, error, reason) in NEGATIVES.items():
        answer = await app.push(**changes)
        assert (answer.status, answer.code) == (401 if error == "invalid_client" else 400, error), (name, answer)
        assert refused_for(peopled) == reason, name
        assert answer.headers["cache-control"] == "no-store"
        assert "location" not in answer.headers, name
        for value in changes.values():
            assert value is None or len(value) < 8 or value not in answer.body.decode(), name
    assert await _rows(peopled) == 0
    assert (await app.push()).status == 201


async def test_a_proof_with_a_fault_is_refused_for_it(peopled: House) -> None:
    app = await application(peopled)
    now, party = peopled.now, app.party
    token = party.proof(now, "POST", "/oauth/token")
    faults = {
        "of the token endpoint": token,
        "of another method": party.proof(now, "GET", "/oauth/par"),
        "old": party.proof(now - timedelta(seconds=61), "POST", "/oauth/par"),
        "without jti": party.proof(now, "POST", "/oauth/par", jti=None),
        "of garbage": "a.b.c",
        "with a strange nonce": party.proof(now, "POST", "/oauth/par", nonce="x"),
    }
    for name, proof in faults.items():
        answer = await app.push(proof=proof)
        assert (answer.status, answer.code) == (400, "use_dpop_nonce" if "nonce" in name else "invalid_dpop_proof"), name
        assert ("dpop-nonce" in answer.headers) == ("nonce" in name)
    answer = await app.push(headers=[("dpop", party.proof(now, "POST", "/oauth/par"))])
    assert (answer.status, answer.code) == (400, "invalid_dpop_proof")
    assert await _rows(peopled) == 0


async def test_a_request_is_read_in_one_way_or_not_at_all(peopled: House) -> None:
    app = await application(peopled)
    good = urlencode(app.request())
    bodies = {
        "a parameter twice": good + "&state=other",
        "the redirect_uri twice": good + "&" + urlencode({"redirect_uri": CALLBACK}),
        "no form": "{}",
        "not UTF-8": good + "&x=%ff",
        "65 fields": good + "".join(f"&x{number}=1" for number in range(65)),
    }
    for name, body in bodies.items():
        answer = await _raw(app, body)
        assert (answer.status, answer.code, refused_for(peopled)) == (400, "invalid_request", "malformed"), name
    answer = await ask_endpoint(peopled.app, "/oauth/par", app.request(), target="/oauth/par?state=x")
    assert (answer.status, refused_for(peopled)) == (400, "malformed")
    answer = await app.push(headers=[("authorization", "Basic eDp5")])
    assert (answer.status, refused_for(peopled)) == (400, "second-method")
    assert await _rows(peopled) == 0


async def _raw(app: Application, body: str) -> Answer:
    headers = [("content-type", "application/x-www-form-urlencoded"), ("dpop", app.party.proof(app.house.now, "POST", "/oauth/par"))]
    return await ask(app.house.app, "POST", "/oauth/par", headers=headers, body=body.encode())


async def test_an_assertion_and_a_proof_count_once_at_both_endpoints(peopled: House) -> None:
    app = await application(peopled)
    form = app.request()
    assert (await app.push(form=form)).status == 201
    answer = await app.push(form=form)
    assert (answer.status, answer.code, refused_for(peopled)) == (401, "invalid_client", "assertion-replayed")
    proof = app.party.proof(peopled.now, "POST", "/oauth/par")
    assert (await app.push(proof=proof)).status == 201
    answer = await app.push(proof=proof)
    assert (answer.code, refused_for(peopled)) == ("invalid_dpop_proof", "proof")
    assert await _rows(peopled) == 2


async def test_who_may_not_ask_people_is_told_so(peopled: House) -> None:
    machine = Application(peopled, await peopled.sea_party("decisions:read"))
    answer = await machine.push()
    assert (answer.code, refused_for(peopled)) == ("unauthorized_client", "grant-type-not-registered")
    gone = await application(peopled)
    await peopled.hand.disable_client(UUID(gone.party.client_id))
    answer = await gone.push()
    assert (answer.code, refused_for(peopled)) == ("unauthorized_client", "not-in-force")
    stranger = Application(peopled, Party("019a0000-0000-7000-8000-000000000000", ISSUER))
    answer = await stranger.push()
    assert (answer.status, answer.code, refused_for(peopled)) == (401, "invalid_client", "unknown-client")


async def test_a_person_is_asked_about_one_purpose(peopled: House) -> None:
    app = await application(peopled, purposes=("audit-evaluation", "instruction"))
    answer = await app.push()
    assert (answer.code, refused_for(peopled)) == ("invalid_authorization_details", "authorization-details")
    assert (await app.push(authorization_details=_DETAILS % "instruction")).status == 201


async def test_the_key_may_be_named_instead_of_proven(peopled: House) -> None:
    app = await application(peopled)
    assert (await app.push(proof=None, dpop_jkt=app.jkt)).status == 201
    assert (await app.push(dpop_jkt=app.jkt)).status == 201


async def test_the_name_is_random_and_lasts_five_minutes(peopled: House) -> None:
    app = await application(peopled)
    answers = [(await app.push()).json for _ in range(3)]
    names = {one["request_uri"] for one in answers}
    assert len(names) == 3
    assert {len(name) for name in names} == {len("urn:ietf:params:oauth:request_uri:") + 43}
    assert {one["expires_in"] for one in answers} == {300}


async def test_only_a_node_in_development_answers_on_loopback_and_then_at_every_port() -> None:
    registered = ("http://127.0.0.1/callback", "http://[::1]:9/callback", "https://app.example/callback")
    takes = ("http://127.0.0.1/callback", "http://127.0.0.1:51234/callback", "http://[::1]:1/callback", "https://app.example/callback")
    refuses = (
        "http://localhost:51234/callback",
        "http://127.0.0.1:51234/callback/x",
        "http://127.0.0.1:51234@evil.example/callback",
        "http://127.0.0.1:x/callback",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:/callback",
        "https://127.0.0.1/callback",
        "https://app.example:1/callback",
        "http://127.0.0.1:1/callback#x",
        "http://127.0.0.1.evil.example/callback",
    )
    assert [uri for uri in takes if not is_registered(uri, registered, development=True)] == []
    assert [uri for uri in refuses if is_registered(uri, registered, development=True)] == []
    assert [uri for uri in takes if is_registered(uri, registered, development=False)] == ["https://app.example/callback"]
