"""A contractor's notice of a breach starts the clocks that count from it: once, from when it came; in both languages."""

import re
from collections import Counter
from datetime import UTC, datetime
from html import unescape

import pytest

from safepassage.wire_duties import DutyPage
from services.gateway.console.contractor_notice import PATH, STARTED
from shared.breach_clocks import BREACH_CLOCKS, NOTICE_CAME
from tests.gateway.console.consoles import Console
from tests.gateway.console.test_blast_radius_on_pages import page_of, reader
from tests.gateway.people.signing_in import Browser, location_of

pytestmark = pytest.mark.anyio

CONNECTICUT, NEW_YORK = "breach-people-told-ct-agency", "breach-families-told-ny"
CAME = "2026-10-19T09:00"
"""In New York."""


def chosen(*kinds: str) -> dict[str, str]:
    return {f"notices.{kind}": "yes" for kind in kinds}


def boxes(page: str) -> dict[str, str]:
    """By kind, what is said of each notice."""
    found = re.findall(r'<label><input type="checkbox" name="notices\.([^"]+)" value="yes"(?: checked)?> <span>(.*?)</span></label>', page)
    return {kind: unescape(said) for kind, said in found}


async def duties(console: Console) -> DutyPage:
    return await (await reader(console, "privacy-officer")).read("privacy", "/v1/duties", DutyPage, {"state": "all"})


async def nothing_began(console: Console) -> bool:
    return not (await duties(console)).duties


def test_what_a_contractors_notice_starts_is_every_clock_of_an_agency_that_says_so() -> None:
    said = {clock.starts for clock in BREACH_CLOCKS if "notice" in clock.starts}
    assert said == NOTICE_CAME, "each way in which the rows say that a notice starts a clock"
    bound = {clock.duty for clock in BREACH_CLOCKS if "notice" in clock.starts and clock.applies != "contractor"}
    assert (set(STARTED), len(STARTED)) == (bound, len(bound))
    assert CONNECTICUT in STARTED


async def test_connecticuts_two_days_run_from_when_the_notice_came_once_for_each_breach(console: Console) -> None:
    officer = await console.browser("privacy-officer")
    assert f'href="{PATH}"' in await page_of(officer, "/console/duties")
    offered = boxes(await page_of(officer, PATH))
    assert tuple(offered) == STARTED
    assert offered[CONNECTICUT] == "Tell the people affected (Connecticut). Within 48 hours. Conn. Gen. Stat. 10-234dd"
    assert offered["breach-people-told-vt-unclear"].startswith("Tell the people affected (Vermont). ")
    assert "Without unreasonable delay" in offered["breach-people-told-hi-both"]
    for key in ("a" * 32, "a" * 32, "b" * 32):
        answer = await officer.post(PATH, act=key, came=CAME, evidence_ref="letter 4", **chosen(CONNECTICUT, NEW_YORK))
        assert (answer.status, location_of(answer)) == (303, "/console/duties"), answer.body
    made = (await duties(console)).duties
    both = (CONNECTICUT, NEW_YORK)
    assert Counter((one.kind, one.about) for one in made) == Counter((kind, f"breach:{key * 32}") for kind in both for key in "ab")
    came = datetime(2026, 10, 19, 13, tzinfo=UTC)
    assert {one.begins_at for one in made} == {came}
    assert {one.overdue_at for one in made if one.kind == CONNECTICUT} == {datetime(2026, 10, 21, 13, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("form", "said", "at"),
    [
        ({"came": CAME, "evidence_ref": "letter 4"}, "Choose at least one notice.", "notices"),
        ({"came": CAME, "evidence_ref": "letter 4", "notices.breach-people-told-ri-agency": "yes"}, "Choose at least one", "notices"),
        ({"came": "", "evidence_ref": "letter 4", **chosen(CONNECTICUT)}, "Fill this in.", "came"),
        ({"came": "yesterday", "evidence_ref": "letter 4", **chosen(CONNECTICUT)}, "This cannot be read.", "came"),
        ({"came": "2027-10-19T09:00", "evidence_ref": "letter 4", **chosen(CONNECTICUT)}, "This is later than now.", "came"),
        ({"came": CAME, "evidence_ref": "", **chosen(CONNECTICUT)}, "Fill this in.", "evidence_ref"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_no_clock_starts(
    console: Console, form: dict[str, str], said: str, at: str
) -> None:
    officer = await console.browser("privacy-officer")
    answer = await officer.post(PATH, act="a" * 32, **form)
    page = answer.body.decode()
    assert answer.status == 422
    assert re.search(rf'id="wrong-{at}">.*?{re.escape(said)}', page)
    assert (f'name="notices.{CONNECTICUT}" value="yes" checked' in page) == (f"notices.{CONNECTICUT}" in form)
    assert f'value="{form["evidence_ref"]}"' in page
    assert await nothing_began(console)


async def test_who_may_not_start_clocks_is_not_led_to_the_form_and_does_nothing_there(console: Console) -> None:
    form = {"act": "a" * 32, "came": CAME, "evidence_ref": "letter 4", **chosen(CONNECTICUT)}
    for role in ("auditor", "approver"):
        browser: Browser = await console.browser(role)
        assert PATH not in (await browser.get("/console/duties")).body.decode()
        assert [(await browser.get(PATH)).status, (await browser.post(PATH, **form)).status] == [403, 403]
    assert await nothing_began(console)
    district = await console.browser("district-officer")
    assert (await district.post(PATH, **form)).status == 303


async def test_the_form_is_read_in_spanish(console: Console) -> None:
    officer = await console.browser("privacy-officer")
    officer.cookies["language"] = "es"
    page = await page_of(officer, PATH)
    assert "Un contratista nos avisó de una brecha" in page
    assert "Cuándo llegó el aviso" in page
    assert boxes(page)[CONNECTICUT] == "Avisar a las personas afectadas (Connecticut). En 48 horas. Conn. Gen. Stat. 10-234dd"
