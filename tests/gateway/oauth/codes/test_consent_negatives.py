"""The page on which a person is asked: what it takes, whom it lets answer, and that an answer counts once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from safepassage.wire_clients import ClientGrants
from services.gateway.oauth.codes.pushing import URN
from services.gateway.oauth.codes.role_scopes import ROLE_SCOPES, grantable
from services.gateway.oauth.scopes import CLIENT_SCOPES, SCOPES
from services.gateway.people.roles import ROLES
from services.gateway.tables import ClientRow, GivenAuthorizationRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer
from tests.gateway.house import ISSUER, House
from tests.gateway.oauth.codes.flow import CALLBACK, CODE, Application, answered, application, changed, person
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio


PLAIN = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "audit:search", "state": "x"}
DETAILS = '[{"type":"student_data_access","purpose":"marketing"}]'
Change = Callable[[dict[str, str], str], str]
"""What is sent, given what would be right and another client's id."""
QUERIES: dict[str, Change] = {
    "nothing": lambda _, __: "",
    "no name": lambda good, _: urlencode({"client_id": good["client_id"]}),
    "no client": lambda good, _: urlencode({"request_uri": good["request_uri"]}),
    "another client": lambda good, other: urlencode(good | {"client_id": other}),
    "a client that is none": lambda good, _: urlencode(good | {"client_id": "x"}),
    "another name": lambda good, _: urlencode(good | {"request_uri": good["request_uri"][:-1] + "AB"[good["request_uri"][-1] == "A"]}),
    "a name of another kind": lambda good, _: urlencode(good | {"request_uri": "https://app.example/request.jwt"}),
    "the name twice": lambda good, _: urlencode(good) + "&" + urlencode({"request_uri": good["request_uri"]}),
    "the parameters themselves": lambda good, _: urlencode({"client_id": good["client_id"]} | PLAIN),
    "an empty name": lambda good, _: urlencode(good | {"request_uri": ""}),
    "an empty client": lambda good, _: urlencode(good | {"client_id": ""}),
    "the name and a character more": lambda good, _: urlencode(good | {"request_uri": good["request_uri"] + "A"}),
    "the name alone, of no kind": lambda good, _: urlencode(good | {"request_uri": good["request_uri"].removeprefix(URN)}),
    "the client twice": lambda good, _: urlencode(good) + "&" + urlencode({"client_id": good["client_id"]}),
    "a state twice": lambda good, _: urlencode(good) + "&state=one&state=two",
    "a request object beside it": lambda good, _: urlencode(good | {"request": "a.b.c"}),
    "more than anybody asks for": lambda good, _: urlencode(good | {f"x{n}": "" for n in range(31)}),
    "bytes that are no text": lambda good, _: urlencode(good) + "&x=%ff",
}
"""What the page is asked with."""
UNREAD = {
    "redirect_uri": "https://evil.example/",
    "state": "other",
    "scope": "admin:clients",
    "response_type": "token",
    "authorization_details": DETAILS,
    "code_challenge": "A" * 43,
    "code_challenge_method": "plain",
    "resource": "https://evil.example/",
    "prompt": "none",
    "nonce": "n",
}
"""What a client may send in the address as well, and what was pushed counts instead."""

OWN = ("content-type", "application/x-www-form-urlencoded")
HERE = [OWN, ("sec-fetch-site", "same-origin"), ("origin", ISSUER)]
FOREIGN: dict[str, tuple[list[tuple[str, str]], str | None]] = {
    "no token": (HERE, None),
    "another session's token": (HERE, "stranger"),
    "an empty token": (HERE, "empty"),
    "another site": ([OWN, ("sec-fetch-site", "cross-site"), ("origin", ISSUER)], "own"),
    "another origin": ([OWN, ("sec-fetch-site", "same-origin"), ("origin", "https://app.example")], "own"),
    "a browser that says nothing": ([OWN], "own"),
}
"""A form's header fields, and whose token it brings."""


def _with(**changes: str | None) -> Change:
    return lambda good, _: urlencode(changed(good, changes))


