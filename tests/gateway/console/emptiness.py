"""Pages on which there is as little as there can be: lists of a new node, then things of which nothing more is known."""

from collections.abc import AsyncIterator
from uuid import uuid4

from services.gateway.console import (
    agreements_shown,
    alerts,
    dead_letters,
    decision_page,
    exchange_page,
    log_entry,
    matches,
    simulation,
    statistics,
    trust_lists,
)
from services.gateway.console.blast_radius import FOUND
from services.gateway.console.duties import PATH as DUTIES
from services.gateway.console.ed_fi_rows import ONE as ONE_SYSTEM
from services.gateway.console.log_rows import PATH as LOG
from services.gateway.console.log_search import SAVED
from services.gateway.console.state_rows import PATH as STATES
from services.records.exchange.states import Asked
from tests.gateway.console.acting import Shown, links, menu_of
from tests.gateway.console.consoles import Console
from tests.gateway.console.decided import SETS, decided, drafted, tried, world_of
from tests.gateway.console.enrolled import child, enrolled, in_doubt
from tests.gateway.console.exchanged import asked, exchanges_of_each_kind, stored
from tests.gateway.console.foreign.of_ed_fi import known
from tests.gateway.console.foreign.of_log import place_of_entry
from tests.gateway.console.test_one_student import found
from tests.gateway.console.test_pages import one_duty
from tests.gateway.console.test_statistics import kept_answer


async def _lists(console: Console) -> AsyncIterator[Shown]:
    yield (
        await console.browser("auditor"),
        [
            *menu_of("auditor"),
            SETS,
            simulation.PATH,
            alerts.PATH,
            SAVED,
            trust_lists.PATH,
            f"{LOG}?reason=nothing-is-like-this",
            f"{STATES}/WA",
            f"{DUTIES}?state=all",
        ],
    )
    yield await console.browser("operator"), [*menu_of("operator"), dead_letters.PATH]
    yield await console.browser("privacy-officer"), [matches.PATH]
    yield await console.browser("district-officer"), [*menu_of("district-officer"), matches.PATH]


async def _of_auditor(console: Console) -> Shown:
    """A set of rules that changes one rule, tried over no decision; then things with nothing beside them."""
    author, auditor, world = await console.browser("privacy-officer"), await console.browser("auditor"), await world_of(console)
    drafting = await drafted(author)
    built_in = await links(auditor, SETS, rf"{SETS}/(?!{drafting.rpartition('/')[2]})[A-Za-z0-9_-]{{43}}")
    replay = await tried(console, author, drafting)
    agreement, exchange = await world.agreement(), asked(console, Asked.PREPARED, console.house.now)
    await stored(console, exchange)
    await one_duty(console)
    await place_of_entry(console)  # a checkpoint covers the first entry from now on
    between = "from=2026-01-01T00:00:00Z&until=2027-12-31T00:00:00Z&discovered=2026-10-19T09:00:00Z"
    return auditor, [
        *built_in,
        replay,
        agreements_shown.path_of(agreement.id),
        exchange_page.PATH.format(exchange_id=exchange.id),
        *await links(auditor, DUTIES, rf"{DUTIES}/[0-9a-f-]+"),
        f"{FOUND}?of=client&which=nobody&{between}&count={uuid4()}",
        decision_page.PATH.format(decision_id=await decided(console, world, purpose="study")),
        statistics.ONE.format(statistics_id=(await kept_answer(console, console.agency.id, is_empty=True)).id),
        log_entry.PATH.format(place=f"{console.house.now.year}-0"),
        await found(auditor, student_id=str(await enrolled(console, child(5)))),
    ]


async def empty_pages(console: Console) -> AsyncIterator[Shown]:
    """Of a node on which nothing has happened yet, and then little."""
    async for shown in _lists(console):
        yield shown
    yield await _of_auditor(console)
    known(console, ("new-sis", console.district.id))
    yield await console.browser("auditor"), [ONE_SYSTEM.format(system="new-sis")]
    officer, operator = await console.browser("privacy-officer"), await console.browser("operator")
    student_id = await enrolled(console, child(6))
    yield officer, [f"{matches.PATH}/{await in_doubt(console, [student_id])}", await found(officer, student_id=str(student_id))]
    await exchanges_of_each_kind(console)
    yield operator, await links(operator, dead_letters.PATH, rf"{dead_letters.PATH}/[0-9a-f-]+")
