"""One Ed-Fi system: when last, what came, what did not validate and why, and what to do about it."""

from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from safepassage.wire_ed_fi import EdFiSystemDetail
from services.gateway.console.ed_fi_rows import API, CAUSES, LOADS, ONE, PATH, WRONG, counted, in_trouble, shown_system
from services.gateway.console.ed_fi_words import COUNTS, HOWS, KINDS
from services.gateway.console.exports import Form, filed
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.organisation_names import names_of
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.console.whole_tables import Asked
from services.gateway.console.words import spaced
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

EXPORT: Final = f"{ONE}/export"

System = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", max_length=63)]
Load = Annotated[UUID | None, Query(description="The load of which the quality is shown; the newest, if left out.")]


async def _detail(node: NodeReader, system: str, load: UUID | None) -> EdFiSystemDetail:
    return await node.read("records", f"{API}/{system}", EdFiSystemDetail, {} if load is None else {"load": str(load)})


@router.get(ONE, response_model=None, responses=page_responses(200, 404))
async def show_ed_fi_system(
    system: System,
    frame: Framed,
    node: Node,
    loads: Annotated[Asked, LOADS.asked],
    causes: Annotated[Asked, CAUSES.asked],
    wrong: Annotated[Asked, WRONG.asked],
    load: Load = None,
) -> Response:
    """What is to be done, how pulls and pushes went, the loads, and the quality of one of them."""
    _, viewing, detail = frame.translate, frame.viewing, await _detail(node, system, load)
    told = detail.system
    names = await names_of(frame.request, () if told.organisation_id is None else (told.organisation_id,))
    row, quality = shown_system(told, names), detail.quality
    files = EXPORT.format(system=system)
    of_load = files if load is None else f"{files}?{urlencode({'load': str(load)})}"
    return frame.page(
        "ed_fi_system.html",
        row=row,
        told=told,
        to_do=list(in_trouble(row, viewing, _)),
        hows=HOWS,
        kinds=KINDS,
        came=counted(told.pulls, viewing, _),
        went=counted(told.pushes, viewing, _, pushed=True),
        loads=frame.table(LOADS, detail.loads, loads, export=files),
        here=row.href,
        quality=quality,
        stored=[] if quality is None else [(_(COUNTS.get(name, spaced(name))), count) for name, count in quality.counts.items()],
        causes=frame.table(CAUSES, () if quality is None else quality.causes, causes, export=of_load),
        not_valid=frame.table(WRONG, () if quality is None else quality.not_valid, wrong, export=of_load),
        back=PATH,
    )


@router.get(EXPORT, response_model=None, responses=page_responses(200, 404))
async def export_ed_fi_system(
    system: System,
    node: Node,
    loads: Annotated[Asked, LOADS.asked],
    causes: Annotated[Asked, CAUSES.asked],
    wrong: Annotated[Asked, WRONG.asked],
    table: Annotated[Literal["loads", "causes", "not-valid"], Query(description="Which of the page's.")] = "loads",
    load: Load = None,
    form: Form = "csv",
) -> Response:
    """One of the page's tables, in its order, with its filters."""
    detail = await _detail(node, system, load)
    if table == "loads":
        return filed(LOADS, detail.loads, loads, form)
    quality = detail.quality
    if table == "causes":
        return filed(CAUSES, () if quality is None else quality.causes, causes, form)
    return filed(WRONG, () if quality is None else quality.not_valid, wrong, form)
