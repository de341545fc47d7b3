"""An entry's page at a node whose log a real second node witnesses: what the browser counts of its cosignatures."""

import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest

from node.demo.network import new_nodes
from node.demo.processes import free_port
from node.embedded import EmbeddedNode
from services.gateway.console.proof_words import SAYS
from shared.clock import system_clock
from tests.chromium import browser
from tests.conftest import StandingClock
from tests.gateway.console.consoles import console_in
from tests.gateway.console.foreign.of_log import place_of_entry
from tests.gateway.console.looking import Looked
from tests.gateway.console.test_entry_proof_in_a_browser import LOG, checked
from tests.gateway.door.production import serving

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.mark.requirement("CON-log")
async def test_the_witness_of_another_state_is_named_and_its_signatures_are_as_many_as_the_policy_asks_for(tmp_path: Path) -> None:
    alder, birch = new_nodes(tmp_path, ports=(free_port(), free_port()))
    clock = cast("StandingClock", system_clock)  # the browser has a clock of its own
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(EmbeddedNode(birch).running())
        await stack.enter_async_context(serving(other.applications["gateway"], port=birch.file.port))
        console = await stack.enter_async_context(console_in(alder, clock))
        await stack.enter_async_context(serving(console.house.app, port=alder.file.port))
        page = await stack.enter_async_context(browser())
        await page.open("about:blank")
        looked = Looked(console, page, f"http://127.0.0.1:{alder.file.port}")
        await looked.sign_in("auditor")
        place = await place_of_entry(console)
        year, _, index = place.partition("-")
        await console.node.applications["audit"].state.publisher.until_witnessed(int(year), int(index) + 1, seconds=30)
        await looked.go(f"{LOG}/{place}")
        shown = await checked(looked)
        name = f"127.0.0.1:{birch.file.port}/witness"
        assert f"{SAYS['by-witnesses']} {name}." in shown["verdict"]
        # It has two keys, and the policy asks for both; the other one is ML-DSA's.
        assert SAYS["quorum-open"] in shown["verdict"]
        assert [state for state, _ in shown["steps"].values()][:5] == ["ok"] * 5
        await looked.go("/console")
        health = str(await page.value("document.querySelector('.health--good').textContent"))
        assert "The log is witnessed." in health
        assert re.search(r"\d+ entr(y|ies)\. Last witnessed [A-Z][a-z]{2} \d+, .* [A-Z]+, by Birch\.", health), health
        assert page.complaints == []
