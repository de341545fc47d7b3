"""Decisions about students of a district that is not the officer's, and one of each answer."""

from services.gateway.console import decision_page, policy_sets, simulation
from tests.gateway.console.consoles import Console
from tests.gateway.console.decided import decided, drafted, one_of_each, tried, world_of
from tests.gateway.people.signing_in import Browser


async def _anothers_decision(console: Console, _officer: Browser) -> list[str]:
    return [decision_page.PATH.format(decision_id=await decided(console))]


async def _anothers_decision_again(console: Console, _officer: Browser) -> list[str]:
    return [decision_page.AGAIN.format(decision_id=await decided(console))]


async def _each_answer(console: Console) -> list[str]:
    return [simulation.PATH, *(decision_page.PATH.format(decision_id=one) for one in (await one_of_each(console)).values())]


async def _sets_and_a_replay(console: Console) -> list[str]:
    world = await world_of(console)
    await decided(console, world)
    author = await console.browser("privacy-officer")
    path = await drafted(author)
    return [policy_sets.PATH, path, await tried(console, author, path)]


MORE_PATHS = {"decisions": _each_answer, "policy sets": _sets_and_a_replay}
FOREIGN = {decision_page.PATH: _anothers_decision, decision_page.AGAIN: _anothers_decision_again}
