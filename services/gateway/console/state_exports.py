"""What the page of one state has in tables, as files: the days that were compared, and its keys."""

from typing import Annotated, Final, Literal, get_args

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.reconciliation import Stream
from safepassage.wire_reconciliations import DayCompared, DayReconciledPage
from services.gateway.console.exports import Form, exported, filed, rows_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.console.state_page import API, DAYS, EXPORT, Code, Ended, their_keys
from services.gateway.console.state_tables import THEIR_KEYS
from services.gateway.console.states_known import states_known
from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import Asked
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

IN_AN_EXPORT: Final = 5_000
COUNTED: Final[dict[str, Stream]] = {stream.replace("-", "_"): stream for stream in get_args(Stream)}
COLUMNS: Final = ("day", "state", "compared_at", "findings", *(f"{name}_{whose}" for name in COUNTED for whose in ("ours", "theirs")))


@router.get(EXPORT, response_model=None, responses=page_responses(200, 404))
async def export_state(
    state: Code,
    frame: Framed,
    node: Node,
    keys: Annotated[Asked, THEIR_KEYS.asked],
    table: Annotated[Literal["days", "keys"], Query(description="Which of the page's.")] = "days",
    ended: Ended = "",
    sort: Annotated[str, DAYS.query] = DAYS.usual,
    form: Form = "csv",
) -> Response:
    """Days as both sides counted them, the first 5,000 of the list's order; or its keys."""
    known = await states_known(frame, node)
    member = known.member(state)
    if table == "keys":
        return filed(THEIR_KEYS, their_keys(member, known, frame), keys, form)
    asked = {"peer": member.entity_id, "sort": sort, **({"state": ended} if ended else {})}
    found = await rows_of(node, "records", API, DayReconciledPage, asked, lambda page: page.days, most=IN_AN_EXPORT)
    return exported("days", form, COLUMNS, [_line(one) for one in found], most=IN_AN_EXPORT)


def _line(one: DayCompared) -> dict[str, object]:
    line: dict[str, object] = dict.fromkeys(COLUMNS)
    line |= {"day": one.day, "state": one.state, "findings": [found.kind for found in one.findings]}
    line["compared_at"] = None if one.compared_at is None else utc(one.compared_at)
    counts = {count.stream: count for count in one.counts}
    for name, stream in COUNTED.items():
        if stream in counts:
            ours, theirs = counts[stream].ours, counts[stream].theirs
            line |= {f"{name}_ours": ours.arrived + ours.applied, f"{name}_theirs": theirs.arrived + theirs.applied}
    return line
