"""A person lets an application act for them, and it does: what each of them is told, and what the log hears."""

import json
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from safepassage.wire_tokens import TokenInfo
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.people.pages import translations
from shared.officials import official_of
from tests.conftest import StandingClock
from tests.gateway.house import ISSUER, House, claims_of
from tests.gateway.oauth.codes.flow import CALLBACK, GIVEN, PURPOSE, answered, application, person
from tests.gateway.people.signing_in import Browser, person_of

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("DOOR-person")
async def test_a_person_lets_an_application_act_for_them(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled, acr="urn:mfa")
    request_uri = await app.pushed()
    page = await browser.get(app.page(request_uri))
    assert page.status == 200, page
    shown = page.body.decode()
    for said in (
        "A client",
        "A sea",
        "search the log",
        PURPOSE_WORDS["audit-evaluation"],
        "8 hours",
        "https://app.example",
        "what your role cannot give",
    ):
        assert said in shown, said
    assert "administer clients" not in shown.partition("what your role cannot give")[0]
    spanish = (await Browser(peopled, browser.cookies | {"language": "es"}).get(app.page(request_uri))).body.decode()
    assert "¿Puede <bdi>A client</bdi> actuar por usted?" in spanish
    assert translations("es").gettext(PURPOSE_WORDS["audit-evaluation"]) in spanish
    answer = await app.answer(browser, request_uri)
    assert answer.status == 303
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    back = answered(answer)
    assert (back["state"], back["iss"], set(back)) == (app.state, ISSUER, {"code", "state", "iss"})
    got = await app.exchange(back["code"])
    assert (got.status, got.headers["cache-control"]) == (200, "no-store")
    document = got.json
    assert (document["token_type"], document["scope"], document["expires_in"]) == ("DPoP", GIVEN, 300)
    assert document["authorization_details"] == [{"type": "student_data_access", "purpose": PURPOSE}]
    claims = claims_of(document["access_token"])
    who = await person_of(browser, peopled.now)
    assert claims["sub"] not in (app.party.client_id, who.identifier, who.subject)
    assert (claims["client_id"], claims["role"], claims["acr"]) == (app.party.client_id, "auditor", "urn:mfa")
    assert claims["auth_time"] == int(who.authenticated_at.timestamp())
    assert claims["cnf"] == {"jkt": app.jkt}


