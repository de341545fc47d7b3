"""Exports and approvals on a person's behalf want a person who has just proved who they are; a machine is not asked (RFC 9470)."""

from pathlib import Path
from typing import Any

import pytest

from services.gateway.door.routing_table import ROUTES
from services.gateway.door.step_up import FILES, asks_step_up
from tests.conftest import StandingClock
from tests.gateway.house import House, open_house
from tests.gateway.oauth.codes.flow import application, person

pytestmark = pytest.mark.anyio

EXPORT = "/v1/log/exports"
SCOPES = ("audit:export", "audit:search")
WANTED = 'error="insufficient_user_authentication", max_age="300"'


@pytest.mark.requirement("DOOR-step-up")
async def test_an_export_wants_a_person_who_has_just_signed_in(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled, *SCOPES), await person(peopled)
    token = (await app.tokens(browser))["access_token"]
    clock.advance(seconds=299)
    await peopled.app.state.standing.refresh()
    assert (await peopled.call(app.party, token, "POST", EXPORT, json={})).status == 200
    fresh = (await app.tokens(browser))["access_token"]
    clock.advance(seconds=1)
    answer = await peopled.call(app.party, fresh, "POST", EXPORT, json={})
    assert (answer.status, answer.code) == (401, "person-not-recently-seen")
    assert WANTED in answer.headers["www-authenticate"]
    assert (await peopled.call(app.party, fresh, "POST", "/v1/log/searches", json={})).status == 200
    again = await person(peopled)
    token = (await app.tokens(again, max_age="300"))["access_token"]
    assert (await peopled.call(app.party, token, "POST", EXPORT, json={})).status == 200


async def test_a_machine_is_not_asked(peopled: House) -> None:
    app = await application(peopled, *SCOPES)
    token = await peopled.token(app.party, scope="audit:export")
    assert (await peopled.call(app.party, token, "POST", EXPORT, json={})).status == 200


async def test_a_weak_sign_in_is_told_which_one_is_wanted(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any]
) -> None:
    strong = {"people_strong_acr": ("urn:mfa", 'urn:"odd"')}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **peoples, **strong) as house:
        app = await application(house, *SCOPES)
        weak = (await app.tokens(await person(house, acr="urn:password")))["access_token"]
        answer = await house.call(app.party, weak, "POST", EXPORT, json={})
        assert answer.status == 401
        assert answer.headers["www-authenticate"].endswith(f'{WANTED}, acr_values="urn:mfa"')
        token = (await app.tokens(await person(house, acr="urn:mfa")))["access_token"]
        assert (await house.call(app.party, token, "POST", EXPORT, json={})).status == 200


async def test_whoever_breaks_the_glass_on_a_persons_behalf_wants_one_who_has_just_signed_in(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled, "evidence:read", "evidence:write"), await person(peopled, "privacy-officer")
    clock.advance(seconds=299)
    await peopled.app.state.standing.refresh()
    token = (await app.tokens(browser))["access_token"]
    assert (await peopled.call(app.party, token, "POST", "/v1/evidence", json={})).status == 200
    clock.advance(seconds=1)
    answer = await peopled.call(app.party, token, "POST", "/v1/evidence", json={})
    assert (answer.status, WANTED in answer.headers.get("www-authenticate", "")) == (401, True)
    assert (await peopled.call(app.party, token, "GET", "/v1/evidence")).status == 200


def test_exports_approvals_and_emergencies_ask_and_nothing_else_does() -> None:
    asking = {route.template for route in ROUTES if asks_step_up(route)}
    assert asking == {
        "/v1/policy-sets/{policy_hash}/approvals",
        "/v1/obligations/{obligation_id}/waivers",
        "/v1/log/destructions/{destruction_id}/approvals",
        "/v1/log/exports",
        "/v1/log/exports/parts",
        "/v1/log/exports/manifest",
        "/v1/evidence",
        "/v1/students/{student_id}/disclosure-accounting/document",
        "/v1/students/{student_id}/disclosure-accounting/table",
        "/v1/disclosure-copies/{copy_id}/table",
    }
    assert {(route.method, route.template) for route in ROUTES} >= FILES
