"""What a stolen credential touched, as an officer sees it: students, data, clocks of states, a list for the notices, and the duties."""

import asyncio
import csv
import json
import re
from collections import Counter
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.wire_duties import DutyPage
from safepassage.wire_log_radius import BlastRadius
from services.audit import radius_counts
from services.audit.touched import LookedAt
from services.gateway.console import blast_radius, radius_duties
from services.gateway.console.blast_radius import DUTIES, EXPORT, FOUND, PATH
from services.gateway.console.handles import Handles
from services.gateway.console.radius_tables import EXPORT as TABLES
from services.gateway.people.roles import Role
from tests.conftest import StandingClock
from tests.gateway.console.consoles import Console, new_district, open_console
from tests.gateway.console.crossing import BIRCH, PEERS
from tests.gateway.console.test_one_student import reader
from tests.gateway.console.touched import ADDRESS, ELEMENTS, KEY, stolen
from tests.gateway.people.signing_in import Browser, location_of, person_of

pytestmark = pytest.mark.anyio

WHEN = {"from": "2026-01-01T00:00", "until": "2027-12-31T00:00"}


async def asked(browser: Browser, of: str, which: str, **more: str) -> str:
    """The address of the answer's page."""
    answer = await browser.post(PATH, act="a" * 32, of=of, which=which, **{**WHEN, **more})
    assert answer.status == 303, answer.body
    return location_of(answer)


