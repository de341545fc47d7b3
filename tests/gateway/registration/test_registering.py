"""RFC 7591: a client with a good word for it is registered once, within its bounds, and comes in when it may."""

import asyncio
import json
from collections import Counter

import pytest

from tests.conftest import StandingClock
from tests.gateway.by_hand import Party, ask, ask_token
from tests.gateway.house import ISSUER, House
from tests.gateway.registration.registering import PURPOSES, REGISTER, initial_token, metadata, register, signer
from tests.gateway.registration.statements import BODIES, REQUESTS, STATEMENTS, Words

pytestmark = pytest.mark.anyio


async def acts(house: House) -> list[tuple[str, str | None, str | None]]:
    """What the log has of registrations: operation, outcome, by whose word."""
    return [
        (event.context.operation, event.context.outcome, event.context.basis)
        for event in await house.entries()
        if event.context.basis is not None and event.context.basis.startswith(("publisher:", "initial-token:"))
    ]


@pytest.mark.requirement("DOOR-registered")
async def test_by_a_statement_a_client_registers_waits_for_approval_and_then_comes_in(house: House) -> None:
    admin = await house.sea_party("admin:clients")
    apps, party = await signer(house), Party("", ISSUER, algorithm="ES256")
    statement = apps.statement(house.now, purposes=["assessment"], contacts=["desk@vendor.example"])
    answer = await register(house, metadata(party, client_name="Another name", software_statement=statement))
    assert answer.status == 201, answer.body
    told = answer.json
    assert (answer.headers["cache-control"], told["registration_state"], told["client_name"]) == ("no-store", "pending", "Reader")
    assert told["registration_client_uri"] == f"{ISSUER}{REGISTER}/{told['client_id']}"
    assert (told["scope"], told["purposes"], told["software_statement"]) == ("records:read", ["assessment"], statement)
    assert told["contacts"] == ["desk@vendor.example"]
    assert "client_secret" not in told
    party.client_id = told["client_id"]
    assert (await ask_token(house.app, party, house.now)).code == "unauthorized_client"
    approved = await house.call(admin, await house.token(admin), "POST", f"/v1/registrations/{party.client_id}/approval")
    assert (approved.status, approved.json["state"]) == (200, "approved"), approved.body
    token = await ask_token(house.app, party, house.now)
    assert (token.status, token.json["scope"]) == (200, "records:read")
    word = f"publisher:{apps.publisher.id}"
    assert await acts(house) == [("client-registered-itself", "pending", word), ("client-registration-approved", "approved", word)]


@pytest.mark.requirement("DOOR-registered")
async def test_a_client_of_a_publisher_that_is_trusted_comes_in_at_once(house: House) -> None:
    apps, party = await signer(house, trusted=True), Party("", ISSUER)
    told = (await register(house, metadata(party, software_statement=apps.statement(house.now)))).json
    party.client_id = told["client_id"]
    assert (told["registration_state"], (await ask_token(house.app, party, house.now)).status) == ("approved", 200)
    assert [outcome for _, outcome, _ in await acts(house)] == ["approved"]


@pytest.mark.requirement("DOOR-registered")
async def test_an_initial_token_registers_one_client_of_its_organisation_once(house: House) -> None:
    vendor = await house.organisation("vendor")
    token, party = await initial_token(house, vendor.id), Party("", ISSUER)
    body = metadata(party, purposes=["assessment"], unknown_member={"a": 1}, organisation_id=str(vendor.id), logo_uri=None)
    first = await register(house, body, token=token)
    assert (first.status, first.json["registration_state"], first.json["organisation_id"]) == (201, "pending", str(vendor.id))
    assert "unknown_member" not in first.json
    again = await register(house, body, token=token)
    assert (again.status, again.code, again.headers["www-authenticate"]) == (401, "invalid_token", 'Bearer error="invalid_token"')
    assert len(await house.hand.clients()) == 1


async def test_of_several_that_come_with_one_word_at_the_same_time_one_registers(house: House) -> None:
    apps, party = await signer(house), Party("", ISSUER)
    token = await initial_token(house, apps.organisation.id)
    by_statement = metadata(party, software_statement=apps.statement(house.now))
    answers = await asyncio.gather(*(register(house, by_statement) for _ in range(5)))
    answers += await asyncio.gather(*(register(house, metadata(party), token=token) for _ in range(5)))
    assert Counter(answer.status for answer in answers[:5]) == {201: 1, 400: 4}
    assert Counter(answer.status for answer in answers[5:]) == {201: 1, 401: 4}
    assert len(await house.hand.clients()) == 2


