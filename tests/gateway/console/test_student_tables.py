"""What stands for one student, in tables: each sorted, narrowed, a file; for who may act for families, and holds for who places them."""

import re

import pytest

from services.gateway.console.student_tables import EXPORT, TABLES
from services.gateway.console.students import ONE
from tests.gateway.console.acting import done, links, opt_out
from tests.gateway.console.consoles import Console
from tests.gateway.console.enrolled import child, enrolled
from tests.gateway.console.narrowing import filed, narrowed, page_of
from tests.gateway.console.test_every_table import followed, heads_of
from tests.gateway.console.test_exchanges_on_pages import form_of
from tests.gateway.console.test_one_student import consented, found, given, said
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio


async def with_everything(console: Console, browser: Browser) -> str:
    """The page of a student of whom there is something in each table."""
    student_id = await enrolled(console, child())
    await given(console, student_id)
    await consented(console, student_id)
    path = await found(browser, **said())
    (opting,) = await links(browser, path, rf"{path}/opt-outs/[A-Za-z0-9_-]+")
    await done(browser, opting, **opt_out(console))
    return path


@pytest.mark.requirement("CON-tables")
async def test_what_stands_for_a_student_is_sorted_narrowed_and_given_as_files(console: Console) -> None:
    officer = await console.browser("privacy-officer")
    path = await with_everything(console, officer)
    for number, reason in ((1, "audit"), (2, "litigation")):
        key = await form_of(officer, f"{path}/hold")
        assert (await officer.post(f"{path}/hold", act=key, reason=reason, reference=f"case-{number}")).status == 303
    page = await page_of(officer, path)
    assert {one.rpartition("-")[0] for one in heads_of(page)} >= {"sort-consents", "sort-opt-outs", "sort-holds"}
    assert await followed(officer, path) == len(heads_of(page))
    assert await narrowed(officer, path) >= 7
    files = {name: await filed(officer, f"{path}/export?table={name}") for name in TABLES}
    (consent,), (opted,) = files["consents"], files["opt-outs"]
    assert (consent["state"], consent["elements"]) == ("in-force", ["identity.name"])
    assert opted["state"] == "in-force"
    assert [one["reference"] for one in await filed(officer, f"{path}/export?table=holds&sort-holds=what")] == ["case-1", "case-2"]
    (held,) = await filed(officer, f"{path}/export?table=holds&holds-kind=litigation")
    assert held["reference"] == "case-2"
    shown = await page_of(officer, f"{path}?holds-kind=litigation&sort=logged_at")
    assert ("case-2" in shown, "case-1" in shown) == (True, False)
    (form,) = re.findall(r'<form [^>]*data-swap="#accounting"[^>]*>.*?</form>', shown, re.DOTALL)
    assert '<input type="hidden" name="holds-kind" value="litigation">' in form, "the accounting's form keeps what holds are narrowed by"


@pytest.mark.requirement("CON-tables")
async def test_a_file_of_a_student_is_for_who_is_shown_the_table(console: Console) -> None:
    district = await console.browser("district-officer")
    path = await with_everything(console, district)
    assert len(await filed(district, f"{path}/export?table=consents")) == 1
    assert (await district.get(f"{path}/export?table=holds")).status == 403
    auditor = await console.browser("auditor")
    theirs = await found(auditor, **said())
    for table in TABLES:
        assert (await auditor.get(f"{theirs}/export?table={table}")).status == 403, table
    assert (await district.get(f"{path}/export?table=links")).status == 422
    assert (await district.get(f"{path}/export")).status == 422
    assert EXPORT.startswith(ONE)
