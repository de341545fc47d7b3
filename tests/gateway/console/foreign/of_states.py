"""Other states' nodes with all that their pages can show; nobody of a district sees any of them."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from safepassage.wire_reconciliations import ReconciliationState
from services.gateway.console import trust_lists
from services.gateway.console.state_rows import PATH
from services.gateway.tables import TrustListRow
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import BIRCH
from tests.gateway.console.exchanged import stored
from tests.gateway.console.neighbours import FIR, compared_day, witnessed, witnessing
from tests.gateway.console.test_trust_lists_on_pages import taken

COUNTED = {"requests-sent": 12, "requests-received": 1204, "answers-sent": 8, "answers-received": 11}


async def _everything_of_one_and_little_of_others(console: Console) -> list[str]:
    now = console.house.now
    states: dict[int, ReconciliationState] = {9: "lapsed", 1: "due"}
    days = [
        compared_day(FIR.entity_id, now - timedelta(days=n), state, ours=counted, theirs=counted)
        for n in (*range(1, 2), *range(3, 25))
        for state in [states.get(n, "agreed")]
        for counted in [COUNTED if state == "agreed" else None]
    ]
    lost = [("answers-lacking-there", 1)]
    theirs = COUNTED | {"answers-sent": 7}
    differs = compared_day(FIR.entity_id, now - timedelta(days=2), "differs", ours=COUNTED, theirs=theirs, findings=lost)
    on_its_way = compared_day(FIR.entity_id, now - timedelta(days=25), "agreed", ours=COUNTED, theirs=COUNTED | {"requests-sent": 11})
    statement = FIR.statement(Path(console.node.folder.path), now - timedelta(days=1))
    await stored(console, *days, differs, on_its_way, statement, FIR.seen_log(8_211, now - timedelta(hours=2)))
    breakers = console.node.applications["records"].state.exchange.breakers
    for _ in range(5):
        breakers.failed(FIR.entity_id, now)
    breakers.failed(BIRCH, now)
    await witnessing(console, FIR, at=now - timedelta(days=2), sizes={"WA": 3})
    await witnessed(console, FIR, 8_240, now - timedelta(minutes=1))
    await console.node.applications["audit"].state.findings.record("peer-log-not-continued", FIR.log.origin, evidence="notes")
    return [f"{PATH}/WA"]


async def _lists(console: Console) -> list[str]:
    async with console.house.app.state.database.reading() as tx:
        first = await tx.scalar(select(func.min(TrustListRow.serial)))
    before = 1 if first is None else first - 2
    for serial, members in enumerate(({"OR": "active", "ID": "active"}, {"OR": "suspended", "WA": "active"}), before):
        await taken(console, serial, console.house.now - timedelta(days=400 - serial), **members)
    return [trust_lists.PATH]


MORE_PATHS = {"states": _everything_of_one_and_little_of_others, "trust lists": _lists}
