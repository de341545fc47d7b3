"""Exchanges on their pages: how far each is, what its receipts say, what did not arrive, and what an operator does about it."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import get_args
from uuid import uuid4

import pytest

from safepassage.wire_dead_letters import LetterKind, LetterReason, LetterState
from safepassage.wire_exchanges import ExchangeAbout, ExchangeStanding
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.exchange_words import (
    ABOUT,
    ANSWER_STATES,
    LETTER_KINDS,
    LETTER_REASONS,
    LETTER_STATES,
    STANDINGS,
)
from services.gateway.console.exchanges import COLUMNS
from services.records.exchange.dead_letters import UNANSWERED
from services.records.exchange.states import Asked, Incoming, Outgoing
from services.records.record_sources import UNREAD
from services.records.tables import ExchangeRequestRow, SectionRow, StudentRow
from tests.conftest import StandingClock
from tests.gateway.console.consoles import HOSTILE, Console, open_console
from tests.gateway.console.crossing import BIRCH, CEDAR, PEERS
from tests.gateway.console.exchanged import asked, exchanges_of_each_kind, stored, told_unread
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.gateway.people.signing_in import Browser, location_of

pytestmark = pytest.mark.anyio

LIST, LETTERS = "/console/exchanges", "/console/dead-letters"
WORDLESS = "programmes.bright_futures"
"""Which this version has no words for."""


def test_every_state_kind_and_reason_has_its_words() -> None:
    assert set(STANDINGS) == set(get_args(ExchangeStanding))
    assert set(ABOUT) == set(get_args(ExchangeAbout))
    assert set(ANSWER_STATES) == {state.value for state in (*Outgoing, *Incoming)}
    assert (set(LETTER_KINDS), set(LETTER_STATES), set(LETTER_REASONS)) == (
        set(get_args(LetterKind)), set(get_args(LetterState)), set(get_args(LetterReason)),
    )  # fmt: skip
    assert UNANSWERED == "unanswered"


async def test_before_anything_was_asked_the_list_says_when_something_will_be(console: Console) -> None:
    page = text_of((await (await console.browser("auditor")).get(LIST)).body)
    assert "No exchanges" in page
    assert "Nothing was asked yet." in page


@pytest.mark.requirement("CON-exchanges")
async def test_the_list_says_who_asked_whom_and_how_far_it_is_and_is_narrowed(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers=PEERS) as console:
        made = await exchanges_of_each_kind(console)
        browser = await console.browser("privacy-officer")
        page = text_of((await browser.get(LIST)).body)
        assert "4 exchanges" in page
        assert "We asked: Birch birch.example Record filed A child’s record Enrollment over" in page
        assert "We were asked: Birch birch.example Nothing provided yet" in page
        for query, found in (
            ("direction=in", {"waiting", "answered"}),
            ("state=refused", {"refused"}),
            ("direction=out&state=applied&purpose=enrollment", {"filed"}),
            (f"peer={BIRCH}", {"filed", "refused", "waiting", "answered"}),
            (f"peer={CEDAR}", set()),
            ("purpose=licensure", set()),
        ):
            shown = (await browser.get(f"{LIST}?{query}")).body.decode()
            assert set(re.findall(rf'href="{LIST}/([0-9a-f-]{{36}})"', shown)) == {str(made[one]) for one in found}, query
        for query in ("state=planted", "direction=planted", "purpose=planted", "peer=planted"):
            answer = await browser.get(f"{LIST}?{query}")
            assert answer.status == 422
            assert "planted" not in answer.body.decode()
        table = (await browser.get(f"{LIST}/export?direction=out")).body.decode()
        rows = list(csv.DictReader(io.StringIO(table)))
        assert tuple(rows[0]) == COLUMNS
        assert {row["id"] for row in rows} == {str(made["filed"]), str(made["refused"])}


@pytest.mark.requirement("CON-exchanges")
async def test_one_exchange_is_told_step_by_step_with_its_receipts_and_what_comes_next(console: Console) -> None:
    made = await exchanges_of_each_kind(console)
    browser = await console.browser("auditor")
    filed, refused, waiting, answered = [
        text_of((await browser.get(f"{LIST}/{made[one]}")).body) for one in ("filed", "refused", "waiting", "answered")
    ]
    steps = (
        "left",
        "put it on its record",
        "The other node answered: The record, sealed",
        "Entry 41 of our log",
        "Stored here",
        "Filed here",
    )
    assert [filed.index(one) for one in steps] == sorted(filed.index(one) for one in steps)
    assert "It came to nothing" in refused
    assert "Refused by the other state" in refused
    assert "The request came and is in our log" in waiting
    assert "in 14 days" in waiting
    assert "The record, sealed: left; no receipt yet" in answered
    assert "Nothing is provided: not taken in time" in answered
    assert LETTERS not in (await browser.get(f"{LIST}/{made['refused']}")).body.decode(), "only an operator deals with it"


@pytest.mark.requirement("UPGRADE-later-record")
async def test_people_read_that_not_all_of_a_record_is_known_to_this_version(console: Console) -> None:
    made = await exchanges_of_each_kind(console)
    auditor, spaniard = await console.browser("auditor"), await console.browser("operator")
    spaniard.cookies["language"] = "es"
    said = "Not all of the record is read: the other node’s version is later than ours"
    before = text_of((await auditor.get(f"{LIST}/{made['filed']}")).body)
    assert said not in before
    student_id, now = uuid4(), console.house.now
    about = {"custodian_id": uuid4(), "originating_agency": "x", "wrapped_key": b"", "version": 1, "facts_version": 0}
    await stored(
        console,
        StudentRow(id=student_id, created_at=now, changed_at=now, **about),
        SectionRow(student_id=student_id, section=UNREAD, source=str(made["filed"]), version=1, sealed=b""),
    )
    async with console.node.applications["records"].state.database.transaction() as tx:
        (await tx.get_one(ExchangeRequestRow, made["filed"])).student_id = student_id
    page = text_of((await auditor.get(f"{LIST}/{made['filed']}")).body)
    assert page.index("Filed here") < page.index(said)
    assert "kept sealed beside the record, and read after an upgrade" in page
    assert "la versión del otro nodo es posterior" in (await spaniard.get(f"{LIST}/{made['filed']}")).body.decode()


@pytest.mark.requirement("UPGRADE-sender-told")
async def test_people_read_what_the_other_node_does_not_know_of_a_record_that_went(console: Console) -> None:
    made = await exchanges_of_each_kind(console)
    auditor, spaniard = await console.browser("auditor"), await console.browser("operator")
    spaniard.cookies["language"] = "es"
    said, address = "The other node does not read all of it: its version is earlier than ours", f"{LIST}/{made['answered']}"
    assert said not in text_of((await auditor.get(address)).body)
    await told_unread(console, made["answered"], ("identity.name", WORDLESS), at=console.house.now)
    page = text_of((await auditor.get(address)).body)
    assert page.index("The record, sealed") < page.index(said)
    assert f"It keeps sealed, until it is upgraded: {ELEMENT_WORDS['identity.name']}, {WORDLESS}." in page
    assert "su versión es anterior a la nuestra" in (await spaniard.get(address)).body.decode()
    await told_unread(console, made["answered"], (), at=console.house.now + timedelta(days=1))
    assert said not in text_of((await auditor.get(address)).body), "it was upgraded"


async def test_a_district_sees_what_it_asked_and_not_what_the_state_was_asked(console: Console) -> None:
    made = await exchanges_of_each_kind(console)
    page = (await (await console.browser("district-officer")).get(LIST)).body.decode()
    assert set(re.findall(rf'href="{LIST}/([0-9a-f-]{{36}})"', page)) == {str(made["filed"]), str(made["refused"])}


async def test_a_node_that_the_trust_list_has_no_more_is_shown_as_text(console: Console) -> None:
    await stored(console, asked(console, Asked.PREPARED, console.house.now, holder=HOSTILE))
    page = (await (await console.browser("auditor")).get(LIST)).body.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;{{7*7}}" in page


async def form_of(browser: Browser, path: str) -> str:
    """The key of an act's form."""
    answer = await browser.get(path)
    assert answer.status == 200, answer.body
    [key] = re.findall(r'name="act" value="([^"]+)"', answer.body.decode())
    return str(key)