NOT_ASKED, NOT_THE_FORM = (400, "authorization-not-asked"), (422, "invalid-request")
ANSWERS: dict[str, tuple[Change, tuple[int, str]]] = {
    "another client": (lambda good, other: urlencode(good | {"client_id": other}), NOT_ASKED),
    "a client that is none": (_with(client_id="x"), NOT_ASKED),
    "no client": (_with(client_id=None), NOT_ASKED),
    "another name": (_with(request_uri=f"{URN}{'A' * 43}"), NOT_ASKED),
    "a name of another kind": (_with(request_uri="https://app.example/request.jwt"), NOT_ASKED),
    "no name": (_with(request_uri=None), NOT_ASKED),
    "no answer": (_with(answer=None), NOT_THE_FORM),
    "an empty answer": (_with(answer=""), NOT_THE_FORM),
    "an answer in upper case": (_with(answer="APPROVE"), NOT_THE_FORM),
    "another word": (_with(answer="yes"), NOT_THE_FORM),
    "two answers": (lambda good, _: urlencode(good) + "&answer=refuse", (400, "malformed-body")),
    "a scope": (_with(scope="admin:clients"), NOT_THE_FORM),
    "details": (_with(authorization_details=DETAILS), NOT_THE_FORM),
    "a redirect_uri": (_with(redirect_uri="https://evil.example/"), NOT_THE_FORM),
    "a state": (_with(state="other"), NOT_THE_FORM),
    "a person": (_with(sub="subject-2"), NOT_THE_FORM),
}
"""What the page's form holds instead, and how that is refused."""

STALE: dict[str, tuple[str, str]] = {
    "the page once it was agreed to": ("page", "approve"),
    "the page once it was refused": ("page", "refuse"),
    "the page five minutes later": ("page", "later"),
    "the form once it was agreed to": ("form", "approve"),
    "the form once it was refused": ("form", "refuse"),
    "the form five minutes later": ("form", "later"),
    "the form where nobody is signed in": ("form", "nobody"),
}
"""What comes too late or from nobody, and what was before."""

TABLES = (QUERIES, FOREIGN, ANSWERS, STALE)


async def _given(house: House) -> int:
    async with house.app.state.database.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(GivenAuthorizationRow))).scalar_one())


def _is_page(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), answer
    assert code in answer.body.decode()
    assert "location" not in answer.headers


@pytest.mark.requirement("DOOR-consent")
async def test_it_takes_the_name_of_a_pushed_request_alone(peopled: House) -> None:
    app, other, browser = await application(peopled), await application(peopled), await person(peopled)
    name, client_id = await app.pushed(), app.party.client_id
    good = {"client_id": client_id, "request_uri": name}
    for what, query in QUERIES.items():
        answer = await browser.get(f"/oauth/authorize?{query(good, other.party.client_id)}")
        assert answer.status == 400, what
        _is_page(answer, 400, "authorization-not-asked")
    assert (await browser.get(app.page(name))).status == 200


@pytest.mark.requirement("DOOR-consent")
async def test_what_stands_in_the_address_beside_the_name_is_left_unread(peopled: House) -> None:
    """RFC 6749 section 3.1, RFC 9101 section 5: others' clients send it, and what was pushed counts."""
    app, browser = await application(peopled), await person(peopled)
    name = await app.pushed()
    plain = (await browser.get(app.page(name))).body
    for unread in ({one: value} for one, value in UNREAD.items()):
        assert (await browser.get(f"{app.page(name)}&{urlencode(unread)}")).body == plain, unread
    assert (await browser.get(f"{app.page(name)}&{urlencode(UNREAD)}")).body == plain
    answer = await app.answer(browser, name)
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    assert answered(answer)["state"] == app.state


async def test_a_name_is_good_for_five_minutes(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled), await person(peopled)
    name = await app.pushed()
    clock.advance(seconds=299)
    assert (await browser.get(app.page(name))).status == 200
    clock.advance(seconds=1)
    _is_page(await browser.get(app.page(name)), 400, "authorization-not-asked")
    _is_page(await app.answer(browser, name), 400, "authorization-not-asked")
    assert await _given(peopled) == 0


@pytest.mark.requirement("DOOR-consent")
async def test_an_answer_counts_once(peopled: House) -> None:
    app, browser, other = await application(peopled), await person(peopled), await person(peopled, subject="subject-2")
    for first, second in (("approve", "refuse"), ("refuse", "approve"), ("approve", "approve")):
        name = await app.pushed()
        assert (await app.answer(browser, name, first)).status == 303
        _is_page(await app.answer(browser, name, second), 400, "authorization-not-asked")
        _is_page(await app.answer(other, name, second), 400, "authorization-not-asked")
        _is_page(await browser.get(app.page(name)), 400, "authorization-not-asked")
    assert await _given(peopled) == 2