@pytest.mark.requirement("DOOR-person")
async def test_the_services_and_the_log_are_told_of_the_person_and_the_client(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    document = await app.tokens(browser)
    answer = await peopled.call(app.party, document["access_token"], "GET", "/v1/decisions")
    assert answer.status == 200, answer
    who, caller = await person_of(browser, peopled.now), peopled.heard("privacy").principal.caller
    assert caller is not None
    assert (caller.person, caller.role, caller.client_id) == (who.identifier, "auditor", app.party.client_id)
    assert caller.scopes == frozenset(GIVEN.split())
    assert caller.authenticated_at == who.authenticated_at.replace(microsecond=0)
    entries = {event.context.operation: event for event in await peopled.entries() if event.context.operation.startswith(("auth", "token"))}
    requested, given, issued = entries["authorization-requested"], entries["authorization-given"], entries["token-issued"]
    assert (requested.actor.client_id, requested.actor.person) == (app.party.client_id, None)
    assert (given.actor.kind, given.actor.person, given.actor.client_id) == ("person", who.identifier, app.party.client_id)
    assert (issued.actor.kind, issued.actor.person, issued.actor.role) == ("client", who.identifier, "auditor")
    assert issued.context.about == given.context.about
    assert {one.context.purpose for one in (requested, given, issued)} == {PURPOSE}
    assert not any(b"Whitaker" in event.model_dump_json().encode() for event in entries.values())


@pytest.mark.parametrize(("scope", "told"), [("policies:approve", True), ("decisions:read", False)])
async def test_who_may_act_as_an_official_is_told_as_which_and_nobody_else_is(peopled: House, scope: str, told: bool) -> None:
    app, browser = await application(peopled, scope), await person(peopled, "approver")
    answer = await peopled.call(app.party, (await app.tokens(browser))["access_token"], "GET", "/oauth/token_info")
    info = TokenInfo.model_validate_json(answer.body)
    assert info.official == (official_of((await person_of(browser, peopled.now)).identifier) if told else None)
    machine = await peopled.call(app.party, await peopled.token(app.party, scope=scope), "GET", "/oauth/token_info")
    assert TokenInfo.model_validate_json(machine.body).official is None


async def test_another_application_knows_the_person_by_another_name(peopled: House) -> None:
    browser = await person(peopled)
    names = [claims_of((await (await application(peopled)).tokens(browser))["access_token"])["sub"] for _ in range(2)]
    assert names[0] != names[1]


async def test_an_application_knows_the_person_again(peopled: House, clock: StandingClock) -> None:
    app = await application(peopled)
    names = []
    for _ in range(2):
        names.append(claims_of((await app.tokens(await person(peopled)))["access_token"])["sub"])
        clock.advance(minutes=5)
    assert names[0] == names[1]


async def test_who_does_not_agree_is_sent_back_with_that(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    answer = await app.answer(browser, await app.pushed(), "refuse")
    assert (answer.status, answered(answer)) == (303, {"error": "access_denied", "state": app.state, "iss": ISSUER})
    assert [event.context.outcome for event in await peopled.entries() if event.context.operation == "authorization-refused"] == ["refused"]


async def test_an_answer_without_a_state_has_none(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    assert set(answered(await app.answer(browser, await app.pushed(state=None)))) == {"code", "iss"}


async def test_who_is_not_signed_in_comes_back_after_signing_in(peopled: House) -> None:
    app = await application(peopled)
    answer = await Browser(peopled).get(app.page(await app.pushed()))
    assert answer.status == 303
    assert answer.headers["location"].startswith("/sign-in?back=%2Foauth%2Fauthorize%3Fclient_id%3D")


async def test_so_does_who_was_sent_with_more_in_the_address(peopled: House) -> None:
    app = await application(peopled)
    asked = f"{app.page(await app.pushed())}&redirect_uri=https://app.example/callback&state=a!*'(b)//"
    answer = await Browser(peopled).get(asked)
    assert (answer.status, parse_qs(urlsplit(answer.headers["location"]).query)["back"]) == (303, [asked])


async def test_a_code_is_worth_one_round_without_a_refresh_token_where_none_is_registered(peopled: House) -> None:
    app = await application(peopled, registered={"grant_types": ("client_credentials", "authorization_code")})
    assert "refresh_token" not in await app.tokens(await person(peopled))


async def test_the_client_still_gets_tokens_of_its_own(peopled: House) -> None:
    app = await application(peopled)
    claims = claims_of(await peopled.token(app.party))
    assert (claims["sub"], "auth_time" in claims, "authorization_id" in claims) == (app.party.client_id, False, False)


async def details_that_end_in(peopled: House, clock: StandingClock, *, seconds: int) -> str:
    """It is shortly before midnight at the agency, and they are over with the day."""
    tomorrow = (peopled.now + timedelta(days=1)).date()
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo("America/New_York"))
    clock.advance(seconds=(midnight - peopled.now).total_seconds() - seconds)
    await peopled.app.state.standing.refresh()
    return json.dumps([{"type": "student_data_access", "purpose": PURPOSE, "expires": tomorrow.isoformat()}])


async def test_a_token_ends_when_its_details_do(peopled: House, clock: StandingClock) -> None:
    app, details = await application(peopled), await details_that_end_in(peopled, clock, seconds=120)
    browser = await person(peopled)
    got = await app.tokens(browser, authorization_details=details)
    assert got["expires_in"] == 120
    clock.advance(seconds=120)
    await peopled.app.state.standing.refresh()
    refused = await app.refresh(got["refresh_token"])
    assert (refused.status, refused.code) == (400, "invalid_grant"), "never a token that has ended"


async def test_for_a_day_that_came_meanwhile_nobody_is_asked_and_no_code_gives_anything(peopled: House, clock: StandingClock) -> None:
    app, details = await application(peopled), await details_that_end_in(peopled, clock, seconds=20)
    browser, asked = await person(peopled), await app.pushed(authorization_details=details)
    code = await app.code(browser, authorization_details=details)
    clock.advance(seconds=20)
    await peopled.app.state.standing.refresh()
    assert (await app.exchange(code)).code == "invalid_grant"
    assert (await app.answer(browser, asked)).status == 403
