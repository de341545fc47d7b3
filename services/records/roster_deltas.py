"""A delta that arrives: put onto what is kept of its source, as far as it concerns somebody, and made a roster of those alone."""

from collections.abc import Mapping
from datetime import UTC, date, tzinfo
from typing import Any
from uuid import UUID

from anyio import to_thread

from safepassage.problems.records import UnreadableRoster
from services.records.formats.oneroster_delta import Delta
from services.records.formats.parsed import KeptRoster, KeptStudent, ParsedRoster
from services.records.roster_keeping import HeldStudent, RosterKeeping
from services.records.vault import Vault
from shared.database import Database

NOTHING = HeldStudent(0, {})


async def applied(
    database: Database, vault: Vault, delta: Delta, *, organisation_id: UUID, today: date, zone: tzinfo = UTC
) -> ParsedRoster:
    """The roster of the students whom it concerns. Raises UnreadableRoster where nothing was loaded of its source."""
    keeping = RosterKeeping(vault, organisation_id=organisation_id, source_system=delta.source_system)
    async with database.reading() as tx:
        before = await keeping.roster(tx)
    if before.version == 0:
        raise UnreadableRoster("a delta follows a whole roster of the same source system: send that first")
    held = await keeping.students(database, delta.named)
    named = delta.named - await keeping.not_kept(database, delta.named - held.keys())
    delta.leave_out(delta.named - named)
    rows = {identifier: one.rows for identifier, one in held.items()}
    moved, sought = delta.moved(before.frame), delta.agents_sought(rows)
    agents: dict[str, dict[str, Any]] = {}
    if sought:
        async for _, other in keeping.everybody(database):
            for agent in sought & other.rows["users"].keys():
                agents[agent] = _of_agent(agent, other.rows)
    affected = {
        identifier: found
        for identifier in named
        if (found := delta.student(identifier, rows.get(identifier, {}), moved, agents)) is not None
    }
    if delta.whole or delta.ownerless or any(moved.values()):
        async for identifier, other in keeping.everybody(database):
            if identifier not in named and (found := delta.student(identifier, other.rows, moved, agents)) is not None:
                affected[identifier], held[identifier] = found, other
    frame = delta.frame(before.frame)
    roster = await to_thread.run_sync(lambda: delta.roster(frame, affected, today=today, zone=zone))
    kept = {
        one.source_id: KeptStudent.of(one.source_id, affected[one.source_id].rows, follows=held.get(one.source_id, NOTHING).version)
        for one in roster.students
    }
    roster.kept = KeptRoster(frame, kept, follows=before.version)
    return roster


def _of_agent(agent: str, rows: Mapping[str, Any]) -> dict[str, Any]:
    roles = {key: row for key, row in rows["roles"].items() if row.get("userSourcedId") == agent}
    return {"users": {agent: rows["users"][agent]}, "roles": roles}
