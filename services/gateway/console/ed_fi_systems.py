"""Ed-Fi systems: what this node pulls from districts' own systems and pushes into them; whether it works, and what to do if not."""

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.wire_ed_fi import EdFiSystemsOfOrganisation
from services.gateway.console.ed_fi_rows import API, PATH, SYSTEMS, ShownSystem, in_trouble, shown_system
from services.gateway.console.ed_fi_words import HOWS
from services.gateway.console.exports import Form, filed
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.organisation_names import names_of
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.whole_tables import Asked
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

EXPORT: Final = f"{PATH}/export"


async def rows_of(frame: Frame, node: NodeReader) -> list[ShownSystem]:
    """The systems that the person answers for."""
    systems = (await node.read("records", API, EdFiSystemsOfOrganisation)).systems
    names = await names_of(frame.request, {one.organisation_id for one in systems if one.organisation_id is not None})
    return [shown_system(one, names) for one in systems]


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_ed_fi_systems(frame: Framed, node: Node, asked: Annotated[Asked, SYSTEMS.asked]) -> Response:
    """Those that need a person first, then each in a row."""
    _, viewing, every = frame.translate, frame.viewing, await rows_of(frame, node)
    rows = frame.table(SYSTEMS, every, asked, export=EXPORT)
    count = _("No systems") if not rows.number else _("1 system") if rows.number == 1 else _("%(n)s systems")
    return frame.page(
        "ed_fi_systems.html",
        rows=rows,
        count=count % {"n": viewing.number(rows.number)},
        wrong=[(row, list(in_trouble(row, viewing, _))) for row in every if row.is_wrong],
        hows=HOWS,
    )


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_ed_fi_systems(frame: Framed, node: Node, asked: Annotated[Asked, SYSTEMS.asked], form: Form = "csv") -> Response:
    """The same list, in the same order, with the same filter."""
    return filed(SYSTEMS, await rows_of(frame, node), asked, form)
