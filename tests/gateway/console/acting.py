"""Pages of each role and the forms of its acts, with data: for the sweep in a browser, and for the gallery."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

from services.gateway.console import agreements_shown, dead_letters, duties, exchanges, matches, suspension
from services.gateway.console.blast_radius import DUTIES, FOUND
from tests.gateway.console.agreed import agreed, credential_of, vendor_of
from tests.gateway.console.consoles import Console
from tests.gateway.console.enrolled import called, child, enrolled, in_doubt
from tests.gateway.console.exchanged import exchanges_of_each_kind
from tests.gateway.console.test_one_student import LIST, consented, found, given
from tests.gateway.console.test_pages import one_duty
from tests.gateway.console.touched import stolen
from tests.gateway.people.signing_in import Browser

Shown = tuple[Browser, list[str]]
"""Somebody, and paths that they may open."""


async def links(browser: Browser, path: str, *shapes: str) -> list[str]:
    """The addresses of a page that have one of the shapes, the first of each."""
    page = (await browser.get(path)).body.decode()
    return [link[1] for one in shapes if (link := re.search(rf'href="({one})"', page))]


async def of_operator(console: Console) -> Shown:
    """What did not arrive, and what may be done about it."""
    await exchanges_of_each_kind(console)
    operator = await console.browser("operator")
    one, *_ = await links(operator, dead_letters.PATH, rf"{dead_letters.PATH}/[0-9a-f-]+")
    acts = await links(operator, one, rf"{one}/requeue", rf"{one}/abandonment")
    return operator, [dead_letters.PATH, one, *acts, exchanges.PATH, "/console"]


async def _doubts(console: Console) -> list[str]:
    sought = child()
    ids = [await enrolled(console, sought), await enrolled(console, called(sought, middle="Zebedee", last_1="Otherwise"))]
    about = [await in_doubt(console, ids, asked_for=sought), await in_doubt(console, ids)]
    return [path for one in about for path in (f"{matches.PATH}/{one}", f"{matches.PATH}/{one}/decision")]


async def _student(console: Console, browser: Browser) -> list[str]:
    student_id = await enrolled(console, child(3))
    await given(console, student_id)
    await given(console, student_id)
    await consented(console, student_id)
    path = await found(browser, student_id=str(student_id))
    of_holders = [rf"{path}/{act}/[A-Za-z0-9_-]+" for act in ("family-links", "opt-outs", "paper-consents")]
    return [path, *await links(browser, path, rf"{path}/hold", rf"{path}/consents/[0-9a-f-]+/withdrawal", *of_holders)]


async def of_privacy_officer(console: Console) -> Shown:
    """Matches, one student with all its acts, a suspension and its lifting, the clocks of a breach, a duty done."""
    officer = await console.browser("privacy-officer")
    await one_duty(console)
    vendor = await vendor_of(console)
    await credential_of(console, vendor)
    agreement = await agreed(console, vendor)
    suspend = suspension.SUSPEND.format(agreement_id=agreement.id)
    await stolen(console)
    asked = f"of=client&which=stolen&from=2026-01-01T00:00:00Z&until=2027-12-31T00:00:00Z&discovered=2026-10-19T09:00:00Z&count={uuid4()}"
    counted = f"{FOUND}?{asked}"
    await officer.get(counted)
    return officer, [
        matches.PATH,
        *await _doubts(console),
        LIST,
        *await _student(console, officer),
        agreements_shown.path_of(agreement.id),
        suspend,
        f"{DUTIES}?{asked}",
        *await links(officer, f"{duties.PATH}?state=overdue", rf"{duties.PATH}/[0-9a-f-]+/done"),
    ]


async def of_district_officer(console: Console) -> Shown:
    """The pages of one district."""
    officer = await console.browser("district-officer")
    menu = ("/console", "/console/log", "/console/exchanges", "/console/decisions", "/console/agreements", "/console/duties")
    return officer, [*menu, matches.PATH, *await _student(console, officer), "/console/statistics"]


async def pages_of_roles(console: Console) -> AsyncIterator[Shown]:
    """Of each role in turn."""
    for made in (of_operator, of_privacy_officer, of_district_officer):
        yield await made(console)
