"""A person says which child it is: side by side, what differs marked, with what it rests on, once."""

import json
import re
from typing import get_args

import pytest

from safepassage.record.loads import MatchReason
from safepassage.record.match_cases import MatchField
from services.gateway.console.match_words import FIELDS, RESTS_ON_WORDS
from services.records.tables import MatchReviewRow
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.console.enrolled import called, child, enrolled, in_doubt, in_doubt_of_each_other, twin
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.gateway.console.test_exchanges_on_pages import form_of
from tests.gateway.people.signing_in import location_of

pytestmark = pytest.mark.anyio

LIST = "/console/matches"


def test_everything_that_is_compared_and_every_reason_has_its_words() -> None:
    assert tuple(FIELDS) == get_args(MatchField)
    assert set(RESTS_ON_WORDS) == set(get_args(MatchReason))


async def test_where_nothing_is_in_doubt_the_queue_says_when_something_is(console: Console) -> None:
    page = text_of((await (await console.browser("privacy-officer")).get(LIST)).body)
    assert "No match needs a person." in page
    assert "No match is in doubt" in text_of((await (await console.browser("privacy-officer")).get("/console/exchanges")).body)


@pytest.mark.requirement("CON-matches")
async def test_a_case_is_side_by_side_and_what_differs_is_said_in_words(console: Console) -> None:
    sought = child()
    ours = called(sought, middle="Zebedee", last_1="Otherwise")
    match_id = await in_doubt(console, [await enrolled(console, sought), await enrolled(console, ours)], asked_for=sought)
    browser = await console.browser("district-officer")
    queue = (await browser.get(LIST)).body.decode()
    assert f'href="{LIST}/{match_id}"' in queue
    assert sought.selector.last_name not in queue
    page = (await browser.get(f"{LIST}/{match_id}")).body.decode()
    shown = text_of(page.encode())
    assert "Who is asked for Our student A Our student B" in shown
    assert "Nothing but name and birthday agrees" in shown
    [surnames] = [row for row in re.findall(r"<tr.*?</tr>", page, re.S) if ">Last name<" in row]
    assert (surnames.count('class="differs"'), "Otherwise" in surnames, sought.selector.last_name in surnames) == (1, True, True)
    title = re.search(r"<title>(.*?)</title>", page)
    assert title is not None
    assert sought.selector.last_name not in title[1]


@pytest.mark.requirement("CON-tables")
async def test_the_queue_and_its_export_are_narrowed_by_what_is_asked(console: Console) -> None:
    one, other = await enrolled(console, child()), await enrolled(console, called(child(), middle="Zebedee"))
    ids = {"request": str(await in_doubt(console, [one])), "records": str(await in_doubt_of_each_other(console, one, other))}
    browser = await console.browser("privacy-officer")
    for kind, match_id in ids.items():
        page = (await browser.get(f"{LIST}?kind={kind}&sort=-opened_at")).body.decode()
        assert re.findall(rf'href="{LIST}/([0-9a-f-]{{36}})"', page) == [match_id]
        assert f'<option value="{kind}" selected>' in page
        exported = f"{LIST}/export?kind={kind}&sort=-opened_at"
        assert exported.replace("&", "&amp;") in page
        assert [row["id"] for row in json.loads((await browser.get(f"{exported}&form=json")).body)] == [match_id]
    assert (await browser.get(f"{LIST}?kind=other")).status == 422


@pytest.mark.requirement("CON-forms")
async def test_a_match_is_decided_once_with_what_it_rests_on(console: Console) -> None:
    sought = child()
    student_id = await enrolled(console, sought)
    match_id = await in_doubt(console, [student_id], asked_for=sought)
    browser, path = await console.browser("district-officer"), f"{LIST}/{match_id}/decision"
    key = await form_of(browser, path)
    page = (await browser.get(path)).body.decode()
    assert str(student_id) not in page, "a candidate is named by what this session alone can read"
    [who] = re.findall(r'<option value="([^"]+)">Our student</option>', page)
    wrong = await browser.post(path, act=key, who=who)
    assert (wrong.status, "Fill this in." in wrong.body.decode(), f'value="{who}" selected' in wrong.body.decode()) == (422, True, True)
    forged = await browser.post(path, act=key, who=str(student_id), reason="documents-seen")
    assert (forged.status, "This cannot be read." in forged.body.decode()) == (422, True)
    for _ in range(2):
        answer = await browser.post(path, act=key, who=who, reason="documents-seen")
        assert (answer.status, location_of(answer)) == (303, LIST)
    assert "No match needs a person." in (await browser.get(LIST)).body.decode()
    assert "Decided" in text_of((await browser.get(f"{LIST}/{match_id}")).body)
    again = await browser.post(path, act="b" * 32, who=who, reason="documents-seen")
    assert again.status == 422
    async with console.node.applications["records"].state.database.reading() as tx:
        row = await tx.get(MatchReviewRow, match_id)
        assert row is not None
        assert (row.outcome, row.student_id) == ("student", student_id)
    await console.settle()


