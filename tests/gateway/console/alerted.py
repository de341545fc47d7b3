"""Alerts for the pages to show: as the rules of the log find them, one of them looked into."""

from datetime import timedelta
from uuid import uuid4

from safepassage.ids import uuid7
from safepassage.wire_alerts import AlertRule
from services.audit.tables import AlertAcknowledgementRow, AlertRow
from shared.clock import EPOCH
from tests.audit.audit_node import disclosure
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import log_of

AHEAD = 1_000_000
"""An entry that no checkpoint covers yet."""


async def alerted(
    console: Console, rule: AlertRule = "log-silence", *, days_ago: int = 0, because: str | None = None, covered: bool = True
) -> None:
    """One of the node itself, found so many days ago. `because`: what an official said of it; `covered`: by a signed checkpoint."""
    now, log = console.house.now, log_of(console)
    made = await log.append(disclosure(log, uuid4(), custodian=console.district.id))
    at = now - timedelta(days=days_ago)
    row = AlertRow(
        rule=rule,
        subject=b"\0" + uuid4().bytes,
        day=(at - EPOCH) // timedelta(days=1),
        id=uuid7(at),
        found_at=at,
        count=7_200,
        usual=600,
        seen_count=9_000,
        acknowledged_count=None if because is None else 9_000,
        acknowledged_as=because,
        reopened=0,
        reopened_entered=0,
        entry_log=now.year,
        entry_idx=made.entries[0].index if covered else AHEAD,
    )
    async with log.app.state.database.transaction() as tx:
        tx.add(row)
        await tx.flush()
        if because is not None:
            about = {"official": "official-1", "role": "privacy-officer", "reason": because, "sealed_note": None, "count": 9_000}
            tx.add(AlertAcknowledgementRow(id=uuid7(at), alert_id=row.id, at=at, **about))
