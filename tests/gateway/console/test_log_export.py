"""What the filters of the log find, as a file: whole, in parts that show no seam, or a page that says why there is none yet."""

import json

import pytest

from services.audit.exports import routes
from services.audit.index import lookup
from shared.contracts.audit import Actor, Context, Event
from tests.audit.alerts.watched import stop_workers
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import log_of

pytestmark = pytest.mark.anyio

PATH = "/console/log/export?kind=administration"


async def acts(console: Console, name: str, count: int) -> None:
    """So many acts on record, under a signed checkpoint."""
    actor, context = Actor(kind="client", client_id="sis-1"), Context(operation=name)
    made = [Event(class_="administration", key=f"{name}-{n}", actor=actor, context=context) for n in range(count)]
    await log_of(console).append(*made, service="gateway")
    await log_of(console).sequencer.publish_now()


@pytest.mark.requirement("LOG-EXPORTS")
async def test_the_parts_of_a_file_show_no_seam(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    await console.settle()
    await acts(console, "x", 5)
    browser = await console.browser("auditor")
    whole = (await browser.get(PATH)).body
    assert whole.count(b"\r\n") > 5
    monkeypatch.setattr(routes, "PART_ENTRIES", 2)
    assert (await browser.get(PATH)).body == whole
    lines = (await browser.get(f"{PATH}&format=jsonl")).body.splitlines()
    indexes = [json.loads(line)["index"] for line in lines]
    assert (len(indexes), indexes) == (whole.count(b"\r\n") - 1, sorted(indexes))


@pytest.mark.requirement("LOG-EXPORTS")
async def test_while_the_index_is_behind_a_page_says_so_and_no_file_begins(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the newest part is so small that it is looked through without the index too."""
    await console.settle()
    await log_of(console).app.state.projector.catch_up()
    await stop_workers(log_of(console), "_keep_index")
    indexed = log_of(console).sequencer.size
    monkeypatch.setattr(routes, "PART_ENTRIES", indexed + 3)
    monkeypatch.setattr(lookup, "LOOKED_AT", 2)
    browser = await console.browser("auditor")
    await acts(console, "x", 4)
    for form in ("csv", "jsonl"):
        answer = await browser.get(f"{PATH}&format={form}")
        assert (answer.status, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
        said = answer.body.decode()
        assert "Index of the log has not caught up yet" in said
        assert "Ask again in some seconds" in said
        assert "content-disposition" not in answer.headers
    await log_of(console).app.state.projector.catch_up()
    answer = await browser.get(f"{PATH}&format=jsonl")
    made = [json.loads(line) for line in answer.body.splitlines()][-4:]
    assert (answer.status, [one["context"]["operation"] for one in made]) == (200, ["x"] * 4)
