"""A form counts only from a page of this node that was made for this very session; nothing embeds what a person sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.problems.people import FormNotOurs
from safepassage.problems.requests import MalformedBody
from services.gateway.people.forms import read_form, require_from_here, require_not_embedded, require_token
from tests.gateway.house import ISSUER, House
from tests.gateway.people.signing_in import Browser, signed_in

FORM = ("content-type", "application/x-www-form-urlencoded")

FOREIGN = {
    "another site": [("sec-fetch-site", "cross-site"), ("origin", ISSUER)],
    "a sibling host": [("sec-fetch-site", "same-site"), ("origin", ISSUER)],
    "no page at all": [("sec-fetch-site", "none"), ("origin", ISSUER)],
    "another origin": [("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
    "an opaque origin": [("sec-fetch-site", "same-origin"), ("origin", "null")],
    "another port": [("origin", f"{ISSUER}:8443")],
    "http": [("origin", "http://node.example")],
    "a browser that says nothing": [],
    "two origins": [("origin", ISSUER), ("origin", ISSUER)],
    "two sites": [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")],
}


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-forms")
@pytest.mark.parametrize("kind", FOREIGN)
async def test_a_form_from_elsewhere_changes_nothing(peopled: House, kind: str) -> None:
    browser = await signed_in(peopled)
    token = await browser.form_token()
    answer = await browser.go("POST", "/sign-out", headers=[FORM, *FOREIGN[kind]], body=f"token={token}".encode())
    assert (answer.status, "form-not-ours" in answer.body.decode()) == (403, True)
    assert (await browser.get("/signed-in")).status == 200


@pytest.mark.anyio
@pytest.mark.parametrize(
    "how", [[("sec-fetch-site", "same-origin")], [("origin", ISSUER)], [("sec-fetch-site", "same-origin"), ("origin", ISSUER)]]
)
async def test_a_form_from_here_counts_whichever_of_the_two_a_browser_says(peopled: House, how: list[tuple[str, str]]) -> None:
    browser = await signed_in(peopled)
    token = await browser.form_token()
    assert (await browser.go("POST", "/sign-out", headers=[FORM, *how], body=f"token={token}".encode())).status == 303


@pytest.mark.anyio
async def test_a_form_without_its_sessions_token_changes_nothing(peopled: House) -> None:
    browser, other = await signed_in(peopled), await signed_in(peopled)
    token, theirs = await browser.form_token(), await other.form_token()
    assert token != theirs
    headers = [FORM, ("sec-fetch-site", "same-origin"), ("origin", ISSUER)]
    for body in (
        b"",
        b"token=",
        f"token={theirs}".encode(),
        f"token={token[:-1]}".encode(),
        f"token={token}&token={token}".encode(),
        b"other=1",
    ):
        answer = await browser.go("POST", "/sign-out", headers=headers, body=body)
        assert answer.status in (400, 403), body
    assert (await browser.get("/signed-in")).status == 200
    assert (await browser.go("POST", "/sign-out", headers=[*headers, ("x-form-token", token)])).status == 303


@pytest.mark.anyio
async def test_what_a_person_sees_is_not_fetched_or_framed_by_another_site(peopled: House) -> None:
    browser = await signed_in(peopled)
    for mode, destination in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("navigate", "object")):
        for site in ("cross-site", "same-site"):
            headers = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", destination)]
            assert (await browser.go("GET", "/signed-in", headers=headers)).status == 403
    assert (await browser.get("/signed-in", site="cross-site")).status == 200


@pytest.mark.anyio
async def test_every_page_says_that_it_is_not_framed_and_runs_nothing_inline(peopled: House) -> None:
    browser = await signed_in(peopled)
    refused = [await Browser(peopled).get("/signed-in"), await browser.post("/sign-out", token="x"), await browser.get("/assets/0/none")]
    for answer in [*refused, await browser.get("/signed-in"), await browser.get("/signed-out")]:
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert b"<style" not in answer.body
        assert b"style=" not in answer.body
        assert b"<script>" not in answer.body
        assert b" on" not in b"".join(part.split(b">")[0] for part in answer.body.split(b"<"))


@given(st.binary(max_size=200))
def test_any_body_is_a_form_or_refused(body: bytes) -> None:
    try:
        form = read_form(body)
    except MalformedBody:
        return
    assert all(isinstance(value, str) for value in form.values())


@given(st.lists(st.tuples(st.sampled_from([b"origin", b"sec-fetch-site", b"sec-fetch-mode"]), st.binary(max_size=30)), max_size=4))
def test_only_this_origins_own_word_counts(fields: list[tuple[bytes, bytes]]) -> None:
    try:
        require_from_here(fields, origin=ISSUER)
    except FormNotOurs:
        return
    said = dict(fields)
    assert said.get(b"sec-fetch-site", b"same-origin") == b"same-origin"
    assert said.get(b"origin", ISSUER.encode()) == ISSUER.encode()
    assert {b"origin", b"sec-fetch-site"} & said.keys()


def test_a_browser_that_knows_no_fetch_metadata_may_read() -> None:
    require_not_embedded([])
    require_not_embedded([(b"sec-fetch-site", b"none")])
    with pytest.raises(FormNotOurs):
        require_not_embedded([(b"sec-fetch-site", b"cross-site")])


def test_a_token_is_the_whole_token() -> None:
    require_token("abc", expected="abc")
    for token in (None, "", "ab", "abcd", "ABC", "äbc"):
        with pytest.raises(FormNotOurs):
            require_token(token, expected="abc")
