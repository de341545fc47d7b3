"""An officer makes a link to the family's page, is shown it once, and takes it back; the link itself is nowhere else."""

import asyncio
import logging
import re
from datetime import date, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from safepassage.wire_log import EntrySearch, FoundEntries, FoundEntry
from services.gateway.console.family_access import sealed_holder
from services.gateway.console.family_letter import MARGIN, code_of
from services.gateway.console.handles import Handles
from services.gateway.people.roles import Role
from services.gateway.tables import FamilyLinkRow
from shared.contracts.privacy import SubjectFacts
from tests.gateway.by_hand import Answer
from tests.gateway.console.consoles import Console
from tests.gateway.console.enrolled import child, enrolled
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.gateway.console.test_exchanges_on_pages import form_of
from tests.gateway.console.test_one_student import found, reader
from tests.gateway.family.families import Families, FamilyBrowser
from tests.gateway.people.signing_in import Browser, location_of, person_of

pytestmark = pytest.mark.anyio

LINK = re.compile(r"https?://[^\s<\"]+/family/link#([A-Za-z0-9_-]{43})")


def identity(console: Console, **about: str) -> dict[str, str]:
    """As an officer fills it in, whose clock is New York's."""
    when = console.house.now.astimezone(ZoneInfo("America/New_York")).replace(tzinfo=None) - timedelta(hours=1)
    checked = {"assurance_level": "ial2", "method": "in-person", "evidence_ref": "desk log 118"}
    return {**checked, "identified_at": when.isoformat(timespec="minutes"), **about}


async def of_student(console: Console, browser: Browser, student_id: UUID) -> tuple[str, list[str]]:
    """The path of the student's page, and those on which links are made."""
    path = await found(browser, student_id=str(student_id))
    page = (await browser.get(path)).body.decode()
    return path, re.findall(rf'href="({re.escape(path)}/family-links/[A-Za-z0-9_-]+)"', page)


async def made(console: Console, browser: Browser, student_id: UUID, *, which: int = 0) -> tuple[Answer, str]:
    """A link, and the key of its form."""
    _, making = await of_student(console, browser, student_id)
    key = await form_of(browser, making[which])
    return await browser.post(making[which], act=key, **identity(console)), key


def link_in(answer: Answer) -> str:
    shown = {one.group(0) for one in LINK.finditer(unescape(answer.body.decode()))}
    assert len(shown) == 1, shown
    return shown.pop()


async def rows(console: Console) -> list[FamilyLinkRow]:
    async with console.house.app.state.database.reading() as tx:
        return list((await tx.scalars(select(FamilyLinkRow))).all())


async def logged(console: Console) -> tuple[FoundEntry, ...]:
    """What the log has of links, the newest first."""
    await console.settle()
    node = await reader(console, "auditor")
    search = EntrySearch(operations=("family-link-made", "family-link-withdrawn"))
    return (await node.ask("audit", "/v1/log/searches", search, FoundEntries)).entries


@pytest.mark.requirement("CON-family", "CON-student")
@pytest.mark.parametrize("role", ["privacy-officer", "district-officer"])
async def test_a_link_is_made_after_a_check_shown_once_and_lets_its_person_in(console: Console, role: Role) -> None:
    student_id = await enrolled(console, child())
    browser = await console.browser(role)
    path, making = await of_student(console, browser, student_id)
    page = text_of((await browser.get(making[0])).body)
    for said in ("Your id of them" in text_of((await browser.get(path)).body), "What they will see" in page, "Once, until Oct 27" in page):
        assert said
    answer, key = await made(console, browser, student_id)
    assert answer.status == 200, answer.body
    assert answer.headers["cache-control"] == "no-store"
    link = link_in(answer)
    console.house.clock.advance(minutes=2)
    again = await browser.post(making[0], act=key, **identity(console))
    assert (again.status, "This link was made already" in again.body.decode()) == (409, True)
    assert LINK.search(unescape(again.body.decode())) is None
    assert len(await rows(console)) == 1
    shown = (await browser.get(path)).body.decode()
    assert LINK.search(shown) is None
    assert "Not used yet" in shown
    family = FamilyBrowser(console.house)
    assert location_of(await family.use(link)) == "/family"
    assert (await family.get("/family")).status == 200
    assert "A visit goes on" in (await browser.get(path)).body.decode()


