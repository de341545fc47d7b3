"""What the filters find as a file: planned and logged by the audit service before the first line leaves, then given part by part."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from safepassage.wire_exports import ExportPlan, NewExport, PartRequest, PlannedExport
from safepassage.wire_log import EntrySearch
from safepassage.wire_log_saved import SavedSearches
from services.gateway.console.handles import SessionHandles
from services.gateway.console.log_filters import LogFilters
from services.gateway.console.log_search import EXPORT, KEPT, chosen_of, searched
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

SERVICE: Final = "/v1/log/exports"
MEDIA_TYPES: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
ASKED_FIRST: Final = 2
"""Parts at the end. What the index has not lies there; the last part alone may be too small to be refused for it."""


class ExportFilters(LogFilters):
    """The query of an export."""

    format: Literal["csv", "jsonl"] = "csv"


def file_name(plan: ExportPlan) -> str:
    """Up to which entry of which year the log was looked through: what came after the newest checkpoint is in no file of that moment."""
    last = max(plan.ranges, key=lambda one: one.year, default=None)
    until = f"until-{last.year}-entry-{last.end - 1}-" if last else ""
    return f"log-export-{until}{plan.id}"


@router.get(EXPORT, response_model=None, responses=page_responses(200, 404))
async def export_log(asked: Annotated[ExportFilters, Query()], frame: Framed, node: Node, handles: SessionHandles) -> Response:
    """Every entry that the filters find, the oldest first, as far as the person's organisation may see it.

    Raises IndexBehind while the index of the log has not the newest of them: a page says so, and no file begins that would break off.
    """
    kept = (await node.read("audit", KEPT, SavedSearches)).saved_searches
    search = await searched(asked, frame, handles, chosen_of(asked, kept))
    planned = await node.ask("audit", SERVICE, NewExport(search=search, format=asked.format), PlannedExport)
    headers = {"content-disposition": f'attachment; filename="{file_name(planned.plan)}.{asked.format}"'}
    newest = {part: await _part(node, planned, search, part) for part in range(planned.plan.parts)[-ASKED_FIRST:]}
    return StreamingResponse(_parts(node, planned, search, newest), media_type=MEDIA_TYPES[asked.format], headers=headers)


async def _parts(node: NodeReader, planned: PlannedExport, search: EntrySearch, held: Mapping[int, bytes]) -> AsyncIterator[bytes]:
    """Part after part; each part of a table has a head line, of which one is enough."""
    for part in range(planned.plan.parts):
        content = held[part] if part in held else await _part(node, planned, search, part)
        yield content.partition(b"\r\n")[2] if part and planned.plan.format == "csv" else content


async def _part(node: NodeReader, planned: PlannedExport, search: EntrySearch, part: int) -> bytes:
    asked = PartRequest(plan=planned.plan, token=planned.token, search=search, part=part)
    return await node.file("audit", f"{SERVICE}/parts", asked)
