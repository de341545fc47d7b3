"""What each role comes for, from Today to the end, by the keyboard alone, in a real browser."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway.console.crossing import something_crossed
from tests.gateway.console.looking import Looked, looking
from tests.gateway.console.test_pages import one_duty
from tests.gateway.console.test_statistics import kept_answer

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

MOST_STOPS = 200
FOCUSED = "(e => e ? (e.labels?.[0]?.innerText || e.innerText || e.ariaLabel || '').trim() : '')(document.activeElement)"


@dataclass
class Hands:
    """Somebody who has a keyboard, and sees where the focus is."""

    looked: Looked

    async def to(self, text: str) -> None:
        """Press Tab until the focus is on what is called so."""
        for _ in range(MOST_STOPS):
            await self.looked.press("Tab")
            if (await self.looked.page.value(FOCUSED)).startswith(text):
                return
        raise AssertionError(f"no stop is called {text}")

    async def enter(self, text: str, path: str) -> None:
        """Go to what is called so, press Enter, and be at `path`; the rest of the address may be anything where it ends in …."""
        await self.to(text)
        await self.looked.press("Enter")
        if not path.endswith("…"):
            await self.looked.there(path)
            return
        begins = f"(location.pathname + location.search).startsWith({json.dumps(path[:-1])})"
        await self.looked.page.until(f"{begins} && document.readyState === 'complete' && document.querySelector('h1') !== null")

    async def write(self, text: str) -> None:
        """Into what has the focus."""
        await self.looked.page.ask("Input.insertText", text=text)

    async def reads(self, text: str) -> None:
        """The page says so."""
        assert text in await self.looked.page.value("document.querySelector('main').innerText")


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[Hands]:
    async with looking(tmp_path) as running:
        await one_duty(running.console)
        await something_crossed(running.console)
        await running.size(1440)
        yield Hands(running)


async def test_an_auditor_sees_what_crossed_and_how_equal_schools_are(hands: Hands) -> None:
    answer = await kept_answer(hands.looked.console, hands.looked.console.agency.id)
    await hands.looked.go("/console")
    await hands.to("Show as a table")
    await hands.looked.press("Enter")
    await hands.reads("Oregon")
    await hands.looked.go("/console")
    await hands.enter("Statistics", "/console/statistics")
    await hands.enter("Students enrolled, by", f"/console/statistics/{answer.id}")
    await hands.reads("1 of them too small to be told")
    assert hands.looked.page.complaints == []


async def test_a_privacy_officer_finds_a_late_duty_and_says_that_it_is_done(hands: Hands) -> None:
    await hands.looked.sign_in("privacy-officer")
    await hands.looked.go("/console")
    await hands.enter("Duties too late", "/console/duties?state=overdue")
    await hands.enter("It is done", "/console/duties/…")
    await hands.to("What shows that it was done")
    await hands.write("letter of May 4")
    await hands.enter("Say that it is done", "/console/duties?state=done")
    await hands.reads("Done late")
    assert hands.looked.page.complaints == []


async def test_an_operator_sees_that_the_trust_list_was_accepted_and_which_keys_sign(hands: Hands) -> None:
    await hands.looked.sign_in("operator")
    await hands.looked.go("/console")
    await hands.enter("Keys and settings", "/console/settings")
    await hands.reads("Signs now")
    await hands.to("Kind")
    await hands.looked.press("t")
    await hands.to("Show")
    await hands.looked.press("Enter")
    await hands.looked.page.until("location.search === '?kind=trust'")
    await hands.reads("Trust list")
    assert hands.looked.page.complaints == []


async def test_an_approver_looks_a_decision_up_before_the_rules_are_changed(hands: Hands) -> None:
    await hands.looked.sign_in("approver")
    await hands.looked.go("/console")
    await hands.enter("Decisions", "/console/decisions")
    await hands.reads("What was decided, and why?")
    assert hands.looked.page.complaints == []


async def test_a_district_officer_sees_the_districts_own_and_asks_for_its_statistics(hands: Hands) -> None:
    await hands.looked.sign_in("district-officer")
    await hands.looked.go("/console")
    await hands.reads("Hood River County")
    await hands.enter("Statistics", "/console/statistics")
    await hands.to("By")
    await hands.looked.press("g")
    await hands.enter("Ask, and spend", "/console/statistics/…")
    await hands.reads("Students enrolled, by: Grade")
    await hands.enter("Today", "/console")
    assert hands.looked.page.complaints == []
