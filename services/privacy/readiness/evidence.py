"""The newest measures of each service: taken from gateway and records, asked of audit, measured here; kept until newer ones come."""

from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, FastAPI, Request, Response
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.requests import NotPermitted
from safepassage.wire import Wire
from safepassage.wire_readiness import ServiceOfMeasure
from services.privacy.policy_schedule import deciding_at
from services.privacy.readiness.measures import CLOCKS_DIFFER, MODELS, Measures, Report
from services.privacy.readiness.own_measures import own_measures
from services.privacy.tables import ReadinessEvidenceRow
from shared.caller import sibling
from shared.contracts.readiness import AuditReport, GatewayReport, RecordsReport
from shared.database import Transaction
from shared.inserts import insert_into
from shared.internal_token import Principal
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/internal/readiness-evidence", tags=["internal"])


@router.put("/gateway", status_code=204, responses=responses(NotPermitted))
async def put_gateway_evidence(report: GatewayReport, by: Annotated[Principal, sibling("gateway")], tx: Transaction, now: Now) -> Response:
    """Take what the gateway measured. It speaks for itself here, never for a client."""
    if by.caller is not None:
        raise NotPermitted("a client's request never reaches this")
    await keep_evidence(tx, "gateway", report.measures, measured_at=report.measured_at, now=now)
    return Response(status_code=204)


@router.put("/records", status_code=204, responses=responses(NotPermitted))
async def put_records_evidence(report: RecordsReport, by: Annotated[Principal, sibling("records")], tx: Transaction, now: Now) -> Response:
    """Take what records measured."""
    if by.caller is not None:
        raise NotPermitted("a client's request never reaches this")
    await keep_evidence(tx, "records", report.measures, measured_at=report.measured_at, now=now)
    return Response(status_code=204)


async def keep_evidence(tx: AsyncSession, service: ServiceOfMeasure, measures: Wire, *, measured_at: datetime, now: datetime) -> None:
    """Keep it, unless what is held is newer. What is held of a time to come is none: it was measured by a clock that went ahead."""
    held = ReadinessEvidenceRow.measured_at
    values = {"measured_at": measured_at, "whole": measures.model_dump_json(exclude_none=True)}
    statement = insert_into(tx, ReadinessEvidenceRow).values(service=service, **values)
    await tx.execute(
        statement.on_conflict_do_update(index_elements=["service"], set_=values, where=or_(held <= measured_at, held > now + CLOCKS_DIFFER))
    )


async def measure_here(app: FastAPI) -> None:
    """Measure privacy itself and ask audit, now. What fails leaves the older measures, which are soon too old to count.

    Raises LogUnavailable, PoliciesUnavailable, SealBroken.
    """
    state = app.state
    now: datetime = state.clock()
    async with state.database.reading() as tx:
        deciding = await deciding_at(tx, now)
    policy_set = await state.policy_sets.in_force(deciding)
    own = await own_measures(state.database, state.sealer, policy_set, state.settings, now=now)
    async with state.database.transaction() as tx:
        await keep_evidence(tx, "privacy", own, measured_at=now, now=now)
    asked = await state.siblings.call("audit", "GET", "/internal/readiness-evidence", answer=AuditReport, by="readiness")
    async with state.database.transaction() as tx:
        await keep_evidence(tx, "audit", asked.measures, measured_at=asked.measured_at, now=now)


async def held_measures(tx: AsyncSession) -> Measures:
    """What is held, however old. A report of another version of the suite that does not read here counts as none."""
    held: dict[str, Report[Any]] = {}
    for row in (await tx.execute(select(ReadinessEvidenceRow))).scalars():
        service = cast("ServiceOfMeasure", row.service)
        try:
            measures = MODELS[service].model_validate_json(row.whole)
        except (KeyError, ValueError):
            continue
        held[f"from_{service}"] = Report(service, measures, row.measured_at)
    return Measures(**held)


def node_of(request: Request) -> str:
    """The entity id of the node that is assessed."""
    entity_id: str = request.app.state.settings.entity_id
    return entity_id
