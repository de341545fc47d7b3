"""What the filters of the log find, as a file: whole, in parts that show no seam, or a page that says why there is none yet."""

import json
import re
from datetime import UTC, datetime
from uuid import UUID

import pytest

from safepassage.wire_exports import ExportedRange, ExportPlan
from services.audit.exports import plan
from services.audit.index import lookup
from services.gateway.console.log_export import file_name
from shared.contracts.audit import Actor, Context, Event
from tests.audit.alerts.watched import stop_workers
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import log_of

pytestmark = pytest.mark.anyio

NOW = datetime(2027, 1, 2, tzinfo=UTC)
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
    monkeypatch.setattr(plan, "PART_ENTRIES", 2)
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
    monkeypatch.setattr(plan, "PART_ENTRIES", indexed + 3)
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


@pytest.mark.requirement("LOG-EXPORTS")
async def test_a_file_is_named_after_the_last_entry_that_it_may_have(console: Console) -> None:
    """What is not under a checkpoint when the file begins is not in it."""
    await console.settle()
    await acts(console, "x", 5)
    browser = await console.browser("auditor")
    answer = await browser.get("/console/log/export?format=jsonl")
    last = max(json.loads(line)["index"] for line in answer.body.splitlines())
    name = answer.headers["content-disposition"].partition('"')[2].rstrip('"')
    assert re.fullmatch(rf"log-export-until-2026-entry-{last}-[0-9a-f-]{{36}}\.jsonl", name)


def test_of_a_log_of_several_years_the_newest_names_the_file_and_of_none_nothing_does() -> None:
    ranges = [ExportedRange(log=str(year), year=year, start=0, end=end, checkpoint="") for year, end in ((2026, 7), (2027, 3), (2025, 9))]
    about = {"node": "https://alder.example", "format": "csv", "search_digest": "A" * 43, "planned_at": NOW, "part_entries": 5, "parts": 0}
    some = ExportPlan(id=UUID(int=7), ranges=tuple(ranges), **about)
    assert file_name(some) == f"log-export-until-2027-entry-2-{UUID(int=7)}"
    assert file_name(ExportPlan(id=UUID(int=7), ranges=(), **about)) == f"log-export-{UUID(int=7)}"
