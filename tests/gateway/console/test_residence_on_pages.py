"""The students of a breach by where they live, as an officer sees and uses them: counted page by page, and said plainly."""

import csv
import io
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.wire_duties import CountedPeople, DutyPage
from safepassage.wire_log_radius import BlastRadiusRequest
from services.audit import radius_counts, radius_parts
from services.gateway.console import radius_residence
from services.gateway.console.blast_radius import DUTIES, FOUND
from services.gateway.console.handles import Handles
from services.gateway.console.radius_question import Question
from services.gateway.console.radius_tables import EXPORT
from services.gateway.people.return_path import return_path
from services.records.residence import ELSEWHERE, STATES, UNKNOWN
from services.records.residence_counts import Totals
from services.records.tables import EducatorCredentialRow
from services.records.unions import unite
from shared.cursors import Cursors
from tests.conftest import StandingClock
from tests.gateway.console.consoles import Console, open_console
from tests.gateway.console.crossing import PEERS
from tests.gateway.console.enrolled import child, enrolled, living_in
from tests.gateway.console.test_blast_radius_on_pages import asked, page_of
from tests.gateway.console.test_one_student import reader
from tests.gateway.console.touched import stolen
from tests.gateway.people.signing_in import Browser, location_of

pytestmark = pytest.mark.anyio

RHODE_ISLAND = "https://ride.example"
TOLD, LIVING = "Students are counted by who was told of them", "Students are counted by where they live"


async def a_breach(console: Console) -> list[UUID]:
    """Two of Colorado, one of Rhode Island and one of whom nobody knows; a node of Rhode Island was told of all."""
    homes = [living_in(child(number), state) for number, state in enumerate(("CO", "CO", "RI"))]
    students = [await enrolled(console, one) for one in homes]
    await stolen(console, node=RHODE_ISLAND, whom=students)
    return [*students, *await stolen(console, node=RHODE_ISLAND, students=1)]


async def counted(browser: Browser, path: str) -> str:
    """The address of the page once they are counted; it goes on as its reader does who has no script."""
    page = await page_of(browser, path)
    (begin,) = re.findall(r'href="([^"]+living=begin)"', page)
    answer = await browser.get(begin.replace("&amp;", "&"))
    assert answer.status == 303
    path = location_of(answer)
    while again := re.findall(r'<a class="button" href="([^"]+)" data-swap="#radius"', page := await page_of(browser, path)):
        assert re.search(r"Counting where they live: \d of 4 students", page)
        path = again[0].replace("&amp;", "&")
    return path


def states(page: str) -> list[tuple[str, str]]:
    """What is counted of each."""
    return [(state, re.sub(r"<[^>]+>", "", said)) for state, said in re.findall(r"<h3>(.*?) <span class=\"soft\">(.*?)</span></h3>", page)]


