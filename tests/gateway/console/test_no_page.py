"""Addresses of the console that are no page: said by a page to people, by a problem to programs, and to nobody who is not signed in."""

import json

import pytest

from tests.gateway.console.consoles import HOSTILE, Console

pytestmark = pytest.mark.anyio

NOWHERE = ("/console/nowhere", "/console/duties/nowhere", "/console/duties/1/nowhere", "/console/log/12/nowhere/deeper", "/console/")
OF_A_BROWSER = [("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"), ("sec-fetch-site", "same-origin")]


async def test_an_address_that_is_no_page_is_said_within_the_console_to_whoever_is_signed_in(console: Console) -> None:
    for role in ("auditor", "operator", "district-officer"):
        browser = await console.browser(role)
        for path in NOWHERE:
            answer = await browser.get(path)
            page = answer.body.decode()
            assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8"), path
            assert "<h1>There is no such page</h1>" in page
            assert 'href="/console/duties"' in page, "the menu of their role"
            assert answer.headers["cache-control"] == "no-store"
            assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
            assert "allow" not in answer.headers


async def test_an_address_that_is_there_for_a_form_alone_is_said_to_be_no_page_with_the_methods_that_it_takes(console: Console) -> None:
    browser = await console.browser("auditor")
    opened = await browser.get("/console/preferences")
    sent = await browser.post("/console/duties", state="all")
    for answer, allowed in ((opened, "POST"), (sent, "GET")):
        assert (answer.status, answer.headers["allow"]) == (405, allowed)
        assert "<h1>There is no such page</h1>" in answer.body.decode()


async def test_whoever_is_not_signed_in_is_led_to_sign_in_and_back_and_learns_nothing_of_what_is_there(console: Console) -> None:
    browser = await console.browser("auditor")
    browser.cookies.clear()
    assert (await browser.get("/consoles")).status == 404, "what only begins like the console is none of it"
    for path in ("/console/nowhere", "/console/duties"):
        answer = await browser.get(path)
        assert (answer.status, answer.headers["location"]) == (303, f"/sign-in?back={path.replace('/', '%2F')}")


async def test_a_program_is_answered_by_a_problem_as_ever(console: Console) -> None:
    browser = await console.browser("auditor")
    for accept in ([], [("accept", "application/json")], [("accept", "*/*")]):
        for method, path, status in (
            ("GET", "/console/nowhere", 404),
            ("POST", "/console/duties", 405),
            ("GET", "/console/preferences", 405),
        ):
            answer = await browser.go(method, path, headers=accept)
            assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
            assert json.loads(answer.body)["code"] == ("no-such-route" if status == 404 else "method-not-allowed")
    for method, path in (("GET", "/v1/nowhere"), ("GET", "/consoles"), ("DELETE", "/console/duties"), ("HEAD", "/console/nowhere")):
        answer = await browser.go(method, path, headers=OF_A_BROWSER)
        assert answer.headers["content-type"] == "application/problem+json", path


async def test_neither_the_address_nor_a_form_that_was_sent_there_is_repeated_or_done(console: Console) -> None:
    browser = await console.browser("auditor")
    read = await browser.get("/console/planted-value?note=planted-value")
    sent = await browser.go(
        "POST",
        "/console/planted-value",
        headers=[*OF_A_BROWSER, ("content-type", "application/x-www-form-urlencoded")],
        body=f"token=planted-value&language=es&note={HOSTILE}".encode(),
    )
    assert (read.status, sent.status) == (404, 404)
    for answer in (read, sent):
        assert b"planted-value" not in answer.body
        assert "set-cookie" not in answer.headers
    foreign = await browser.go(
        "GET", "/console/nowhere", headers=[("accept", "text/html"), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "iframe")]
    )
    assert foreign.status == 403, "not within another's page"


async def test_it_is_said_in_the_readers_language(console: Console) -> None:
    browser = await console.browser("privacy-officer")
    await browser.post("/console/preferences", language="es")
    assert "<h1>No existe esa página</h1>" in (await browser.get("/console/nowhere")).body.decode()
