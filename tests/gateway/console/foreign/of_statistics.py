"""Statistics that the state was given."""

from services.gateway.console import statistics
from tests.gateway.console.consoles import Console
from tests.gateway.console.test_statistics import kept_answer
from tests.gateway.people.signing_in import Browser


async def _the_states_answer(console: Console, _officer: Browser) -> list[str]:
    return [statistics.ONE.format(statistics_id=(await kept_answer(console, console.agency.id)).id)]


async def _its_file(console: Console, officer: Browser) -> list[str]:
    return [f"{path}/table.csv" for path in await _the_states_answer(console, officer)]


async def _its_groups(console: Console, officer: Browser) -> list[str]:
    return [f"{path}/export" for path in await _the_states_answer(console, officer)]


FOREIGN = {statistics.ONE: _the_states_answer, statistics.FILE: _its_file, statistics.GROUPS_EXPORT: _its_groups}


async def _one(console: Console) -> list[str]:
    return [statistics.ONE.format(statistics_id=(await kept_answer(console, console.agency.id)).id)]


MORE_PATHS = {"a statistic": _one}