async def test_students_are_counted_by_where_they_live_and_the_page_says_which_count_it_is(
    tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (radius_counts, radius_parts):
        monkeypatch.setattr(module, "AT_ONCE_IN_A_PART", 1)
    monkeypatch.setattr(radius_residence, "STEPS_AT_ONCE", 1)
    async with open_console(tmp_path, clock, peers={**PEERS, RHODE_ISLAND: "RI"}) as console:
        students = await a_breach(console)
        officer = await console.browser("privacy-officer")
        told = await asked(officer, "client", "stolen", discovered="2026-10-20T07:00")
        page = await page_of(officer, told)
        assert TOLD in page
        assert LIVING not in page
        assert {state: said.partition(",")[0] for state, said in states(page)} == {"Alder": "4 students", "Rhode Island": "4 students"}
        living = await counted(officer, told)
        page = await page_of(officer, living)
        assert LIVING in page
        assert TOLD not in page
        assert "living=begin" not in page
        assert states(page) == [
            ("Colorado", "2 students, 0 log entries"),
            ("Rhode Island", "1 student, 2 log entries"),
            ("Alder", "0 students, 2 log entries"),
        ]
        assert "Of 1 it is not known: whether a notice is owed is said as if they lived in that state." in page
        for word in ("Canary", *map(str, students)):
            assert word not in page
            assert word not in living
        assert LIVING not in await page_of(officer, told), "what was counted by residence is in the address alone"
        officer.cookies["language"] = "es"
        assert "Los estudiantes se cuentan por dónde viven" in await page_of(officer, living)


async def test_the_notices_and_their_clocks_are_those_of_where_they_live(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, RHODE_ISLAND: "RI"}) as console:
        await a_breach(console)
        officer = await console.browser("privacy-officer")
        told = await asked(officer, "client", "stolen", discovered="2026-10-20T07:00")
        form = await page_of(officer, told.replace(FOUND, DUTIES))
        assert "By the states whose nodes were told of them, not by where they live" in form
        assert "breach-people-told-co-agency" not in form
        living = await counted(officer, told)
        form = await page_of(officer, living.replace(FOUND, DUTIES))
        assert "By the states where they live; of whom that is not known counts in each" in form
        assert re.search(r'name="breach-people-told-co-agency"[^>]*checked', form)
        assert not re.search(r'name="breach-authority-told-co-contractor-attorney-general"[^>]*checked', form)
        for path, by, counts in ((told, "told", {"RI": "4", "XA": "4"}), (living, "residence", {"CO": "2", "RI": "1", "XA": "0"})):
            file = await officer.get(f"{EXPORT}?{urlsplit(path).query}&table=notices")
            rows = list(csv.DictReader(io.StringIO(file.body.decode("utf-8-sig"))))
            assert {row["state"]: row["students"] for row in rows} == counts
            assert {row["students_by"] for row in rows} == {by}


async def test_a_duty_says_for_how_many_people_it_was_started_and_by_which_count(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, RHODE_ISLAND: "RI"}) as console:
        await a_breach(console)
        officer = await console.browser("privacy-officer")
        told = await asked(officer, "client", "stolen", discovered="2026-10-20T07:00")
        living = await counted(officer, told)
        lives, knew = "breach-people-told-co-agency", "breach-people-told-ri-agency"
        for path, kind, key in ((living, lives, "a" * 32), (told, knew, "b" * 32), (living, "breach-provider-tells-agency", "c" * 32)):
            answer = await officer.post(path.replace(FOUND, DUTIES), act=key, evidence_ref="file 7", **{kind: "yes"})
            assert answer.status == 303, answer.body
        reading = await reader(console, "privacy-officer")
        made = {one.kind: one for one in (await reading.read("privacy", "/v1/duties", DutyPage, {"state": "all"})).duties}
        count = UUID(parse_qs(urlsplit(told).query)["count"][0])
        day = console.house.now.date()
        assert {kind: one.counted for kind, one in made.items()} == {
            lives: CountedPeople(by="residence", people=2, unknown=1, of=4, count_id=count, as_of=day),
            knew: CountedPeople(by="told", people=4, of=4, count_id=count),
            "breach-provider-tells-agency": CountedPeople(by="residence", people=4, of=4, count_id=count, as_of=day),
        }
        page = await page_of(officer, f"/console/duties/{made[lives].id}")
        for said in (
            "2 of the 4 that were counted",
            "The states where they live, by the addresses that their records held on",
            "More, of whom it was not known where they live",
            "file 7",
            str(count),
        ):
            assert said in page
        page = await page_of(officer, f"/console/duties/{made[knew].id}")
        assert "4 of the 4 that were counted" in page
        assert "The states whose nodes were told of them, not by where they live" in page
        assert "More, of whom" not in page
        officer.cookies["language"] = "es"
        assert "2 de las 4 que se contaron" in await page_of(officer, f"/console/duties/{made[lives].id}")