async def test_of_answers_at_the_same_time_one_counts(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    name, token = await app.pushed(), await browser.form_token()
    form = {"client_id": app.party.client_id, "request_uri": name, "answer": "approve"}
    answers = await asyncio.gather(*(browser.post("/oauth/authorize", token=token, **form) for _ in range(8)))
    assert Counter(answer.status for answer in answers) == {303: 1, 400: 7}
    assert await _given(peopled) == 1


async def test_a_form_that_is_not_the_pages_own_gives_nothing(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    name = await app.pushed()
    form = {"client_id": app.party.client_id, "request_uri": name, "answer": "approve"}
    token = await browser.form_token()
    tokens = {"own": token, "empty": "", "stranger": await (await person(peopled, subject="subject-2")).form_token()}
    for headers, whose in FOREIGN.values():
        fields = form if whose is None else form | {"token": tokens[whose]}
        answer = await browser.go("POST", "/oauth/authorize", headers=headers, body=urlencode(fields).encode())
        _is_page(answer, 403, "form-not-ours")
    nobody = await Browser(peopled).go("POST", "/oauth/authorize", headers=HERE, body=urlencode(form | {"token": token}).encode())
    _is_page(nobody, 401, "not-signed-in")
    assert await _given(peopled) == 0
    assert (await app.answer(browser, name)).status == 303


@pytest.mark.requirement("DOOR-consent")
async def test_a_form_that_says_anything_else_gives_nothing_and_leaves_the_question(peopled: House) -> None:
    app, other, browser = await application(peopled), await application(peopled), await person(peopled)
    name, token = await app.pushed(), await browser.form_token()
    form = {"client_id": app.party.client_id, "request_uri": name, "answer": "approve", "token": token}
    for what, (change, (status, code)) in ANSWERS.items():
        answer = await browser.go("POST", "/oauth/authorize", headers=HERE, body=change(form, other.party.client_id).encode())
        assert answer.status == status, what
        _is_page(answer, status, code)
    assert await _given(peopled) == 0
    assert (await app.answer(browser, name)).status == 303


async def test_what_comes_too_late_or_from_nobody_gives_nothing(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled), await person(peopled)
    for what, (which, before) in STALE.items():
        name, given, who, token = await app.pushed(), await _given(peopled), browser, await browser.form_token()
        if before in ("approve", "refuse"):
            assert (await app.answer(browser, name, before)).status == 303, what
            given += before == "approve"
        elif before == "later":
            clock.advance(seconds=300)
        else:
            who = Browser(peopled)
        form = urlencode({"client_id": app.party.client_id, "request_uri": name, "answer": "approve", "token": token})
        answer = await (
            who.get(app.page(name)) if which == "page" else who.go("POST", "/oauth/authorize", headers=HERE, body=form.encode())
        )
        _is_page(answer, *((401, "not-signed-in") if before == "nobody" else NOT_ASKED))
        assert await _given(peopled) == given, what


async def test_another_site_can_neither_frame_nor_fetch_the_page(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    target = app.page(await app.pushed())
    answer = await browser.get(target, site="cross-site")
    assert answer.status == 200
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://app.example;" in policy
    assert "unsafe" not in policy
    assert (answer.headers["x-frame-options"], answer.headers["cache-control"]) == ("DENY", "no-store")
    framed = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]
    _is_page(await browser.go("GET", target, headers=framed), 403, "form-not-ours")


async def test_a_person_gives_no_more_than_their_role_has(peopled: House) -> None:
    app = await application(peopled)
    for role, given in (("auditor", "audit:search decisions:read evidence:read"), ("approver", "decisions:read"), ("operator", None)):
        browser = await person(peopled, role)
        name = await app.pushed()
        page = (await browser.get(app.page(name))).body.decode()
        if given is None:
            assert "does not let you agree" in page
            assert 'value="approve"' not in page
            _is_page(await app.answer(browser, name), 403, "not-permitted")
            assert answered(await app.answer(browser, name, "refuse"))["error"] == "access_denied"
        else:
            got = await app.exchange(answered(await app.answer(browser, name))["code"])
            assert got.json["scope"] == given


async def test_a_person_lets_only_applications_of_their_own_state_act_and_within_their_own_district(peopled: House) -> None:
    state = await peopled.organisation("sea")
    oak, elm = [await peopled.organisation("lea", parent_id=state.id, name=name) for name in ("Oak", "Elm")]
    vendor = await peopled.organisation("vendor")
    officer = await person(peopled, "district-officer", organisation_id=oak.id)
    for organisation, may in ((state, True), (oak, True), (elm, False), (vendor, False)):
        scopes = ("agreements:read",) if organisation is vendor else ("agreements:read", "decisions:read")
        app = Application(peopled, await peopled.party(organisation, *scopes, registered=CODE))
        name = await app.pushed()
        answer = await app.answer(officer, name)
        if may:
            token = (await app.exchange(answered(answer)["code"])).json["access_token"]
            assert (await peopled.call(app.party, token, "GET", "/v1/decisions")).status == 200
            caller = peopled.heard("privacy").principal.caller
            assert caller is not None
            assert (caller.organisation_id, caller.organisation_kind) == (oak.id, "lea")
        else:
            _is_page(answer, 403, "not-permitted")
            assert "another organization" in (await officer.get(app.page(name))).body.decode()


async def test_what_the_client_lost_since_it_asked_is_not_to_be_had(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    client_id = UUID(app.party.client_id)
    name, other = await app.pushed(), await app.pushed()
    await peopled.hand.change_client_grants(client_id, ClientGrants(version=1, scopes=("decisions:read",), purposes=("audit-evaluation",)))
    got = await app.exchange(answered(await app.answer(browser, name))["code"])
    assert got.json["scope"] == "decisions:read"
    await peopled.hand.disable_client(client_id)
    _is_page(await app.answer(browser, other), 403, "not-permitted")
    assert "not, or no longer, registered" in (await browser.get(app.page(other))).body.decode()


@pytest.mark.parametrize("lost", [{"grant_types": "client_credentials"}, {"redirect_uris": "https://app.example/other"}, {"purposes": ""}])
async def test_each_of_what_an_application_acts_by_has_to_be_there_still_when_the_person_answers(
    peopled: House, lost: dict[str, str]
) -> None:
    app, browser = await application(peopled), await person(peopled)
    name, another = await app.pushed(), await app.pushed()
    assert (await app.answer(browser, another)).status == 303
    async with peopled.app.state.database.transaction() as tx:
        await tx.execute(update(ClientRow).where(ClientRow.id == UUID(app.party.client_id)).values(**lost))
    _is_page(await app.answer(browser, name), 403, "not-permitted")
    assert "not, or no longer, registered" in (await browser.get(app.page(name))).body.decode()


@pytest.mark.parametrize("lost", ["its address", "its standing"])
async def test_nobody_is_sent_to_where_the_application_may_not_send_people_any_more(peopled: House, lost: str) -> None:
    app, browser = await application(peopled), await person(peopled)
    client_id, name = UUID(app.party.client_id), await app.pushed()
    if lost == "its standing":
        await peopled.hand.disable_client(client_id)
    else:
        async with peopled.app.state.database.transaction() as tx:
            other = update(ClientRow).where(ClientRow.id == client_id).values(redirect_uris="https://app.example/other")
            await tx.execute(other)
    page = await browser.get(app.page(name))
    assert CALLBACK.rpartition("/")[0] not in page.body.decode() + page.headers["content-security-policy"]
    assert 'value="refuse"' not in page.body.decode()
    _is_page(await app.answer(browser, name, "refuse"), 403, "not-permitted")


async def test_who_signed_in_too_long_ago_signs_in_again(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled), await person(peopled)
    clock.advance(minutes=10)
    name = await app.pushed(max_age="600")
    assert (await browser.get(app.page(name))).status == 200
    clock.advance(seconds=1)
    answer = await browser.get(app.page(name))
    assert answer.status == 303
    assert answer.headers["location"].startswith("/sign-in?back=%2Foauth%2Fauthorize%3F")
    assert answer.headers["location"].endswith("&step=up")
    _is_page(await app.answer(browser, name), 401, "step-up-needed")
    again = await person(peopled)
    clock.advance(seconds=100)
    at_once = await app.pushed(max_age="0")
    assert (await again.get(app.page(at_once))).status == 303
    clock.advance(seconds=20)
    fresh = await person(peopled)
    clock.advance(seconds=100)
    assert (await fresh.get(app.page(at_once))).status == 200, "signed in since they were asked, which is what max_age=0 means"


async def test_who_signed_in_too_weakly_is_told_and_the_application_too(peopled: House) -> None:
    app, weak, strong = await application(peopled), await person(peopled, acr="urn:password"), await person(peopled, acr="urn:mfa")
    name = await app.pushed(acr_values="urn:key urn:mfa")
    assert "stronger sign-in" in (await weak.get(app.page(name))).body.decode()
    _is_page(await app.answer(weak, name), 403, "not-permitted")
    assert answered(await app.answer(weak, name, "refuse"))["error"] == "unmet_authentication_requirements"
    assert "code" in answered(await app.answer(strong, await app.pushed(acr_values="urn:key urn:mfa")))


async def test_a_name_of_an_application_is_text_and_nothing_else(peopled: House) -> None:
    state = await peopled.organisation("sea", name="<script>alert(1)</script>")
    app = Application(peopled, await peopled.party(state, "decisions:read", registered=CODE))
    browser = await person(peopled, organisation_id=state.id)
    page = (await browser.get(app.page(await app.pushed()))).body.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page


def test_no_role_gives_what_there_is_not_or_what_administers_the_node() -> None:
    assert set(ROLE_SCOPES) == set(ROLES)
    for role, scopes in ROLE_SCOPES.items():
        assert scopes <= CLIENT_SCOPES, role
        assert not any(scope.startswith(("admin:", "records:load", "exchange:peer")) for scope in scopes), role
        kind = "lea" if role == "district-officer" else "sea"
        assert {scope for scope in scopes if kind not in SCOPES[scope].kinds} == set(), role
    assert grantable(["audit:search"], registered=["audit:search"], role="nobody", kind="sea") == ()
