"""The table of states for a spreadsheet: codes, sizes and instants."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.trust_members import Member
from services.gateway.console.exports import Form, exported, filed
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.console.state_rows import STATES, ShownState, by_name, shown_state
from services.gateway.console.state_tables import OWN_KEYS
from services.gateway.console.states import EXPORT, own_keys
from services.gateway.console.states_known import StatesKnown, states_known
from services.gateway.console.states_shown import cosigned_logs, cosigning
from services.gateway.console.whole_tables import Asked
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

COLUMNS: Final = (
    "state",
    "organisation",
    "entity_id",
    "status",
    "delivery",
    "suite",
    "key_epoch",
    "key_until",
    "reach",
    "failures",
    "delivered_at",
    "heard_at",
    "waiting",
    "dead_letters",
    "counters",
    "days_agreed",
    "days_compared",
    "witness",
    "cosigned_size",
    "cosigned_at",
    "witnessed_size",
)


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_states(
    frame: Framed,
    node: Node,
    asked: Annotated[Asked, STATES.asked],
    keys: Annotated[Asked, OWN_KEYS.asked],
    table: Annotated[Literal["states", "keys"], Query(description="Which of the page's.")] = "states",
    form: Form = "csv",
) -> Response:
    """The same list, in the same order, with the same filters; or the keys of this node."""
    known = await states_known(frame, node)
    if table == "keys":
        return filed(OWN_KEYS, own_keys(known, frame.viewing.now), keys, form)
    every = [(member, shown_state(member, known, frame)) for member in known.others]
    whose = {row.href: member for member, row in every}
    rows = STATES.fitting(by_name([row for _, row in every]), asked)
    return exported("states", form, COLUMNS, [dict(zip(COLUMNS, _line(whose[row.href], row, known), strict=True)) for row in rows])


def _line(member: Member, row: ShownState, known: StatesKnown) -> Sequence[object]:
    peer, key = row.peer, row.key
    keys = [] if known.witnesses is None else cosigning(member, known.witnesses)
    logs = [] if known.witnesses is None else cosigned_logs(member, known.witnesses)
    days = row.compared
    return (
        member.state,
        member.organisation,
        member.entity_id,
        member.status,
        member.delivery,
        row.suite,
        None if key is None else key.epoch,
        _iso(None if key is None else key.not_after),
        row.reach,
        None if peer is None else peer.failures,
        _iso(None if peer is None else peer.delivered_at),
        _iso(None if peer is None else peer.heard_at),
        None if peer is None else row.waits,
        None if peer is None else peer.waiting.letters,
        row.counters,
        None if days is None else days.agreed,
        None if days is None else days.compared,
        row.witness,
        row.cosigned,
        _iso(max((one.cosigned_at for one in keys if one.cosigned_at is not None), default=None)),
        max((one.size for one in logs), default=None),
    )


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
