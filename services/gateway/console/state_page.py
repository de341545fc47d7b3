"""One other state’s node: its entry on the list, its keys, what is under way, day by day whose counts agree, who witnesses whom."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from safepassage.trust_members import Member
from safepassage.wire_peers import PeerKey
from safepassage.wire_reconciliations import DayReconciledPage, ReconciliationState
from services.gateway.console.navigation import roles_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.peers_named import host_of
from services.gateway.console.sorting import Orders
from services.gateway.console.state_days import picture_of, shown_day
from services.gateway.console.state_remedies import remedies
from services.gateway.console.state_rows import ONE, PATH, name_of, shown_state
from services.gateway.console.state_tables import THEIR_KEYS, THEIR_STANDINGS
from services.gateway.console.state_words import COUNTERS, REACHES, STATUSES, STREAMS, WITNESS_FINDINGS, WITNESSES
from services.gateway.console.state_words import DAYS as DAY_STATES
from services.gateway.console.states_known import StatesKnown, or_unknown, states_known
from services.gateway.console.states_shown import cosigned_logs, cosigning, findings_of, key_ids, key_in_use
from services.gateway.console.trust_list_history import on_list_since
from services.gateway.console.whole_tables import Asked
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

API: Final = "/v1/reconciliations"
ON_A_PAGE: Final = 14
NEWEST: Final = 31
"""Days by which it is said what is to be done, whichever page is shown."""
EXCHANGES: Final = "/console/exchanges"
LETTERS: Final = "/console/dead-letters"

DAYS: Final = Orders("-day", region="#main")
EXPORT: Final = f"{ONE}/export"
Ended = Annotated[ReconciliationState | Literal[""], Query(description="How the comparison of a day ended.")]

Code = Annotated[str, Path(pattern=r"^[A-Z]{2}(-[0-9a-f]{8})?$", max_length=11)]


@router.get(ONE, response_model=None, responses=page_responses(200, 404))
async def show_state(
    state: Code,
    frame: Framed,
    node: Node,
    keys: Annotated[Asked, THEIR_KEYS.asked],
    ended: Ended = "",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str, DAYS.query] = DAYS.usual,
) -> Response:
    """Everything that this node knows of one other; what a service does not tell now is said to be unknown."""
    _, viewing, known = frame.translate, frame.viewing, await states_known(frame, node)
    member = known.member(state)
    row = shown_state(member, known, frame)
    more = {} if cursor is None else {"cursor": cursor}
    shown: dict[str, str | int] = {"peer": member.entity_id, "sort": sort, "limit": ON_A_PAGE, **more}
    shown |= {"state": ended} if ended else {}
    told = await or_unknown(node.page("records", API, DayReconciledPage, shown))
    newest = await or_unknown(node.read("records", API, DayReconciledPage, {"peer": member.entity_id, "limit": NEWEST}))
    following = None if told is None else told[1]
    here, files = ONE.format(state=state), EXPORT.format(state=state)
    order = {**DAYS.kept(sort), **THEIR_KEYS.said(keys)}
    asked = {**order, **({"ended": ended} if ended else {})}
    return frame.page(
        "state.html",
        row=row,
        member=member,
        since=await on_list_since(frame.request.app.state.database, member.entity_id),
        wrong=remedies(member, known, () if newest is None else newest.days, viewing, _),
        statement_keys=[jwk.kid for jwk in member.statement_keys],
        log_keys=[(log.origin, key_ids([key.vkey]), key.status) for log in member.logs for key in log.keys],
        witness_keys=key_ids(member.witness_keys),
        peer=row.peer,
        keys=frame.table(THEIR_KEYS, their_keys(member, known, frame), keys, export=files),
        standings=THEIR_STANDINGS,
        picture=picture_of(row.peer, frame),
        days=None if told is None else [shown_day(one, frame) for one in told[0].days],
        more=None if following is None else f"{here}?{urlencode({**asked, 'cursor': following['cursor']})}",
        heads=frame.heads(DAYS, sort),
        order=order,
        ended=ended,
        ends=[(code, _(said)) for code, (_tone, _mark, said) in DAY_STATES.items()],
        here=here,
        export=DAYS.address(files, sort, **({"ended": ended} if ended else {})),
        streams=[_(name) for name in STREAMS.values()],
        **_witnessing(member, known, frame),
        words={"status": STATUSES, "reach": REACHES, "counters": COUNTERS, "witness": WITNESSES},
        exchanges=f"{EXCHANGES}?{urlencode({'peer': member.entity_id})}" if frame.person.role in roles_of(EXCHANGES) else None,
        letters=LETTERS if node.may("exchange:operate") else None,
        back=PATH,
        name=name_of(member, frame),
        host=host_of(member.entity_id),
    )


def _witnessing(member: Member, known: StatesKnown, frame: Frame) -> dict[str, Any]:
    """Its keys in our witness policy, which logs of its we have cosigned, and what was found; None while audit does not tell."""
    ours = known.witnesses
    if ours is None:
        return {"cosigned": None, "cosigned_ids": None, "ours": None, "theirs": None, "findings": []}
    cosigned = cosigning(member, ours)
    return {
        "cosigned": cosigned,
        "cosigned_ids": key_ids([one.vkey for one in cosigned]),
        "ours": ours,
        "theirs": cosigned_logs(member, ours),
        "findings": [
            (frame.translate(WITNESS_FINDINGS[one.kind][0]) if one.kind in WITNESS_FINDINGS else one.kind, one)
            for one in findings_of(member, ours)
        ],
    }


def their_keys(member: Member, known: StatesKnown, frame: Frame) -> list[tuple[PeerKey, str]]:
    """Its keys that are believed, and how each stands (state_tables)."""
    peer, now = known.peer(member.entity_id), frame.viewing.now
    if peer is None or peer.statement is None:
        return []
    used = key_in_use(peer, now) if member.status == "active" else None

    def standing(key: PeerKey) -> str:
        if used is not None and key.kid == used.kid:
            return "ours"
        return "not-yet" if now < key.not_before else "over" if now >= key.not_after else "unused"

    return [(key, standing(key)) for key in peer.statement.keys]
