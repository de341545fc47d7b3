"""Counting where the students of a breach live, in a browser: it goes on by itself, and what it shows can be seen by everybody."""

import re
from pathlib import Path

import pytest

from services.audit import radius_counts, radius_parts
from services.gateway.console import radius_residence
from tests.axe import found_by_axe
from tests.gateway.console.looking import looking
from tests.gateway.console.test_blast_radius_on_pages import asked
from tests.gateway.console.test_residence_on_pages import LIVING, a_breach

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_it_counts_on_by_itself_and_axe_finds_nothing_on_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (radius_counts, radius_parts):
        monkeypatch.setattr(module, "AT_ONCE_IN_A_PART", 1)
    monkeypatch.setattr(radius_residence, "STEPS_AT_ONCE", 2)
    async with looking(tmp_path) as looked:
        await a_breach(looked.console)
        officer = await looked.console.browser("privacy-officer")
        await looked.see_as(officer)
        await looked.go(await asked(officer, "client", "stolen"))
        await looked.page.value("document.querySelector('a[href*=\"living=begin\"]').click()")
        await looked.page.until(f"document.body.textContent.includes({LIVING!r}) && document.querySelector('[data-again]') === null")
        shown = await looked.page.value("document.querySelector('#told').parentElement.textContent")
        assert re.search(r"Colorado\s+2 students", shown)
        for width in (320, 1440):
            for scheme in ("light", "dark"):
                await looked.size(width, scheme=scheme)  # type: ignore[arg-type]  # one of both
                assert await found_by_axe(looked.page) == []
                assert await looked.page.value("document.documentElement.scrollWidth <= window.innerWidth")
