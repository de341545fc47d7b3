"""Searches of the log that an organisation keeps, in a table: by what they look for, as a file that tells nothing of a person."""

import json
from uuid import uuid4

import pytest

from services.gateway.console.log_kept import EXPORT
from services.gateway.console.log_search import SAVED
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.console.narrowing import filed, narrowed, page_of
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio


async def kept(browser: Browser, name: str, **filters: str) -> None:
    """A search that is kept under a name."""
    answer = await browser.post(SAVED, act=uuid4().hex, name=name, **filters)
    assert answer.status == 303, answer.body


@pytest.mark.requirement("CON-tables")
async def test_kept_searches_are_a_table_that_says_what_they_look_for_and_ends_them(console: Console) -> None:
    auditor = await console.browser("auditor")
    await kept(auditor, f"Refusals {HOSTILE}", kind="disclosure", outcome="deny")
    await kept(auditor, "All of an address", operation="student-lookup")
    page = await page_of(auditor, SAVED)
    assert "2 kept searches" in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") == 2
    assert await narrowed(auditor, SAVED) == 3, "two kinds and a year"
    rows = await filed(auditor, f"{EXPORT}?sort=name")
    assert [one["name"] for one in rows] == ["All of an address", f"Refusals {HOSTILE}"]
    assert set(rows[0]) == {"id", "name", "saved_at", "classes"}
    assert "student-lookup" not in json.dumps(rows)
    assert f'href="{SAVED}"' in await page_of(auditor, "/console/log")
    officer = await console.browser("district-officer")
    assert await filed(officer, EXPORT) == [], "another organisation's are its own"
    assert (await auditor.post(f"{SAVED}/{rows[0]['id']}/end", act="a" * 32)).status == 303
    assert "1 kept search" in await page_of(auditor, SAVED)
