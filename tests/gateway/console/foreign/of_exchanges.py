"""Exchanges of the state and of another district."""

from uuid import uuid4

from services.gateway.console import exchange_page
from services.records.exchange.states import Asked, Request
from tests.gateway.console.consoles import Console
from tests.gateway.console.exchanged import asked, exchanges_of_each_kind, stored, taken
from tests.gateway.people.signing_in import Browser


async def _anothers_exchanges(console: Console, _officer: Browser) -> list[str]:
    ours = asked(console, Asked.APPLIED, console.house.now, receiving_organisation_id=console.agency.id)
    theirs = taken(Request.ANSWERED, console.house.now, student_id=uuid4())
    await stored(console, ours, theirs)
    return [exchange_page.PATH.format(exchange_id=one.id) for one in (ours, theirs)]


async def _each(console: Console) -> list[str]:
    made = await exchanges_of_each_kind(console)
    return [exchange_page.PATH.format(exchange_id=made[one]) for one in ("filed", "refused", "answered")]


MORE_PATHS = {"exchanges": _each}
FOREIGN = {exchange_page.PATH: _anothers_exchanges}
