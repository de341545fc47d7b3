"""Tables that are wholly on a page: each code of each filter of theirs is chosen, on the page and in the file."""

import csv
import io
import json
import re
from html import unescape
from urllib.parse import urlencode

from tests.gateway.people.signing_in import Browser

SELECT = re.compile(r'<select id="[^"]+" name="([^"]+)">(.*?)</select>', re.DOTALL)
WHOLE = re.compile(
    r'<p class="exports">Export: <a href="([^"]+)">CSV</a>[^\n]*\s*'
    r'<details class="narrow"(?: open)?><summary id="narrow-([\w-]+)"[^>]*>Filter \(([^)]*)\)</summary>\s*'
    r'<form method="get" action="([^"]+)"[^>]*>(.*?)</form></details>',
    re.DOTALL,
)
"""A table that is wholly on its page: its file, its name, how many rows, and its form."""


async def page_of(browser: Browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status == 200, (path, answer.body)
    return answer.body.decode()


async def narrowed(browser: Browser, path: str) -> int:
    """Choose each code of each filter of a page's whole tables: as many rows as are told, on the page and in the file. Gives how many."""
    page, tried = await page_of(browser, path), 0
    for export, name, number, action, form in WHOLE.findall(page):
        every = await filed(browser, export)
        assert len(every) == int(number), (path, name)
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))
        kept = {key: unescape(value) for key, value in hidden.items()}
        choices = {field: re.findall(r'<option value="([^"]+)"', options) for field, options in SELECT.findall(form)}
        assert choices, (path, name, "it can be narrowed")
        for field, codes in choices.items():
            lines = [await one_choice(browser, f"{action}?{urlencode({**kept, field: code})}", name, number) for code in codes]
            assert {json.dumps(line) for some in lines for line in some} <= {json.dumps(line) for line in every}, (path, field)
            tried += len(codes)
    return tried


async def one_choice(browser: Browser, path: str, name: str, number: str) -> list[dict[str, object]]:
    """Lines of the file of a table that is narrowed so."""
    there = await page_of(browser, path)
    (found,) = [one for one in WHOLE.findall(there) if one[1] == name]
    lines = await filed(browser, found[0])
    assert found[2] == f"{len(lines)} of {number}", path
    assert lines, (path, "what can be chosen is there")
    assert f"narrow-{name}" in there.partition('<details class="narrow" open>')[2][:80], (path, "what it is narrowed by is seen")
    return lines


async def filed(browser: Browser, export: str) -> list[dict[str, object]]:
    """The lines of a file, the same in both forms."""
    address = unescape(export)
    table = list(csv.DictReader(io.StringIO(await page_of(browser, address))))
    lines: list[dict[str, object]] = json.loads(await page_of(browser, f"{address}{'&' if '?' in address else '?'}form=json"))
    assert len(table) == len(lines), address
    return lines
