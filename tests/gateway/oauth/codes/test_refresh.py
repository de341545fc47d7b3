"""Refresh tokens: each is good once, for its own client and key; one that comes again ends the family."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from safepassage.wire_clients import ClientGrants
from services.gateway.oauth.codes.authorizations import forget_over
from services.gateway.tables import ClientRow, GivenAuthorizationRow, PushedRequestRow, RefreshTokenRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask_endpoint
from tests.gateway.house import House, claims_of, open_house
from tests.gateway.oauth.codes.flow import CODE, GIVEN, Application, application, person, refused_for, thumbprint_of

pytestmark = pytest.mark.anyio

NEGATIVES: dict[str, tuple[Mapping[str, str | None], str, str]] = {
    "no refresh token": ({"refresh_token": None}, "invalid_request", "malformed"),
    "one that nobody made": ({"refresh_token": "A" * 43}, "invalid_grant", "refresh-token"),
    "a wider scope": ({"scope": GIVEN + " admin:clients"}, "invalid_scope", "scope"),
    "another scope": ({"scope": "admin:clients"}, "invalid_scope", "scope"),
    "a scope twice": ({"scope": "audit:search audit:search"}, "invalid_scope", "scope"),
    "another resource": ({"resource": "https://other.example/api"}, "invalid_target", "resource"),
    "details": ({"authorization_details": '[{"type":"student_data_access","purpose":"x"}]'}, "invalid_grant", "refresh-details"),
    "no assertion": ({"client_assertion": None}, "invalid_request", "malformed"),
    "a secret": ({"client_secret": "x"}, "invalid_request", "second-method"),
}


async def _ended(house: House) -> list[str | None]:
    async with house.app.state.database.reading() as tx:
        return sorted((await tx.execute(select(GivenAuthorizationRow.ended_because))).scalars(), key=str)


async def _opens(house: House, app: Application, token: str) -> int:
    status = (await house.call(app.party, token, "GET", "/v1/decisions")).status
    house.app.state.refusals.take(house.now, all_of_them=True)
    return status


@pytest.mark.requirement("DOOR-refresh")
async def test_each_refresh_token_gives_the_next_and_a_new_access_token(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled), await person(peopled)
    got = await app.tokens(browser)
    seen = {got["refresh_token"]}
    first = claims_of(got["access_token"])
    for _ in range(5):
        clock.advance(minutes=50)
        await peopled.app.state.standing.refresh()
        answer = await app.refresh(got["refresh_token"])
        assert answer.status == 200, answer
        got = answer.json
        claims = claims_of(got["access_token"])
        assert {name: claims[name] for name in ("sub", "role", "auth_time", "cnf", "authorization_id", "scope")} == {
            name: first[name] for name in ("sub", "role", "auth_time", "cnf", "authorization_id", "scope")
        }
        assert await _opens(peopled, app, got["access_token"]) == 200
        seen.add(got["refresh_token"])
    assert len(seen) == 6
    assert {len(token) for token in seen} == {43}


async def test_every_refresh_with_a_fault_is_refused_for_it_and_the_token_is_still_good(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    token = (await app.tokens(browser))["refresh_token"]
    for name, (changes, error, reason) in NEGATIVES.items():
        answer = await app.refresh(token, **changes)
        assert (answer.status, answer.code, refused_for(peopled)) == (400, error, reason), (name, answer)
        assert token not in answer.body.decode()
    assert (await app.refresh(token)).status == 200


async def test_an_access_token_may_have_fewer_scopes_and_the_next_all_again(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    answer = await app.refresh((await app.tokens(browser))["refresh_token"], scope="audit:search")
    assert (answer.json["scope"], claims_of(answer.json["access_token"])["scope"]) == ("audit:search", "audit:search")
    assert (await app.refresh(answer.json["refresh_token"])).json["scope"] == GIVEN


@pytest.mark.requirement("DOOR-refresh")
async def test_one_that_comes_again_ends_everything(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled), await person(peopled)
    first = await app.tokens(browser)
    second = (await app.refresh(first["refresh_token"])).json
    third = (await app.refresh(second["refresh_token"])).json
    answer = await app.refresh(first["refresh_token"])
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "refresh-token-used-again")
    for token in (third["refresh_token"], second["refresh_token"], first["refresh_token"]):
        answer = await app.refresh(token)
        assert (answer.code, refused_for(peopled)) == ("invalid_grant", "authorization-ended")
    for got in (first, second, third):
        assert await _opens(peopled, app, got["access_token"]) == 401
    ended = [event for event in await peopled.entries() if event.context.operation == "authorization-ended"]
    assert [event.context.reason for event in ended] == ["refresh-token-used-again"]


async def test_an_answer_that_was_lost_is_given_again_within_a_minute_however_often_it_is_lost(
    peopled: House, clock: StandingClock
) -> None:
    app, browser = await application(peopled), await person(peopled)
    token = (await app.tokens(browser))["refresh_token"]
    lost = (await app.refresh(token)).json
    for _ in range(3):
        clock.advance(seconds=20)
        again = await app.refresh(token)
        assert (again.status, again.json["refresh_token"]) == (200, lost["refresh_token"])
        assert claims_of(again.json["access_token"])["jti"] != claims_of(lost["access_token"])["jti"]
    assert (await app.refresh(lost["refresh_token"])).status == 200
    answer = await app.refresh(token)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "refresh-token-used-again")
    assert (await app.refresh(lost["refresh_token"])).status == 400


async def test_an_answer_that_was_lost_is_given_again_by_a_process_whose_clock_is_behind(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled), await person(peopled)
    token = (await app.tokens(browser))["refresh_token"]
    lost = (await app.refresh(token)).json
    clock.advance(seconds=-1)
    again = await app.refresh(token)
    assert (again.status, again.json["refresh_token"]) == (200, lost["refresh_token"])
    assert await _ended(peopled) == [None]


async def test_it_is_not_given_again_after_that_nor_when_its_successor_was_used(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled), await person(peopled)
    token = (await app.tokens(browser))["refresh_token"]
    assert (await app.refresh(token)).status == 200
    clock.advance(seconds=61)
    assert (await app.refresh(token)).status == 400
    other = (await app.tokens(browser))["refresh_token"]
    following = (await app.refresh(other)).json["refresh_token"]
    assert (await app.refresh(following)).status == 200
    assert (await app.refresh(other)).status == 400
    assert await _ended(peopled) == ["refresh-token-used-again"] * 2


async def test_the_client_may_have_another_key_of_its_proofs_by_then_and_the_new_token_is_bound_to_that(peopled: House) -> None:
    """RFC 9449 section 5: a client that authenticates may have a new one at each start, and is not asked for the one before."""
    app, browser = await application(peopled), await person(peopled)
    token, other = (await app.tokens(browser))["refresh_token"], app.with_other_key()
    got = (await app.refresh(token, party=other)).json
    assert claims_of(got["access_token"])["cnf"] == {"jkt": thumbprint_of(other)} != {"jkt": app.jkt}
    assert (await peopled.call(app.party, got["access_token"], "GET", "/v1/decisions")).status == 401
    assert (await peopled.call(other, got["access_token"], "GET", "/v1/decisions")).status == 200
    issued = [one for one in await peopled.entries() if one.context.operation == "token-issued"]
    assert [one.actor.key for one in issued] == [app.jkt, thumbprint_of(other)]
    assert (await app.refresh(token)).json["refresh_token"] == got["refresh_token"], "the answer was lost, and the key with it"


async def test_another_client_gets_nothing_and_ends_nothing(peopled: House) -> None:
    app, thief, browser = await application(peopled), await application(peopled), await person(peopled)
    token = (await app.tokens(browser))["refresh_token"]
    answer = await app.refresh(token, party=thief.party)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "refresh-token")
    following = (await app.refresh(token)).json["refresh_token"]
    answer = await app.refresh(following, party=thief.party)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "refresh-token")
    assert (await app.refresh(following)).status == 200
    assert await _ended(peopled) == [None]


async def test_it_ends_when_it_is_not_used_for_an_hour_and_after_eight_in_any_case(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled), await person(peopled)
    idle, token = (await app.tokens(browser))["refresh_token"], (await app.tokens(browser))["refresh_token"]
    for _ in range(8):
        clock.advance(minutes=59)
        answer = await app.refresh(token)
        token = answer.json["refresh_token"]
    last = claims_of(answer.json["access_token"])
    clock.advance(minutes=4)
    answer = await app.refresh(token)
    token, claims = answer.json["refresh_token"], claims_of(answer.json["access_token"])
    assert (answer.json["expires_in"], claims["exp"] - last["iat"]) == (240, 480)
    clock.advance(minutes=4)
    answer = await app.refresh(token)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "authorization-expired")
    answer = await app.refresh(idle)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "authorization-expired")
    fresh = (await app.tokens(await person(peopled)))["refresh_token"]
    clock.advance(minutes=60)
    answer = await app.refresh(fresh)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "refresh-token-expired")


@pytest.mark.requirement("DOOR-refresh")
async def test_what_ends_at_once_when_the_person_signs_out(peopled: House) -> None:
    app, browser, other = await application(peopled), await person(peopled), await person(peopled, subject="subject-2")
    got, kept = await app.tokens(browser), await app.tokens(other)
    unused = await app.code(browser)
    assert (await browser.post("/sign-out")).status == 303
    assert await _opens(peopled, app, got["access_token"]) == 401
    answer = await app.refresh(got["refresh_token"])
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "authorization-ended")
    assert (await app.exchange(unused)).code == "invalid_grant"
    assert await _opens(peopled, app, kept["access_token"]) == 200
    ended = [event for event in await peopled.entries() if event.context.operation == "authorization-ended"]
    assert {(event.context.reason, event.actor.kind) for event in ended} == {("signed-out", "person")}


async def test_what_ends_at_once_when_the_client_is_disabled_or_loses_a_scope_or_a_purpose(peopled: House) -> None:
    apps = [await application(peopled) for _ in range(4)]
    browser = await person(peopled)
    got = [await app.tokens(browser) for app in apps]
    disabled, narrowed, purposeless, widened = (UUID(app.party.client_id) for app in apps)
    await peopled.hand.disable_client(disabled)
    kept = ("audit:search", "decisions:read", "evidence:read")
    await peopled.hand.change_client_grants(narrowed, ClientGrants(version=1, scopes=kept[:2], purposes=("audit-evaluation",)))
    await peopled.hand.change_client_grants(purposeless, ClientGrants(version=1, scopes=kept, purposes=("instruction",)))
    await peopled.hand.change_client_grants(widened, ClientGrants(version=1, scopes=(*kept, "alerts:read"), purposes=("audit-evaluation",)))
    await peopled.app.state.standing.refresh()
    opens = [await _opens(peopled, app, one["access_token"]) for app, one in zip(apps, got, strict=True)]
    assert opens == [401, 401, 401, 200]
    assert await _ended(peopled) == [None, "client-disabled", "grants-changed", "grants-changed"]
    await peopled.hand.enable_client(disabled)
    assert [(await app.refresh(one["refresh_token"])).status for app, one in zip(apps, got, strict=True)] == [400, 400, 400, 200]


async def test_what_ends_at_the_next_refresh(peopled: House, clock: StandingClock) -> None:
    clock.advance(hours=15, minutes=59, seconds=30)
    state = await peopled.organisation("sea")
    district = await peopled.organisation("lea", parent_id=state.id, valid_until=peopled.now.date())  # in New York that is tomorrow
    app = Application(peopled, await peopled.party(state, "decisions:read", registered=CODE))
    officer = await person(peopled, "district-officer", organisation_id=district.id)
    token = (await app.tokens(officer))["refresh_token"]
    clock.advance(seconds=40)
    answer = await app.refresh(token)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "person-may-no-more")
    other = await application(peopled)
    token = (await other.tokens(await person(peopled)))["refresh_token"]
    async with peopled.app.state.database.transaction() as tx:
        row = update(ClientRow).where(ClientRow.id == UUID(other.party.client_id))
        await tx.execute(row.values(scopes="decisions:read"))
    answer = await other.refresh(token)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "grants-changed")
    assert await _ended(peopled) == ["grants-changed", "person-may-no-more"]


async def test_who_has_a_role_that_the_settings_give_nobody_any_more_gives_nothing_any_more(
    peopled: House, peoples: dict[str, Any], tmp_path: Path, node_keys: Path, clock: StandingClock
) -> None:
    app, browser = await application(peopled), await person(peopled)
    token, code = (await app.tokens(browser))["refresh_token"], await app.code(browser)
    roles = {word: role for word, role in peoples["people_roles"].items() if role != "auditor"}
    async with open_house(tmp_path, node_keys, clock, **(peoples | {"people_roles": roles})) as app.house:
        for answer in (await app.exchange(code), await app.refresh(token)):
            assert answer.code == "invalid_grant"
        [event] = app.house.app.state.refusals.take(app.house.now, all_of_them=True)
        assert (event.context.reason, event.context.count) == ("person-may-no-more", 2)
        assert set(await _ended(app.house)) == {None, "person-may-no-more"}


async def test_what_a_person_let_be_done_ends_with_the_very_word_of_the_provider_that_gave_their_role(
    peopled: House, peoples: dict[str, Any], tmp_path: Path, node_keys: Path, clock: StandingClock
) -> None:
    """Others may have the same role by another word; it gives this person nothing."""
    app, browser = await application(peopled), await person(peopled)
    token, code = (await app.tokens(browser))["refresh_token"], await app.code(browser)
    roles = {word if role != "auditor" else "another-word": role for word, role in peoples["people_roles"].items()}
    async with open_house(tmp_path, node_keys, clock, **(peoples | {"people_roles": roles})) as app.house:
        for answer in (await app.exchange(code), await app.refresh(token)):
            assert answer.code == "invalid_grant"
        [event] = app.house.app.state.refusals.take(app.house.now, all_of_them=True)
        assert (event.context.reason, event.context.count) == ("person-may-no-more", 2)


async def test_what_was_given_before_the_word_was_kept_lasts_as_long_as_anybody_has_the_role(
    peopled: House, peoples: dict[str, Any], tmp_path: Path, node_keys: Path, clock: StandingClock
) -> None:
    app, browser = await application(peopled), await person(peopled)
    token = (await app.tokens(browser))["refresh_token"]
    async with peopled.app.state.database.transaction() as tx:
        await tx.execute(update(GivenAuthorizationRow).values(granted_by=None))
    answer = await app.refresh(token)
    assert answer.status == 200


async def test_a_client_takes_a_refresh_token_back_and_all_that_came_of_it(peopled: House) -> None:
    app, thief, browser = await application(peopled), await application(peopled), await person(peopled)
    got = await app.tokens(browser)
    for party in (thief.party, app.party):
        answer = await ask_endpoint(peopled.app, "/oauth/revoke", party.proven(peopled.now, token=got["refresh_token"]))
        assert (answer.status, answer.body) == (200, b"")
        assert await _opens(peopled, app, got["access_token"]) == (200 if party is thief.party else 401)
    assert await _ended(peopled) == ["taken-back"]


async def test_what_is_over_is_forgotten(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled), await person(peopled)
    await app.tokens(browser)
    await app.pushed()
    clock.advance(hours=8)
    await forget_over(peopled.app.state.database, peopled.now)
    async with peopled.app.state.database.reading() as tx:
        for row in (PushedRequestRow, GivenAuthorizationRow, RefreshTokenRow):
            assert (await tx.execute(select(row))).first() is None


async def test_of_many_at_once_one_rotates_and_all_are_told_the_same(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    token = (await app.tokens(browser))["refresh_token"]
    answers = await asyncio.gather(*(app.refresh(token) for _ in range(6)))
    assert Counter(answer.status for answer in answers) == {200: 6}
    assert len({answer.json["refresh_token"] for answer in answers}) == 1
    assert await _ended(peopled) == [None]
