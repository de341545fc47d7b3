"""The notices of a breach on the page and in its file: term or the law's words, whom it binds, and what was read; in both languages."""

import csv
import io
import json
import re
from html import unescape
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest

from safepassage.wire_duties import WaivedBecause
from services.gateway.console.breach_words import APPLIES_WORDS, NOTICE_COLUMNS, SOURCE_WORDS, STARTS
from services.gateway.console.duty_waiver import WAIVED_BECAUSE
from services.gateway.console.duty_words import NOTICE_WORDS, TO_WORDS
from services.gateway.console.radius_tables import EXPORT
from shared.breach_clocks import BREACH_CLOCKS, GENERAL, clocks_of
from tests.conftest import StandingClock
from tests.gateway.console.consoles import Console, open_console
from tests.gateway.console.crossing import PEERS
from tests.gateway.console.test_blast_radius_on_pages import asked, page_of
from tests.gateway.console.touched import stolen

pytestmark = pytest.mark.anyio

STATES = {"https://ride.example": "RI", "https://asdoe.example": "AS", "https://nysed.example": "NY", "https://cde.example": "CA"}


async def a_breach_in(console: Console) -> None:
    for node in STATES:
        await stolen(console, node=node)


def notices_of(page: str, state: str) -> list[str]:
    """What is read of each notice of a state."""
    (listed,) = re.findall(rf'<h3>{state} .*?<ul class="todo">(.*?)</ul>', page, re.DOTALL)
    shown = [re.sub(r'<time datetime="([^T]+)[^>]*>', r"on \1: ", one) for one in re.findall(r"<li>(.*?)</li>", listed, re.DOTALL)]
    return [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", one))).strip() for one in shown]


async def test_each_notice_says_until_when_whom_it_binds_and_what_was_read_of_its_law(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, **STATES}) as console:
        await a_breach_in(console)
        auditor = await console.browser("auditor")
        page = await page_of(auditor, await asked(auditor, "client", "stolen", discovered="2026-10-20T07:00"))
        for state, name in (("RI", "Rhode Island"), ("AS", "American Samoa"), ("NY", "New York"), ("CA", "California")):
            assert len(notices_of(page, name)) == len(clocks_of(state)), state
        people, concurrent, _police, businesses, _agreement = notices_of(page, "Rhode Island")
        assert "Within 30 days: no later than thirty (30) calendar days after confirmation of the breach" in people
        assert "on 2026-11-19: " in people
        assert "R.I. Gen. Laws 11-49.3-4(a)(2)(i). Binds public agencies. Read in the statute, undated." in people
        assert "Tell the authorities: attorney general, from 501 people on In the law’s words: without delaying notice" in concurrent
        assert not re.search(r"on 20\d\d|In \d+ days|Too late", concurrent), "a clock without a number has no date"
        assert "Binds businesses, so contractors" in businesses
        (samoan, _agreement) = notices_of(page, "American Samoa")
        assert "No text of the law was found: ask counsel." in samoan
        assert not re.search(r"Within|\d", samoan)
        assert "Fewer students than that were counted." in concurrent
        assert "Fewer students" not in people
        (copy,) = [one for one in notices_of(page, "California") if "1798.82(f)" in one]
        assert "At second hand, from a chart of others of 2026-01: compare the law" in copy
        assert not re.search(r"on 20\d\d|In \d+ days", copy), "it starts when the people were told, which nobody has said"


async def test_the_notices_are_a_file_for_who_writes_them(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, **STATES}) as console:
        await a_breach_in(console)
        auditor = await console.browser("auditor")
        path = await asked(auditor, "client", "stolen", discovered="2026-10-20T07:00")
        page = await page_of(auditor, path)
        assert f'href="{EXPORT}?{urlsplit(path).query.replace("&", "&amp;")}&amp;table=notices"' in page
        table = await auditor.get(f"{EXPORT}?{urlsplit(path).query}&table=notices")
        assert (table.status, table.headers["content-disposition"]) == (200, 'attachment; filename="notices.csv"')
        rows = list(csv.DictReader(io.StringIO(table.body.decode("utf-8-sig"))))
        assert tuple(rows[0]) == NOTICE_COLUMNS
        for state in STATES.values():
            found = [(row["kind"], row["hours"], row["citation"], row["compared"]) for row in rows if row["state"] == state]
            assert found == [
                (one.kind, "" if one.hours is None else str(one.hours), one.citation, str(one.compared)) for one in clocks_of(state)
            ], state
        assert {row["due_at"] for row in rows if not row["hours"]} == {""}
        whole = json.loads((await auditor.get(f"{EXPORT}?{urlsplit(path).query}&table=notices&form=json")).body)
        (agency,) = [one for one in whole if one["citation"] == "R.I. Gen. Laws 11-49.3-4(a)(2)(i)" and one["hours"]]
        assert (agency["due_at"], agency["applies"], agency["to"]) == ("2026-11-19T11:00:00.000Z", "agency", ["people"])


