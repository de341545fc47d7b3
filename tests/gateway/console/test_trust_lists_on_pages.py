"""The trust list's history: which lists were taken and what each changed, in pages, by year, as a file."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from safepassage.canonical import canonical_json, digest_of, to_base64url
from services.gateway.console.trust_lists import EXPORT, ON_A_PAGE, PATH
from services.gateway.tables import TrustListRow
from tests.gateway.console.consoles import Console
from tests.gateway.console.narrowing import filed, page_of
from tests.gateway.console.test_decisions_on_pages import text_of

pytestmark = pytest.mark.anyio

OREGON, IDAHO = "https://oregon.example", "https://idaho.example"


async def taken(console: Console, serial: int, at: datetime, **members: str) -> None:
    """A list with these states, and the status of each."""
    named = [{"entity_id": f"https://{state}.example", "state": state, "status": status} for state, status in members.items()]
    document = json.dumps({"payload": to_base64url(canonical_json({"members": named})), "signatures": []})
    async with console.house.app.state.database.transaction() as tx:
        tx.add(TrustListRow(serial=serial, digest=digest_of(document.encode()), document=document, accepted_at=at))


@pytest.mark.requirement("CON-tables")
async def test_each_list_says_who_joined_who_left_and_whose_status_changed(console: Console) -> None:
    start = datetime(2025, 12, 30, tzinfo=UTC)
    await taken(console, 1, start, OR="active", ID="active")
    await taken(console, 2, start + timedelta(days=7), OR="suspended", ID="active", WA="active")
    await taken(console, 3, start + timedelta(days=14), OR="suspended", WA="active")
    auditor = await console.browser("auditor")
    page = text_of((await page_of(auditor, PATH)).encode())
    assert "3 lists" in page
    for said in ("Left: Idaho", "Joined: Washington Oregon: Suspended", "Joined: Idaho, Oregon"):
        assert said in page, said
    rows = await filed(auditor, EXPORT)
    assert [(one["serial"], one["members"], one["joined"], one["left"], one["status_changed"]) for one in rows] == [
        (3, 2, [], ["ID"], []),
        (2, 3, ["WA"], [], ["OR:suspended"]),
        (1, 2, ["ID", "OR"], [], []),
    ]
    for year, serials in (("2025", [1]), ("2026", [2, 3])):
        assert [one["serial"] for one in await filed(auditor, f"{EXPORT}?year={year}&sort=serial")] == serials
        found = await page_of(auditor, f"{PATH}?year={year}")
        assert len(re.findall(r'id="list-\d+"', found)) == len(serials)
    assert "Joined: Washington" in await page_of(auditor, f"{PATH}?year=2026"), "it is compared with the list before it, of whatever year"
    assert (await auditor.get(f"{PATH}?year=soon")).status == 422
    assert f'href="{PATH}"' not in await page_of(await console.browser("district-officer"), "/console")


async def test_a_long_history_is_read_page_by_page_from_either_end(console: Console) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    for n in range(ON_A_PAGE + 3):
        await taken(console, n + 1, start + timedelta(days=n), **({"OR": "active"} if n % 2 else {}))
    auditor = await console.browser("auditor")
    for sort, serials in (("serial", range(1, ON_A_PAGE + 4)), ("-serial", range(ON_A_PAGE + 3, 0, -1))):
        first = await page_of(auditor, f"{PATH}?sort={sort}&year=2025")
        (more,) = re.findall(r'href="([^"]+)" rel="next"', first)
        second = await page_of(auditor, unescape(more))
        found = [int(one) for page in (first, second) for one in re.findall(r'id="list-(\d+)"', page)]
        assert found == list(serials), sort
        assert len(re.findall("Joined: Oregon|Left: Oregon", first + second)) == ON_A_PAGE + 2, "each is compared, over pages too"