async def page_of(browser: Browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status == 200, answer.body
    return answer.body.decode()


def figure(page: str, name: str) -> str:
    (found,) = re.findall(rf"<h2>{name}</h2><p class=\"big\">([^<]*)</p>", page)
    return str(found)


async def test_what_was_touched_is_counted_and_its_students_are_shown_without_their_ids(console: Console) -> None:
    students = await stolen(console)
    await stolen(console, client="honest")
    auditor = await console.browser("auditor")
    for of, which, count in (("client", "stolen", "2"), ("key", KEY, "4"), ("address", ADDRESS, "4")):
        page = await page_of(auditor, await asked(auditor, of, which))
        assert figure(page, "Students") == count
        assert "Hood River County" in page
        assert [one for one in students if str(one) in page] == []


async def test_an_address_or_person_is_in_no_address_and_another_session_reads_nothing_there(console: Console) -> None:
    await stolen(console)
    auditor = await console.browser("auditor")
    for of, which in (("address", ADDRESS), ("person", str(uuid4())), ("official", digest_of(b"somebody"))):
        path = await asked(auditor, of, which)
        assert which not in path
        assert which in await page_of(auditor, path)
        assert (await (await console.browser("auditor", subject="another")).get(path)).status == 404
        (handle,) = parse_qs(urlsplit(path).query)["which"]
        assert (await auditor.get(f"{FOUND}?{urlsplit(path).query.replace(handle, which)}")).status == 404


async def test_a_district_is_shown_its_own_students_alone(console: Console) -> None:
    await stolen(console, custodian=uuid4())
    officer, auditor = await console.browser("district-officer"), await console.browser("auditor")
    assert "Nothing of this is in the log between these instants." in await page_of(officer, await asked(officer, "client", "stolen"))
    assert figure(await page_of(auditor, await asked(auditor, "client", "stolen")), "Students") == "2"


async def test_who_received_it_is_named_on_the_page_and_in_a_file(console: Console) -> None:
    birch = f"{BIRCH}#{(school := uuid4())}"
    await stolen(console, node=BIRCH, recipient=school)
    await stolen(console, recipient=console.district.id)
    await stolen(console, recipient=console.district.id)
    auditor = await console.browser("auditor")
    path = await asked(auditor, "client", "stolen")
    page = await page_of(auditor, path)
    assert figure(page, "Recipients") == "2"
    _, _, received = page.partition('<h2 id="received">Recipients</h2>')
    table = received.partition("</section>")[0]
    assert table.index(console.district.name) < table.index(birch), "the most entries first"
    rows = json.loads((await auditor.get(f"{TABLES}?{urlsplit(path).query}&table=recipients&form=json")).body)
    assert [(one["recipient"], one["name"], one["entries"]) for one in rows] == [
        (str(console.district.id), console.district.name, 2),
        (birch, birch, 1),
    ]


async def test_the_list_for_the_notices_has_each_student_of_each_entry(console: Console) -> None:
    students = await stolen(console, students=3)
    auditor = await console.browser("auditor")
    path = await asked(auditor, "client", "stolen")
    answer = await auditor.get(f"{EXPORT}?{urlsplit(path).query}")
    assert answer.status == 200, answer.body
    lines = answer.body.decode().splitlines()
    assert len(lines) == 4
    assert sorted(line.partition(",")[0].strip('"') for line in lines[1:]) == sorted(map(str, students))
    rows = json.loads((await auditor.get(f"{EXPORT}?{urlsplit(path).query}&form=json")).body)
    assert list(rows[0]) == next(csv.reader(lines))
    assert sorted(one["student_id"] for one in rows) == sorted(map(str, students))
    assert {tuple(one["elements"]) for one in rows} == {ELEMENTS}


@pytest.mark.requirement("CON-tables")
async def test_the_students_are_narrowed_by_whose_they_are_on_the_page_and_in_the_file(console: Console) -> None:
    other = await console.house.hand.add_organisation(new_district("Wasco County", console.agency, nces_id="4100001"))
    await console.settle()
    ours, theirs = await stolen(console, students=2), await stolen(console, students=1, custodian=other.id)
    auditor = await console.browser("auditor")
    path = await asked(auditor, "client", "stolen")
    query = urlsplit(path).query
    for whose, students in (("", [*ours, *theirs]), (str(console.district.id), ours), (str(other.id), theirs)):
        page = await page_of(auditor, f"{path}&whose={whose}" if whose else path)
        assert len(re.findall(r'data-label="Student \(handle\)"', page)) == len(students)
        narrowing = f"&whose={whose}" if whose else ""
        rows = json.loads((await auditor.get(f"{EXPORT}?{query}{narrowing}&form=json")).body)
        assert sorted(one["student_id"] for one in rows) == sorted(map(str, students))
    assert (await auditor.get(f"{path}&whose=nobody")).status == 422


@pytest.mark.parametrize(
    ("written", "beside"),
    [
        ({"which": ""}, "Fill this in."),
        ({"of": "key", "which": "no thumbprint"}, "This is not one of that kind."),
        ({"until": "2025-01-01T00:00"}, "This is not after the beginning."),
        ({"until": "2026-01-01T00:00"}, "This is not after the beginning."),
        ({"until": ""}, "Fill this in."),
        ({"of": "school"}, "This cannot be read."),
        ({"from": "yesterday"}, "This cannot be read."),
        ({"discovered": "2026-99-01T00:00"}, "This cannot be read."),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_the_rest_is_kept(console: Console, written: dict[str, str], beside: str) -> None:
    auditor = await console.browser("auditor")
    answer = await auditor.post(PATH, act="a" * 32, **{"of": "client", "which": "stolen", **WHEN, **written})
    page = answer.body.decode()
    assert answer.status == 422
    assert beside in page
    assert 'value="2026-01-01T00:00"' in page or "from" in written


async def test_a_count_that_takes_long_says_how_far_it_is_and_then_what_it_found(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    await stolen(console)
    auditor, far = await console.browser("auditor"), asyncio.Event()
    measured = radius_counts.measured

    async def slowly(*of: Any, told: LookedAt, **more: Any) -> BlastRadius:
        told(1_200, 9_000)
        await far.wait()
        return await measured(*of, told=told, **more)

    monkeypatch.setattr(radius_counts, "measured", slowly)
    monkeypatch.setattr(blast_radius, "WAIT_SECONDS", 0)
    monkeypatch.setattr(radius_counts, "RENEWED_EVERY_SECONDS", 0)
    path = await asked(auditor, "client", "stolen")
    while "1,200 of 9,000 entries" not in (page := await page_of(auditor, path)):
        assert "<h1>What did it touch" in page
    assert 'max="9000" value="1200"' in page
    assert 'data-again="2"' in page
    (again,) = re.findall(r'<a class="button" href="([^"]+)" data-swap="#radius"', page)
    assert unescape(again) == path, "also for who has no script"
    duties = path.replace("/found?", "/found/duties?")
    monkeypatch.setattr(radius_duties, "WAIT_SECONDS", 0)
    assert (await (await console.browser("privacy-officer")).get(duties)).status == 503
    far.set()
    monkeypatch.setattr(blast_radius, "WAIT_SECONDS", 5)
    page = await page_of(auditor, path)
    assert (figure(page, "Students"), "data-again" in page) == ("2", False)


async def test_an_address_without_a_count_begins_one_and_the_next_pages_and_clocks_are_of_the_same(console: Console) -> None:
    await stolen(console)
    officer = await console.browser("privacy-officer")
    path = await asked(officer, "client", "stolen")
    bare = re.sub("&count=[^&]*", "", path)
    begun = await officer.get(bare)
    assert begun.status == 303
    assert re.fullmatch(re.escape(bare) + "&count=[0-9a-f-]{36}", location_of(begun))
    (start,) = re.findall(r'href="([^"]*/found/duties[^"]*)"', await page_of(officer, path))
    assert parse_qs(urlsplit(start).query.replace("&amp;", "&"))["count"] == parse_qs(urlsplit(path).query)["count"]
    assert (await officer.get(f"{DUTIES}?{urlsplit(bare).query}")).status == 422


async def test_the_clocks_of_the_states_are_counted_and_started_once(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers=PEERS) as console:
        await stolen(console)
        officer = await console.browser("privacy-officer")
        path = await asked(officer, "client", "stolen", discovered="2026-10-19T09:00")
        page = await page_of(officer, path)
        assert "Be told of a breach under an agreement" in page
        (start,) = re.findall(r'href="([^"]*/found/duties[^"]*)"', page)
        start = start.replace("&amp;", "&")
        form = await page_of(officer, start)
        (key,) = re.findall(r'name="act" value="([^"]+)"', form)
        none = await officer.post(start, act=key, evidence_ref="file 7")
        assert (none.status, "Choose at least one notice." in none.body.decode()) == (422, True)
        for _ in range(2):
            answer = await officer.post(start, act=key, evidence_ref="file 7", **{"breach-provider-tells-agency": "yes"})
            assert (answer.status, location_of(answer)) == (303, "/console/duties"), answer.body
        duties = await page_of(officer, "/console/duties?state=all")
        assert "1 duty" in duties
        assert "Be told of a breach under an agreement" in duties
        assert (await (await console.browser("auditor")).get(start)).status == 403


async def test_each_notice_that_is_chosen_is_a_duty_of_its_own_from_the_instant_of_discovery(tmp_path: Path, clock: StandingClock) -> None:
    illinois = "https://isbe.example"
    async with open_console(tmp_path, clock, peers={**PEERS, illinois: "IL"}) as console:
        await stolen(console, node=illinois)
        officer = await console.browser("privacy-officer")
        page = await page_of(officer, await asked(officer, "client", "stolen", discovered="2026-10-19T09:00"))
        (start,) = re.findall(r'href="([^"]*/found/duties[^"]*)"', page)
        form = await page_of(officer, start := start.replace("&amp;", "&"))
        chosen = re.findall(r'type="checkbox" id="([^"]+)"', form)[:2]
        assert len(chosen) == 2, "of one state's law two"
        others = {"answer-public-question": "yes"}  # which the question has not asked for
        for key in ("a" * 32, "a" * 32, "b" * 32):
            answer = await officer.post(start, act=key, evidence_ref="file 7", **dict.fromkeys(chosen, "yes"), **others)
            assert answer.status == 303, answer.body
        made = (await (await reader(console, "privacy-officer")).read("privacy", "/v1/duties", DutyPage, {"state": "all"})).duties
        assert Counter((one.kind, one.about) for one in made) == Counter((kind, f"breach:{key * 32}") for kind in chosen for key in "ab")
        assert {one.begins_at for one in made} == {datetime(2026, 10, 19, 13, tzinfo=UTC)}


async def test_no_clock_starts_before_it_is_said_when_the_breach_was_discovered_nor_from_what_was_not_counted(console: Console) -> None:
    await stolen(console)
    officer = await console.browser("privacy-officer")
    page = await page_of(officer, await asked(officer, "client", "stolen"))
    (start,) = re.findall(r'href="([^"]*/found/duties[^"]*)"', page)
    start = start.replace("&amp;", "&")
    form = {"act": "a" * 32, "evidence_ref": "file 7", "breach-provider-tells-agency": "yes"}
    unsaid = await officer.post(start, **form)
    assert (unsaid.status, "not said yet: ask again" in unsaid.body.decode(), 'value="file 7"' in unsaid.body.decode()) == (422, True, True)
    uncounted = await officer.post(re.sub("&count=[^&]*", "", start), **form)
    assert (uncounted.status, "begin from what was counted" in uncounted.body.decode()) == (422, True)
    assert "No duty is in this state." in await page_of(officer, "/console/duties?state=all")


async def test_the_form_is_led_to_for_what_names_no_person_alone(console: Console) -> None:
    auditor = await console.browser("auditor")
    page = await page_of(auditor, f"{PATH}?of=client&which=stolen")
    assert 'value="stolen"' in page
    for of in ("person", "official", "address", "school"):
        answer = await auditor.get(f"{PATH}?of={of}&which=planted")
        assert (answer.status, b"planted" in answer.body) == (422, False), of


async def test_a_row_has_the_beginning_of_a_handle_by_which_rows_of_one_student_are_known(console: Console) -> None:
    students = await stolen(console)
    auditor = await console.browser("auditor")
    page = await page_of(auditor, await asked(auditor, "client", "stolen"))
    handles = Handles((await person_of(auditor, console.house.now)).secret)
    for one in students:
        whole = handles.seal("student", str(one))
        assert (whole[:10] in page, whole in page) == (True, False)


async def test_clocks_are_offered_to_who_may_start_them_where_something_was_touched(console: Console) -> None:
    await stolen(console)
    roles: dict[Role, bool] = {"auditor": False, "approver": False, "privacy-officer": True, "district-officer": True}
    for role, may in roles.items():
        browser = await console.browser(role)
        for which, touched in (("stolen", True), ("nobody", False)):
            page = await page_of(browser, await asked(browser, "client", which))
            assert (f'href="{PATH}/found/duties' in page) == (may and touched), (role, which)


async def test_the_instant_of_discovery_stays_in_the_address_and_of_a_person_only_a_handle(console: Console) -> None:
    auditor = await console.browser("auditor")
    path = await asked(auditor, "client", "stolen", discovered="2026-10-19T09:00")
    assert "discovered=2026-10-19T13%3A00%3A00Z" in path
    assert "discovered" not in await asked(auditor, "client", "stolen")
    assert ADDRESS not in await asked(auditor, "address", ADDRESS)


async def test_what_is_none_of_the_list_is_refused_in_an_address_too(console: Console) -> None:
    auditor = await console.browser("auditor")
    for of, status in (("client", 303), ("nothing", 422), ("student", 422)):
        between = "from=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z"
        assert (await auditor.get(f"{FOUND}?of={of}&which=stolen&{between}")).status == status
