"""Who saw what: each filter finds its own, a student never stands in an address, searches are kept, and what is found is exported."""

import csv
import io
import json
import re
from datetime import timedelta
from typing import get_args
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from safepassage.elements import Category
from safepassage.wire_log import EntrySearch
from services.gateway.console.log_filters import MEMBERS, PRIVATE
from services.gateway.console.log_words import CATEGORY_WORDS, CLASS_WORDS, SENTENCES
from shared.contracts.audit import EntryClass
from tests.audit.audit_node import disclosure
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import BIRCH, log_of, received, refused, sent
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.gateway.people.signing_in import location_of

pytestmark = pytest.mark.anyio

LOG = "/console/log"
ENTRY = re.compile(rf'href="{LOG}/(\d+-\d+)"')


def entries(page: bytes) -> list[str]:
    """Those of the table that have a page, in its order."""
    return ENTRY.findall(page.decode())


def rows(page: bytes) -> int:
    """How many the table has."""
    return page.count(b'<th scope="row"')


def test_every_class_and_category_has_its_words() -> None:
    classes = {name for group in get_args(EntryClass) for name in (get_args(group) or (group,))}
    assert set(CLASS_WORDS) == set(SENTENCES) == classes
    assert set(CATEGORY_WORDS) == set(get_args(Category))


def test_every_member_of_a_search_is_a_filter_of_the_page() -> None:
    members = {*MEMBERS.values(), *(member for member, _ in PRIVATE.values()), "logged_from", "logged_until"}
    assert members == set(EntrySearch.model_fields)


async def test_the_list_is_the_newest_first_and_says_of_each_entry_who_whom_what_for_and_by_which_law(console: Console) -> None:
    await sent(console, 1)
    await received(console, 1)
    await refused(console, 1)
    page = (await (await console.browser("auditor")).get(LOG)).body
    found = [int(one.partition("-")[2]) for one in entries(page)]
    assert found == sorted(found, reverse=True)
    said = text_of(page)
    assert re.search(r"It was decided Redisclose .*A client sis-1 .* Denied There is no written agreement", said)
    assert re.search(r"Records came .* from birch.example Package", said)
    assert re.search(r"Records left 1 element .* to birch.example", said)


@pytest.mark.requirement("CON-log")
async def test_a_filter_finds_what_is_like_it_and_nothing_else(console: Console) -> None:
    await sent(console, 3)
    await received(console, 2, purpose="safety")
    await refused(console, 4)
    auditor = await console.browser("auditor")
    for query, found in {
        "kind=disclosure": 3,
        "kind=received": 2,
        "outcome=deny": 4,
        "purpose=safety": 2,
        "reason=agreement-missing": 4,
        "operation=redisclose&kind=decision": 4,
        "client=sis-1": 4,
        "element=identity.name": 3,
        "category=directory": 3,
        "category=health": 0,
        "kind=disclosure&to=2020-01-01": 0,
        "kind=disclosure&from=2020-01-01": 3,
    }.items():
        page = (await auditor.get(f"{LOG}?{query}")).body
        assert rows(page) == found, query
        assert (f"{found} entries" if found else "No entries") in text_of(page), query
        assert ("No access of this kind is on record." in text_of(page)) is (found == 0), query


async def test_a_long_list_is_counted_whole_and_paged_without_a_gap(console: Console) -> None:
    await sent(console, 60)
    browser = await console.browser("auditor")
    page = (await browser.get(f"{LOG}?kind=disclosure")).body
    assert "60 entries, the newest 50" in text_of(page)
    following = re.findall(r'id="next" href="([^"]+)"', page.decode())[0].replace("&amp;", "&")
    second = (await browser.get(following)).body
    assert "10 entries on this page" in text_of(second)
    both = [*entries(page), *entries(second)]
    assert len(set(both)) == 60
    assert both == sorted(both, key=lambda one: -int(one.partition("-")[2]))