async def test_the_form_of_the_clocks_offers_what_the_discovery_starts_and_chooses_what_may_bind(
    tmp_path: Path, clock: StandingClock
) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, **STATES}) as console:
        await a_breach_in(console)
        officer = await console.browser("privacy-officer")
        page = await page_of(officer, await asked(officer, "client", "stolen", discovered="2026-10-20T07:00"))
        (start,) = re.findall(r'href="([^"]*/found/duties[^"]*)"', page)
        form = await page_of(officer, unescape(start))
        boxes = {name: "checked" in box for box, name in re.findall(r'(<input[^>]*type="checkbox"[^>]*id="([^"]+)"[^>]*>)', form)}
        offered = {one for state in STATES.values() for one in clocks_of(state) if one.from_discovery}
        assert set(boxes) >= {one.duty for one in offered}
        assert "breach-authority-told-ca-contractor-attorney-general" not in boxes, "it starts when the people were told"
        for one in offered:
            assert boxes[one.duty] == ((one.from_people or 0) <= 1 and (one.applies != "contractor" or "agency" in one.to)), one
        assert "Tell the people affected (American Samoa)" in form
        assert "No text of the law was found: ask counsel." in form


async def test_a_notice_without_a_number_is_shown_so_until_it_is_waived_with_a_reason(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, **STATES}) as console:
        await a_breach_in(console)
        officer = await console.browser("privacy-officer")
        page = await page_of(officer, await asked(officer, "client", "stolen", discovered="2026-10-20T07:00"))
        (start,) = map(unescape, re.findall(r'href="([^"]*/found/duties[^"]*)"', page))
        form = await page_of(officer, start)
        (key,) = re.findall(r'name="act" value="([0-9a-f]{32})"', form)
        kind = "breach-people-told-ca-agency"
        assert (await officer.post(start, act=key, evidence_ref="letter 4", **{kind: "yes"})).status == 303
        listed = await page_of(officer, "/console/duties?kind=breach-people-told")
        assert "Tell the people affected (California)" in listed
        assert "Without unreasonable delay" in re.findall(r"<tbody.*?</tbody>", listed, re.DOTALL)[0]
        assert "in the most expedient time possible" in listed
        (path,) = re.findall(r'href="(/console/duties/[^"]+/waived)"', listed)
        assert "The law names no number of days" in await page_of(officer, path.removesuffix("/waived"))
        form = await page_of(officer, path)
        (key,) = re.findall(r'name="act" value="([0-9a-f]{32})"', form)
        assert (await officer.post(path, act=key, because="", evidence_ref="letter 5")).status == 422
        assert (await officer.post(path, act=key, because="data-encrypted", evidence_ref="letter 5")).status == 303
        assert "No duty is in this state." in await page_of(officer, "/console/duties")
        one = await page_of(officer, path.removesuffix("/waived"))
        assert "The data was encrypted, and the key is safe" in one
        assert "/waived" not in one
        assert "/waived" not in await page_of(await console.browser("auditor"), "/console/duties?state=all")


def test_there_are_words_for_every_reason_of_a_waiver() -> None:
    assert set(WAIVED_BECAUSE) == set(get_args(WaivedBecause))


async def test_the_notices_are_said_in_spanish_with_the_laws_words_as_they_are(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, **STATES}) as console:
        await a_breach_in(console)
        auditor = await console.browser("auditor")
        auditor.cookies["language"] = "es"
        page = await page_of(auditor, await asked(auditor, "client", "stolen", discovered="2026-10-20T07:00"))
        people, concurrent, *_ = notices_of(page, "Rhode Island")
        assert "Avisar a las personas afectadas En 30 días" in re.sub(r"^En \d+ días ", "", people)
        assert "Leído en la ley, sin fecha." in people
        assert "fiscal general, a partir de 501 personas" in concurrent
        assert '<q lang="en">without delaying notice to affected Rhode Island residents</q>' in page
        assert "No se halló el texto de la ley: pregunte a su asesor jurídico." in notices_of(page, "Samoa Americana")[0]


def test_there_are_words_for_everything_that_a_row_says_in_codes() -> None:
    assert set(NOTICE_WORDS) == GENERAL
    assert set(TO_WORDS) == {to for one in BREACH_CLOCKS for to in one.to} - {"people", "agency"}
    assert set(APPLIES_WORDS) == {one.applies for one in BREACH_CLOCKS}
    assert set(SOURCE_WORDS) == {one.source for one in BREACH_CLOCKS} - {"none", "agreement"}
    assert {one.starts for one in BREACH_CLOCKS} - {""} == STARTS
