"""Keys that are got from a client's own URL: cached within bounds, got again when one is missing, and gone when they are gone."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from safepassage.problems.registrations import KeySetNotHad
from services.gateway.oauth.fetched_key_sets import AGAIN_AFTER, FRESH_FOR, USED_FOR, is_due, keys_in, still_counts
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party, ask_token, new_key
from tests.gateway.house import ISSUER, House
from tests.gateway.registration.registering import initial_token, manage, metadata, register

URL = "https://keys.elm.example/.well-known/jwks.json"
JSON = [(b"content-type", b"application/json")]
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)


def serve(house: House, *parties: Party, document: str | None = None) -> None:
    """What records finds at the URL."""
    whole = json.dumps({"keys": [party.jwk for party in parties]}) if document is None else document
    house.behind["records"].answer = (200, JSON, json.dumps({"document": whole}).encode())


def fail(house: House) -> None:
    house.behind["records"].answer = (422, JSON, KeySetNotHad().as_problem().model_dump_json().encode())


def asked(house: House) -> list[str]:
    """The URLs that records was asked for."""
    return [one.query for one in house.behind["records"].heard if one.path == "/internal/client-key-sets"]


async def registered(house: House, party: Party) -> str:
    vendor = await house.organisation("vendor")
    answer = await register(house, metadata(party, jwks=None, jwks_uri=URL), token=await initial_token(house, vendor.id))
    assert (answer.status, answer.json.get("jwks_uri")) == (201, URL), answer.body
    assert "jwks" not in answer.json
    party.client_id = answer.json["client_id"]
    await house.hand.approve_registration(UUID(party.client_id))
    return str(answer.json["registration_access_token"])


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-registered")
async def test_keys_are_got_once_and_serve_an_hour(house: House, clock: StandingClock) -> None:
    party = Party("", ISSUER)
    serve(house, party)
    await registered(house, party)
    for _ in range(3):
        assert (await ask_token(house.app, party, house.now)).status == 200
    assert asked(house) == ["url=https%3A%2F%2Fkeys.elm.example%2F.well-known%2Fjwks.json"]
    clock.advance(minutes=61)
    for _ in range(3):
        assert (await ask_token(house.app, party, house.now)).status == 200
    assert len(asked(house)) == 2


@pytest.mark.anyio
async def test_a_new_key_is_looked_for_and_at_most_once_a_minute(house: House, clock: StandingClock) -> None:
    party = Party("", ISSUER)
    serve(house, party)
    await registered(house, party)
    newer = Party(party.client_id, ISSUER, kid="two", key=new_key("Ed25519"))
    clock.advance(seconds=61)
    assert (await ask_token(house.app, newer, house.now)).code == "invalid_client"
    serve(house, party, newer)
    for _ in range(5):
        assert (await ask_token(house.app, newer, house.now)).code == "invalid_client"
    assert len(asked(house)) == 2
    clock.advance(seconds=61)
    assert [(await ask_token(house.app, one, house.now)).status for one in (newer, party)] == [200, 200]
    assert len(asked(house)) == 3
    told = [event.context.operation for event in await house.entries() if event.actor.job == "client-key-sets"]
    assert told == ["client-keys-fetched"]


@pytest.mark.anyio
async def test_that_keys_cannot_be_got_is_told_to_who_has_one_of_them_and_to_nobody_else(house: House, clock: StandingClock) -> None:
    """Or else anybody could try out which clients there are."""
    party, unknown = Party("", ISSUER), Party(str(UUID(int=7)), ISSUER)
    serve(house, party)
    await registered(house, party)
    fail(house)
    clock.advance(hours=25)
    assert (await ask_token(house.app, party, house.now)).status == 503
    strangers = [Party(party.client_id, ISSUER, kid=kid, key=new_key("Ed25519")) for kid in (party.kid, "another")]
    [told, *others] = [await ask_token(house.app, one, house.now) for one in (unknown, *strangers)]
    assert (told.status, told.code) == (401, "invalid_client")
    for one in others:
        assert (one.status, one.body, one.headers.keys()) == (told.status, told.body, told.headers.keys())


@pytest.mark.anyio
async def test_a_key_that_is_gone_from_the_set_takes_its_tokens_with_it(house: House, clock: StandingClock) -> None:
    party = Party("", ISSUER)
    serve(house, party)
    await registered(house, party)
    newer = Party(party.client_id, ISSUER, kid="two", key=new_key("Ed25519"))
    clock.advance(minutes=30)
    await house.app.state.standing.refresh()
    token = await house.token(party)
    serve(house, newer)
    assert (await ask_token(house.app, newer, house.now)).status == 200
    assert (await house.call(party, token, "GET", "/oauth/token_info")).code == "access-token-not-valid"
    assert (await ask_token(house.app, party, house.now)).code == "invalid_client"


@pytest.mark.anyio
async def test_keys_that_cannot_be_got_again_serve_a_day_and_then_nobody_gets_in(house: House, clock: StandingClock) -> None:
    party = Party("", ISSUER)
    serve(house, party)
    await registered(house, party)
    fail(house)
    for hours, status in ((2, 200), (21, 200), (1.1, 503)):
        clock.advance(hours=hours)
        answer = await ask_token(house.app, party, house.now)
        assert answer.status == status, hours
    assert (answer.code, answer.headers["retry-after"]) == ("temporarily_unavailable", "5")
    assert [event.context.reason for event in await house.entries() if event.class_ == "refusal"] == ["keys-not-had"]
    serve(house, party)
    clock.advance(seconds=61)
    assert (await ask_token(house.app, party, house.now)).status == 200


@pytest.mark.anyio
async def test_what_cannot_be_had_registers_nobody_and_says_why(house: House) -> None:
    party = Party("", ISSUER)
    vendor = await house.organisation("vendor")
    token = await initial_token(house, vendor.id)
    body = metadata(party, jwks=None, jwks_uri=URL)
    fail(house)
    answer = await register(house, body, token=token)
    assert (answer.status, answer.code) == (400, "invalid_client_metadata")
    serve(house, document="not a set")
    assert (await register(house, body, token=token)).code == "invalid_client_metadata"
    house.behind["records"].answer = (503, JSON, b"{}")
    assert (await register(house, body, token=token)).status == 503
    serve(house, party)
    assert (await register(house, body, token=token)).status == 201, "the token was not used up by what failed"


@pytest.mark.anyio
async def test_before_the_word_for_a_client_is_good_nothing_is_called(house: House) -> None:
    body = metadata(Party("", ISSUER), jwks=None, jwks_uri=URL)
    assert (await register(house, body, token="A" * 43)).status == 401
    assert (await register(house, body)).status == 401
    assert asked(house) == []


@pytest.mark.anyio
async def test_keys_that_come_late_from_a_url_that_the_client_has_left_are_not_taken(house: House, clock: StandingClock) -> None:
    party, stranger = Party("", ISSUER), Party("", ISSUER, kid="two")
    serve(house, party)
    token = await registered(house, party)
    assert (await manage(house, "PUT", party.client_id, token, metadata(party, client_id=party.client_id))).status == 200
    late = keys_in(json.dumps({"keys": [stranger.jwk]}))
    await house.app.state.managing.key_sets._store(UUID(party.client_id), URL, late, house.now)
    stranger.client_id = party.client_id
    assert [(await ask_token(house.app, one, house.now)).status for one in (party, stranger)] == [200, 401]


@pytest.mark.anyio
async def test_keys_that_are_given_instead_are_got_from_no_url_any_more(house: House, clock: StandingClock) -> None:
    party = Party("", ISSUER)
    serve(house, party)
    token = await registered(house, party)
    body = metadata(party, client_id=party.client_id)
    assert "jwks_uri" not in (await manage(house, "PUT", party.client_id, token, body)).json
    clock.advance(hours=48)
    assert (await ask_token(house.app, party, house.now)).status == 200
    assert len(asked(house)) == 1


def public(key: Any, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": "one", **more}


GOOD = public(OKPKey.generate_key("Ed25519"))
OTHER = public(ECKey.generate_key("P-256"), kid="two")


def test_of_a_set_those_keys_count_that_can_be_used() -> None:
    listed = [
        {**GOOD, "x5c": ["AAAA"], "x5t": "AAAA", "unknown": 1},
        public(RSAKey.generate_key(2048), kid="enc", use="enc"),
        public(ECKey.generate_key("P-384"), kid="p384"),
        public(RSAKey.generate_key(2048), kid="rs", alg="RS256"),
        {"kty": "OKP", "crv": "Ed25519", "x": GOOD["x"]},
        {**OTHER, "key_ops": ["verify"], "use": "sig"},
    ]
    assert [key.kid for key in keys_in(json.dumps({"keys": listed, "more": 1})).keys] == ["one", "two"]


BAD: dict[str, str] = {
    "nothing": "",
    "an array": "[]",
    "no keys": "{}",
    "an empty set": '{"keys":[]}',
    "keys that are no array": '{"keys":{}}',
    "a key that is none": '{"keys":[1]}',
    "a member twice": '{"keys":[],"keys":[]}',
    "a private key": json.dumps({"keys": [{**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "one"}]}),
    "a private key beside a good one": json.dumps({"keys": [GOOD, {**RSAKey.generate_key(2048).as_dict(private=True), "kid": "rsa"}]}),
    "a shared secret": json.dumps({"keys": [{**OctKey.generate_key(256).as_dict(private=True), "kid": "one"}]}),
    "one kid twice": json.dumps({"keys": [GOOD, {**OTHER, "kid": "one"}]}),
    "one key twice": json.dumps({"keys": [GOOD, {**GOOD, "kid": "two"}]}),
    "nine keys": json.dumps({"keys": [public(OKPKey.generate_key("Ed25519"), kid=str(number)) for number in range(9)]}),
    "many": json.dumps({"keys": [{}] * 33}),
    "a lone surrogate": '{"keys":["\ud800"]}',
    "only keys for encryption": json.dumps({"keys": [public(ECKey.generate_key("P-256"), use="enc")]}),
}


@pytest.mark.parametrize("name", BAD)
def test_a_set_that_could_mean_two_things_or_tells_a_secret_counts_for_nothing(name: str) -> None:
    with pytest.raises(KeySetNotHad) as refused:
        keys_in(BAD[name])
    assert refused.value.field == "jwks_uri"


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_whatever_is_served_is_a_key_set_or_is_refused(document: str) -> None:
    try:
        keys = keys_in(document).keys
    except KeySetNotHad:
        return
    assert keys


ages = st.timedeltas(min_value=timedelta(), max_value=timedelta(hours=48))


@given(ages, st.none() | ages, st.booleans())
def test_a_set_is_never_got_twice_within_a_minute_and_always_again_after_an_hour(
    age: timedelta, tried: timedelta | None, knows: bool
) -> None:
    due = is_due(fetched_at=NOW - age, tried_at=None if tried is None else NOW - tried, knows_kid=knows, now=NOW)
    if (tried is not None and tried < AGAIN_AFTER) or age < AGAIN_AFTER:
        assert not due
    elif age >= FRESH_FOR:
        assert due
    else:
        assert due == (not knows)
    assert still_counts(fetched_at=NOW - age, now=NOW) == (age < USED_FOR)
