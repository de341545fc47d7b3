"""Alerts on their page: what was found, whether somebody has looked, narrowed, in pages, as a file; for the state's people alone."""

import json
import re
from html import unescape
from typing import get_args

import pytest

from safepassage.wire_alerts import AlertReason, AlertState
from services.gateway.console.alert_words import REASONS, STATES
from services.gateway.console.alerts import EXPORT, PATH, ROLES
from services.gateway.console.role_scopes import SCOPES_OF_ROLES
from tests.gateway.console.alerted import alerted
from tests.gateway.console.consoles import Console
from tests.gateway.console.narrowing import filed, page_of
from tests.gateway.console.test_decisions_on_pages import text_of

pytestmark = pytest.mark.anyio


def test_each_state_and_reason_has_its_words_and_the_page_is_for_who_may_read_alerts() -> None:
    assert set(STATES) == set(get_args(AlertState))
    assert set(REASONS) == set(get_args(AlertReason))
    assert set(ROLES) == {role for role, scopes in SCOPES_OF_ROLES.items() if "alerts:read" in scopes}


@pytest.mark.requirement("CON-tables")
async def test_alerts_say_what_was_found_what_came_of_it_and_where_it_is_in_the_log(console: Console) -> None:
    await alerted(console)
    await alerted(console, "index-lag", days_ago=2, because="corrected")
    auditor = await console.browser("auditor")
    page = await page_of(auditor, PATH)
    shown = text_of(page.encode())
    assert "2 alerts" in shown
    assert "Nothing was written into the log for long This node 9,000 usual: 600 Open" in shown
    assert "Looked into What was wrong was put right" in shown
    leads = re.findall(r'data-label="Found"><a href="(/console/log/[^"]+)"', page)
    assert [(await auditor.get(entry)).status for entry in leads] == [200, 200]
    assert f'href="{PATH}"' in await page_of(auditor, "/console")


async def test_an_alert_leads_to_its_entry_once_a_checkpoint_covers_that(console: Console) -> None:
    await alerted(console, covered=False)
    await alerted(console, "index-lag", days_ago=1)
    auditor = await console.browser("auditor")
    new, older = re.findall(r'data-label="Found">(<[a-z]+)', await page_of(auditor, PATH))
    assert (new, older) == ("<time", "<a"), "an entry that has no page yet is no link to one"
    assert [one["proof"] for one in await filed(auditor, EXPORT)] == ["pending", "published"]


@pytest.mark.requirement("CON-tables")
async def test_alerts_are_narrowed_on_the_page_and_in_the_file_which_tells_no_note(console: Console) -> None:
    await alerted(console)
    await alerted(console, "index-lag", days_ago=2, because="corrected")
    auditor = await console.browser("auditor")
    for query, rules in (
        ("", ["log-silence", "index-lag"]),
        ("?sort=found_at", ["index-lag", "log-silence"]),
        ("?state=open", ["log-silence"]),
        ("?state=acknowledged", ["index-lag"]),
        ("?rule=index-lag", ["index-lag"]),
        ("?state=open&rule=index-lag", []),
    ):
        assert [one["rule"] for one in await filed(auditor, f"{EXPORT}{query}")] == rules, query
        page = await page_of(auditor, f"{PATH}{query}")
        assert len(re.findall(r'data-label="Found"', page)) == len(rules)
        assert not rules or f'href="{EXPORT}{query}"' in unescape(page), query
    assert "No alert is like this." in await page_of(auditor, f"{PATH}?state=open&rule=index-lag")
    assert "note" not in json.dumps(await filed(auditor, EXPORT))
    assert (await auditor.get(f"{PATH}?rule=nothing")).status == 422


async def test_the_next_page_of_alerts_keeps_what_they_are_narrowed_by(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.console.alerts.ON_A_PAGE", 2)
    for days in range(3):
        await alerted(console, days_ago=days)
    await alerted(console, "index-lag")
    auditor = await console.browser("auditor")
    first = await page_of(auditor, f"{PATH}?rule=log-silence&sort=found_at")
    assert "2 alerts, and more" in first
    (more,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = await page_of(auditor, unescape(more))
    found = [re.findall(r'data-label="Found"><a href="([^"]+)"', page) for page in (first, second)]
    assert ([len(some) for some in found], len({one for some in found for one in some})) == ([2, 1], 3)
