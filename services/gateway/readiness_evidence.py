"""What the gateway measures for the readiness scorecard: clients in force and what they may do, told to privacy once a minute."""

from datetime import datetime

from fastapi import FastAPI
from sqlalchemy import Connection, func, select

from services.gateway.tables import ClientRow, LeaseRow, OrganisationRow, OutboxRow
from shared.contracts.readiness import GatewayMeasures, GatewayReport
from shared.readiness_evidence import entries_waiting, keep_doing, tell_privacy

READ_ANY = "records:read:state"


def measure(connection: Connection, *, now: datetime) -> GatewayMeasures:
    """Of one snapshot."""
    query = (
        select(ClientRow.organisation_id, OrganisationRow.kind, ClientRow.scopes, ClientRow.jwks)
        .join(OrganisationRow, OrganisationRow.id == ClientRow.organisation_id)
        .where(ClientRow.disabled_at.is_(None), OrganisationRow.kind != "peer")
    )
    clients = [(row.organisation_id, row.kind, frozenset(row.scopes.split()), row.jwks) for row in connection.execute(query)]
    districts = select(func.count()).select_from(OrganisationRow).where(OrganisationRow.kind == "lea")
    return GatewayMeasures(
        clients=len(clients),
        clients_bound=sum('"kty"' in jwks for _, _, _, jwks in clients),
        clients_reading_any=sum(READ_ANY in scopes for _, _, scopes, _ in clients),
        clients_searching_log=sum("audit:search" in scopes for _, _, scopes, _ in clients),
        districts=connection.execute(districts).scalar_one(),
        districts_drawing_accounting=len({one for one, kind, scopes, _ in clients if kind == "lea" and "audit:accounting" in scopes}),
        vendors_with_credentials=frozenset(one for one, kind, _, _ in clients if kind == "vendor"),
        log_waiting=entries_waiting(connection, OutboxRow, now=now),
    )


async def report(app: FastAPI) -> None:
    """Measure, and tell privacy."""
    now: datetime = app.state.clock()
    measures = await app.state.database.read(lambda connection: measure(connection, now=now))
    await tell_privacy(app, "gateway", GatewayReport(measured_at=now, measures=measures))


async def keep_reporting(app: FastAPI) -> None:
    """Every minute: a lifespan task."""
    await keep_doing(app, report, lease=LeaseRow)