async def test_of_two_clicks_at_once_either_answer_shows_the_one_link(console: Console) -> None:
    student_id = await enrolled(console, child())
    browser = await console.browser("district-officer")
    _, making = await of_student(console, browser, student_id)
    key, form = await form_of(browser, making[0]), identity(console)
    answers = await asyncio.gather(*(browser.post(making[0], act=key, **form) for _ in range(2)))
    assert [one.status for one in answers] == [200, 200]
    assert link_in(answers[0]) == link_in(answers[1])
    assert len(await rows(console)) == len(await logged(console)) == 1
    assert location_of(await FamilyBrowser(console.house).use(link_in(answers[1]))) == "/family"


async def test_a_form_that_is_sent_again_shows_its_link_for_a_minute_and_only_while_the_link_waits(console: Console) -> None:
    student_id = await enrolled(console, child())
    browser = await console.browser("privacy-officer")
    _, making = await of_student(console, browser, student_id)
    keys, form = [await form_of(browser, making[0]) for _ in range(3)], identity(console)
    used, withdrawn, waiting = [await browser.post(making[0], act=key, **form) for key in keys]
    await FamilyBrowser(console.house).use(link_in(used))
    [act] = set(re.findall(r'href="(/console/students/[^"]+/withdrawal)"', withdrawn.body.decode()))
    await browser.post(act, act=await form_of(browser, act))
    console.house.clock.advance(seconds=60)
    again = [await browser.post(making[0], act=key, **form) for key in keys]
    assert [one.status for one in again] == [409, 409, 200]
    assert link_in(again[2]) == link_in(waiting)
    console.house.clock.advance(seconds=1)
    late = await browser.post(making[0], act=keys[2], **form)
    assert (late.status, "withdraw it and make another" in text_of(late.body)) == (409, True)
    [act] = set(re.findall(r'href="(/console/students/[^"]+/withdrawal)"', late.body.decode()))
    assert (await browser.get(act)).status == 200
    assert len(await rows(console)) == 3


async def test_the_key_of_a_form_makes_another_link_in_another_session_for_another_person_and_for_another_student(console: Console) -> None:
    facts, families = await holders(console)
    sibling = await families.student(rights_holders=facts.rights_holders)
    first, second = await console.browser("privacy-officer"), await console.browser("privacy-officer", subject="another")
    key, form = "e" * 32, identity(console)
    links = []
    for browser, student, which in ((first, facts, 0), (second, facts, 0), (first, facts, 1), (first, sibling, 0)):
        _path, making = await of_student(console, browser, student.student_id)
        links.append(link_in(await browser.post(making[which], act=key, **form)))
    assert len(set(links)) == len(links) == len(await rows(console))


@pytest.mark.requirement("CON-family")
async def test_a_link_that_is_withdrawn_opens_nothing_and_its_visit_ends(console: Console) -> None:
    student_id = await enrolled(console, child())
    browser = await console.browser("district-officer")
    waiting, _ = await made(console, browser, student_id)
    used, _ = await made(console, browser, student_id)
    family = FamilyBrowser(console.house)
    await family.use(link_in(used))
    path, _making = await of_student(console, browser, student_id)
    for answer in (waiting, used):
        [act] = set(re.findall(rf'href="({re.escape(path)}/family-links/[0-9a-f-]{{36}}/withdrawal)"', answer.body.decode()))
        assert act in (await browser.get(path)).body.decode()
        taken = await browser.post(act, act=await form_of(browser, act))
        assert (taken.status, location_of(taken)) == (303, path)
        assert (await browser.get(act)).status == 404
        assert (await browser.post(act, act="a" * 32)).status == 404
    assert (await family.get("/family")).status == 401
    assert (await FamilyBrowser(console.house).use(link_in(waiting))).status == 403
    assert "Links that are open" not in (await browser.get(path)).body.decode()
    assert {(row.student_word, row.member_word, row.sealed) for row in await rows(console)} == {(None, None, b"")}


