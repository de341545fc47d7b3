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
from shared.keyset import behind
from shared.problems import responses
from shared.tenancy import belongs_to, within

PATH = "/v1/load-reports"

router = APIRouter(prefix=PATH, tags=["rosters"])

Loader = Annotated[Caller, caller_with("records:load")]
Since = Annotated[
    datetime | None,
    Query(
        description="Loads that were done at this instant or later; all, if left out. A feed asks from the latest `loaded_at` that it has"
        " read, and knows by their ids those that it is told again: a load is among them once it is done, however long before it began."
    ),
]


@router.get("", responses=responses(InvalidRequest))
async def list_load_reports(
    caller: Loader, request: Request, response: Response, tx: ReadOnly, since: Since = None, limit: Limit = 100, cursor: Cursor = None
) -> LoadQualityPage:
    """Loads of the caller's organisation and those below it, in the order in which they were done, each with what went wrong by cause."""
    if since is not None and since.tzinfo is None:
        raise InvalidRequest("an instant needs its UTC offset", field="since")
    cursors, bound_to = request.app.state.cursors, f"load-reports-done:{caller.client_id}:{since}"
    position = cursors.read(cursor, bound_to=bound_to)
    query = _callers(caller)
    if since is not None:
        query = query.where(LoadRow.loaded_at >= since)
    last = None if position is None else [datetime.fromisoformat(position["at"]), UUID(position["id"])]
    columns = (LoadRow.loaded_at, LoadRow.id)
    rows = (await tx.execute(behind(query, columns, last, sort="loaded_at").limit(limit + 1))).scalars().all()
    if len(rows) > limit:
        end = rows[limit - 1]
        after = cursors.sign({"at": end.loaded_at.isoformat(), "id": str(end.id)}, bound_to=bound_to)
        asked: dict[str, str | int] = {"limit": limit, "cursor": after}
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