async def test_a_child_of_two_united_records_is_one_and_the_page_says_so(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, RHODE_ISLAND: "RI"}) as console:
        one, other, *_ = await a_breach(console)
        officer = await console.browser("privacy-officer")
        told = await asked(officer, "client", "stolen")
        twice = "Who has two records counts as two here, and by where they live once, if the records were united."
        assert twice in await page_of(officer, told)
        further = "1 record is a further one of a student who is counted already."
        assert further not in await page_of(officer, await counted(officer, told))
        write = partial(unite, leading_id=one, other_id=other, by="job:match", now=console.house.now)
        await console.node.applications["records"].state.database.write(write)
        page = await page_of(officer, await counted(officer, told))
        assert further in page
        assert twice not in page
        assert ("Colorado", "1 student, 0 log entries") in states(page)
        assert "1 student" in states(page)[1][1]


async def test_the_page_says_how_many_of_the_unknown_are_educators(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, RHODE_ISLAND: "RI"}) as console:
        *_, educator = await a_breach(console)
        officer = await console.browser("privacy-officer")
        told = await asked(officer, "client", "stolen")
        assert "Educators whose credentials were touched are counted among the students." in await page_of(officer, told)
        said = "1 of these is an educator, of whom the node keeps no address."
        assert said not in await page_of(officer, await counted(officer, told))
        kept = {"organisation_id": console.district.id, "node": "https://a.example", "kept_at": console.house.now, "sealed": b"-"}
        row = EducatorCredentialRow(id=uuid4(), educator=b"e" * 16, educator_id=educator, credential=b"c" * 16, **kept)
        async with console.node.applications["records"].state.database.transaction() as tx:
            tx.add(row)
        assert said in await page_of(officer, await counted(officer, told))


def test_a_sign_in_comes_back_to_the_longest_of_these_addresses() -> None:
    totals = Totals(date(2026, 10, 20), 9_999, 9_999, 9_999_999, 9_999_999, Counter(dict.fromkeys((*STATES, ELSEWHERE, UNKNOWN), 170_000)))
    living = Cursors(b"k" * 32).sign(totals.position, bound_to="somebody")
    assert len(living) < 2_000
    day = datetime(2026, 10, 20, 7, tzinfo=UTC)
    asked_for = BlastRadiusRequest(signed_in=digest_of(b"somebody"), touched_from=day, touched_until=day + timedelta(1), discovered_at=day)
    question = Question("official", digest_of(b"somebody"), asked_for, uuid4(), living)
    query = question.query(Handles("s" * 43))
    for path in (f"{DUTIES}?{query}", f"{EXPORT}?{query}&table=custodians&custodians.whose={uuid4()}&format=csv"):
        assert return_path(path) == path


async def test_before_the_clocks_start_the_officer_confirms_and_comes_back_to_the_count(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, RHODE_ISLAND: "RI"}) as console:
        await a_breach(console)
        officer = await console.browser("privacy-officer")
        duties = (await counted(officer, await asked(officer, "client", "stolen", discovered="2026-10-20T07:00"))).replace(FOUND, DUTIES)
        late = await console.browser("privacy-officer", authenticated_at=console.house.now - timedelta(hours=1))
        answer = await late.get(duties)
        assert answer.status == 303
        back = parse_qs(urlsplit(location_of(answer)).query)
        assert (back["step"], back["back"]) == (["up"], [duties])


async def test_who_may_not_count_is_not_asked_to_and_anothers_address_counts_nothing(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, RHODE_ISLAND: "RI"}) as console:
        await a_breach(console)
        officer, auditor = await console.browser("privacy-officer"), await console.browser("auditor")
        told = await asked(officer, "client", "stolen")
        living = await counted(officer, told)
        seen = await page_of(auditor, told)
        assert TOLD in seen
        assert "living=begin" not in seen
        assert (await auditor.get(f"{told}&living=begin")).status == 403
        assert (await auditor.get(living)).status == 403
        (cursor,) = parse_qs(urlsplit(living).query)["living"]
        district = await console.browser("district-officer")
        own = await asked(district, "client", "stolen")
        assert "living=begin" in await page_of(district, own)
        assert (await district.get(f"{own}&living={cursor}")).status == 422
        assert (await officer.get(living.replace(cursor, cursor[:-2] + "AA"))).status == 422