@pytest.mark.requirement("CON-log")
async def test_a_student_is_looked_for_by_a_form_and_stands_in_the_address_as_a_handle_that_no_other_session_reads(
    console: Console,
) -> None:
    log, student = log_of(console), uuid4()
    await log.append(disclosure(log, student, custodian=console.district.id), disclosure(log, uuid4(), custodian=console.district.id))
    browser = await console.browser("auditor")
    led = await browser.post(f"{LOG}/find", by="student", value=str(student), kind="disclosure")
    where = location_of(led)
    assert led.status == 303
    assert str(student) not in where
    assert student.hex not in where
    assert parse_qs(urlsplit(where).query)["kind"] == ["disclosure"], "other filters stay"
    page = (await browser.get(where)).body.decode()
    assert len(ENTRY.findall(page)) == 1
    assert str(student) not in page.partition("<main")[0], "not in the title"
    another = await console.browser("auditor", subject="somebody else")
    assert (await another.get(where)).status == 404
    # each row leads to everything about its student, by a handle too
    every = (await browser.get(f"{LOG}?kind=disclosure")).body.decode()
    assert all(str(student) not in href for href in re.findall(r'href="([^"]*)"', every))
    (of_student, *_more) = [href.replace("&amp;", "&") for href in re.findall(r'href="([^"]+who=[^"]+)" title="' + str(student), every)]
    assert len(ENTRY.findall((await browser.get(of_student)).body.decode())) == 1


@pytest.mark.parametrize("by", sorted(PRIVATE))
async def test_what_cannot_be_looked_for_is_said_beside_its_field_and_kept_in_it(console: Console, by: str) -> None:
    empty = await (await console.browser("auditor")).post(f"{LOG}/find", by=by, value=" ")
    assert empty.status == 422
    answer = await (await console.browser("auditor")).post(f"{LOG}/find", by=by, value="not one, surely", outcome="deny")
    page = answer.body.decode()
    assert answer.status == 422
    assert "Nothing was searched" in page
    assert 'value="not one, surely"' in page
    assert "Not searched yet" in page
    assert re.search(r'<option value="deny" selected', page)


async def test_a_filter_that_is_none_names_its_field_and_not_its_value(console: Console) -> None:
    auditor = await console.browser("auditor")
    for query in (
        "exchange=planted",
        "organisation=planted",
        "policy=planted",
        "state=planted",
        "client=planted%20name",
        "from=planted",
        "to=1&from=2",
        "saved=planted",
    ):
        answer = await auditor.get(f"{LOG}?{query}")
        page = answer.body.decode()
        assert answer.status == 422, query
        assert re.search(rf"<code>({'|'.join(parse_qs(query))})</code>", page), query
        assert "planted" not in page, query


async def test_one_district_sees_what_is_about_its_own_students_and_counts_that_alone(console: Console) -> None:
    log = log_of(console)
    await sent(console, 2)
    await log.append(disclosure(log, uuid4(), custodian=uuid4()))
    officer = await console.browser("district-officer")
    page = (await officer.get(f"{LOG}?kind=disclosure")).body
    assert len(entries(page)) == 2
    assert "2 entries" in text_of(page)


