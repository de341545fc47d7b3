"""What holds of every page of the console, by the routing table: a page that is missing here fails."""

import re
from typing import get_args
from uuid import UUID, uuid5

import pytest

from services.gateway.door.gateway_routes import GATEWAY
from services.gateway.door.route import Route
from services.gateway.people.roles import Role
from tests.gateway.console.consoles import Console
from tests.gateway.console.foreign import foreign
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

PAGES = [route for route in GATEWAY if route.accepts == "people" and route.template.startswith("/console")]
NAMING = sorted({route.template for route in PAGES if "{" in route.template and "district-officer" in route.roles})
NOBODYS = UUID("00000000-0000-4000-8000-000000000000")
IDENTIFIER = re.compile(r"\{\w+\}")
EVERY_ROLE: tuple[Role, ...] = get_args(Role)


def named(route: Route) -> str:
    """A path of the route with identifiers of nothing."""
    return IDENTIFIER.sub(str(NOBODYS), route.template)


async def asked(browser: Browser, method: str, path: str, **form: str) -> int:
    """The status of a page, or of its form sent back."""
    return (await (browser.get(path) if method == "GET" else browser.post(path, act="a" * 32, **form))).status


@pytest.mark.requirement("CON-roles")
@pytest.mark.parametrize("role", EVERY_ROLE)
async def test_a_page_is_refused_to_every_role_that_it_is_not_for_before_it_looks_for_anything(console: Console, role: Role) -> None:
    browser = await console.browser(role)
    opened = [
        (route.method, route.template)
        for route in PAGES
        if role not in route.roles and await asked(browser, route.method, named(route)) != 403
    ]
    assert opened == []


@pytest.mark.requirement("CON-forms")
async def test_a_form_from_elsewhere_or_of_another_session_changes_nothing_on_any_page(console: Console) -> None:
    browsers = {role: await console.browser(role) for role in EVERY_ROLE}
    another = await (await console.browser("auditor", subject="somebody else")).form_token()
    taken = []
    for route in PAGES:
        if route.method == "GET":
            continue
        browser = browsers[sorted(route.roles)[0]]
        form = f"token={await browser.form_token()}&act={'a' * 32}".encode()
        own = ("content-type", "application/x-www-form-urlencoded")
        ways = {
            "another session's token": await browser.post(named(route), token=another),
            "no token": await browser.post(named(route), token=""),
            "another site": await browser.go("POST", named(route), headers=[("sec-fetch-site", "cross-site"), own], body=form),
            "another origin": await browser.go("POST", named(route), headers=[("origin", "https://evil.example"), own], body=form),
        }
        taken += [(route.template, way) for way, answer in ways.items() if answer.status != 403]
    assert taken == []


@pytest.mark.requirement("CON-policy")
async def test_every_page_forbids_frames_scripts_of_others_and_being_kept(console: Console) -> None:
    browsers = {role: await console.browser(role) for role in EVERY_ROLE}
    loose = []
    for route in PAGES:
        browser = browsers[sorted(route.roles)[0]]
        if route.method != "GET":
            continue
        answer = await browser.get(named(route))
        policy = answer.headers["content-security-policy"]
        is_saved = answer.headers.get("content-disposition", "").startswith("attachment")
        held = {
            "frames": "frame-ancestors 'none'" in policy and answer.headers["x-frame-options"] == "DENY",
            "scripts": "script-src 'self';" in policy and "unsafe" not in policy and "default-src 'none'" in policy,
            "kept": answer.headers["cache-control"] == "no-store",
            "inline": is_saved or not re.search(rb'<script(?![^>]*\ssrc=")|<style|\sstyle="|\son\w+="|javascript:', answer.body),
        }
        loose += [(route.template, what) for what, holds in held.items() if not holds]
    assert loose == []


def test_every_page_that_names_a_thing_has_a_thing_that_is_anothers() -> None:
    assert sorted(foreign()) == NAMING


@pytest.mark.requirement("CON-foreign")
@pytest.mark.parametrize("template", NAMING)
async def test_a_district_officer_finds_nothing_of_anothers_by_any_address(console: Console, template: str) -> None:
    officer = await console.browser("district-officer")
    paths = await foreign()[template](console, officer)
    assert paths, "there is something to be found"
    for path in paths:
        shape = re.compile(IDENTIFIER.sub("([^/]+)", template))
        found = shape.fullmatch(path.partition("?")[0])
        assert found, path
        nothing = path.replace(found[1], str(uuid5(NOBODYS, path)))
        for route in PAGES:
            if route.template == template and "district-officer" in route.roles:
                theirs, nobodys = [await asked(officer, route.method, one) for one in (path, nothing)]
                assert theirs == nobodys, (route.method, path)
                assert theirs == 404 or (route.method, theirs) == ("POST", 422), (route.method, path)
