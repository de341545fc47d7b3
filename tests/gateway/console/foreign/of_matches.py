"""Matches about students of another district."""

from services.gateway.console import match_page
from tests.gateway.console.consoles import Console, new_district
from tests.gateway.console.enrolled import child, enrolled, in_doubt
from tests.gateway.people.signing_in import Browser


async def _anothers(console: Console) -> str:
    other = await console.house.hand.add_organisation(new_district("Wasco County", console.agency, nces_id="4100001"))
    await console.settle()
    student = child(1)
    return str(await in_doubt(console, [await enrolled(console, student, district=other.id)], asked_for=student))


async def _match(console: Console, _officer: Browser) -> list[str]:
    return [match_page.PATH.format(match_id=await _anothers(console))]


async def _decision(console: Console, _officer: Browser) -> list[str]:
    return [match_page.DECISION.format(match_id=await _anothers(console))]


FOREIGN = {match_page.PATH: _match, match_page.DECISION: _decision}