async def test_nobody_of_them_is_an_answer_too(console: Console) -> None:
    sought = child()
    match_id = await in_doubt(console, [await enrolled(console, sought)], asked_for=sought)
    browser, path = await console.browser("privacy-officer"), f"{LIST}/{match_id}/decision"
    answer = await browser.post(path, act=await form_of(browser, path), who="none", reason="family-asked")
    assert answer.status == 303
    async with console.node.applications["records"].state.database.reading() as tx:
        row = await tx.get(MatchReviewRow, match_id)
        assert row is not None
        assert (row.outcome, row.student_id) == ("none", None)


async def test_a_name_is_shown_as_text(console: Console) -> None:
    hostile = called(child(), last_1=HOSTILE[:60])
    match_id = await in_doubt(console, [await enrolled(console, hostile)], asked_for=child())
    browser = await console.browser("privacy-officer")
    for path in (f"{LIST}/{match_id}", f"{LIST}/{match_id}/decision"):
        page = (await browser.get(path)).body.decode()
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
    browser.cookies["language"] = "es"
    assert "¿Es el mismo menor?" in (await browser.get(f"{LIST}/{match_id}")).body.decode()


async def test_days_are_said_as_the_reader_writes_them_and_a_twin_in_words(console: Console) -> None:
    sought = twin(child())
    match_id = await in_doubt(console, [await enrolled(console, sought)], asked_for=sought)
    browser = await console.browser("privacy-officer")
    page = (await browser.get(f"{LIST}/{match_id}")).body.decode()
    born = sought.selector.birth_date
    assert born.isoformat() not in page
    assert f"{born:%b} {born.day}, {born.year}" in page
    assert re.search(r"Twin or other multiple birth</th>.*?<bdi>Yes</bdi>", page, re.S)
    short = text_of((await browser.get(f"{LIST}/{match_id}/decision")).body)
    assert f"{born:%b} {born.day}, {born.year}" in short


async def test_the_form_names_each_child_in_full_and_an_act_that_cannot_be_undone_looks_like_one(console: Console) -> None:
    sought = child()
    ids = [await enrolled(console, sought), await enrolled(console, called(sought, middle="Zebedee", suffix="III"))]
    match_id = await in_doubt(console, ids, asked_for=sought)
    browser = await console.browser("privacy-officer")
    page = (await browser.get(f"{LIST}/{match_id}/decision")).body.decode()
    assert re.search(r"Zebedee [^<]+ III, ", page)
    assert "button--danger" in page
    assert "It is not: what follows may leave at once." in page
    assert '<option value="none">None of them</option>' in page
    await browser.post(
        f"{LIST}/{match_id}/decision", act=await form_of(browser, f"{LIST}/{match_id}/decision"), who="none", reason="family-asked"
    )
    decided = (await browser.get(f"{LIST}/{match_id}")).body.decode()
    assert f"{LIST}/{match_id}/decision" not in decided


@pytest.mark.requirement("CON-matches")
async def test_two_records_here_are_asked_about_as_two_and_can_be_separated_again(console: Console) -> None:
    one, other = await enrolled(console, child()), await enrolled(console, called(child(), middle="Zebedee"))
    match_id = await in_doubt_of_each_other(console, one, other)
    browser = await console.browser("district-officer")
    page = text_of((await browser.get(f"{LIST}/{match_id}")).body)
    assert "Two records here: are they of one child?" in page
    assert "Who is asked for" not in page
    form = (await browser.get(f"{LIST}/{match_id}/decision")).body.decode()
    assert "The records can be separated again, and all is as it was." in form
    assert "The record by which the child goes on" in form
    assert '<option value="none">They are two children</option>' in form
    assert "button--danger" not in form


async def test_a_long_queue_is_read_page_by_page_and_says_that_there_are_more(console: Console) -> None:
    student_id = await enrolled(console, child())
    made = {str(await in_doubt(console, [student_id])) for _ in range(51)}
    browser = await console.browser("privacy-officer")
    first = (await browser.get(LIST)).body.decode()
    assert "50 matches, and more" in first
    following = re.search(rf'href="({LIST}\?cursor=[^"]+)"', first)
    assert following is not None
    second = (await browser.get(following[1])).body.decode()
    assert "1 match" in text_of(second.encode())
    seen = [re.findall(rf'href="{LIST}/([0-9a-f-]+)"', page) for page in (first, second)]
    assert ({*seen[0], *seen[1]}, len(seen[0]), len(seen[1])) == (made, 50, 1)


async def test_who_decides_nothing_sees_no_match(console: Console) -> None:
    for role in ("auditor", "operator", "approver"):
        assert (await (await console.browser(role)).get(LIST)).status == 403
