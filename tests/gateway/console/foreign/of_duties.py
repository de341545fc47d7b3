"""Duties of the state."""

import re

from services.gateway.console import duty_completion, duty_page, duty_waiver
from tests.gateway.console.consoles import Console
from tests.gateway.console.test_pages import one_duty
from tests.gateway.people.signing_in import Browser


async def _the_states_duty(console: Console, _officer: Browser) -> list[str]:
    await one_duty(console)
    page = (await (await console.browser("privacy-officer")).get("/console/duties")).body.decode()
    return re.findall(r'href="(/console/duties/[^"]+/done)"', page)


async def _its_page(console: Console, officer: Browser) -> list[str]:
    return [path.removesuffix("/done") for path in await _the_states_duty(console, officer)]


async def _its_waiver(console: Console, officer: Browser) -> list[str]:
    return [f"{path}/waived" for path in await _its_page(console, officer)]


async def _one(console: Console) -> list[str]:
    return (await _its_page(console, await console.browser("auditor")))[:1]


FOREIGN = {duty_completion.PATH: _the_states_duty, duty_page.ONE: _its_page, duty_waiver.PATH: _its_waiver}
MORE_PATHS = {"one duty": _one}