@pytest.mark.requirement("CON-log")
async def test_a_search_is_kept_once_used_with_other_days_and_kept_no_longer(console: Console) -> None:
    log, student = log_of(console), uuid4()
    await log.append(disclosure(log, student, custodian=console.district.id), disclosure(log, uuid4(), custodian=console.district.id))
    browser = await console.browser("auditor")
    handle = parse_qs(urlsplit(location_of(await browser.post(f"{LOG}/find", by="student", value=str(student)))).query)["who"][0]
    form = {"act": "5" * 32, "name": "Case <b>12</b>", "kind": "disclosure", "who": handle}
    unnamed = await browser.post(f"{LOG}/saved-searches", **{**form, "name": " "})
    assert (unnamed.status, "Nothing was kept" in unnamed.body.decode()) == (422, True)
    for _ in range(2):
        led = await browser.post(f"{LOG}/saved-searches", **form)
        assert led.status == 303
    where = location_of(led)
    page = (await browser.get(where)).body.decode()
    assert "Case &lt;b&gt;12&lt;/b&gt;" in page
    assert "Kept searches</summary>" not in page
    assert len(ENTRY.findall(page)) == 1
    assert "Kept searches (1)" in page
    assert f'<a href="{where}"><bdi>Case &lt;b&gt;12&lt;/b&gt;</bdi></a>' in page
    assert f'<a href="{LOG}/saved-searches">All kept searches</a>' in page
    assert "/end" not in page, "it is ended where all of them are"
    colleague = await console.browser("privacy-officer")
    assert len(ENTRY.findall((await colleague.get(where)).body.decode())) == 1, "it is the organisation's"
    assert len(ENTRY.findall((await colleague.get(f"{where}&to=2020-01-01")).body.decode())) == 0
    officer = await console.browser("district-officer")
    assert (await officer.get(where)).status == 404
    table = (await browser.get(f"{LOG}/saved-searches")).body.decode()
    (ended,) = re.findall(rf'action="({LOG}/saved-searches/[^"]+/end)"', table)
    assert f'<a href="{where}"><bdi>Case &lt;b&gt;12&lt;/b&gt;</bdi></a>' in table
    assert ended.startswith(where.partition("?")[0])
    assert (await officer.post(ended, act="7" * 32)).status == 404
    assert (await browser.get(where)).status == 200
    assert location_of(await browser.post(ended, act="6" * 32)) == f"{LOG}/saved-searches"
    assert (await browser.get(where)).status == 404
    assert "This organization keeps none." in (await browser.get(f"{LOG}/saved-searches")).body.decode()
    assert "Kept searches (0)" in (await browser.get(LOG)).body.decode()


@pytest.mark.requirement("CON-log")
async def test_what_is_found_is_exported_to_whoever_signed_in_a_moment_ago_and_the_log_says_so(console: Console) -> None:
    await sent(console, 3)
    await refused(console, 1)
    browser = await console.browser("auditor")
    answer = await browser.get(f"{LOG}/export?kind=disclosure&format=csv")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert re.fullmatch(r'attachment; filename="log-export-until-2026-entry-[0-9]+-[0-9a-f-]+\.csv"', answer.headers["content-disposition"])
    lines = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    assert [line["class"] for line in lines] == ["disclosure"] * 3
    as_lines = (await browser.get(f"{LOG}/export?kind=disclosure&format=jsonl")).body.splitlines()
    assert [json.loads(line)["context"]["recipient_node"] for line in as_lines] == [BIRCH] * 3
    assert "Export planned" in text_of((await browser.get(f"{LOG}?kind=export")).body)
    late = await console.browser("auditor", authenticated_at=console.house.now - timedelta(hours=1))
    assert (await late.get(f"{LOG}/export")).status == 303


async def test_the_page_is_read_in_spanish_and_words_of_others_are_text(console: Console) -> None:
    await sent(console, 1, to="https://<b>birch</b>.example")
    browser = await console.browser("auditor")
    assert "<b>birch" not in (await browser.get(LOG)).body.decode()
    browser.cookies["language"] = "es"
    page = (await browser.get(f"{LOG}?kind=disclosure")).body.decode()
    assert "¿Quién vio qué?" in page
    assert "Salieron expedientes" in page


async def test_an_organisation_of_this_node_is_shown_by_its_name_and_another_by_its_number(console: Console) -> None:
    await sent(console, 1, within=True)
    unknown = str(uuid4())
    log = log_of(console)
    await log.append(disclosure(log, uuid4(), custodian=console.district.id, recipient=unknown, recipient_node=None, purpose="enrollment"))
    auditor = await console.browser("auditor")
    page = (await auditor.get(f"{LOG}?kind=disclosure")).body
    said = text_of(page)
    assert " to Hood River County" in said
    assert str(console.district.id) not in said
    assert unknown in page.decode()
    shown = [text_of((await auditor.get(f"{LOG}/{one}")).body) for one in entries(page)]
    named = next(one for one in shown if "Hood River County" in one)
    assert re.search(r"were given to Hood River County by", named)
    assert f"Organization that received Hood River County {console.district.id}" in named
    assert any(f"Organization that received {unknown}" in one for one in shown)
