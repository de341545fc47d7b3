"""Sets of rules on their pages: drafted and tried by one, approved by two others, activated and called off."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest

from services.gateway.console.node_reader import claims_of
from services.gateway.console.policy_set_words import ACKNOWLEDGEMENTS
from services.gateway.console.rule_texts import rules_in
from services.privacy.policy import load_policy_set
from services.privacy.policy_replays import Replays
from shared.in_process import call
from shared.internal_token import HEADER
from shared.officials import official_of
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.console.decided import SETS, decided, drafted, key_in, tried, world_of
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.gateway.people.signing_in import Browser, location_of, person_of
from tests.privacy.officials import forbid

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_table")]


async def approvers(console: Console) -> tuple[Browser, Browser]:
    return await console.browser("approver", subject="first"), await console.browser("approver", subject="second")


async def ready(console: Console) -> tuple[str, Browser, Browser]:
    """A set that two officials approved, and they."""
    author = await console.browser("privacy-officer")
    path = await drafted(author)
    await tried(console, author, path)
    first, second = await approvers(console)
    for one in (first, second):
        answer = await one.post(f"{path}/approval", act=await key_in(one, f"{path}/approval"))
        assert answer.status == 303, text_of(answer.body)
        assert location_of(answer) == path
    return path, first, second


def test_the_rules_of_the_packs_are_read_with_their_titles_and_paragraphs() -> None:
    policy_set = load_policy_set()
    found = rules_in({"us": "\n".join(forbid(name) for name in ("one", "two"))})
    assert [(one.code, one.citation) for one in found.values()] == [("one", "local policy 7"), ("two", "local policy 7")]
    assert found["one"].text.startswith('@id("one")')
    assert "two" not in found["one"].text
    assert set(policy_set.policies)


async def test_the_list_says_which_set_decides_and_who_drafted_it(console: Console) -> None:
    page = text_of((await (await console.browser("auditor")).get(SETS)).body)
    assert "1 set of rules" in page
    assert "In force It comes with the software" in page
    assert "A new version of the software" in page
    assert "Draft a set" not in page


@pytest.mark.requirement("CON-tables")
async def test_sets_come_in_pages_narrowed_by_where_they_are_from_and_whether_they_decide(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = await console.browser("privacy-officer")
    for title in ("Board policy 7", "A rule of ours", "Board policy 9"):
        await drafted(author, title=title, text=forbid(f"xa-{title.rpartition(' ')[2]}"))
    auditor = await console.browser("auditor")
    monkeypatch.setattr("services.gateway.console.policy_sets.ON_A_PAGE", 2)
    path: str | None = f"{SETS}?origin=draft&activated=no&sort=title&activations-state=in-force"
    titles = []
    while path is not None:
        page = (await auditor.get(path)).body.decode()
        assert 'value="in-force" selected' in page, "the other table stays as it was"
        titles.append(re.findall(r'<a href="/console/decisions/sets/[^"]+"><bdi>([^<]+)</bdi></a><code', page))
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = None if following is None else unescape(following[1])
    assert titles == [["A rule of ours", "Board policy 7"], ["Board policy 9"]]
    counts = {"": 4, "&origin=release": 1, "&activated=yes": 1, "&activated=no": 3, "&origin=release&activated=no": 0}
    for query, number in counts.items():
        assert len(json.loads((await auditor.get(f"{SETS}/export?form=json{query}")).body)) == number, query
    assert "No set of rules is like this." in (await auditor.get(f"{SETS}?origin=release&activated=no")).body.decode()
    activations = json.loads((await auditor.get(f"{SETS}/export?form=json&table=activations")).body)
    assert [one["title"] for one in activations] == [
        one["title"] for one in json.loads((await auditor.get(f"{SETS}/export?form=json&origin=release")).body)
    ]


@pytest.mark.requirement("CON-policies")
async def test_one_drafts_and_two_others_approve_before_a_set_is_activated_and_it_is_called_off(console: Console) -> None:
    path, first, second = await ready(console)
    page = text_of((await first.get(path)).body)
    assert "Approved, not in force" in page
    assert "Two officials approved it: it can be activated." in page
    form = (await second.get(f"{path}/activation")).body.decode()
    action = re.findall(r'<form method="post" action="([^"]+/activation[^"]*)"', form)[0]
    at = (console.house.now + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M")
    key = await key_in(second, f"{path}/activation")
    for _ in range(2):
        answer = await second.post(action, act=key, reason="law-changed", valid_from=at)
        assert (answer.status, location_of(answer)) == (303, f"{SETS}#activations"), text_of(answer.body)
    listed = await first.get(SETS)
    assert listed.body.decode().count("Starts later</span>") == 2
    call_off = re.findall(r'href="(/console/decisions/activations/\d+/call-off)"', listed.body.decode())
    assert len(call_off) == 1
    ended = await first.post(call_off[0], act=await key_in(first, call_off[0]), reason="law-postponed")
    assert ended.status == 303, text_of(ended.body)
    after = (await first.get(SETS)).body
    assert "Called off" in text_of(after)
    assert "/call-off" not in after.decode()
    late = await first.post(call_off[0], act="c" * 32, reason="mistake")
    assert (late.status, "Nothing was changed yet" in late.body.decode()) == (422, True)


@pytest.mark.requirement("CON-policies")
async def test_whoever_drafted_a_set_does_not_approve_it_in_another_role_nor_anybody_twice(console: Console) -> None:
    author = await console.browser("privacy-officer", subject="both")
    path = await drafted(author)
    await tried(console, author, path)
    same = await console.browser("approver", subject="both")
    refused = await same.post(f"{path}/approval", act=await key_in(same, f"{path}/approval"))
    assert (refused.status, "The author does not approve" in refused.body.decode()) == (403, True)
    first, _ = await approvers(console)
    assert (await first.post(f"{path}/approval", act=await key_in(first, f"{path}/approval"))).status == 303
    again = await first.post(f"{path}/approval", act="d" * 32)
    assert (again.status, "Official has approved already" in again.body.decode()) == (422, True)
    early = await first.post(f"{path}/activation?replaces={path.rpartition('/')[2]}", act="e" * 32, reason="law-changed")
    assert early.status == 422


@pytest.mark.requirement("CON-policies")
async def test_a_person_is_one_official_and_can_name_no_other_to_the_service(console: Console) -> None:
    browser = await console.browser("approver")
    person = await person_of(browser, console.house.now)
    headers = {
        HEADER: console.house.app.state.internal_tokens.for_caller("privacy", claims_of(person, address=None), console.house.now),
        "content-type": "application/json",
    }
    asked = []
    for name in (official_of(person.identifier), "o-another"):
        acting = {"pairwise_id": name, "role": "approver", "authenticated_at": console.house.now.isoformat()}
        body = f'{{"acting_official": {str(acting).replace(chr(39), chr(34))}, "situation": "transfer"}}'.encode()
        asked.append((await call(console.node.applications["privacy"], "POST", "/v1/simulations", headers=headers, body=body)).status)
    assert asked == [200, 403]


async def test_an_activation_takes_the_place_of_the_set_that_the_person_was_shown_or_of_none(console: Console) -> None:
    path, first, second = await ready(console)
    shown = re.findall(r'action="([^"]+/activation[?]replaces=[^"]+)"', (await first.get(f"{path}/activation")).body.decode())[0]
    assert (await second.post(shown, act="a" * 32, reason="own-rule")).status == 303
    console.house.clock.advance(seconds=10)
    for one in (first, second):
        assert (await one.post(f"{path}/approval", act=await key_in(one, f"{path}/approval"))).status == 303
    overtaken = await first.post(shown, act="b" * 32, reason="own-rule")
    assert overtaken.status == 422
    assert "Nothing was changed yet" in overtaken.body.decode()
    wrong = await first.post(shown, act="c" * 32, reason="planted", valid_from="soon")
    assert (wrong.status, "planted" in text_of(wrong.body)) == (422, False)


async def test_approval_and_activation_want_a_sign_in_of_a_moment_ago(console: Console) -> None:
    path, _, _ = await ready(console)
    late = await console.browser("approver", subject="third", authenticated_at=console.house.now - timedelta(hours=1))
    for suffix in ("approval", "activation"):
        assert location_of(await late.get(f"{path}/{suffix}")).startswith("/sign-in?")
        assert (await late.post(f"{path}/{suffix}", act="a" * 32, reason="law-changed")).status == 401


async def test_a_set_says_what_it_changes_with_the_rules_own_words_and_what_is_missing(console: Console) -> None:
    author = await console.browser("privacy-officer")
    path = await drafted(author, title=HOSTILE)
    body = (await author.get(path)).body
    page = text_of(body)
    assert "<img src=x" not in body.decode()
    assert "&lt;img src=x onerror=alert(1)&gt;{{7*7}}" in body.decode()
    assert "New xa-transcripts-stay A rule of a test local policy 7" in page
    assert "forbid (principal" in page
    assert "It was not checked, or the check found something." in page
    await tried(console, author, path)
    tested = text_of((await author.get(path)).body)
    assert "It waits for 2 of 2 approvals, each by another official than its author." in tested
    auditor = await console.browser("auditor")
    looked = (await auditor.get(path)).body.decode()
    assert "/checks" not in looked
    assert f"{path}/approval" not in looked


async def test_cases_that_are_no_longer_true_are_shown_and_named_as_meant_at_one_word(console: Console) -> None:
    author = await console.browser("privacy-officer")
    path = await drafted(author, text=forbid(element="academics.transcript"))
    await author.post(f"{path}/checks", act=await key_in(author, path))
    page = text_of((await author.get(path)).body)
    assert "Some cases are not true" in page
    assert re.search(r"Expected: permitted by ferpa.* Found: kept-at-home by xa-transcripts-stay", page)
    console.house.clock.advance(seconds=1)
    await author.post(f"{path}/checks", act=await key_in(author, path), meant="yes")
    meant = text_of((await author.get(path)).body)
    assert "Every case is true" in meant
    assert "Cases that are meant to change:" in meant
    assert ACKNOWLEDGEMENTS["changed-cases"] in meant
    console.house.clock.advance(seconds=1)
    assert 'name="meant" value="yes" checked' in (await author.get(path)).body.decode()
    await author.post(f"{path}/checks", act=await key_in(author, path), meant="yes")
    assert "Every case is true" in text_of((await author.get(path)).body), "what was meant is still meant where it is checked again"
    console.house.clock.advance(seconds=1)
    await tried(console, author, path)
    console.house.clock.advance(seconds=1)
    await author.post(f"{path}/checks", act=await key_in(author, path), meant="yes")
    assert "Every case is true" in text_of((await author.get(path)).body)
    first, _ = await approvers(console)
    unnamed = await first.post(f"{path}/approval", act=await key_in(first, f"{path}/approval"))
    assert (unnamed.status, "What the reports show was not acknowledged" in unnamed.body.decode()) == (422, True)
    named = await first.post(f"{path}/approval", act="b" * 32, **{"changed-cases": "yes"})
    assert named.status == 303


@pytest.mark.requirement("CON-policies")
async def test_a_replay_shows_who_would_lose_by_purpose_recipient_element_and_rule_and_no_student(console: Console) -> None:
    world = await world_of(console)
    made = await decided(console, world)
    await decided(console, world)
    console.house.clock.advance(minutes=1)
    author = await console.browser("privacy-officer")
    where = await tried(console, author, await drafted(author))
    page = (await author.get(where)).body
    said = text_of(page)
    assert "Answers that would change from leaving to staying: 2; from staying to leaving: 0." in said
    for table, row in (("purpose", "Enrollment"), ("recipient", "A school"), ("element", "Name"), ("rule", "xa-transcripts-stay")):
        part = text_of(b"<main " + page.partition(f'id="by-{table}"'.encode())[2].partition(b"</section>")[0])
        assert re.search(rf"{row} 2 0", part), (table, part)
    assert f"/console/decisions/{made}" in page.decode()
    assert page.count(b'width="100%"') >= 4
    auditor = await console.browser("auditor")
    by_gain = "&".join(f"sort{table}=-gaining" for table in ("", "-recipient", "-element", "-rule"))
    sorted_by_gain = (await auditor.get(f"{where}?{by_gain}")).body.decode()
    assert len(re.findall(r'aria-sort="descending"><a href="[^"]+=gaining[^"]*" id="sort(?:-\w+)?-gaining"', sorted_by_gain)) == 4, "each"
    for table in ("purpose", "recipient", "element", "rule"):
        (line,) = json.loads((await auditor.get(f"{where}/export?table={table}&form=json")).body)
        assert (line["permit_to_deny"], line["deny_to_permit"]) == (2, 0), table
    assert json.loads((await auditor.get(f"{where}/export?way=gaining&form=json")).body) == []
    assert "No row is like this." in text_of((await auditor.get(f"{where}?rule-way=gaining")).body)


async def test_a_replay_that_runs_says_how_far_it_is_and_how_to_look_again(console: Console) -> None:
    author = await console.browser("privacy-officer")
    path = await drafted(author)
    days = {"from": "2026-01-01", "to": console.house.now.date().isoformat()}
    answer = await author.post(f"{path}/replays", act=await key_in(author, f"{path}/replays"), **days)
    where = location_of(answer)
    page = (await author.get(where)).body.decode()
    if "<progress" in page:
        assert f'href="{where}" data-swap="#replay"' in page
    replays: Replays = console.node.applications["privacy"].state.replays
    await replays.drain()
    assert "No decision was made in that time." in text_of((await author.get(where)).body)


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ({"from": "", "to": "2026-02-01"}, "from"),
        ({"from": "2026-01-01", "to": "soon"}, "to"),
        ({"from": "2026-03-01", "to": "2026-02-01"}, "to"),
    ],
)
async def test_a_time_that_is_none_is_said_beside_its_field(console: Console, days: dict[str, str], field: str) -> None:
    author = await console.browser("privacy-officer")
    path = await drafted(author)
    answer = await author.post(f"{path}/replays", act=await key_in(author, f"{path}/replays"), **days)
    assert answer.status == 422
    assert f'<a href="#{field}">' in answer.body.decode()


@pytest.mark.parametrize(
    ("form", "field"),
    [({"title": "x"}, "pack"), ({"title": "x", "pack": "us-xa.forbids"}, "text"), ({"pack": "us-xa.forbids", "text": "no cedar"}, "title")],
)
async def test_a_draft_that_is_none_keeps_what_was_written_and_says_what_is_wrong(
    console: Console, form: dict[str, str], field: str
) -> None:
    author = await console.browser("privacy-officer")
    answer = await author.post(f"{SETS}/draft", act=await key_in(author, f"{SETS}/draft"), **form)
    assert answer.status == 422
    page = answer.body.decode()
    assert f'<a href="#{field}">' in page
    assert form.get("text", "") in page
    unparsed = await author.post(f"{SETS}/draft", act="f" * 32, title="x", pack="us-xa.forbids", text="no cedar")
    assert (unparsed.status, "Nothing was changed yet" in unparsed.body.decode()) == (422, True)


async def test_the_pages_of_the_rules_are_read_in_spanish(console: Console) -> None:
    path, first, _ = await ready(console)
    first.cookies["language"] = "es"
    for where in (SETS, path, f"{path}/approval", f"{path}/activation"):
        page = (await first.get(where)).body.decode()
        assert '<html lang="es"' in page
        assert "Set of rules" not in page
