"""A page that says how far something is shows by itself what was found, and leaves the reader where they are meanwhile."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from safepassage.wire_log_radius import BlastRadius
from services.audit import radius_counts
from services.audit.touched import LookedAt
from services.gateway.console import blast_radius
from tests.gateway.console.foreign.of_blast_radius import MORE_PATHS
from tests.gateway.console.looking import looking

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_it_looks_again_by_itself_until_there_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured, far = radius_counts.measured, asyncio.Event()

    async def slowly(*of: Any, told: LookedAt, **more: Any) -> BlastRadius:
        told(1_200, 9_000)
        await far.wait()
        return await measured(*of, told=told, **more)

    monkeypatch.setattr(radius_counts, "measured", slowly)
    monkeypatch.setattr(radius_counts, "RENEWED_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(blast_radius, "WAIT_SECONDS", 0)
    async with looking(tmp_path) as looked:
        path, _nobody = await MORE_PATHS["blast radius"](looked.console)
        await looked.go(path)
        await looked.page.until("document.querySelector('#far').textContent.includes('1,200 of 9,000')")
        await looked.page.value("document.querySelector('#radius .actions a').focus()")
        assert await looked.page.value("document.querySelector('#said').textContent") == ""
        far.set()
        await looked.page.until("document.querySelector('#radius .cards') !== null && document.querySelector('[data-again]') === null")
        assert await looked.page.value("location.pathname + location.search") == path
        assert "entry by entry" in await looked.page.value("document.querySelector('#said').textContent")
