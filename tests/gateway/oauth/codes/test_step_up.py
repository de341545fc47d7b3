"""Exports and approvals on a person's behalf want a person who has just proved who they are; a machine is not asked (RFC 9470)."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.gateway.door.routing_table import ROUTES
from services.gateway.door.step_up import ACTS, asks_step_up
from services.gateway.people.roles import Role
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


@pytest.mark.parametrize(
    ("role", "scope", "path"),
    [
        ("privacy-officer", "retention:hold", "/v1/log/holds"),
        ("privacy-officer", "alerts:review", "/v1/log/alert-reviews"),
        ("privacy-officer", "readiness:attest", "/v1/readiness/questions/g1/attestations"),
        ("privacy-officer", "rights:act", "/v1/consents"),
        ("operator", "exchange:operate", "/v1/dead-letters/019a0000-0000-7000-8000-000000000000/requeue"),
        ("approver", "policies:approve", f"/v1/policy-sets/{'A' * 43}/approvals"),
    ],
)
async def test_what_the_nodes_own_pages_ask_it_for_wants_it_through_an_application_too(
    peopled: House, clock: StandingClock, role: Role, scope: str, path: str
) -> None:
    app, browser = await application(peopled, scope), await person(peopled, role)
    key = [("idempotency-key", str(uuid4()))]
    clock.advance(seconds=299)
    await peopled.app.state.standing.refresh()
    token = (await app.tokens(browser))["access_token"]
    assert (await peopled.call(app.party, token, "POST", path, json={}, headers=key)).status == 200
    clock.advance(seconds=1)
    answer = await peopled.call(app.party, token, "POST", path, json={}, headers=key)
    assert (answer.status, answer.code, WANTED in answer.headers["www-authenticate"]) == (401, "person-not-recently-seen", True)


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


def test_exports_approvals_emergencies_and_what_officials_sign_ask_and_nothing_else_does() -> None:
    asking = {(route.method, route.template) for route in ROUTES if asks_step_up(route)}
    assert asking == ACTS | {
        ("GET", "/v1/agreements/{agreement_id}/document"),
        ("GET", "/v1/disclosure-copies/{copy_id}/table"),
        ("GET", "/v1/readiness/page"),
        ("GET", "/v1/readiness/table"),
        ("GET", "/v1/roster-entries/{student}/document"),
        ("GET", "/v1/statistics/{statistics_id}/page"),
        ("GET", "/v1/statistics/{statistics_id}/table"),
        ("GET", "/v1/students/{student_id}/disclosure-accounting/document"),
        ("GET", "/v1/students/{student_id}/disclosure-accounting/table"),
        ("GET", "/v1/transfer-confirmations/{exchange_id}/document"),
        ("POST", "/v1/dead-letters/{letter_id}/abandonment"),
        ("POST", "/v1/dead-letters/{letter_id}/requeue"),
        ("POST", "/v1/log/alert-reviews"),
        ("POST", "/v1/log/alerts/{alert_id}/acknowledgements"),
        ("POST", "/v1/log/destructions"),
        ("POST", "/v1/log/destructions/{destruction_id}/approvals"),
        ("POST", "/v1/log/destructions/{destruction_id}/call-off"),
        ("POST", "/v1/log/exports"),
        ("POST", "/v1/log/exports/manifest"),
        ("POST", "/v1/log/exports/parts"),
        ("POST", "/v1/log/holds"),
        ("POST", "/v1/log/holds/{hold_id}/lift"),
        ("POST", "/v1/matches/{match_id}/resolution"),
        ("POST", "/v1/obligations/{obligation_id}/waivers"),
        ("POST", "/v1/policy-activations/{number}/call-off"),
        ("POST", "/v1/policy-sets/{policy_hash}/activation"),
        ("POST", "/v1/policy-sets/{policy_hash}/approvals"),
        ("POST", "/v1/readiness/attestations/{attestation_id}/withdrawal"),
        ("POST", "/v1/readiness/questions/{question_id}/attestations"),
        ("POST", "/v1/readiness/snapshots"),
        ("POST", "/v1/transfer-holds/{hold_id}/resolution"),
        ("POST", "/v1/unions/{union_id}/separation"),
        ("POST", "/v1/waiting-answers/{envelope_id}/recall"),
    }
    assert {(route.method, route.template) for route in ROUTES} >= ACTS
