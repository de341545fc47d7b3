"""RFC 7009: a token that was taken back opens nothing, at any process; nobody takes back another's, or learns of it."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from services.gateway import app as gateway_app
from services.gateway.tables import RevokedTokenRow
from tests.conftest import StandingClock
from tests.gateway.becoming import becomes
from tests.gateway.by_hand import Answer, Party, alike, ask_endpoint
from tests.gateway.house import House, claims_of, open_house

PATH = "/v1/decisions/019a0000-0000-7000-8000-000000000000"
REVOKE = "/oauth/revoke"


async def take_back(house: House, party: Party, token: str, **parameters: str) -> Answer:
    return await ask_endpoint(house.app, REVOKE, party.proven(house.now, token=token, **parameters))


async def taken_back(house: House) -> list[str | None]:
    return [event.context.about for event in await house.entries() if event.context.operation == "token-taken-back"]


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-taken-back")
async def test_a_token_that_was_taken_back_opens_nothing_and_the_log_says_so_once(house: House, reader: Party) -> None:
    token, other = await house.token(reader), await house.token(reader)
    for _ in range(2):
        answer = await take_back(house, reader, token, token_type_hint="refresh_token")
        assert (answer.status, answer.body, answer.headers["cache-control"]) == (200, b"", "no-store")
    refused = await house.call(reader, token, "GET", PATH)
    assert (refused.status, refused.code) == (401, "access-token-not-valid")
    assert (await house.call(reader, other, "GET", PATH)).status == 200
    assert await taken_back(house) == [f"token:{claims_of(token)['jti']}"]


@pytest.mark.anyio
async def test_anothers_token_nonsense_and_what_has_expired_are_answered_alike_and_nothing_happens(
    house: House, clock: StandingClock, reader: Party
) -> None:
    other = await house.sea_party("decisions:read")
    old = await house.token(reader)
    clock.advance(minutes=6)
    await house.app.state.standing.refresh()
    foreign, living = await house.token(other), await house.token(reader)
    answers = [await take_back(house, reader, token) for token in (foreign, old, living[:-6] + "AAAAAA", "nonsense", "a.b.c")]
    assert {(one.status, one.body, alike(one)) for one in answers} == {(200, b"", alike(answers[0]))}
    assert await taken_back(house) == []
    assert (await house.call(reader, living, "GET", PATH)).status == 200
    assert (await house.call(other, foreign, "GET", PATH)).status == 200


@pytest.mark.anyio
async def test_an_assertion_takes_back_once_and_whoever_proves_nothing_takes_back_nothing(house: House, reader: Party) -> None:
    token = await house.token(reader)
    impostor = Party(reader.client_id, reader.issuer)
    form = reader.proven(house.now, token="nothing")
    assert (await ask_endpoint(house.app, REVOKE, form)).status == 200
    cases = {
        "the assertion again": ({**form, "token": token}, (401, "invalid_client")),
        "another's signature": (impostor.proven(house.now, token=token), (401, "invalid_client")),
        "no assertion": ({"token": token}, (400, "invalid_request")),
        "a secret instead": ({"token": token, "client_id": reader.client_id, "client_secret": "s"}, (400, "invalid_request")),
        "a secret as well": (reader.proven(house.now, token=token, client_secret="s"), (400, "invalid_request")),
        "no token": (reader.proven(house.now), (400, "invalid_request")),
        "for another server": (
            {**reader.proven(house.now, token=token), "client_assertion": reader.assertion(house.now, aud="https://other.example")},
            (401, "invalid_client"),
        ),
    }
    for name, (parameters, expected) in cases.items():
        answer = await ask_endpoint(house.app, REVOKE, parameters)
        assert (answer.status, answer.code) == expected, name
        assert answer.headers["cache-control"] == "no-store"
    basic = await ask_endpoint(house.app, REVOKE, reader.proven(house.now, token=token), headers=[("authorization", "Basic eDp5")])
    assert (basic.status, basic.code) == (400, "invalid_request")
    queried = await ask_endpoint(house.app, REVOKE, reader.proven(house.now), target=f"{REVOKE}?token=x")
    assert (queried.status, queried.code) == (400, "invalid_request")
    assert (await house.call(reader, token, "GET", PATH)).status == 200


@pytest.mark.requirement("DOOR-taken-back")
def test_every_process_looks_once_a_second() -> None:
    """Tests look more often: this is how often processes do. By the wall's clock: test_taken_back_processes."""
    assert gateway_app.LOOK_SECONDS <= 1


@pytest.mark.anyio
async def test_another_process_refuses_it_within_a_second(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_app, "LOOK_SECONDS", 0.01)
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house:
        party = await house.sea_party("decisions:read")
        token = await house.token(party)
        async with open_house(tmp_path, node_keys, clock) as second:
            clock.advance(seconds=11)  # no proof can be from before its start
            assert (await second.call(party, token, "GET", PATH)).status == 200
            await take_back(house, party, token)
            await becomes(lambda: _refuses(second, party, token))


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-taken-back")
async def test_what_ended_stays_ended_at_a_process_whose_own_tokens_live_less_long(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, access_token_seconds=3600) as house:
        parties = [await house.sea_party("decisions:read") for _ in range(3)]
        tokens = [await house.token(party) for party in parties]
        await take_back(house, parties[0], tokens[0])
        await house.hand.disable_client(UUID(parties[1].client_id))
    clock.advance(minutes=30)
    async with open_house(tmp_path, node_keys, clock, access_token_seconds=60) as house:
        clock.advance(seconds=11)  # no proof can be from before its start
        answers = [await house.call(party, token, "GET", PATH) for party, token in zip(parties, tokens, strict=True)]
    assert [answer.status for answer in answers] == [401, 401, 200]


@pytest.mark.anyio
async def test_what_was_taken_back_is_forgotten_once_it_would_have_expired(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_app, "LOOK_SECONDS", 0.01)
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house:
        party = await house.sea_party("decisions:read")
        token = await house.token(party)
        await take_back(house, party, token)
        assert await _kept(house) == 1
        clock.advance(seconds=299)
        await house.app.state.standing.refresh()
        assert (await house.call(party, token, "GET", PATH)).code == "access-token-not-valid"
        clock.advance(minutes=2)
        await becomes(lambda: _is_empty(house))
        assert (await house.call(party, token, "GET", PATH)).status == 401


async def _refuses(house: House, party: Party, token: str) -> bool:
    return (await house.call(party, token, "GET", PATH)).status == 401


async def _kept(house: House) -> int:
    async with house.app.state.database.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(RevokedTokenRow))).scalar_one())


async def _is_empty(house: House) -> bool:
    return await _kept(house) == 0


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-taken-back")
async def test_a_token_given_while_its_client_was_being_disabled_does_not_come_back_with_it(
    house: House, clock: StandingClock, reader: Party
) -> None:
    """Who disables has looked at the clock, and waits for a lock: until that is over the client is given tokens."""
    began = house.now
    clock.advance(seconds=2)
    between = await house.token(reader)
    clock.instant = began
    await house.hand.disable_client(UUID(reader.client_id))
    clock.advance(seconds=3)
    await house.app.state.standing.refresh()
    assert (await house.call(reader, between, "GET", PATH)).code == "access-token-not-valid"
    clock.advance(seconds=3)
    await house.hand.enable_client(UUID(reader.client_id))
    await house.app.state.standing.refresh()
    assert (await house.call(reader, between, "GET", PATH)).code == "access-token-not-valid", "it asks for new tokens"
    assert (await house.call(reader, await house.token(reader), "GET", PATH)).status == 200, "at once"
