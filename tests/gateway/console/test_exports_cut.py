"""A file that has only the first rows of its list says so in its name: nobody takes it for the whole (docs/decisions/0088)."""

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from services.audit.index import lookup
from services.gateway.console import agreements, decisions, duties_export, exchanges, settings_export
from shared.contracts.audit import Actor, Context, Event
from tests.audit.alerts.watched import stop_workers
from tests.gateway.console.agreed import agreed
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import log_of
from tests.gateway.console.decided import one_of_each
from tests.gateway.console.exchanged import exchanges_of_each_kind
from tests.gateway.console.test_pages import one_duty
from tests.gateway.people.signing_in import Answer

pytestmark = pytest.mark.anyio

CONSOLE: Final = Path(decisions.__file__).parent
LISTS: Final[dict[str, tuple[ModuleType, str]]] = {
    "agreements": (agreements, "/console/agreements/export"),
    "decisions": (decisions, "/console/decisions/export"),
    "duties": (duties_export, "/console/duties/export"),
    "exchanges": (exchanges, "/console/exchanges/export"),
}


def name_of(answer: Answer) -> str:
    found = re.search('filename="([^"]+)"', answer.headers["content-disposition"])
    assert found is not None
    return found[1]


@pytest.mark.requirement("CON-exports-cut")
async def test_a_file_of_the_first_rows_alone_is_called_so_and_a_whole_one_is_not(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one_of_each(console)
    await exchanges_of_each_kind(console)
    await agreed(console)
    for kind in ("answer-public-question", "annual-notice"):
        await one_duty(console, kind)
    browser = await console.browser("auditor")
    for module in (agreements, duties_export):
        monkeypatch.setattr(module, "AT_ONCE", 1)  # a page is one row
    for name, (module, path) in LISTS.items():
        asked = f"{path}?form="
        whole = json.loads((await browser.get(f"{asked}json")).body)
        assert len(whole) > 1, name
        for most, called in ((len(whole), name), (len(whole) - 1, f"{name}-first-{len(whole) - 1}"), (1, f"{name}-first-1")):
            monkeypatch.setattr(module, "IN_AN_EXPORT", most)
            for form in ("json", "csv"):
                answer = await browser.get(f"{asked}{form}")
                assert (answer.status, name_of(answer)) == (200, f"{called}.{form}")
            assert json.loads((await browser.get(f"{asked}json")).body) == whole[:most]


@pytest.mark.requirement("CON-exports-cut")
async def test_a_file_of_who_did_what_says_how_many_of_the_newest_entries_were_not_looked_through(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its page does: entries that the index of the log has not yet, more than a search looks through by itself."""
    path, log, browser = "/console/settings/acts/export", log_of(console), await console.browser("auditor")
    await console.settle()
    await log.app.state.projector.catch_up()
    indexed = log.sequencer.size
    await stop_workers(log, "_keep_index")
    had = json.loads((await browser.get(f"{path}?form=json")).body)
    actor, context = Actor(kind="client", client_id="sis-1"), Context(operation="x")
    await log.append(*[Event(class_="administration", key=f"act-{n}", actor=actor, context=context) for n in range(3)], service="gateway")
    monkeypatch.setattr(lookup, "LOOKED_AT", 2)
    for sort in ("-logged_at", "logged_at"):
        behind = log.sequencer.size - indexed
        said = f"The index of the log is behind: the newest {behind} entries were not looked through."
        assert said in (await browser.get(f"/console/settings?sort={sort}")).body.decode()
        for form in ("json", "csv"):
            behind = log.sequencer.size - indexed
            answer = await browser.get(f"{path}?sort={sort}&form={form}")
            assert (answer.status, name_of(answer)) == (200, f"acts-without-newest-{behind}.{form}")
    behind, newest = log.sequencer.size - indexed, f"{path}?form=json"
    assert json.loads((await browser.get(newest)).body) == had
    monkeypatch.setattr(settings_export, "IN_AN_EXPORT", 1)
    assert name_of(await browser.get(newest)) == f"acts-without-newest-{behind + 1}-first-1.json"
    await log.app.state.projector.catch_up()
    assert name_of(await browser.get(newest)) == "acts-first-1.json"
    assert "The index of the log is behind" not in (await browser.get("/console/settings")).body.decode()


@pytest.mark.parametrize("path", sorted(CONSOLE.glob("*.py")), ids=lambda path: path.stem)
def test_each_list_that_leaves_in_part_is_told_how_much_of_it(path: Path) -> None:
    """But for the students of a breach, of whom all leave or none."""
    text = path.read_text(encoding="utf-8")
    if "IN_AN_EXPORT: Final" in text and path.stem != "blast_radius":
        assert "[:IN_AN_EXPORT]" not in text
        assert len(re.findall(r"exported\([^\n]+ most=IN_AN_EXPORT\)", text)) == 1
