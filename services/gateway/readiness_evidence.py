"""What the gateway measures for the readiness scorecard: clients in force and what they may do, told to privacy once a minute."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import Connection, select

from services.gateway.registry.in_force import IN_FORCE, is_in_force
from services.gateway.tables import ClientRow, LeaseRow, OrganisationRow, OutboxRow, ScopeUseRow
from shared.contracts.readiness import GatewayMeasures, GatewayReport
from shared.readiness_evidence import entries_waiting, keep_doing, tell_privacy

READ_ANY = "records:read:state"
DORMANT_AFTER: Final = timedelta(days=30)
USED_WITHIN: Final = timedelta(days=90)


def measure(connection: Connection, *, now: datetime) -> GatewayMeasures:
    """Of one snapshot. Who is let in no more, a client or the whole of its organisation, is counted nowhere."""
    columns = (ClientRow.id, ClientRow.created_at, ClientRow.organisation_id, ClientRow.scopes, ClientRow.authentication)
    query = (
        select(*columns, OrganisationRow.kind, *IN_FORCE)
        .join(OrganisationRow, OrganisationRow.id == ClientRow.organisation_id)
        .where(ClientRow.disabled_at.is_(None), OrganisationRow.kind != "peer")
    )
    rows = [row for row in connection.execute(query) if is_in_force(row, now)]
    clients = [(row.organisation_id, row.kind, frozenset(row.scopes.split())) for row in rows]
    districts = connection.execute(select(*IN_FORCE).where(OrganisationRow.kind == "lea"))
    return GatewayMeasures(
        clients=len(clients),
        clients_bound=sum(row.authentication != "client_secret" for row in rows),
        clients_reading_any=sum(READ_ANY in scopes for _, _, scopes in clients),
        clients_searching_log=sum("audit:search" in scopes for _, _, scopes in clients),
        districts=sum(is_in_force(row, now) for row in districts),
        districts_drawing_accounting=len({one for one, kind, scopes in clients if kind == "lea" and "audit:accounting" in scopes}),
        vendors_with_credentials=frozenset(one for one, kind, _ in clients if kind == "vendor"),
        log_waiting=entries_waiting(connection, OutboxRow, now=now),
        **_use(connection, [row for row in rows if row.created_at <= now - DORMANT_AFTER], now=now),
    )


def _use(connection: Connection, clients: list[Any], *, now: datetime) -> dict[str, int]:
    """Of clients that have been there for thirty days: who did nothing in that time, and what of what they may do was done in ninety."""
    used: dict[UUID, dict[str, date]] = defaultdict(dict)
    for row in connection.execute(select(ScopeUseRow.client_id, ScopeUseRow.scope, ScopeUseRow.used_on)):
        used[row.client_id][row.scope] = row.used_on
    today, granted = now.date(), {row.id: frozenset(row.scopes.split()) for row in clients}
    lately = {identifier: {scope for scope, day in used[identifier].items() if day > today - USED_WITHIN} for identifier in granted}
    return {
        "clients_of_a_month": len(clients),
        "clients_dormant": sum(max(used[one].values(), default=date.min) <= today - DORMANT_AFTER for one in granted),
        "scopes_granted": sum(map(len, granted.values())),
        "scopes_used": sum(len(scopes & lately[identifier]) for identifier, scopes in granted.items()),
    }


async def report(app: FastAPI) -> None:
    """Measure, and tell privacy."""
    now: datetime = app.state.clock()
    measures = await app.state.database.read(lambda connection: measure(connection, now=now))
    await tell_privacy(app, "gateway", GatewayReport(measured_at=now, measures=measures))


async def keep_reporting(app: FastAPI) -> None:
    """Every minute: a lifespan task."""
    await keep_doing(app, report, lease=LeaseRow)
