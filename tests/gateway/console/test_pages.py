"""The pages of the console, as a browser is sent them: by role, with and without data, in either language."""

import re
from datetime import timedelta
from pathlib import Path
from typing import get_args
from uuid import uuid4

import pytest

from safepassage.wire_duties import NewDuty
from services.gateway.console.navigation import MENU
from services.gateway.console.node_reader import claims_of
from services.gateway.door.gateway_routes import GATEWAY
from services.gateway.people.roles import Role
from shared.in_process import call
from shared.internal_token import HEADER
from tests.conftest import StandingClock
from tests.gateway.console.consoles import HOSTILE, Console, open_console
from tests.gateway.people.signing_in import person_of

pytestmark = pytest.mark.anyio

ROLES: tuple[Role, ...] = get_args(Role)
PATHS = [place.path for _, places in MENU for place in places]


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_is_shown_what_its_menu_has_and_nothing_else(console: Console, role: Role) -> None:
    browser = await console.browser(role)
    opened = {path: (await browser.get(path)).status for path in PATHS}
    there = {place.path for _, places in MENU for place in places if role in place.roles}
    assert opened == {path: 200 if path in there else 403 for path in PATHS}
    page = (await browser.get("/console")).body.decode()
    assert set(re.findall(r'<li><a href="(/console[^"]*)"', page)) == there


def test_the_door_opens_each_page_to_the_roles_of_its_menu_before_any_service_is_asked() -> None:
    doors = {route.template: route.roles for route in GATEWAY if route.template in PATHS and route.method == "GET"}
    assert doors == {place.path: place.roles for _, places in MENU for place in places}


async def test_nobody_sees_a_page_without_signing_in(console: Console) -> None:
    browser = await console.browser("auditor")
    browser.cookies.clear()
    for path in PATHS:
        answer = await browser.get(path)
        assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


async def one_duty(console: Console, kind: str = "answer-public-question") -> None:
    """A clock of the state agency's own, long past."""
    officer = await console.browser("privacy-officer")
    claims = claims_of(await person_of(officer, console.house.now), address=None)
    headers = {
        HEADER: console.house.app.state.internal_tokens.for_caller("privacy", claims, console.house.now),
        "content-type": "application/json",
        "idempotency-key": str(uuid4()),
    }
    started = console.house.now - timedelta(days=400)
    new = NewDuty(kind=kind, started_at=started, evidence_ref="letter 7")
    answer = await call(console.node.applications["privacy"], "POST", "/v1/duties", headers=headers, body=new.model_dump_json().encode())
    assert answer.status == 201, answer.body


async def test_a_clock_that_has_run_out_is_said_on_today_and_in_the_list_in_words_and_with_its_law(console: Console) -> None:
    browser = await console.browser("auditor")
    empty = (await browser.get("/console/duties")).body.decode()
    assert "No duty is in this state." in empty
    await one_duty(console)
    today, duties = [(await browser.get(path)).body.decode() for path in ("/console", "/console/duties?state=overdue")]
    assert re.search(r'card--danger"><h2><a href="/console/duties\?state=overdue">Duties too late</a></h2><p class="big">1<', today)
    for page in (today, duties):
        assert re.search(r"status--danger.*</svg>\d+ days late", page)
        assert "Answer a question of the public" in page
    assert "<span>The agency’s own rule</span>" in duties
    assert "1 duty" in duties


async def test_a_district_sees_the_clocks_of_its_own_and_not_of_the_states(console: Console) -> None:
    await one_duty(console)
    district = await console.browser("district-officer")
    assert "Answer a question of the public" not in (await district.get("/console")).body.decode().partition("<main")[2]
    assert "No duty is in this state." in (await district.get("/console/duties?state=all")).body.decode()


@pytest.mark.parametrize("field", ["kind", "state"])
async def test_a_filter_that_is_none_is_a_page_that_names_the_field_and_not_the_value(console: Console, field: str) -> None:
    answer = await (await console.browser("auditor")).get(f"/console/duties?{field}=planted-value")
    page = answer.body.decode()
    assert answer.status == 422
    assert f"<code>{field}</code>" in page
    assert "Nothing was changed" in page
    assert "planted-value" not in page


@pytest.mark.requirement("CON-policy")
async def test_words_of_others_are_shown_as_text(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, name=HOSTILE) as console:
        page = (await (await console.browser("auditor", display_name=HOSTILE)).get("/console")).body.decode()
        assert "<img src=x" not in page
        assert page.count("&lt;img src=x onerror=alert(1)&gt;{{7*7}}") == 3


async def test_a_page_is_read_as_its_reader_chose_and_in_no_other_word(console: Console) -> None:
    browser = await console.browser("auditor")
    words = {"language": "es", "theme": "dark", "zone": "Pacific/Honolulu"}
    chosen = await browser.post("/console/preferences", back="/console/duties?state=all", **words)
    assert (chosen.status, dict(chosen.fields)["location"]) == (303, "/console/duties?state=all")
    page = (await browser.get("/console")).body.decode()
    assert '<html lang="es" data-theme="dark">' in page
    assert "¿Qué cruzó hoy la frontera del estado?" in page
    assert re.search(r'<time datetime="2026-[^"]+Z"[^>]*>[^<]*(HST|GMT-10)', page), page
    elsewhere = await browser.post("/console/preferences", language="<b>", theme="dark; Domain=evil", back="//evil.example")
    assert dict(elsewhere.fields)["location"] == "/console"
    assert "set-cookie" not in dict(elsewhere.fields)


async def test_a_form_of_another_session_or_site_changes_nothing(console: Console) -> None:
    browser = await console.browser("auditor")
    answer = await browser.post("/console/preferences", token="A" * 43, language="es")
    assert (answer.status, "set-cookie" in answer.headers) == (403, False)


async def test_a_log_that_does_not_answer_is_said_by_pages_that_are_about_it_alone(console: Console) -> None:
    browser = await console.browser("auditor")
    console.house.app.state.siblings._transports["audit"].app = None
    assert (await browser.get("/console/log?class=decision")).status == 503
    assert (await browser.get("/console/duties")).status == 200


async def test_files_are_kept_for_ever_under_their_version_alone(console: Console) -> None:
    browser = await console.browser("auditor")
    page = (await browser.get("/console")).body.decode()
    found = re.findall(r'(?:href|src)="(/console/assets/[^"]+)"', page)
    assert len(found) == 14
    for path in found:
        assert (await browser.get(path)).status == 200
    assert (await browser.get("/console/assets/0000000000000000/page.css")).status == 404
