"""Data quality goes back to its source: what did not validate, resolve or agree in each load, by cause, for whoever sent it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Select, select

from safepassage.problems.records import NoSuchLoad
from safepassage.problems.requests import InvalidRequest
from safepassage.record.load_reports import LoadQuality, LoadQualityPage
from safepassage.record.loads import LoadReport
from services.records.load_causes import by_cause
from services.records.tables import LoadRow, OrganisationRow
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Limit, next_link
from shared.database import ReadOnly
from shared.problems import responses
from shared.tenancy import belongs_to, within

PATH = "/v1/load-reports"

router = APIRouter(prefix=PATH, tags=["rosters"])

Loader = Annotated[Caller, caller_with("records:load")]
Since = Annotated[datetime | None, Query(description="Loads from this instant on; all, if left out. A feed asks from the last one on.")]


@router.get("", responses=responses(InvalidRequest))
async def list_load_reports(
    caller: Loader, request: Request, response: Response, tx: ReadOnly, since: Since = None, limit: Limit = 100, cursor: Cursor = None
) -> LoadQualityPage:
    """Loads of the caller's organisation and those below it, the oldest first, each with what went wrong in it by cause."""
    if since is not None and since.tzinfo is None:
        raise InvalidRequest("an instant needs its UTC offset", field="since")
    cursors, bound_to = request.app.state.cursors, f"load-reports:{caller.client_id}:{since}"
    position = cursors.read(cursor, bound_to=bound_to)
    query = _callers(caller)
    if since is not None:
        query = query.where(LoadRow.loaded_at >= since)
    if position is not None:
        query = query.where(LoadRow.id > UUID(position["after"]))
    rows = (await tx.execute(query.order_by(LoadRow.id).limit(limit + 1))).scalars().all()
    if len(rows) > limit:
        asked: dict[str, str | int] = {"limit": limit, "cursor": cursors.sign({"after": str(rows[limit - 1].id)}, bound_to=bound_to)}
        response.headers["link"] = next_link(PATH, asked | ({"since": since.isoformat()} if since is not None else {}))
    return LoadQualityPage(loads=tuple(quality_of(row) for row in rows[:limit]))


@router.get("/{load_id}", responses=responses(NoSuchLoad))
async def read_load_report(load_id: UUID, caller: Loader, tx: ReadOnly) -> LoadQuality:
    """What went wrong in one load, by cause."""
    mine = belongs_to(LoadRow.organisation_id, OrganisationRow, caller.organisation_id)
    row = (await tx.execute(select(LoadRow).where(LoadRow.id == load_id, mine, LoadRow.report != ""))).scalar_one_or_none()
    if row is None:
        raise NoSuchLoad
    return quality_of(row)


def _callers(caller: Caller) -> Select[LoadRow]:
    """Loads that are done: one that was cut off has no report, and is sent again."""
    own = within(OrganisationRow, caller.organisation_id)
    return select(LoadRow).where(LoadRow.organisation_id.in_(own), LoadRow.report != "")


def quality_of(row: LoadRow) -> LoadQuality:
    """A load that is done, by the causes of what went wrong in it."""
    report = LoadReport.model_validate_json(row.report)
    return LoadQuality(
        id=report.id,
        format=report.format,
        loaded_at=report.loaded_at,
        counts=report.counts,
        causes=by_cause(report),
        not_valid=report.not_valid,
    )