@pytest.mark.requirement("CON-forms")
async def test_an_operator_gives_up_what_did_not_arrive_once_with_a_reason_that_is_kept(console: Console) -> None:
    made = await exchanges_of_each_kind(console)
    browser = await console.browser("operator")
    letters = text_of((await browser.get(LETTERS)).body)
    assert "2 messages" in letters
    assert "It was not taken in the time that it had." in letters
    page = (await browser.get(f"{LETTERS}/{made['refused']}")).body.decode()
    assert f"{LETTERS}/{made['refused']}/requeue" in page
    path = f"{LETTERS}/{made['refused']}/abandonment"
    key = await form_of(browser, path)
    wrong = await browser.post(path, act=key, reason="")
    assert (wrong.status, "Fill this in." in wrong.body.decode()) == (422, True)
    for _ in range(2):
        answer = await browser.post(path, act=key, reason="no-longer-wanted")
        assert (answer.status, location_of(answer)) == (303, f"{LETTERS}/{made['refused']}")
    closed = text_of((await browser.get(f"{LETTERS}/{made['refused']}")).body)
    assert "Given up" in closed
    assert "It is not wanted any more" in closed
    assert "Send it again" not in closed
    other = await browser.post(path, act="b" * 32, reason="looked-into")
    assert other.status == 422
    assert str(made["refused"]) not in (await browser.get(LETTERS)).body.decode()
    assert str(made["refused"]) in (await browser.get(f"{LETTERS}?state=given-up")).body.decode()


async def test_what_cannot_be_sent_again_has_no_form_for_it_and_says_why(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers=PEERS) as console:
        made = await exchanges_of_each_kind(console)
        browser = await console.browser("operator")
        page = (await browser.get(f"{LETTERS}/{made['expired']}")).body.decode()
        assert "/requeue" not in page
        assert "The agency that asked can ask anew." in page
        path = f"{LETTERS}/{made['expired']}/requeue"
        refused = await browser.post(path, act=await form_of(browser, path), reason="fault-corrected")
        assert refused.status == 422
        assert "Nothing was changed yet" in refused.body.decode()


async def test_a_node_that_is_no_member_gets_nothing_again_and_nothing_is_changed(console: Console) -> None:
    made = await exchanges_of_each_kind(console)
    browser = await console.browser("operator")
    path = f"{LETTERS}/{made['expired']}/requeue"
    refused = await browser.post(path, act=await form_of(browser, path), reason="fault-corrected")
    assert refused.status == 403
    assert "Nothing was changed" in refused.body.decode()
    assert "Waits for somebody" in (await browser.get(f"{LETTERS}/{made['expired']}")).body.decode()


async def test_the_pages_are_read_in_spanish(console: Console) -> None:
    made = await exchanges_of_each_kind(console)
    browser = await console.browser("operator")
    browser.cookies["language"] = "es"
    pages = [(await browser.get(path)).body.decode() for path in (LIST, f"{LIST}/{made['filed']}", LETTERS, f"{LETTERS}/{made['refused']}")]
    for page, said in zip(pages, ("Expediente archivado", "Paso a paso", "No llegó", "¿Por qué no llegó?"), strict=True):
        assert said in page
