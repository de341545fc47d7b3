"""Duties of the state."""

import re

from services.gateway.console import duty_completion
from tests.gateway.console.consoles import Console
from tests.gateway.console.test_pages import one_duty
from tests.gateway.people.signing_in import Browser


async def _the_states_duty(console: Console, _officer: Browser) -> list[str]:
    await one_duty(console)
    page = (await (await console.browser("privacy-officer")).get("/console/duties")).body.decode()
    return re.findall(r'href="(/console/duties/[^"]+/done)"', page)


FOREIGN = {duty_completion.PATH: _the_states_duty}
