"""An entry's page: one sentence, its law and evidence, what left and stayed, what came before and after, and what is needed to prove it."""

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest

import services.gateway.console
from safepassage.notes import parse_vkey
from safepassage.tlog_proof import parse_proof_file, verify_proof_file
from services.gateway.console.proof_words import REASONS, SAYS
from shared.contracts.audit import Actor, Context, Event
from tests.audit.audit_node import disclosure
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.console.crossing import log_of
from tests.gateway.console.decided import decided
from tests.gateway.console.foreign.of_log import place_of_entry
from tests.gateway.console.test_decisions_on_pages import text_of

pytestmark = pytest.mark.anyio

LOG = "/console/log"
STATIC = Path(services.gateway.console.__file__).parent / "static"


def test_every_reason_and_word_of_the_scripts_is_there() -> None:
    reasons = set()
    for name in ("merkle.js", "signed-note.js", "proof.js", "verify-page.js"):
        text = (STATIC / name).read_text()
        reasons |= set(re.findall(r"'([a-z]+(?:-[a-z0-9]+)+)'\s*[),;]", text)) & set(
            re.findall(r"(?:must\(.*|NotProven\(|decimal\(.*|mustVerify\(.*|fromBase64\w*\(.*)'([a-z]+(?:-[a-z0-9]+)+)'", text)
        )
    assert reasons <= set(REASONS)
    assert {"root-differs", "signature-invalid", "cosignature-invalid", "history-differs", "path-too-long"} <= reasons
    words = set(re.findall(r"word\('([a-z-]+)'\)|word\(`([a-z-]+)", (STATIC / "verify-page.js").read_text()))
    assert {one or f"{other}actor" for one, other in words} <= {*SAYS, *REASONS}


async def of_one_exchange(console: Console) -> tuple[list[str], str]:
    """Asked, and sent: two entries of an exchange, and its id."""
    log, student = log_of(console), uuid4()
    left = disclosure(log, student, custodian=console.district.id)
    exchange = left.context.exchange_id
    peer = Actor(kind="peer", client_id="https://birch.example")
    asked = Event(
        class_="request",
        key=f"{exchange}:asked",
        subjects=(student,),
        custodians=(console.district.id,),
        actor=peer,
        context=Context(operation="exchange", outcome="accepted", purpose="enrollment", exchange_id=exchange),
    )
    made = await log.append(asked, left)
    return [f"{console.house.now.year}-{one.index}" for one in made.entries], str(exchange)


@pytest.mark.requirement("CON-log")
async def test_an_entry_is_told_in_a_sentence_with_its_law_and_what_came_before_and_after_it(console: Console) -> None:
    (asked, left), exchange = await of_one_exchange(console)
    browser = await console.browser("auditor")
    page = (await browser.get(f"{LOG}/{left}")).body
    said = text_of(page)
    assert "Records of 1 student were given to birch.example by the node itself, exchange." in said
    assert "34 CFR 99.31(a)(2)" in said
    assert "The elements that this entry names (1) Name" in said
    assert re.search(r"Before and after .* Records were asked for Accepted .* Records left Permitted this entry", said)
    assert f'href="{LOG}/{asked}"' in page.decode()
    assert f'href="/console/exchanges/{exchange}"' in page.decode()
    assert f"safepassage verify entry-{left}.tlog-proof --log-key" in said


async def test_of_a_decision_it_says_what_may_leave_what_stays_and_leads_to_why(console: Console) -> None:
    decision = await decided(console)
    await console.settle()
    await place_of_entry(console)  # a checkpoint covers it
    browser = await console.browser("privacy-officer")
    rows = (await browser.get(f"{LOG}?kind=decision")).body.decode()
    (href,) = re.findall(rf'<a href="({LOG}/\d+-\d+)"', rows)
    page = (await browser.get(href)).body
    assert f'href="/console/decisions/{decision}"' in page.decode()
    assert re.search(r"Might leave \(3\) Name Addresses Transcript Stayed \(1\) Social Security number", text_of(page))


async def test_an_entry_that_is_none_is_said_to_be_none(console: Console) -> None:
    auditor = await console.browser("auditor")
    for place in ("2026-999", "1999-0", "2026-01", "2026--1", "x", "2026-1.0", "2026-9999999999999999"):
        for more in ("", "/proof", "/tlog-proof"):
            assert (await auditor.get(f"{LOG}/{place}{more}")).status == 404, place + more


@pytest.mark.requirement("CON-log")
async def test_the_proof_that_is_downloaded_is_what_the_sdk_verifies_with_the_keys_of_the_page(console: Console) -> None:
    place = await place_of_entry(console)
    browser = await console.browser("auditor")
    answer = await browser.get(f"{LOG}/{place}/tlog-proof")
    assert answer.headers["content-disposition"] == f'attachment; filename="entry-{place}.tlog-proof"'
    proof = parse_proof_file(answer.body)
    page = (await browser.get(f"{LOG}/{place}")).body.decode()
    vkey = re.findall(r"--log-key (?:&#39;|')([^&']+)(?:&#39;|')", page)[0]
    origin = re.findall(r'data-origin="([^"]+)"', page)[0]
    verify_proof_file(proof, entry=proof.extra or b"", origin=origin, keys=[parse_vkey(vkey)])
    bundle = json.loads((await browser.get(f"{LOG}/{place}/proof")).body)
    assert bundle["log_keys"] == [vkey]
    assert sorted(one["group"] for one in bundle["openings"]) == ["actor", "context", "subject"]


async def test_the_path_between_two_sizes_and_no_policy_where_nobody_witnesses(console: Console) -> None:
    await place_of_entry(console)
    browser, year = await console.browser("auditor"), console.house.now.year
    found = json.loads((await browser.get(f"{LOG}/consistency?year={year}&from=1&to=3")).body)
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in found["path"])
    assert found["path"]
    assert (await browser.get(f"{LOG}/consistency?year={year}&from=3&to=1")).status in (400, 409, 422)
    assert (await browser.get(f"{LOG}/witnesses.policy?year={year}")).status == 409


async def test_the_words_of_others_are_text_and_a_page_is_read_in_spanish(console: Console) -> None:
    log = log_of(console)
    hostile = Event(
        class_="received",
        key=f"{uuid4()}:received",
        custodians=(console.district.id,),
        actor=Actor(kind="peer", client_id=f"https://{HOSTILE}"),
        context=Context(operation="exchange", outcome="package", purpose="safety"),
    )
    place = f"{console.house.now.year}-{(await log.append(hostile)).entries[0].index}"
    browser = await console.browser("auditor")
    page = (await browser.get(f"{LOG}/{place}")).body.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    browser.cookies["language"] = "es"
    assert "¿Se alteró esta entrada?" in (await browser.get(f"{LOG}/{place}")).body.decode()