async def test_what_a_statement_says_counts_and_the_body_changes_nothing_of_it(house: House) -> None:
    apps, own, others = await signer(house), Party("", ISSUER), Party("", ISSUER)
    statement = apps.statement(house.now, jwks={"keys": [own.jwk]}, purposes=["assessment"])
    body = metadata(
        others,
        software_statement=statement,
        scope="agreements:read records:read",
        purposes=list(PURPOSES),
        organisation_id="01900000-0000-7000-8000-000000000000",
        software_id="another",
        jwks=None,
        jwks_uri="https://keys.other.example/",
    )
    told = (await register(house, body)).json
    assert (told["scope"], told["purposes"], told["software_id"]) == ("records:read", ["assessment"], "reader")
    assert (told["organisation_id"], told["client_name"]) == (str(apps.organisation.id), "Reader")
    assert [key["x"] for key in told["jwks"]["keys"]] == [own.jwk["x"]]
    assert "jwks_uri" not in told


async def test_a_publisher_registers_clients_of_organisations_below_its_own_and_of_no_other(house: House) -> None:
    state = await house.organisation("sea")
    oak, elm = [await house.organisation("lea", parent_id=state.id, name=name) for name in ("Oak", "Elm")]
    school = await house.organisation("school", parent_id=oak.id)
    apps = await signer(house, organisation=oak)
    for organisation, expected in ((oak, 201), (school, 201), (elm, 400), (state, 400)):
        statement = apps.statement(house.now, organisation_id=str(organisation.id))
        answer = await register(house, metadata(Party("", ISSUER), software_statement=statement))
        assert answer.status == expected, organisation.name


@pytest.mark.requirement("DOOR-registered")
async def test_each_of_what_is_wrong_with_a_registration_is_refused_for_its_own_reason(house: House, clock: StandingClock) -> None:
    words, now = await Words.of(house), house.now
    assert (await register(house, words.about(software_statement=words.spent))).status == 201
    clients = len(await house.hand.clients())
    for name, (make, error, reason) in STATEMENTS.items():
        house.app.state.refusals.take(now, all_of_them=True)
        answer = await register(house, make(words))
        assert (answer.status, answer.code) == (400, error), (name, answer.body)
        told = [event.context.reason for event in house.app.state.refusals.take(now, all_of_them=True)]
        assert told == [reason], name
        assert answer.headers["cache-control"] == "no-store"
        assert "www-authenticate" not in answer.headers
        assert all(word not in answer.body.decode() for word in ("marketing", "audit:search", "evil", words.apps.party.jwk["x"])), name
    assert len(await house.hand.clients()) == clients


async def test_each_of_what_is_wrong_with_an_initial_token_or_a_request_is_refused(house: House, clock: StandingClock) -> None:
    words, now = await Words.of(house), house.now
    vendor, party = words.apps.organisation, words.party
    token, short = await initial_token(house, vendor.id), await initial_token(house, vendor.id, lasts_hours=1)
    ended = await initial_token(house, words.ended.organisation.id)
    tokens = {None: None, "good": token, "shortened": token[:-1], "unknown": "A" * 43, "of an ended organisation": ended}
    for name, (about, whose, expected, reason) in REQUESTS.items():
        house.app.state.refusals.take(now, all_of_them=True)
        answer = await register(house, words.about(**about(words)), token=tokens[whose])
        assert (answer.status, answer.code) == expected, (name, answer.body)
        assert [event.context.reason for event in house.app.state.refusals.take(now, all_of_them=True)] == [reason], name
        assert ("www-authenticate" in answer.headers) == (expected[0] == 401)
    whole = json.dumps(metadata(party)).encode()
    for name, (made, refused) in BODIES.items():
        answer = await register(house, made(whole), token=token)
        assert (answer.status, answer.code) == refused, name
    basic = await ask(
        house.app, "POST", REGISTER, headers=[("content-type", "application/json"), ("authorization", "Basic eDp5")], body=whole
    )
    assert (basic.status, basic.code) == (401, "invalid_token")
    form = await register(house, b"client_name=a", token=token, content_type="application/x-www-form-urlencoded")
    assert (form.status, form.code) == (415, "unsupported-media-type")
    assert (await register(house, b"{" + b" " * 65_536 + b"}", token=token)).status == 413
    clock.advance(hours=1)
    assert (await register(house, metadata(party), token=short)).code == "invalid_token"
    assert (await house.hand.clients()) == []
    assert (await register(house, metadata(party), token=token)).status == 201, "what was refused has not used the token up"


async def test_what_a_kind_of_organisation_may_not_have_its_clients_do_not_get_by_registering(house: House) -> None:
    """A publisher's bounds are of its own organisation; a school below a district may have less."""
    state = await house.organisation("sea")
    oak = await house.organisation("lea", parent_id=state.id)
    school = await house.organisation("school", parent_id=oak.id)
    apps = await signer(house, organisation=oak, scopes=("audit:search", "records:read"))
    for organisation, expected in ((oak, 201), (school, 400)):
        statement = apps.statement(house.now, organisation_id=str(organisation.id), scope="audit:search")
        answer = await register(house, metadata(Party("", ISSUER), software_statement=statement))
        assert answer.status == expected, organisation.kind