@pytest.mark.requirement("CON-family")
async def test_the_link_and_its_student_are_in_no_address_no_store_and_no_log(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    student_id = await enrolled(console, child())
    browser = await console.browser("privacy-officer")
    with caplog.at_level(logging.DEBUG):
        answer, _ = await made(console, browser, student_id)
        path, making = await of_student(console, browser, student_id)
        await FamilyBrowser(console.house).get("/family/link")
    secret, page = link_in(answer).partition("#")[2], answer.body.decode()
    [row] = await rows(console)
    stored = repr(vars(row))
    entries = "".join(one.model_dump_json() for one in await logged(console))
    assert "family-link-made" in entries
    for place in (caplog.text, stored, entries, *re.findall(r'(?:href|src|action)="([^"]*)"', page), *making):
        assert secret not in place
    for place in (stored, path, *making, *re.findall(r"<title>(.*?)</title>", page)):
        assert str(student_id) not in place
    name = child().selector
    assert not {name.first_name, name.last_name} & set(re.findall(r"\w+", text_of(answer.body).partition("Signed in as")[0]))


@pytest.mark.requirement("CON-family")
async def test_making_and_withdrawing_are_entries_of_the_officer_for_the_person(console: Console) -> None:
    student_id = await enrolled(console, child())
    browser = await console.browser("district-officer")
    answer, _ = await made(console, browser, student_id)
    [row] = await rows(console)
    [act] = set(re.findall(r'href="(/console/students/[^"]+/withdrawal)"', answer.body.decode()))
    await browser.post(act, act=await form_of(browser, act))
    officer = await person_of(browser, console.house.now)
    withdrawn, told = [(one.context or {}, one.actor or {}, one.student_ids) for one in await logged(console)]
    assert (told[0]["operation"], withdrawn[0]["operation"]) == ("family-link-made", "family-link-withdrawn")
    assert told[0]["about"] == withdrawn[0]["about"] == f"family-link:{row.id}"
    assert (told[2], withdrawn[2]) == ((student_id,), ())
    for _context, actor, _students in (told, withdrawn):
        assert (actor["kind"], actor["role"], actor["person"]) == ("person", "district-officer", officer.identifier)
    assert UUID(told[1]["acting_for"])


async def test_what_is_wrong_with_the_check_is_said_and_no_link_is_made(console: Console) -> None:
    student_id = await enrolled(console, child())
    browser = await console.browser("privacy-officer")
    _, making = await of_student(console, browser, student_id)
    tomorrow = (console.house.now + timedelta(days=1)).date().isoformat() + "T10:00"
    for about in (
        {"evidence_ref": ""},
        {"assurance_level": "ial9"},
        {"identified_at": tomorrow},
        {"identified_at": "soon"},
        {"identified_at": "2026-09-20T07:59"},
    ):
        answer = await browser.post(making[0], act="b" * 32, **identity(console, **about))
        assert (answer.status, 'aria-invalid="true"' in answer.body.decode()) == (422, True), about
        assert "desk log 118" in answer.body.decode() or "evidence_ref" in about
    assert await rows(console) == []


async def holders(console: Console, **about: Any) -> tuple[SubjectFacts, Families]:
    """A student of the district whom two parents have, as privacy knows them."""
    families = Families(console)
    return await families.student(parents=2, **about), families


async def test_a_link_is_for_a_person_who_holds_the_rights_at_this_instant(console: Console) -> None:
    facts, families = await holders(console)
    browser = await console.browser("district-officer")
    path, making = await of_student(console, browser, facts.student_id)
    assert len(making) == 2
    ended = facts.rights_holders[0].model_copy(update={"ended_on": date(2026, 10, 1), "ended_by": "order 17"})
    await families.push(facts.model_copy(update={"facts_version": 2, "rights_holders": (ended, facts.rights_holders[1])}))
    assert len((await of_student(console, browser, facts.student_id))[1]) == 1
    assert (await browser.get(making[0])).status == 403
    assert (await browser.post(making[0], act="c" * 32, **identity(console))).status == 403
    handles = Handles((await person_of(browser, console.house.now)).secret)
    nobody = f"{path}/family-links/{sealed_holder(facts.student_id, uuid4(), handles)}"
    other, _ = await holders(console)
    elsewhere = f"{path}/family-links/{sealed_holder(other.student_id, other.rights_holders[0].person_id, handles)}"
    assert [(await browser.post(one, act="c" * 32, **identity(console))).status for one in (nobody, elsewhere)] == [403, 404]
    assert await rows(console) == []


async def test_at_eighteen_the_student_is_whom_a_link_is_for(console: Console) -> None:
    facts, families = await holders(console, birth_date=date(2008, 1, 2))
    browser = await console.browser("district-officer")
    path, making = await of_student(console, browser, facts.student_id)
    assert len(making) == 1
    assert "The student, who decides now" in (await browser.get(path)).body.decode()
    answer, _ = await made(console, browser, facts.student_id)
    visit = families.stranger()
    await visit.use(link_in(answer))
    assert "Who got my record, and why?" in await visit.text("/family")


async def test_of_a_protected_address_no_link_is_made_and_the_page_says_why(console: Console) -> None:
    facts, _ = await holders(console, flags=frozenset({"protected-address"}))
    browser = await console.browser("district-officer")
    path, making = await of_student(console, browser, facts.student_id)
    assert making == []
    assert "In person only" in (await browser.get(path)).body.decode()
    handles = Handles((await person_of(browser, console.house.now)).secret)
    act = f"{path}/family-links/{sealed_holder(facts.student_id, facts.rights_holders[0].person_id, handles)}"
    assert [(await browser.get(act)).status, (await browser.post(act, act="d" * 32, **identity(console))).status] == [403, 403]


async def test_an_officer_sees_the_links_of_their_own_reach_and_of_this_student_alone(console: Console) -> None:
    facts, families = await holders(console)
    other, _ = await holders(console)
    state, district = await console.browser("privacy-officer"), await console.browser("district-officer")
    of_state, _ = await made(console, state, facts.student_id)
    of_district, _ = await made(console, district, facts.student_id, which=1)
    of_system = await families.link(facts)
    theirs, _ = await made(console, district, other.student_id)
    pages = {
        who: (await who_.get((await of_student(console, who_, facts.student_id))[0])).body.decode()
        for who, who_ in (("state", state), ("district", district))
    }
    ids = {
        name: re.findall(r"family-links/([0-9a-f-]{36})/", answer.body.decode())[0]
        for name, answer in (("state", of_state), ("district", of_district), ("theirs", theirs))
    }
    ids["system"] = str(of_system.id)
    seen = {who: {name for name, id_ in ids.items() if id_ in page} for who, page in pages.items()}
    assert seen == {"state": {"state", "district", "system"}, "district": {"district", "system"}}
    path, _making = await of_student(console, district, facts.student_id)
    assert [(await district.get(f"{path}/family-links/{ids[name]}/withdrawal")).status for name in ("state", "theirs")] == [404, 404]


async def test_a_link_that_is_a_week_old_is_not_shown_and_whose_it_was_is_forgotten(console: Console) -> None:
    facts, families = await holders(console)
    browser = await console.browser("district-officer")
    await made(console, browser, facts.student_id)
    assert (await rows(console))[0].student_word is not None
    families.console.house.clock.advance(days=8)
    later = await console.browser("district-officer")
    path, _making = await of_student(console, later, facts.student_id)
    assert "Links that are open" not in (await later.get(path)).body.decode()
    await console.house.app.state.families.visits.forget_ended(console.house.now)
    [row] = await rows(console)
    assert (row.student_word, row.member_word, row.sealed) == (None, None, b"")


async def test_the_letter_is_in_both_languages_and_its_code_is_the_link(console: Console) -> None:
    facts, _ = await holders(console)
    browser = await console.browser("district-officer")
    browser.cookies["language"] = "es"
    answer, _ = await made(console, browser, facts.student_id)
    page = answer.body.decode()
    english, spanish = re.findall(r'<article class="letter" lang="(?:en|es)".*?</article>', page, re.S)
    assert "Nobody from our office will ever ask you for it." in english
    assert "Nadie de nuestra oficina se lo pedirá nunca." in spanish
    assert "El enlace está hecho" in page
    code = code_of(link_in(answer))
    assert english.count(code.path) == spanish.count(code.path) == 1
    finder = {
        (x, y)
        for x, y in (map(int, one.split()) for one in re.findall(r"M(\d+ \d+)h1v1h-1z", code.path))
        if x < MARGIN + 7 and y < MARGIN + 7
    }
    assert len(finder) == 33, "the pattern in the corner of a code (ISO/IEC 18004)"
